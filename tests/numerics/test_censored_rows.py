"""Rows of which only a bound is known: log tails against SciPy and closed forms, residuals by simulation."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import gamma

from bayesmix.families.censoring import CENSORABLE
from bayesmix.families.table import FAMILIES
from bayesmix.numerics.row_distribution.censored import censored_log_density, censored_quantile_residual
from bayesmix.numerics.row_distribution.parts import Predicted

SIGMA, SHAPE = np.array([0.4, 1.5]), np.array([0.7, 3.0])
ETA = np.array([[0.3, -1.0], [1.2, 0.5], [0.0, 2.0]])
LINK = {"gaussian": "identity", "lognormal": "identity", "weibull": "log", "exponential": "log"}
REFERENCE = {
    "gaussian": stats.norm(ETA, SIGMA),
    "lognormal": stats.lognorm(SIGMA, scale=np.exp(ETA)),
    "weibull": stats.weibull_min(SHAPE, scale=np.exp(ETA) / gamma(1 + 1 / SHAPE)),
    "exponential": stats.expon(scale=np.exp(ETA)),
}
Y = np.array([[0.6], [1.4], [2.5]])


def predicted(family, eta=ETA, **other):
    own = {"sigma": SIGMA, "shape": SHAPE, "weights": np.ones((len(eta), 1))} | other
    return Predicted(eta, LINK[family], own)


def test_the_families_are_those_whose_tails_have_a_closed_form():
    with_tails = {name for name, record in FAMILIES.items() if record.distribution.log_tails is not None}
    assert set(CENSORABLE) == with_tails == set(REFERENCE)


@pytest.mark.parametrize("family", CENSORABLE)
def test_log_density_is_that_of_the_tail_behind_the_bound(family):
    reference, distribution = REFERENCE[family], FAMILIES[family].distribution
    wanted = {-1: reference.logcdf, 0: reference.logpdf, 1: reference.logsf}
    for codes in ([1, 0, -1], [-1, 1, 0], [0, 0, 0]):
        found = censored_log_density(distribution, Y, predicted(family), np.array(codes)[:, None])
        by_scipy = np.stack([wanted[code](Y)[row] for row, code in enumerate(codes)])
        np.testing.assert_allclose(found, by_scipy, rtol=1e-12)
    whole = censored_log_density(distribution, Y, predicted(family), None)
    np.testing.assert_array_equal(whole, distribution.log_density(Y, predicted(family)))


@pytest.mark.parametrize("family", ["weibull", "exponential"])
def test_log_survival_is_minus_the_hazard_however_far_out(family):
    shape = SHAPE if family == "weibull" else 1.0
    scale = np.exp(ETA) / (gamma(1 + 1 / SHAPE) if family == "weibull" else 1)
    for y in (1e-9, 1.0, 1e3, 1e6):
        tails = FAMILIES[family].distribution.log_tails(np.full((3, 1), y), predicted(family))
        np.testing.assert_allclose(tails.above, -((y / scale) ** shape), rtol=1e-11)
    # P(Y < y) of a small hazard h is h - h^2 / 2.
    hazard = (1e-9 / scale) ** shape
    tails = FAMILIES[family].distribution.log_tails(np.full((3, 1), 1e-9), predicted(family))
    np.testing.assert_allclose(tails.below, np.log(hazard) + np.log1p(-hazard / 2), atol=1e-8)


@pytest.mark.parametrize("family", ["gaussian", "lognormal"])
def test_log_tails_of_a_normal_are_exact_far_out(family):
    distance = 60.0
    y = ETA[:, :1] + distance * SIGMA[0]
    tails = FAMILIES[family].distribution.log_tails(np.exp(y) if family == "lognormal" else y, predicted(family))
    # Mills' ratio by its continued fraction, which 60 sds out needs three terms.
    ratio = 1 / (distance + 1 / (distance + 2 / (distance + 3 / distance)))
    np.testing.assert_allclose(tails.above[:, 0], stats.norm.logpdf(distance) + np.log(ratio), rtol=1e-12)


@pytest.mark.parametrize("family", CENSORABLE)
@pytest.mark.parametrize("side", [1, -1])
def test_quantile_residuals_are_standard_normal_under_the_model(family, side):
    rng = np.random.default_rng(4)
    n = 4000
    eta = rng.normal(0.5, 0.6, (n, 1))
    q = predicted(family, eta, sigma=np.array([0.8]), shape=np.array([1.7]))
    distribution = FAMILIES[family].distribution
    y, bound = distribution.draw(rng, q), distribution.draw(rng, q)
    censored = side * (y - bound) > 0
    known = np.where(censored, bound, y)
    u = rng.uniform(size=(n, 1))
    found = censored_quantile_residual(distribution, known, q, u, np.where(censored, side, 0))
    assert stats.kstest(found[:, 0], "norm").pvalue > 0.01
    as_observed = distribution.tails(known, q)
    at_bound = stats.norm.ppf(as_observed.below)
    assert (side * (found - at_bound) >= -1e-9)[censored].all()


def test_residuals_of_a_bound_far_out_are_finite():
    q = predicted("weibull", ETA)
    far = np.full((3, 1), 1e3)
    found = censored_quantile_residual(FAMILIES["weibull"].distribution, far, q, np.full((3, 1), 0.5), np.ones((3, 1)))
    assert np.isfinite(found).all()
    assert (found > 5).all()
