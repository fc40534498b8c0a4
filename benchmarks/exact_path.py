"""The exact Gaussian path beside plain Bambi with nutpie: effective draws per second, and growth with the rows.

    python benchmarks/exact_path.py [--large]

For each model the smallest bulk effective sample size over fixed effects and standard deviations, per second of wall
time and per CPU second of sampling. For bayesmix that is all from the pass over the rows to the last draw of a group
effect; for Bambi compilation, which it needs for every model, is left out. Bambi's group effects are independent.
`--large` adds models on which Bambi takes minutes.
"""

import time
from argparse import ArgumentParser
from dataclasses import dataclass

import arviz_stats
import bambi
import numpy as np
import nutpie
import pandas as pd
import xarray as xr

import bayesmix as bm
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.default_priors import default_priors
from bayesmix.modelling.families import read_family
from bayesmix.modelling.marginal import marginalise
from bayesmix.modelling.marginal_draws import draw_marginal
from bayesmix.numerics.variance_posterior import log_posterior_at


@dataclass(frozen=True)
class Speed:
    """`ess`, the smallest; `wall` and `cpu` seconds."""

    ess: float
    wall: float
    cpu: float


def slopes(n_obs: int, n_groups: int, seed: int = 1) -> pd.DataFrame:
    """y ~ x + (x | g), every group with as many rows."""
    rng = np.random.default_rng(seed)
    g, x = np.arange(n_obs) % n_groups, rng.normal(size=n_obs)
    intercepts, steps = rng.normal(0, 1, n_groups), rng.normal(0, 0.5, n_groups)
    return pd.DataFrame({"y": 2 + x + intercepts[g] + steps[g] * x + rng.normal(size=n_obs), "x": x, "g": g})


def crossed(n_obs: int = 4000, n_subjects: int = 40, n_items: int = 24, seed: int = 2) -> pd.DataFrame:
    """Subjects by items with three correlated slopes each."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(rng.normal(size=(n_obs, 3)), columns=["a", "b", "c"])
    data["s"], data["i"] = rng.integers(0, n_subjects, n_obs), rng.integers(0, n_items, n_obs)
    columns = np.column_stack([np.ones(n_obs), data[["a", "b", "c"]]])
    by_subject, by_item = rng.normal(0, 0.6, (n_subjects, 4)), rng.normal(0, 0.4, (n_items, 4))
    data["y"] = (columns * (by_subject[data["s"]] + by_item[data["i"]])).sum(axis=1) + rng.normal(size=n_obs)
    return data


def of_bayesmix(formula: str, data: pd.DataFrame) -> Speed:
    design = build_design(parse(formula), data)
    gaussian = read_family("gaussian")
    priors = default_priors(design, gaussian)
    how = {"tune": 200, "cores": None, "seed": 1, "target_accept": 0.9, "progress": False}
    draw_marginal(design, priors, draws=20, chains=1, **how)  # kernels from the disk
    wall, cpu = time.perf_counter(), time.process_time()
    tree, _ = draw_marginal(design, priors, draws=1000, chains=4, **how)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Speed(smallest_ess(tree), wall, cpu)


def of_bambi(formula: str, data: pd.DataFrame) -> Speed:
    groups = [name for name in ("g", "s", "i", "Subject") if name in data]
    model = bambi.Model(formula, data.assign(**{name: data[name].astype(str) for name in groups}))
    model.build()
    compiled = nutpie.compile_pymc_model(model.backend.model)
    wall, cpu = time.perf_counter(), time.process_time()
    tree = nutpie.sample(compiled, draws=1000, tune=1000, chains=4, seed=1, progress_bar=False, save_warmup=False)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Speed(smallest_ess(tree), wall, cpu)


def smallest_ess(tree: xr.DataTree) -> float:
    """Of all scalar parameters."""
    posterior = tree["posterior"].to_dataset()
    kept = [name for name in posterior if posterior[name].ndim == 2]
    return min(float(arviz_stats.ess(posterior[name].to_numpy())) for name in kept)


def growth() -> None:
    """Time of the one pass over the rows, and of one gradient, for more and more rows in 2,000 groups."""
    print("\ny ~ x + (x | g), 2,000 groups\n")
    print(f"{'rows':>12}{'one pass, s':>14}{'gradient, ms':>14}")
    gaussian = read_family("gaussian")
    for n_obs in (10_000, 100_000, 1_000_000):
        design = build_design(parse("y ~ x + (x | g)"), slopes(n_obs, 2000))
        started = time.perf_counter()
        model = marginalise(design, default_priors(design, gaussian))
        passed = time.perf_counter() - started
        n = len(model.start)
        buffer, gradient = model.buffer(np.zeros(n), np.eye(n)), np.empty(n)
        times = []
        for _ in range(50):
            started = time.perf_counter()
            log_posterior_at(buffer, model.start, gradient)
            times.append(time.perf_counter() - started)
        print(f"{n_obs:>12,}{passed:>14.2f}{1000 * np.median(times):>14.2f}")


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true")
    models = {
        "sleepstudy, (Days | Subject)": ("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy")),
        "2,000 rows, 100 groups, (x | g)": ("y ~ x + (x | g)", slopes(2000, 100)),
    }
    if parser.parse_args().large:
        models["4,000 rows, 40 x 24 levels, k = 4"] = ("y ~ a + b + c + (a + b + c | s) + (a + b + c | i)", crossed())
        models["100,000 rows, 2,000 groups, (x | g)"] = ("y ~ x + (x | g)", slopes(100_000, 2000))
    print(f"{'':38}{'bayesmix':^26}{'Bambi, sampling alone':^26}{'ratio of':>12}")
    print(f"{'model':38}{'ESS':>8}{'wall s':>9}{'CPU s':>9}{'ESS':>8}{'wall s':>9}{'CPU s':>9}{'ESS/CPU s':>12}")
    for name, (formula, data) in models.items():
        own, peer = of_bayesmix(formula, data), of_bambi(formula, data)
        ratio = (own.ess / own.cpu) / (peer.ess / peer.cpu)
        print(
            f"{name:38}{own.ess:>8.0f}{own.wall:>9.2f}{own.cpu:>9.2f}"
            f"{peer.ess:>8.0f}{peer.wall:>9.2f}{peer.cpu:>9.2f}{ratio:>12.1f}",
            flush=True,
        )
    growth()


if __name__ == "__main__":
    main()
