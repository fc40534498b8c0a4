"""Predictions for every level of a factor with ten thousand levels hold some of the draws at a time."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm

N_LEVELS, MIB = 10_000, 2**20


@pytest.fixture(scope="module")
def fit():
    rng, g = np.random.default_rng(1), np.repeat(np.arange(N_LEVELS), 2)
    y = rng.normal(size=N_LEVELS)[g] + rng.normal(size=len(g))
    data = pd.DataFrame({"y": y, "x": rng.normal(size=len(g)), "g": g})
    return bm.fit("y ~ x + (1 | g)", data, seed=1, draws=250, progress=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ask", "most"),
    [
        (lambda fit, rows: bm.predict(fit, rows), 128),
        (lambda fit, rows: bm.predict(fit, rows, groups="new"), 128),
        (lambda fit, rows: bm.predict(fit, rows, interval="prediction"), 128),
        # The draws of a mean for each level are held, 80 MB: with 4,000 draws 320.
        (lambda fit, rows: bm.comparisons(fit, "x", rows, by="g"), 256),
        (lambda fit, rows: bm.predict(bm.reml("y ~ x + (1 | g)", fit.data), rows), 128),
    ],
    ids=["fitted", "new", "responses", "comparisons", "reml"],
)
def test_memory_does_not_follow_levels_times_draws(fit, ask, most):
    rows = pd.DataFrame({"x": 0.5, "g": np.arange(N_LEVELS)})
    tracemalloc.start()
    try:
        found = ask(fit, rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(found) == N_LEVELS
    assert peak < most * MIB
