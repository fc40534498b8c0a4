"""How the cost of the exact Gaussian path grows: with the rows not at all, with a second factor's levels steeply.

    python benchmarks/growth.py [--rows 10000000] [--levels 3000] [--picture docs/dense_factor.png]

First one gradient and the one pass over the data, for more and more rows in 2,000 groups. Then the crossed factors of a
rating study: the time of a value and of a gradient for more and more levels of the second factor, and effective draws
per second of importance sampling beside the joint path, which tell where the one has to give way to the other.
"""

import resource
import time
from argparse import ArgumentParser
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from exact_path import slopes, smallest_ess
from threadpoolctl import threadpool_limits

import bayesmix as bm
from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.exact.model import Marginal, marginalise
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.numerics.variance_posterior import evaluate, log_posterior_at
from bayesmix.priors.default_priors import default_priors

GAUSSIAN = read_family("gaussian")


def ratings(n_levels: int, seed: int = 4) -> pd.DataFrame:
    """Raters by items as in InstEval: 2.6 raters an item, 25 ratings each, and who rates what is by chance."""
    rng = np.random.default_rng(seed)
    n_raters = int(2.6 * n_levels)
    rater = np.repeat(np.arange(n_raters), 25)
    item = rng.integers(0, n_levels, len(rater))
    y = 3 + rng.normal(0, 0.3, n_raters)[rater] + rng.normal(0, 0.5, n_levels)[item] + rng.normal(0, 1.2, len(rater))
    return pd.DataFrame({"y": y, "rater": rater, "item": item})


def reduced(formula: str, data: pd.DataFrame) -> tuple[Marginal, float]:
    """What the density needs of the data, and the seconds of the pass over the rows."""
    design = build_design(parse(formula), data)
    described = MixedModel(design, GAUSSIAN, default_priors(design, GAUSSIAN))
    started = time.perf_counter()
    model = marginalise(described)
    return model, time.perf_counter() - started


def milliseconds(model: Marginal, repeats: int) -> tuple[float, float]:
    """Medians of a value and of a gradient."""
    buffer, gradient = model.plain_buffer(), np.empty(len(model.start))
    p, m = model.products.p, model.products.arrangement.n_dense
    value, point = np.empty(1), model.start[None]
    none = (np.empty((1, 0, p + m)), value, np.empty((1, 0, p)), np.empty((1, 0, m)))
    values, gradients = [], []
    with threadpool_limits(limits=1, user_api="blas"):
        for _ in range(repeats):
            started = time.perf_counter()
            evaluate(buffer, point, *none)
            middle = time.perf_counter()
            log_posterior_at(buffer, model.start, gradient)
            values.append(middle - started)
            gradients.append(time.perf_counter() - middle)
    return 1000 * float(np.median(values)), 1000 * float(np.median(gradients))


def by_rows(most: int) -> None:
    print("y ~ x + (x | g), 2,000 groups\n")
    print(f"{'rows':>12}{'one pass, s':>14}{'value, ms':>12}{'gradient, ms':>14}{'MiB so far':>12}")
    n_obs = 10_000
    while n_obs <= most:
        model, passed = reduced("y ~ x + (x | g)", slopes(n_obs, 2000))
        value, gradient = milliseconds(model, 100)
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{n_obs:>12,}{passed:>14.2f}{value:>12.2f}{gradient:>14.2f}{used:>12.0f}", flush=True)
        n_obs *= 10


def by_levels(most: int) -> pd.DataFrame:
    print("\ny ~ 1 + (1 | rater) + (1 | item), 25 ratings a rater, 2.6 raters an item\n")
    print(f"{'items':>8}{'value, ms':>12}{'gradient, ms':>14}{'importance, ESS/s':>20}{'joint path, ESS/s':>20}")
    rows = []
    for n_levels in (200, 500, 1000, 1500, 2000, 2500, 3000):
        if n_levels > most:
            break
        data = ratings(n_levels)
        formula = "y ~ 1 + (1 | rater) + (1 | item)"
        value, gradient = milliseconds(reduced(formula, data)[0], 5 if n_levels > 1000 else 20)
        speeds = []
        for how in ({"sampler": "importance", "method": "marginal"}, {"method": "joint", "draws": 250, "tune": 250}):
            fit = bm.fit(formula, data, seed=1, progress=False, keep_effects=False, **how)
            speeds.append(smallest_ess(fit.posterior) / fit.sampling.seconds)
        rows.append((n_levels, value, gradient, *speeds))
        print(f"{n_levels:>8,}{value:>12.1f}{gradient:>14.1f}{speeds[0]:>20.1f}{speeds[1]:>20.1f}", flush=True)
    return pd.DataFrame(rows, columns=["levels", "value", "gradient", "importance", "joint"])


def picture(measured: pd.DataFrame, path: Path) -> None:
    """Cost of a density and speed of both paths against the levels of the second factor."""
    figure, (cost, speed) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    cost.loglog(measured["levels"], measured["value"], "o-", color="#0b5e8a", label="value")
    cost.loglog(measured["levels"], measured["gradient"], "s-", color="#c2571a", label="gradient")
    cost.set(ylabel="milliseconds", title="One density")
    speed.loglog(measured["levels"], measured["importance"], "o-", color="#0b5e8a", label="importance sampling")
    speed.loglog(measured["levels"], measured["joint"], "s-", color="#c2571a", label="joint path, NUTS")
    speed.set(ylabel="effective draws a second", title="The whole posterior, two cores")
    for ax in (cost, speed):
        ax.set_xlabel("levels of the second factor")
        ax.set_xticks(measured["levels"], [f"{n:,}" for n in measured["levels"]], rotation=45)
        ax.minorticks_off()
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False)
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--levels", type=int, default=1000)
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    by_rows(given.rows)
    measured = by_levels(given.levels)
    if given.picture:
        picture(measured, given.picture)


if __name__ == "__main__":
    main()
