"""Residuals in a draw of the posterior are independent of their fitted values under the true model, as errors are."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.inference.prediction.realised import realised
from bayesmix.report.pictures.plot_residuals import binned_means

SHORT = {"draws": 100, "chains": 2, "progress": False}


def one_simulation(seed):
    """Three rows a group and much noise: residuals at posterior means keep much of the groups' differences."""
    rng = np.random.default_rng(seed)
    g, x = np.repeat(np.arange(40), 3), rng.normal(size=120)
    y = 1 + 0.2 * x + 0.7 * rng.normal(size=40)[g] + rng.normal(size=120)
    return pd.DataFrame({"g": [f"g{i}" for i in g], "x": x, "y": y})


@pytest.fixture(scope="module")
def shares():
    """Shares of bins whose interval excludes 0, by simulation: of residuals in a draw, and at posterior means."""
    found = {"draw": [], "means": []}
    for seed in range(60):
        fit = bm.fit("y ~ x + (1 | g)", one_simulation(seed), seed=seed, **SHORT)
        drawn = realised(fit, kind="response", seed=seed)
        pairs = {"draw": (drawn.expected, drawn.residual)}
        pairs["means"] = (bm.fitted(fit)["mean"].to_numpy(), bm.residuals(fit)["mean"].to_numpy())
        for name, (expected, residual) in pairs.items():
            bins = binned_means(expected, residual)
            found[name] += list(np.abs(bins.y) > bins.half)
    return {name: np.mean(values) for name, values in found.items()}


@pytest.mark.slow
def test_intervals_of_binned_means_exclude_0_as_often_as_they_say(shares):
    """480 bins; the sd of a share of 0.05 is 0.010."""
    assert shares["draw"] == pytest.approx(0.05, abs=3 * 0.010)


@pytest.mark.slow
def test_at_posterior_means_shrinkage_would_exclude_0_far_too_often(shares):
    assert shares["means"] > 0.2


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
def test_a_draw_is_that_of_its_parameters(family):
    """By hand: the posterior's own coefficients and effects of the draw that the seed picks."""
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(6), 5)
    data = pd.DataFrame({"g": [f"g{i}" for i in g], "x": rng.normal(size=30), "n": 9})
    data["y"] = {
        "gaussian": rng.normal(size=30),
        "binomial": rng.binomial(9, 0.4, 30),
        "poisson": rng.poisson(2, 30),
    }[family]
    response = "y | trials(n)" if family == "binomial" else "y"
    fit = bm.fit(f"{response} ~ x + (1 | g)", data, family, seed=1, **SHORT)
    posterior = fit.posterior["posterior"].to_dataset().stack(sample=("chain", "draw"))
    eta = posterior["Intercept"].to_numpy() + data["x"].to_numpy()[:, None] * posterior["x"].to_numpy()
    eta = eta + posterior["1|g"].transpose("g__factor_dim", "sample").to_numpy()[g]
    inverse = {"gaussian": lambda v: v, "binomial": lambda v: 1 / (1 + np.exp(-v)), "poisson": np.exp}[family]
    y = data["y"].to_numpy() / (9 if family == "binomial" else 1)
    found = realised(fit, kind="response", seed=5)
    draw = np.flatnonzero(np.isclose(inverse(eta), found.expected[:, None]).all(axis=0))
    assert len(draw) >= 1
    np.testing.assert_allclose(found.residual, y - inverse(eta[:, draw[0]]), atol=1e-12)
    mean = found.expected
    variance = {"binomial": mean * (1 - mean) / 9, "poisson": mean}.get(family)
    if variance is None:
        variance = posterior["sigma"].to_numpy()[draw[0]] ** 2
    pearson = realised(fit, kind="pearson", seed=5)
    np.testing.assert_allclose(pearson.residual, found.residual / np.sqrt(variance), rtol=1e-9)
    quantile = realised(fit, kind="quantile", seed=5).residual
    assert np.corrcoef(quantile, pearson.residual)[0, 1] > 0.9
    other = realised(fit, kind="response", seed=6)
    assert not np.allclose(other.expected, found.expected)


def test_rows_in_which_nothing_was_tried_are_left_out():
    data = pd.DataFrame({"g": list("aabbcc") * 4, "k": [1, 2, 0, 3, 1, 2] * 4, "n": [4, 4, 0, 4, 4, 4] * 4})
    fit = bm.fit("k | trials(n) ~ 1 + (1 | g)", data, "binomial", seed=1, **SHORT)
    for kind in ("response", "pearson", "quantile"):
        assert len(realised(fit, kind=kind, seed=1).residual) == 20
