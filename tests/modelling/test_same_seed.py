"""The same seed gives the same bits in any process.

Whatever the order of its sets, what PyTensor's cache on disk holds, what was fitted before, how many cores there are.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field

import pytensor
import pytest

from bayesmix.modelling.joint.program import arithmetic_as_written

PROGRAM = """
import hashlib, json, sys
import numpy as np
import pandas as pd
import bayesmix as bm

random = np.random.default_rng(5)
n = 90
d = pd.DataFrame({"x": random.normal(size=n), "g": [f"g{i % 6}" for i in range(n)]})
d["h"] = [f"h{i // 3 % 5}" for i in range(n)]
d["y"] = 3 + d.x + random.normal(size=n)
d["c"] = random.poisson(2, n) * (random.uniform(size=n) < 0.8)
d["n"] = 8
d["k"] = random.binomial(8, 1 / (1 + np.exp(3 - d.y)))
d["o"] = pd.cut(d.y, [-99, 2, 3, 4, 99], labels=["a", "b", "c", "d"])
MODELS = {
    "student_t": ("y ~ x + (x | g)", "student_t", {}),
    "zero-inflated": ("c ~ x + (1 | g)", "zero_inflated_poisson", {}),
    "sigma": (["y ~ x + (1 | g)", "sigma ~ x + (1 | g)"], "gaussian", {"priors": {"x": "Cauchy(0, 2)"}}),
    "cumulative": ("o ~ x + (1 | g)", "cumulative", {}),
    "beta-binomial": ("k | trials(n) ~ x + (x | g)", "beta_binomial", {}),
    "kernel": ("c ~ x + (1 | g) + (1 | h)", "poisson", {}),
}
wanted = json.loads(sys.argv[1])
found = {}
for name in wanted["models"]:
    formula, family, how = MODELS[name]
    fit = bm.fit(formula, d, family, seed=3, draws=40, tune=60, chains=2, remedies=False, progress=False,
                 cores=wanted["cores"], sampler=wanted["sampler"], **how)
    values = [np.ascontiguousarray(v) for _, v in sorted(fit.posterior["posterior"].data_vars.items())]
    found[name] = hashlib.sha256(b"".join(v.tobytes() for v in values)).hexdigest()
print(json.dumps(found))
"""
ALL = ["student_t", "zero-inflated", "sigma", "cumulative", "beta-binomial", "kernel"]


@dataclass(frozen=True)
class Process:
    """What differs from one process to the next and may not matter."""

    hash_seed: str = "0"
    cache: bool = True
    cores: int = 1
    models: list[str] = field(default_factory=list)


def digests(process: Process, folder, *, sampler: str = "auto") -> dict[str, str]:
    flags = f"base_compiledir={folder},numba__cache={process.cache}"
    environment = os.environ | {"PYTHONHASHSEED": process.hash_seed, "PYTENSOR_FLAGS": flags}
    wanted = {"models": process.models, "cores": process.cores, "sampler": sampler}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, json.dumps(wanted)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def check(processes: list[Process], folder, *, sampler: str = "auto") -> None:
    first, *others = [digests(process, folder, sampler=sampler) for process in processes]
    assert len(set(first.values())) == len(first)  # a digest is of draws, and each model has its own
    for other in others:
        assert other == {name: first[name] for name in other}


@pytest.mark.slow
def test_no_bit_changes_in_any_process(tmp_path):
    check(
        [
            Process("0", cores=2, models=ALL),  # nothing in the cache
            Process("1", models=ALL[::-1]),
            Process("random", cache=False, cores=2, models=ALL[:3]),
        ],
        tmp_path,
    )


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["pymc", "numpyro"])
def test_nor_by_another_sampler(sampler, tmp_path):
    models = ["sigma", "cumulative"]
    check([Process("0", cores=2, models=models), Process("1", models=models[::-1])], tmp_path, sampler=sampler)


def test_the_setting_is_given_back_when_the_last_one_leaves():
    before = pytensor.config.numba__fastmath
    first, second = arithmetic_as_written(), arithmetic_as_written()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not pytensor.config.numba__fastmath
    second.__exit__(None, None, None)
    assert pytensor.config.numba__fastmath == before
