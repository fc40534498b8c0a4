"""Lognormal responses on the exact route: the Gaussian model of their logarithms, and the Jacobian where it counts."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import lognorm

import bayesmix as bm

PRIORS = {
    "Intercept": "Normal(1, 2)",
    "x": "Normal(0, 1)",
    "sd_g__Intercept": "HalfNormal(1)",
    "sigma": "HalfNormal(1)",
}
SETTINGS = {"priors": PRIORS, "seed": 3, "progress": False}
FORMULA = "y ~ x + (1 | g)"


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    g, x = np.repeat(np.arange(10), 8), rng.normal(size=80)
    y = np.exp(1 + 0.3 * x + 0.5 * rng.normal(size=10)[g] + 0.4 * rng.normal(size=80))
    return pd.DataFrame({"y": y, "log_y": np.log(y), "x": x, "g": g})


@pytest.fixture(scope="module")
def fitted(data):
    return bm.fit(FORMULA, data, "lognormal", **SETTINGS)


def test_the_posterior_is_that_of_the_logarithms(fitted, data):
    other = bm.fit("log_y ~ x + (1 | g)", data, **SETTINGS)
    assert (fitted.method, fitted.reason) == ("exact", "Gaussian logarithms, Normal priors on the coefficients")
    for question in (bm.fixef, bm.varcorr, bm.ranef):
        one, its = question(fitted), question(other)
        numbers = one.select_dtypes("number").columns
        np.testing.assert_allclose(one[numbers], its[numbers])


def test_evidence_and_left_out_rows_have_the_jacobian(fitted, data):
    other = bm.fit("log_y ~ x + (1 | g)", data, **SETTINGS)
    jacobian = -data["log_y"].sum()
    assert bm.log_marginal(fitted).value == pytest.approx(bm.log_marginal(other).value + jacobian, abs=1e-8)
    own, its = bm.loo(fitted), bm.loo(other)
    assert own.elpd == pytest.approx(its.elpd + jacobian, abs=0.01)
    by_group, of_its = bm.loo(fitted, by="g"), bm.loo(other, by="g")
    assert by_group.elpd == pytest.approx(of_its.elpd + jacobian, abs=0.01)
    factors = [bm.bayes_factor(fit, drop="1 | g").log10_bf for fit in (fitted, other)]
    assert factors[0] == pytest.approx(factors[1], abs=1e-6)


def test_the_log_likelihood_is_that_of_scipy(fitted, data):
    found = bm.log_likelihood(fitted)
    draws = fitted.posterior["posterior"]
    mean = draws["Intercept"] + draws["x"] * float(data["x"].iloc[7]) + draws["1|g"].isel(g__factor_dim=0)
    expected = lognorm.logpdf(data["y"].iloc[7], draws["sigma"].to_numpy(), scale=np.exp(mean.to_numpy()))
    np.testing.assert_allclose(found.to_numpy()[..., 7], expected, rtol=1e-6)


def test_effects_that_are_not_kept_are_those_that_are(fitted, data):
    thin = bm.fit(FORMULA, data, "lognormal", keep_effects=False, **SETTINGS)
    pd.testing.assert_frame_equal(bm.ranef(thin), bm.ranef(fitted))


@pytest.mark.slow
def test_all_parameters_by_nuts_agree(fitted, data):
    joint = bm.fit(FORMULA, data, "lognormal", method="joint", draws=2000, **SETTINGS)
    assert joint.method == "joint"
    for question in (bm.fixef, bm.varcorr):
        one, other = question(fitted), question(joint)
        error = np.hypot(*(table["sd"] / np.sqrt(table["ess_bulk"]) for table in (one, other)))
        assert (abs(one["mean"] - other["mean"]) < 4.5 * error).all()
