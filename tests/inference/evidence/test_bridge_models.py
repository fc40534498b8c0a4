"""Marginal likelihoods by bridge sampling over all parameters: against integrals worked out otherwise."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit, gammaln, logsumexp
from scipy.stats import binom, halfnorm, multivariate_t, norm

import bayesmix as bm
from bayesmix.errors import ArgumentError, StoredFitError
from bayesmix.modelling.joint.bridge import by_bridge

WITH_HERD = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
WITH_ROW = f"{WITH_HERD} + (1 | row)"
WITHOUT_HERD = "cbind(incidence, size - incidence) ~ period"


@pytest.fixture(scope="module")
def cbpp():
    return bm.load_data("cbpp")


@pytest.fixture(scope="module")
def fitted(cbpp):
    return bm.fit(WITH_HERD, cbpp, "binomial", method="joint", seed=1, progress=False)


@pytest.fixture(scope="module")
def overdispersed(cbpp):
    """A model that bridge sampling alone can do: an effect of every row beside that of the herd."""
    return cbpp.assign(row=range(len(cbpp)))


def log_posteriors(data, theta, *, herds):
    """log of prior times likelihood at (n, 4) coefficients and, with herds, the log sd of their effects.

    The effect of a herd is integrated out by the trapezoidal rule over its standard normal, exact to rounding. The
    prior of the intercept is at the predictors' means.
    """
    dummies = np.stack([data["period"].astype(str) == level for level in "234"], axis=1).astype(float)
    x = np.column_stack([np.ones(len(data)), dummies - dummies.mean(axis=0)])
    eta = theta[:, :4] @ x.T
    found = norm.logpdf(theta[:, :4], 0, 2.5).sum(axis=1)
    k, n = data["incidence"].to_numpy(), data["size"].to_numpy()
    if not herds:
        return found + binom.logpmf(k, n, expit(eta)).sum(axis=1)
    sd = np.exp(theta[:, 4])
    found += halfnorm.logpdf(sd) + theta[:, 4]
    u = np.arange(-7.5, 7.51, 0.15)
    eta = eta[:, :, None] + sd[:, None, None] * u
    constant = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    rows = constant[:, None] + k[:, None] * eta - n[:, None] * np.logaddexp(0, eta)
    for herd in pd.unique(data["herd"]):
        own = rows[:, (data["herd"] == herd).to_numpy()].sum(axis=1)
        found += logsumexp(own + norm.logpdf(u), axis=1) + np.log(0.15)
    return found


def by_importance(data, *, herds, n_values=4000):
    """Log marginal likelihood and its error, by importance sampling over what is left."""
    n = 5 if herds else 4
    start = np.array([-2.0, -1.0, -1.0, -1.5, -0.4])[:n]
    best = minimize(lambda theta: -log_posteriors(data, theta[None], herds=herds)[0], start, method="BFGS")
    proposal = multivariate_t(best.x, 1.2 * best.hess_inv, df=6, seed=4)
    theta = proposal.rvs(n_values)
    log_weights = np.concatenate([log_posteriors(data, part, herds=herds) for part in np.array_split(theta, 20)])
    log_weights -= proposal.logpdf(theta)
    weights = np.exp(log_weights - log_weights.max())
    error = weights.std() / weights.mean() / np.sqrt(n_values)
    return log_weights.max() + np.log(weights.mean()), error


@pytest.mark.slow
def test_cbpp_with_and_without_herd(cbpp, fitted):
    with_herd, its_error = by_importance(cbpp, herds=True)
    without, error_without = by_importance(cbpp, herds=False)
    assert max(its_error, error_without) < 0.03
    bridged = by_bridge(fitted.pymc_model, fitted.posterior, seed=1)
    weighted = bm.log_marginal(fitted)
    assert (bridged.method, weighted.method) == ("bridge", "importance")
    for found in (bridged, weighted):
        assert not found.reason
        assert found.error < 0.02
        assert abs(found.value - with_herd) < 4 * np.hypot(found.error, its_error)
    table = bm.rand(fitted)
    row = table.loc["(1 | herd)"]
    assert row["reliable"]
    assert row["method"] == "importance"
    assert row["prior"] == "sd_herd__Intercept ~ HalfNormal(1)"
    combined = np.sqrt(row["mcse"] ** 2 + (its_error**2 + error_without**2) / np.log(10) ** 2)
    assert abs(row["log10_bf"] - (with_herd - without) / np.log(10)) < 4 * combined
    # R: anova(glmer(...), glm(...)): chi-square 14.005 on 1 degree of freedom.
    assert row["p"] == pytest.approx(1.8e-4, rel=0.05)
    assert row["p_boundary"] == pytest.approx(row["p"] / 2)
    smaller = bm.fit(WITHOUT_HERD, cbpp, "binomial", seed=2, progress=False)
    alone = bm.log_marginal(smaller)
    assert abs(alone.value - without) < 4 * np.hypot(alone.error, error_without)
    both = bm.bayes_factor(fitted, smaller)
    assert abs(both.log10_bf - row["log10_bf"]) < 4 * np.hypot(both.mcse, row["mcse"])


@pytest.mark.slow
def test_a_gaussian_model_by_the_joint_path():
    """Correlated slopes: 41 parameters with an LKJ prior among them, against the closed form."""
    fit = bm.fit(
        "Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"), method="joint", seed=3, progress=False
    )
    found = by_bridge(fit.pymc_model, fit.posterior, seed=1)
    exact = bm.log_marginal(fit)
    assert exact.method != "bridge"
    assert abs(found.value - exact.value) < 4 * np.hypot(found.error, exact.error)
    assert found.error < 0.1


def test_a_stored_fit_gives_the_same_number(fitted, tmp_path):
    again = bm.load(bm.save(fitted, tmp_path / "cbpp.nc"))
    assert bm.log_marginal(again) == bm.log_marginal(fitted)


def test_few_draws_give_a_reason_and_no_number(overdispersed):
    fit = bm.fit(WITH_ROW, overdispersed, "binomial", seed=1, draws=30, tune=200, progress=False)
    found = bm.log_marginal(fit)
    assert np.isnan(found.value)
    assert "120 draws of 77 parameters, at least 462" in found.reason
    assert "draws=" in found.reason
    row = bm.rand(fit).iloc[0]
    assert not row["reliable"]
    assert np.isnan(row["log10_bf"])
    assert row["reason"] == found.reason


def test_draws_that_were_not_kept_or_are_of_another_model_are_refused(overdispersed):
    fitted = bm.fit(WITH_ROW, overdispersed, "binomial", seed=1, draws=20, tune=50, progress=False)
    kept = {name: group.to_dataset() for name, group in fitted.posterior.children.items()}
    without = fitted.posterior.from_dict({name: kept[name] for name in ("posterior", "sample_stats")})
    with pytest.raises(ArgumentError, match='sampler="nutpie"'):
        bm.log_marginal(replace(fitted, posterior=without))
    turned = kept["unconstrained_posterior"].isel(free_parameter=slice(None, None, -1))
    other = fitted.posterior.from_dict(kept | {"unconstrained_posterior": turned})
    with pytest.raises(StoredFitError, match="Fit again"):
        bm.log_marginal(replace(fitted, posterior=other))


def test_responses_that_cannot_be_compared_are_refused(cbpp, fitted):
    settings = {"seed": 1, "draws": 50, "tune": 50, "progress": False}
    more = cbpp.assign(size=cbpp["size"] + 1)
    with pytest.raises(ArgumentError, match="other rows"):
        bm.bayes_factor(fitted, bm.fit(WITHOUT_HERD, more, "binomial", **settings))
    with pytest.raises(ArgumentError, match="Densities and probabilities"):
        bm.bayes_factor(fitted, bm.fit("incidence ~ period", cbpp, **settings))
