"""Intervals of all parameters: against R's `confint(lmer(...))`, dense matrices, and the tables that have the same."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import bayesmix as bm
from bayesmix.errors import ArgumentError, CallError

SLEEPSTUDY = "Reaction ~ Days + (Days | Subject)"
# R 4.2.2, lme4 1.1-31: confint(lmer(...), level = prob)
PROFILES = {
    ("sleepstudy", SLEEPSTUDY, 0.95): {
        "sd_Subject__Intercept": (14.3814, 37.7160),
        "sd_Subject__Days": (3.8012, 8.7534),
        "corr_Subject[Intercept,Days]": (-0.4815, 0.6850),
        "sigma": (22.8983, 28.8580),
        "Intercept": (237.6807, 265.1295),
        "Days": (7.3587, 13.5759),
    },
    ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", 0.95): {
        "sd_plate__Intercept": (0.63357, 1.18210),
        "sd_sample__Intercept": (1.09579, 3.55629),
        "sigma": (0.48585, 0.62945),
        "Intercept": (21.26663, 24.67782),
    },
    ("irrigation", "yield ~ irrigation + variety + (1 | field)", 0.9): {
        "sd_field__Intercept": (1.87015, 4.66270),
        "sigma": (0.77787, 1.79814),
        "Intercept": (34.67459, 42.17541),
        "irrigation[i2]": (-4.26990, 6.26990),
        "irrigation[i3]": (-4.66990, 5.86990),
        "irrigation[i4]": (-1.16990, 9.36990),
        "variety[v2]": (-0.25200, 1.75200),
    },
}


@pytest.fixture(scope="module")
def reml():
    return bm.reml(SLEEPSTUDY, bm.load_data("sleepstudy"))


@pytest.mark.parametrize("model", PROFILES, ids=[model[0] for model in PROFILES])
def test_profiles_of_maximum_likelihood_are_those_of_r(model):
    """R interpolates its profiles by splines: within 3e-4 of the width."""
    data, formula, prob = model
    table, expected = bm.confint(bm.reml(formula, bm.load_data(data), reml=False), prob=prob), PROFILES[model]
    assert table.index.tolist() == list(expected)
    assert table.index.name == "parameter"
    limits = np.array(list(expected.values()))
    width = np.diff(limits, axis=1)
    assert (np.abs(table[["lower", "upper"]].to_numpy() - limits) < 3e-4 * width).all()


def dense_deviance(theta, y, X, g, x):
    """-2 log likelihood of (x | g) with beta at its best, from the covariance of all rows."""
    sds, corr, sigma = np.exp(theta[:2]), np.tanh(theta[2]), np.exp(theta[3])
    covariance = np.outer(sds, sds) * [[1, corr], [corr, 1]]
    Z = np.column_stack([np.ones_like(x), x])
    V = (Z @ covariance @ Z.T) * (g[:, None] == g) + sigma**2 * np.eye(len(y))
    factor = np.linalg.cholesky(V)
    white, rows = np.linalg.solve(factor, y), np.linalg.solve(factor, X)
    rest = white - rows @ np.linalg.lstsq(rows, white, rcond=None)[0]
    return 2 * np.log(np.diag(factor)).sum() + rest @ rest + len(y) * np.log(2 * np.pi)


def test_the_ends_of_a_correlation_lie_where_the_dense_deviance_says():
    data = bm.load_data("sleepstudy").astype({"Subject": str}).query("Subject < '335'")
    fit = bm.reml(SLEEPSTUDY, data, reml=False)
    table = bm.confint(fit, prob=0.5)
    y, x = data["Reaction"].to_numpy(), data["Days"].to_numpy(dtype=float)
    g = pd.factorize(data["Subject"])[0]
    X, start = np.column_stack([np.ones_like(x), x]), np.log([20.0, 6.0, 25.0])
    for end in table.loc["corr_Subject[Intercept,Days]", ["lower", "upper"]]:
        held = optimize.minimize(
            lambda free, end=end: dense_deviance([*free[:2], np.arctanh(end), free[2]], y, X, g, x),
            start,
            method="Nelder-Mead",
            options={"xatol": 1e-6, "fatol": 1e-8},
        )
        assert held.fun - fit.criterion == pytest.approx(stats.chi2(1).ppf(0.5), abs=1e-3)


def test_reml_has_profiles_of_spreads_and_t_intervals_of_coefficients(reml):
    table = bm.confint(reml, ddf="kenward-roger")
    spreads, coefficients = bm.varcorr(reml, intervals=True), bm.fixef(reml, ddf="kenward-roger")
    np.testing.assert_allclose(table.iloc[:4], spreads[["estimate", "lower", "upper"]])
    np.testing.assert_allclose(table.iloc[4:], coefficients[["estimate", "lower", "upper"]])
    assert "Kenward and Roger" in str(table)
    wald = bm.confint(reml, method="wald", prob=0.9)
    assert wald.iloc[:4][["lower", "upper"]].isna().all(axis=None)
    np.testing.assert_allclose(wald.iloc[4:], bm.fixef(reml, prob=0.9)[["estimate", "lower", "upper"]])


def test_other_kinds_of_fit():
    sleepstudy = bm.load_data("sleepstudy")
    line = bm.lm("Reaction ~ Days", sleepstudy)
    np.testing.assert_allclose(bm.confint(line), bm.fixef(line)[["estimate", "lower", "upper"]])
    counts = bm.laplace("p(incidence, size) ~ period + (1 | herd)", bm.load_data("cbpp"), "binomial")
    table = bm.confint(counts)
    assert table.loc["sd_herd__Intercept"].isna().tolist() == [False, True, True]
    np.testing.assert_allclose(table.iloc[1:], bm.fixef(counts)[["estimate", "lower", "upper"]])
    fit = bm.fit(SLEEPSTUDY, sleepstudy, seed=1)
    table = bm.confint(fit, prob=0.8)
    assert table.index.tolist() == list(PROFILES["sleepstudy", SLEEPSTUDY, 0.95])
    np.testing.assert_allclose(table.loc["Days"], bm.fixef(fit, prob=0.8).loc["Days", ["mean", "lower", "upper"]])
    sd = bm.varcorr(fit, prob=0.8).loc[("Subject", "Days", "Days"), ["mean", "lower", "upper"]]
    np.testing.assert_allclose(table.loc["sd_Subject__Days"], sd)
    with pytest.raises(ArgumentError, match="other fits have one method"):
        bm.confint(fit, method="wald")


def test_a_singular_fit_has_limits_of_sds_and_none_of_correlations():
    data = bm.load_data("Dyestuff2").assign(x=lambda d: np.arange(len(d)) % 5)
    fit = bm.reml("Yield ~ x + (x | Batch)", data, reml=False)
    assert fit.singular
    table = bm.confint(fit)
    spreads = table.loc[["sd_Batch__Intercept", "sd_Batch__x"]]
    assert (spreads["lower"] == 0).all()
    assert (spreads["upper"] > spreads["estimate"]).all()
    known = (spreads["estimate"] > 0).all()
    assert table.loc["corr_Batch[Intercept,x]", ["lower", "upper"]].notna().all() == known


def test_a_correlation_of_which_the_data_tell_nothing_has_all_values():
    """At the boundary, with a criterion that rises nowhere by as much as the quantile."""
    rng = np.random.default_rng(15)
    data = pd.DataFrame({"g": np.repeat(list("abcdefgh"), 8), "x": rng.normal(size=64)})
    effects = rng.normal(size=8)[np.repeat(np.arange(8), 8)]
    data["y"] = data["x"] + effects * (0.7 - 0.05 * data["x"]) + rng.normal(size=64)
    fit = bm.reml("y ~ x + (x | g)", data)
    assert fit.singular
    limits = bm.confint(fit).loc["corr_g[Intercept,x]", ["lower", "upper"]]
    assert limits.tolist() == [-1, 1]


def test_mistakes(reml):
    with pytest.raises(CallError, match=r"\.loc of the table"):
        bm.confint(reml, parm="Days")
    with pytest.raises(ArgumentError, match="Known: profile, wald"):
        bm.confint(reml, method="boot")
