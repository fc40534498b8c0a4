"""Bayes factors of random terms beside bridge sampling over all parameters and PyMC's sequential Monte Carlo.

    python benchmarks/bayes_factors.py [--repeats 5] [--smc-draws 1000]

Two works, each from a fit on: sleepstudy, `(Days | Subject)` against `(1 | Subject)`, with the priors of
tests/references/exact_log_marginal.json, so that the exact value is known; and Dyestuff, `(1 | Batch)` against nothing.
By the clock (`wall`) and of the processor, all threads together (`cpu`), in seconds; other work on the machine
lengthens the former much and the latter little. `ratio` is the peer's processor time over bayesmix's; `off` is the
distance from the exact log10 of the factor, `error` what the method says of itself (of SMC the sd over chains by the
root of their number).

- bayesmix: `bm.rand(fit)`, the range over prior scales and the likelihood-ratio test included; least of the repeats.
- joint bridge: both models sampled by NUTS on all parameters and bridged, as brms with bridgesampling does it in R.
- PyMC SMC: `pm.sample_smc` of both models, 4 chains.

In R brms compiles both models (29.5 s each), draws 20,000 of each, and bridgesampling takes 24 CPU seconds for the
larger model alone; its values are off by up to 0.03 (natural logarithm).
"""

import logging
import time
import warnings
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from math import log

import numpy as np
import pymc as pm

import bayesmix as bm
from bayesmix.formula.reduce import reductions
from bayesmix.modelling.joint.bridge import by_bridge
from bayesmix.modelling.joint.compile_nutpie import compile_model
from bayesmix.modelling.joint.pymc_nuts import sample_by_nutpie
from bayesmix.modelling.pymc_model.bambi_bridge import build_model
from bayesmix.modelling.reduced import reduced_model
from bayesmix.modelling.settings import SamplerSettings

EXACT = {"sleepstudy": (-895.3452739779617, -912.5635190852489), "Dyestuff": (-170.07574398234266, -172.3791960181449)}


@dataclass(frozen=True)
class Found:
    """log10 of the factor, its stated error, and the seconds it took."""

    log10_bf: float
    error: float
    wall: float
    cpu: float


def fits() -> dict[str, bm.Fit]:
    found = {}
    for name, formula, y, group in (
        ("sleepstudy", "Reaction ~ Days + (Days | Subject)", "Reaction", "Subject"),
        ("Dyestuff", "Yield ~ 1 + (1 | Batch)", "Yield", "Batch"),
    ):
        data = bm.load_data(name)
        sd, mean = float(data[y].std()), float(data[y].mean())
        half_t = f"HalfStudentT(3, {sd!r})"
        priors = {"Intercept": f"Normal({mean!r}, {10 * sd!r})", "sigma": half_t, f"sd_{group}__Intercept": half_t}
        if name == "sleepstudy":
            priors |= {"Days": f"Normal(0, {10 * sd!r})", "sd_Subject__Days": half_t, "corr_Subject": "LKJ(1)"}
        found[name] = bm.fit(formula, data, priors=priors, seed=1, progress=False)
    return found


def timed(work: Callable[[], tuple[float, float]]) -> Found:
    wall, cpu = time.perf_counter(), time.process_time()
    log10_bf, error = work()
    return Found(log10_bf, error, time.perf_counter() - wall, time.process_time() - cpu)


def by_bayesmix(fit: bm.Fit) -> tuple[float, float]:
    row = bm.rand(fit).iloc[0]
    return row["log10_bf"], row["mcse"]


def joint_models(fit: bm.Fit) -> list[pm.Model]:
    smaller = reduced_model(fit, reductions(fit.design.formula)[0].formula)
    return [build_model(one.design, fit.family, one.priors).model for one in (fit, smaller)]


def by_joint_bridge(fit: bm.Fit) -> tuple[float, float]:
    found = []
    for model in joint_models(fit):
        names = [variable.name for variable in model.free_RVs]
        settings = SamplerSettings(
            "nutpie", draws=2500, chains=4, cores=4, seed=1, tune=1000, target_accept=0.9, progress=False
        )
        posterior = sample_by_nutpie(compile_model(model, names), names, settings)
        found.append(by_bridge(model, posterior, seed=1))
    larger, smaller = found
    return (larger.value - smaller.value) / log(10), float(np.hypot(larger.error, smaller.error)) / log(10)


def by_smc(fit: bm.Fit, draws: int) -> tuple[float, float]:
    values, errors = [], []
    for model in joint_models(fit):
        with model, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            idata = pm.sample_smc(draws, chains=4, cores=1, random_seed=1, progressbar=False)
        stages = idata["sample_stats"]["log_marginal_likelihood"].to_numpy()
        last = np.array(
            [np.asarray(chain, dtype=float)[np.isfinite(np.asarray(chain, dtype=float))][-1] for chain in stages]
        )
        values.append(last.mean())
        errors.append(last.std(ddof=1) / 2)
    return (values[0] - values[1]) / log(10), float(np.hypot(*errors)) / log(10)


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--smc-draws", type=int, default=1000)
    given = parser.parse_args()
    logging.getLogger("pymc").setLevel(logging.ERROR)
    fits()  # compiles what a first fit compiles
    print(f"{'work':12}{'method':14}{'log10 BF':>10}{'error':>9}{'off':>9}{'wall s':>9}{'cpu s':>8}{'ratio':>8}")
    for name in EXACT:
        exact = (EXACT[name][0] - EXACT[name][1]) / log(10)
        ours = min(
            (timed(lambda fit=fit: by_bayesmix(fit)) for fit in (fits()[name] for _ in range(given.repeats))),
            key=lambda one: one.cpu,
        )
        fit = fits()[name]
        rows = {
            "bayesmix": ours,
            "joint bridge": timed(lambda fit=fit: by_joint_bridge(fit)),
            "PyMC SMC": timed(lambda fit=fit: by_smc(fit, given.smc_draws)),
        }
        for method, one in rows.items():
            print(
                f"{name:12}{method:14}{one.log10_bf:10.4f}{one.error:9.4f}{one.log10_bf - exact:9.4f}"
                f"{one.wall:9.2f}{one.cpu:8.2f}{one.cpu / ours.cpu:8.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
