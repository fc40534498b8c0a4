"""Priors from many loci: the largest marginal likelihood by closed form and quadrature, and what they are for."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import chi2, halfnorm, lognorm, multivariate_normal, norm

from bayesmix.errors import ArgumentError, DataError, UnknownTermError
from bayesmix.loci.multiplicity.pooled_priors import pooled_priors

N_DRAWS = 400


def frame_of(name, draws):
    locus = np.repeat([f"cg{number}" for number in range(len(draws))], draws.shape[1])
    return pd.DataFrame({"locus": locus, name: draws.ravel()})


@pytest.fixture(scope="module")
def effects():
    """Effects from Normal(0.3, 0.5), estimates with errors, and draws under the prior Normal(0, 3)."""
    rng = np.random.default_rng(1)
    truth = rng.normal(0.3, 0.5, 300)
    errors = rng.uniform(0.3, 0.8, 300)
    estimates = rng.normal(truth, errors)
    precision = errors**-2 + 1 / 9
    draws = rng.normal((estimates * errors**-2 / precision)[:, None], precision[:, None] ** -0.5, (300, N_DRAWS))
    return truth, estimates, errors, draws


def test_a_normal_distribution_is_that_of_the_closed_form(effects):
    _, estimates, errors, draws = effects
    pooled = pooled_priors(frame_of("b", draws), {"b": "Normal(0, 3)"})

    def marginal(point):
        return norm.logpdf(estimates, point[0], np.sqrt(np.exp(2 * point[1]) + errors**2)).sum()

    exact = minimize(lambda point: -marginal(point), [0.0, -1.0], method="BFGS")
    name, args = pooled.priors["b"].rstrip(")").split("(")
    assert name == "Normal"
    mu, sigma = map(float, args.split(","))
    # Of 300 loci with 400 draws: within a quarter of the error of the estimate itself.
    spread = np.sqrt(np.diag(exact.hess_inv))
    assert abs(mu - exact.x[0]) < 0.25 * spread[0]
    assert abs(np.log(sigma) - exact.x[1]) < 0.25 * spread[1]
    before = norm.logpdf(estimates, 0, np.sqrt(9 + errors**2)).mean()
    assert pooled.table["gain"][0] == pytest.approx(-exact.fun / 300 - before, abs=0.02)


def test_it_lowers_the_error_of_loci(effects):
    truth, estimates, errors, draws = effects
    args = pooled_priors(frame_of("b", draws), {"b": "Normal(0, 3)"}).priors["b"].rstrip(")").split("(")[1]
    mu, sigma = map(float, args.split(","))

    def error(mu, sigma):
        precision = errors**-2 + sigma**-2
        return np.sqrt(np.mean(((estimates * errors**-2 + mu * sigma**-2) / precision - truth) ** 2))

    assert error(mu, sigma) < 0.85 * error(0, 3)
    assert error(mu, sigma) < 1.01 * error(0.3, 0.5)


def test_sds_are_those_of_quadrature():
    """Sums of squares of 8 values of each locus, sds from LogNormal(-0.7, 0.4), draws under HalfNormal(2)."""
    rng = np.random.default_rng(2)
    sds = lognorm(0.4, scale=np.exp(-0.7)).rvs(300, random_state=rng)
    sums = sds**2 * rng.chisquare(8, 300)
    grid = np.linspace(0.02, 6, 3000)
    likelihood = chi2.logpdf(sums[:, None] / grid**2, 8) - 2 * np.log(grid)
    posterior = np.exp(likelihood + halfnorm.logpdf(grid, scale=2))
    cumulative = np.cumsum(posterior, axis=1) / posterior.sum(axis=1, keepdims=True)
    draws = np.array([np.interp(rng.random(N_DRAWS), row, grid) for row in cumulative])
    pooled = pooled_priors(frame_of("sd_g__Intercept", draws), {"sd_g__Intercept": "HalfNormal(2)"})

    def marginal(point):
        return logsumexp(likelihood + lognorm.logpdf(grid, np.exp(point[1]), scale=np.exp(point[0])), axis=1).sum()

    exact = minimize(lambda point: -marginal(point), [-0.7, -1.0], method="BFGS")
    name, args = pooled.priors["sd_g__Intercept"].rstrip(")").split("(")
    assert name == "LogNormal"
    mu, sigma = map(float, args.split(","))
    spread = np.sqrt(np.diag(exact.hess_inv))
    assert abs(mu - exact.x[0]) < 0.35 * spread[0]
    assert abs(np.log(sigma) - exact.x[1]) < 0.35 * spread[1]


@pytest.fixture(scope="module")
def tied():
    """Two effects of each locus whose estimates are tied, and draws of both under the prior Normal(0, 3) of each."""
    rng = np.random.default_rng(3)
    truth = rng.normal([0.3, -0.2], [0.5, 0.4], (200, 2))
    errors = 0.6**2 * np.array([[1, -0.8], [-0.8, 1]])
    estimates = truth + rng.multivariate_normal([0, 0], errors, 200)
    covariance = np.linalg.inv(np.linalg.inv(errors) + np.eye(2) / 9)
    means = estimates @ np.linalg.inv(errors) @ covariance
    return estimates, errors, means[:, None] + rng.multivariate_normal([0, 0], covariance, (200, N_DRAWS))


def test_parameters_that_bear_on_each_other_are_pooled_together(tied):
    """The closed form of both together, within a third of the errors of the estimates themselves."""
    estimates, errors, draws = tied
    frame = frame_of("a", draws[:, :, 0]).assign(b=draws[:, :, 1].ravel())
    wide = {"a": "Normal(0, 3)", "b": "Normal(0, 3)"}

    def loss(point):
        total = errors + np.diag(np.exp(2 * point[2:]))
        return -multivariate_normal(point[:2], total).logpdf(estimates).sum()

    exact = minimize(loss, [0.0, 0.0, -1.0, -1.0], method="BFGS")
    spread = np.sqrt(np.diag(exact.hess_inv))
    together = pooled_priors(frame, wide).priors
    for at, name in enumerate(wide):
        mu, sigma = map(float, together[name].removeprefix("Normal(").rstrip(")").split(","))
        assert abs(mu - exact.x[at]) < 0.35 * spread[at]
        assert abs(np.log(sigma) - exact.x[2 + at]) < 0.35 * spread[2 + at]


def test_a_spread_is_not_0_where_loci_may_all_be_the_same():
    """The likelihood of 30 equal effects with errors of 1 is greatest at a spread of 0, which a prior must not have."""
    rng = np.random.default_rng(4)
    estimates = np.linspace(-0.5, 0.5, 30)
    draws = rng.normal(estimates[:, None] * 0.9, 0.9**0.5, (30, N_DRAWS))
    text = pooled_priors(frame_of("b", draws), {"b": "Normal(0, 3)"}).priors["b"]
    assert float(text.rstrip(")").split(",")[-1]) > 0.15


def test_frames_and_arrow_give_one_answer_and_it_prints(effects):
    frame = frame_of("b", effects[3])
    pooled = pooled_priors(frame, {"b": "Normal(0, 3)"})
    again = pooled_priors(pa.Table.from_pandas(frame.assign(chain=0)), {"b": "Normal(0, 3)"})
    assert pooled.priors == again.priors
    assert pooled.priors["b"] in str(pooled)
    assert "Normal(0, 3)" in str(pooled)


REFUSED = {
    "unknown": ({"a": "Normal(0, 3)"}, UnknownTermError, "There are no draws of 'a'"),
    "no dict": ("Normal(0, 3)", ArgumentError, "before is a dict of the priors"),
    "flat": ({"b": "Beta(1, 1)"}, ArgumentError, "is none of one number alone"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case, effects):
    before, kind, message = REFUSED[case]
    with pytest.raises(kind, match=message):
        pooled_priors(frame_of("b", effects[3]), before)


def test_few_loci_and_few_draws(effects):
    draws = effects[3]
    with pytest.raises(DataError, match="of 5 loci; a distribution over loci needs at least 20"):
        pooled_priors(frame_of("b", draws[:5]), {"b": "Normal(0, 3)"})
    with pytest.raises(DataError, match="Keep more draws"):
        pooled_priors(frame_of("b", draws[:, :12]), {"b": "Normal(0, 3)"})
