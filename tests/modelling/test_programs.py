"""One program for all models of a structure: never for two structures, the same draws as without, no memory lost."""

import ctypes
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import stats

from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.joint import bridge, compile_nutpie
from bayesmix.modelling.joint.compile_nutpie import compile_model, graph_of
from bayesmix.modelling.joint.lifted import ByStructure
from bayesmix.modelling.pymc_model.bambi_bridge import build_model
from bayesmix.priors.default_priors import default_priors
from bayesmix.priors.reading import read_prior

DOUBLES = ctypes.POINTER(ctypes.c_double)

PROGRAM = """
import hashlib, json, resource, sys
import numpy as np
import pandas as pd
import bayesmix as bm

MODELS = {
    "gamma": ("positive ~ x + (x | g)", "gamma"),
    "cumulative": ("o ~ x + (1 | g)", "cumulative"),
}

def data(seed):
    random = np.random.default_rng(seed)
    n = 60
    d = pd.DataFrame({"x": random.normal(size=n), "g": [f"g{i % 6}" for i in range(n)]})
    d["y"] = 3 + d.x + random.normal(size=n)
    d["positive"] = np.exp(d.y / 3)
    d["o"] = pd.Categorical(np.arange(n) % 3 + (d.x > 0), ordered=True)
    return d

name, seeds = json.loads(sys.argv[1])
formula, family = MODELS[name]
digests, memory = [], []
for seed in seeds:
    fit = bm.fit(formula, data(seed), family, seed=3, draws=40, tune=60, chains=2, remedies=False, progress=False,
                 method="joint", cores=1)
    if sys.argv[2:]:
        bm.log_marginal(fit)
    values = [np.ascontiguousarray(v) for _, v in sorted(fit.posterior["posterior"].data_vars.items())]
    digests.append(hashlib.sha256(b"".join(v.tobytes() for v in values)).hexdigest())
    memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
from bayesmix.modelling.joint.compile_nutpie import _PROGRAMS
print(json.dumps([digests, memory, len(_PROGRAMS)]))
"""


def fitted(name: str, seeds: list[int], *more: str) -> tuple[list[str], list[float], int]:
    """Digests of the draws, MiB after every fit, and the number of programs, of a process with these fits."""
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, json.dumps([name, seeds]), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gamma", "cumulative"])
def test_a_program_of_other_data_gives_the_draws_of_a_fresh_process(name):
    together, _, programs = fitted(name, [1, 2, 1])
    alone, _, _ = fitted(name, [2])
    assert programs == 1
    assert together[1] == alone[0] != together[0]
    assert together[2] == together[0]


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("log_marginal",)], ids=["fits", "evidence"])
def test_fits_leave_no_memory_behind(more):
    _, memory, _ = fitted("gamma", list(range(35)), *more)
    # The first ten fits fill caches of the libraries once.
    assert (memory[-1] - memory[10]) / 24 < 0.3


def rows(seed: int = 1, *, n: int = 40, levels: int = 5) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    d = pd.DataFrame({"x": random.normal(size=n), "g": [f"g{i % levels}" for i in range(n)]})
    d["y"] = np.exp(random.normal(size=n))
    return d


def structure(formula="y ~ x + (x | g)", family="gamma", data=None, *, priors=None, centred=False):
    design = build_design(parse(formula), rows() if data is None else data)
    read = read_family(family)
    settled = default_priors(design, read) | {name: read_prior(prior, name) for name, prior in (priors or {}).items()}
    built = build_model(design, read, settled, centred=[term.label for term in design.random] if centred else [])
    return graph_of(built.model, built.kept).structure


def test_other_data_and_other_numbers_in_priors_are_the_same_structure():
    usual = structure()
    assert structure(data=rows(2)) == usual
    assert structure(data=rows().assign(y=lambda d: 100 * d.y, x=lambda d: d.x / 7)) == usual
    renamed = rows(3).rename(columns={"x": "z", "g": "h", "y": "t"})
    assert structure("t ~ z + (z | h)", data=renamed) == usual
    narrow, wide = ({"x": f"Normal(0.1, {sd})"} for sd in (0.7, 4.7))
    assert structure(priors=narrow) == structure(priors=wide)


OTHERS = {
    "usual": {},
    "kind of a prior": {"priors": {"x": "Cauchy(0.1, 0.3)"}},
    "kind of a prior of a sd": {"priors": {"sd_g__x": "Exponential(1.3)"}},
    "family": {"family": "lognormal"},
    "another family": {"family": "student_t"},
    "link": {"family": "student_t(log)"},
    "centred": {"centred": True},
    "levels": {"data": rows(levels=4)},
    "rows": {"data": rows(n=45)},
    "no correlation": {"formula": "y ~ x + (x || g)"},
    "terms": {"formula": "y ~ x + (1 | g)"},
    "columns": {"formula": "y ~ x + I(x**2) + (x | g)"},
}


@pytest.mark.slow
def test_whatever_else_differs_is_another_structure():
    found = {name: structure(**how) for name, how in OTHERS.items()}
    assert len(set(found.values())) == len(found)
    assert structure(**OTHERS["usual"]) == found["usual"]


def normal_model(y, mean: float, sd: float) -> pm.Model:
    with pm.Model() as model:
        mu = pm.Normal("mu", mean, sd)
        pm.Deterministic("shifted", mu + y)
        pm.Normal("y", mu, 1.3, observed=y)
    return model


def test_a_program_takes_responses_priors_and_starts_from_the_model(monkeypatch):
    programs = ByStructure(2)
    monkeypatch.setattr(compile_nutpie, "_PROGRAMS", programs)
    point = np.array([0.7])
    for y, mean, sd in ((np.linspace(-1, 2, 9), 0.3, 2.2), (np.linspace(3, 8, 9), -1.7, 0.4)):
        compiled = compile_model(normal_model(y, mean, sd), ["mu", "shifted"])
        log_density, gradient, kept = (np.zeros(n) for n in (1, 1, 10))
        given = [array.ctypes.data_as(DOUBLES) for array in (point, gradient, log_density, kept)]
        data = ctypes.c_void_p(compiled.user_data.ctypes.data)
        assert compiled.compiled_logp_func.ctypes(1, *given[:3], data) == 0
        assert compiled.compiled_expand_func.ctypes(1, 10, given[0], given[3], data) == 0
        expected = stats.norm.logpdf(0.7, mean, sd) + stats.norm.logpdf(y, 0.7, 1.3).sum()
        np.testing.assert_allclose(log_density, expected, rtol=1e-12)
        np.testing.assert_allclose(gradient, (mean - 0.7) / sd**2 + (y - 0.7).sum() / 1.3**2, rtol=1e-12)
        np.testing.assert_array_equal(kept, [0.7, *(0.7 + y)])
        assert abs(compiled.initial_point_func(3)[0] - mean) < 1
    assert len(programs) == 1


def test_the_density_alone_takes_the_data_of_each_model(monkeypatch):
    """One function for both models, with the closed form of each."""
    densities = ByStructure(2)
    monkeypatch.setattr(bridge, "_DENSITIES", densities)
    points = np.array([[0.7], [-0.2]])
    for y, mean, sd in ((np.linspace(-1, 2, 9), 0.3, 2.2), (np.linspace(3, 8, 9), -1.7, 0.4)):
        expected = stats.norm.logpdf(points[:, 0], mean, sd) + stats.norm.logpdf(y, points, 1.3).sum(axis=1)
        np.testing.assert_allclose(bridge.log_density_of(normal_model(y, mean, sd))(points), expected, rtol=1e-12)
    assert len(densities) == 1


def test_programs_last_used_are_kept():
    made = []
    programs = ByStructure(2)
    graphs = {n: graph_of(normal_model(np.linspace(0.1, 1, n), 0.3, 2.2), []) for n in (9, 10, 11)}
    for n in (9, 10, 9, 11, 9, 10):  # 11 takes the place of 10, which is then made again
        programs.of(graphs[n], lambda graph: made.append(graph) or object())
    assert [max(array.size for array in graph.values) for graph in made] == [9, 10, 11, 10]
    assert len(programs) == 2


@pytest.mark.slow
def test_a_model_with_random_numbers_in_its_start_is_nutpies_own():
    with pm.Model() as model:
        pm.Normal("mu", initval="prior")
    assert graph_of(model, []) is None
    assert compile_model(model, []).n_dim == 1
