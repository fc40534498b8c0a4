"""Means and slopes of responses against bm.predict over the cells of the grid, row by row and draw by draw."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit

import bayesmix as bm
from bayesmix.errors import ArgumentError

POLICIES = ("typical", "fitted", "new")


def grid_of(data: pd.DataFrame, **values) -> pd.DataFrame:
    """All combinations; other numbers at their means."""
    rows = pd.DataFrame(list(product(*values.values())), columns=list(values))
    numbers = {name: data[name].mean() for name in ("x", "z") if name not in values}
    return rows.assign(**numbers, size=1.0)


def epred(fit, rows: pd.DataFrame, groups: str) -> np.ndarray:
    """Draws of expected responses, (n_draws, n_rows)."""
    found = bm.posterior_epred(fit, rows, groups=groups).transpose("chain", "draw", "row")
    return found.to_numpy().reshape(-1, len(rows))


# ---- estimates ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def counts(mixed):
    return bm.laplace("count ~ f * x + g + (x | h)", mixed, "poisson")


def by_differences(function, values: np.ndarray) -> np.ndarray:
    """The gradient of a function of an array."""
    h = 1e-5
    steps = np.eye(values.size).reshape(-1, *values.shape) * h
    return np.array([(function(values + step) - function(values - step)) / (2 * h) for step in steps])


def over_rows(fit, rows: pd.DataFrame, weights: np.ndarray, groups: str) -> float:
    return float(weights @ bm.predict(fit, rows, groups=groups)["estimate"])


def joint_covariance(fit) -> np.ndarray:
    """Of coefficients and effects together: of these given the coefficients, and what is carried on from those."""
    (term,) = fit.design.random
    Z = np.zeros((fit.design.n_obs, term.n_levels * term.k))
    for row, level in enumerate(term.index):
        Z[row, level * term.k : (level + 1) * term.k] = term.columns[row]
    weights, X = np.exp(fit.eta), fit.design.fixed.matrix
    precision = Z.T * weights @ Z + np.kron(np.eye(term.n_levels), np.linalg.inv(fit.L[0] @ fit.L[0].T))
    carried = -np.linalg.solve(precision, Z.T * weights @ X)
    cross = carried @ fit.vcov
    return np.block([[fit.vcov, cross.T], [cross, np.linalg.inv(precision) + cross @ carried.T]])


@pytest.mark.parametrize("groups", POLICIES)
def test_estimates_are_averages_of_predictions(counts, mixed, groups):
    found = bm.emmeans(counts, "f", regrid="response", groups=groups)
    levels = sorted(mixed["h"].unique())
    for row, level in enumerate("abc"):
        # A level for each row, so that new ones are integrated over one by one.
        rows = grid_of(mixed, f=[level], g=["u", "v"], h=levels if groups == "fitted" else ["h1"])
        weights = np.full(len(rows), 1 / len(rows))
        assert found["rate"][row] == pytest.approx(over_rows(counts, rows, weights, groups), rel=1e-7)
        slopes = by_differences(
            lambda beta, rows=rows, weights=weights: over_rows(replace(counts, beta=beta), rows, weights, groups),
            counts.beta,
        )
        covariance = counts.vcov
        if groups == "fitted":
            of_effects = by_differences(
                lambda b, rows=rows, weights=weights: over_rows(replace(counts, effects=(b,)), rows, weights, groups),
                counts.effects[0],
            )
            slopes, covariance = np.concatenate([slopes, of_effects]), joint_covariance(counts)
        assert found["se"][row] == pytest.approx(np.sqrt(slopes @ covariance @ slopes), rel=1e-5)


def test_contrasts_of_estimates_are_differences_of_responses(counts):
    means = bm.emmeans(counts, "f", regrid="response")
    found = bm.contrasts(means, adjust="none")
    rate = means["rate"].to_numpy()
    np.testing.assert_allclose(found["estimate"], [rate[0] - rate[1], rate[0] - rate[2], rate[1] - rate[2]])
    assert found.attrs["type"] == "response"
    assert any("Responses in the cells of the grid are averaged" in note for note in found.attrs["notes"])
    assert bm.letters(means)["rate"].is_monotonic_decreasing
    on_link = bm.contrasts(means, type="link", adjust="none")
    np.testing.assert_allclose(on_link["estimate"], found["estimate"])
    assert any("have no link scale" in note for note in on_link.attrs["notes"])


@pytest.mark.parametrize("groups", POLICIES)
def test_slopes_of_estimates_are_differences_of_predictions(counts, mixed, groups):
    found = bm.emtrends(counts, "x", "f", regrid="response", groups=groups)
    levels, h = sorted(mixed["h"].unique()), 1e-4
    for row, level in enumerate("abc"):
        rows = grid_of(mixed, f=[level], g=["u", "v"], h=levels if groups == "fitted" else ["h1"])
        weights = np.full(len(rows), 1 / len(rows))
        up, down = (over_rows(counts, rows.assign(x=rows["x"] + step), weights, groups) for step in (h, -h))
        assert found["x.trend"][row] == pytest.approx((up - down) / (2 * h), rel=1e-6)


def test_linear_models_take_back_cell_by_cell(mixed):
    """With effects at their modes where those of the data are averaged over."""
    fit = bm.reml("log(y) ~ f * x + g + (1 | h)", mixed)
    rows = grid_of(mixed, f=["a", "b", "c"], g=["u", "v"], h=sorted(mixed["h"].unique()))
    for groups in POLICIES:
        link = bm.predict(fit, rows, groups=groups, type="link").assign(f=rows["f"], g=rows["g"])
        # Medians are those of the average group.
        cells = np.exp(link.groupby(["f", "g"])["estimate"].mean())
        found = bm.emmeans(fit, "f", regrid="response", groups=groups)
        np.testing.assert_allclose(found["response"], cells.groupby("f").mean(), rtol=1e-8)
    assert (found["lower"] < found["response"]).all()
    with_link = bm.emmeans(bm.reml("y ~ f + (1 | h)", mixed), "f", regrid="response")
    assert "emmean" in with_link


def test_a_mean_with_a_cell_that_is_unknown_is_unknown_and_leaves_others_alone(mixed):
    data = mixed[~((mixed["f"] == "b") & (mixed["g"] == "v"))]
    fit = bm.lm("log(y) ~ f * g + x", data)
    means = bm.emmeans(fit, "f", regrid="response")
    assert means["estimable"].tolist() == [True, False, True]
    assert means["response"].isna().tolist() == [False, True, False]
    found = bm.contrasts(means)
    assert found["estimate"].isna().tolist() == [True, False, True]
    assert found["estimate"][1] == pytest.approx(means["response"][0] - means["response"][2])


# ---- posteriors --------------------------------------------------------------------------------------------------

ZEROS = ["count ~ f * x + (x | h)", "zi ~ k + z + (1 | h)"]


@pytest.fixture(scope="module")
def zeros(mixed, invent):
    return invent(ZEROS, mixed, "zero_inflated_poisson")


def cells(mixed, f: str, **more) -> pd.DataFrame:
    return grid_of(mixed, f=[f], k=["p", "q", "r"], **more)


def same(found: pd.DataFrame, row: int, draws: np.ndarray, name: str = "response", rtol: float = 1e-9) -> None:
    expected = [draws.mean(), draws.std(ddof=1), *np.quantile(draws, [0.025, 0.975])]
    np.testing.assert_allclose(found.loc[row, [name, "sd", "lower", "upper"]].astype(float), expected, rtol=rtol)


def test_zeros_with_a_formula_are_averaged_cell_by_cell(zeros, mixed):
    for asked in ({"type": "response"}, {"regrid": "response"}):
        found = bm.emmeans(zeros, "f", **asked)
        for row, level in enumerate("abc"):
            same(found, row, epred(zeros, cells(mixed, level), "typical").mean(axis=1))
    notes = " ".join(found.attrs["notes"])
    assert "the mean depends on zi, which has a formula of its own." in notes
    assert "Averaged over k, all levels alike." in notes
    assert "effects of h are 0" in notes


def test_zeros_of_the_levels_in_the_data(zeros, mixed):
    found = bm.emmeans(zeros, "f", type="response", groups="fitted")
    for row, level in enumerate("abc"):
        rows = cells(mixed, level, h=sorted(mixed["h"].unique()))
        same(found, row, epred(zeros, rows, "fitted").mean(axis=1))


def draws_of(fit, name: str) -> np.ndarray:
    values = fit.posterior["posterior"][name].transpose("chain", "draw", ...).to_numpy()
    return values.reshape(-1, *values.shape[2:])


def test_zeros_of_new_levels_are_integrated_over_both_parts(zeros, mixed):
    """Effects of the two predictors are independent; nodes of Gauss and Hermite."""
    found = bm.emmeans(zeros, "f", type="response", groups="new")
    eta = bm.posterior_epred(zeros, cells(mixed, "a"), groups="typical", type="link").transpose("chain", "draw", "row")
    x, intercept, slope = mixed["x"].mean(), draws_of(zeros, "sd_h__Intercept"), draws_of(zeros, "sd_h__x")
    rho = draws_of(zeros, "corr_h")[:, 0]
    spread = np.sqrt(intercept**2 + x**2 * slope**2 + 2 * x * rho * intercept * slope)
    nodes, weights = hermegauss(60)
    weights = weights / weights.sum()
    zi_draws = draws_of(zeros, "zi_Intercept") + mixed["z"].mean() * draws_of(zeros, "zi_z")
    of_k = np.stack([np.zeros(len(zi_draws)), *draws_of(zeros, "zi_k").T], axis=1)
    zi = zi_draws[:, None] + of_k
    sd_zi = draws_of(zeros, "sd_h__zi_Intercept")
    kept = (1 - expit(zi[..., None] + sd_zi[:, None, None] * nodes)) @ weights
    mean = np.exp(eta.to_numpy().reshape(len(zi), -1) + spread[:, None] ** 2 / 2)
    same(found, 0, (kept * mean).mean(axis=1), rtol=1e-6)


def test_new_levels_of_a_hurdle_are_integrated_over_both_parts(mixed, invent):
    """The mean of counts above 0 is no exponential of the predictor, so that both integrals are numerical."""
    fit = invent(["count ~ 1 + (1 | h)", "hu ~ 1 + (1 | h)"], mixed, "hurdle_poisson", n_draws=5)
    nodes, weights = hermegauss(80)
    weights = weights / weights.sum()
    rate = np.exp(draws_of(fit, "Intercept")[:, None] + draws_of(fit, "sd_h__Intercept")[:, None] * nodes)
    hu = expit(draws_of(fit, "hu_Intercept")[:, None] + draws_of(fit, "sd_h__hu_Intercept")[:, None] * nodes)
    expected = ((1 - hu) @ weights) * ((rate / -np.expm1(-rate)) @ weights)
    same(bm.emmeans(fit, "1", type="response", groups="new"), 0, expected, rtol=1e-5)


def test_a_hurdle_and_a_lognormal_spread_with_formulas(mixed, invent):
    hurdle = invent(["count ~ f", "hu ~ g + x"], mixed, "hurdle_poisson")
    found = bm.emmeans(hurdle, "f", by="g", type="response", at={"x": [1, 8]}, weights="proportional")
    rows = grid_of(mixed, f=["b"], g=["v"], x=[1.0, 8.0])
    same(found, 4, epred(hurdle, rows, "typical").mean(axis=1))
    spread = invent(["y ~ f + (1 | h)", "sigma ~ x"], mixed, "lognormal")
    for x in (1.0, 8.0):
        found = bm.emmeans(spread, "f", type="response", at={"x": x})
        same(found, 2, epred(spread, grid_of(mixed, f=["c"], x=[x]), "typical")[:, 0])


def test_contrasts_and_slopes_of_draws(zeros, mixed):
    means = bm.emmeans(zeros, "f", type="response")
    a, b, c = (epred(zeros, cells(mixed, level), "typical").mean(axis=1) for level in "abc")
    found = bm.contrasts(means, "pairwise")
    for row, draws in enumerate((a - b, a - c, b - c)):
        same(found, row, draws, "estimate")
        assert found["p_direction"][row] == max((draws > 0).mean(), (draws < 0).mean())
    best = np.argmax(np.stack([a, b, c]), axis=0)
    ranked = bm.ranks(means).set_index("f")["p_best"]
    assert [ranked[level] for level in "abc"] == [(best == place).mean() for place in range(3)]
    found = bm.emtrends(zeros, "z", "f", regrid="response")
    shifted = [epred(zeros, cells(mixed, "b").assign(z=mixed["z"].mean() + h), "typical") for h in (1e-4, -1e-4)]
    same(found, 1, (shifted[0] - shifted[1]).mean(axis=1) / 2e-4, "z.trend", rtol=1e-5)


def test_new_levels_of_a_posterior_keep_the_slope_of_their_average(mixed, invent):
    """Of a log link the average response of new levels is that of a lognormal, and its slope follows."""
    fit = invent("count ~ x + (x | h)", mixed.assign(x=mixed["x"] / 20), "poisson")
    found = bm.emtrends(fit, "x", regrid="response", groups="new")
    x, h = mixed["x"].mean() / 20, 1e-4
    up, down = (bm.emmeans(fit, "1", at={"x": at}, type="response", groups="new")["rate"][0] for at in (x + h, x - h))
    assert found["x.trend"][0] == pytest.approx((up - down) / (2 * h), rel=1e-5)


def test_what_is_no_scale_is_one_line(mixed):
    for asked in (bm.emmeans, lambda fit, f, **more: bm.emtrends(fit, "x", f, **more)):
        with pytest.raises(ArgumentError, match=r'regrid="response" takes the cells .*; got .log.\.$'):
            asked(bm.lm("y ~ f + x", mixed), "f", regrid="log")
