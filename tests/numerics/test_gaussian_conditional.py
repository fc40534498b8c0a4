"""Conditional moments of beta and b against dense linear algebra; draws against those moments."""

from dataclasses import replace

import numpy as np
import pytest

from bayesmix.numerics.gaussian.coefficient_prior import CoefficientPrior
from bayesmix.numerics.gaussian.conditional import conditional
from bayesmix.numerics.gaussian.cross_products import cross_products

from .conftest import draw_conditional


def prior_for(model, kind, seed):
    rng = np.random.default_rng(seed)
    p = model.X.shape[1]
    return None if kind == "flat" else CoefficientPrior(rng.normal(size=p), rng.uniform(0.5, 5, p))


@pytest.mark.parametrize("kind", ["flat", "normal"])
@pytest.mark.parametrize("seed", range(40))
def test_moments(gaussian, seed, kind):
    model = gaussian.random_model(seed)
    if seed % 4 == 0:
        model = replace(model, L=(*model.L[:-1], 0 * model.L[-1]))
    prior = prior_for(model, kind, seed)
    mean, covariance = gaussian.conditional(model, prior)
    found = conditional(products=cross_products(**model.data), L=model.L, sigma=model.sigma, prior=prior)
    p = model.X.shape[1]
    # Entries near 0 are differences of large ones in the n x n formulae: compared on the scale of the largest.
    close = {"abs": 1e-9 * max(1, np.abs(covariance).max(), np.abs(mean).max())}
    assert found.beta == pytest.approx(mean[:p], **close)
    assert found.beta_covariance == pytest.approx(covariance[:p, :p], **close)
    start = p
    for term, effects, covariances in zip(model.terms, found.effects, found.effect_covariances, strict=True):
        for j in range(term.n_levels):
            own = slice(start, start + term.k)
            assert effects[j] == pytest.approx(mean[own], **close)
            assert covariances[j] == pytest.approx(covariance[own, own], **close)
            start += term.k


@pytest.mark.parametrize(("seed", "kind"), [(0, "flat"), (1, "normal"), (4, "flat"), (6, "normal")])
def test_draws(gaussian, seed, kind):
    model, n_draws = gaussian.random_model(seed), 40_000
    prior = prior_for(model, kind, seed)
    mean, covariance = gaussian.conditional(model, prior)
    normals = np.random.default_rng(seed).standard_normal((n_draws, len(mean)))
    draws = draw_conditional(
        products=cross_products(**model.data), L=model.L, sigma=model.sigma, prior=prior, standard_normals=normals
    )
    together = np.column_stack([draws.beta, *(e.reshape(n_draws, -1) for e in draws.effects)])
    sd = np.sqrt(np.diag(covariance))
    # The largest of some hundred standard normal numbers, and of their products, stays below 5.
    assert np.max(np.abs(together.mean(axis=0) - mean) / sd) < 5 / np.sqrt(n_draws)
    difference = (np.cov(together.T) - covariance) / np.outer(sd, sd)
    assert np.max(np.abs(difference)) < 5 * np.sqrt(2 / n_draws)


def test_means_are_draws_from_zeros(gaussian):
    model = gaussian.random_model(2)
    products = cross_products(**model.data)
    n_effects = model.X.shape[1] + sum(term.n_levels * term.k for term in model.terms)
    draws = draw_conditional(products=products, L=model.L, sigma=model.sigma, standard_normals=np.zeros((1, n_effects)))
    found = conditional(products=products, L=model.L, sigma=model.sigma)
    assert draws.beta[0] == pytest.approx(found.beta, rel=1e-12)
    for drawn, effects in zip(draws.effects, found.effects, strict=True):
        assert drawn[0] == pytest.approx(effects, rel=1e-10, abs=1e-12)


def test_slope_of_a_covariate_far_from_zero(gaussian):
    near = gaussian.random_model(1)
    x = np.random.default_rng(8).integers(-8, 9, len(near.y)) / 4
    near = replace(near, X=np.column_stack([np.ones(len(x)), x]))
    far = replace(near, X=near.X + np.array([0, 2.4e8]))
    one, other = (
        conditional(products=cross_products(**model.data), L=model.L, sigma=model.sigma) for model in (near, far)
    )
    assert other.beta[1] == pytest.approx(one.beta[1], rel=1e-11)
    assert other.beta_covariance[1, 1] == pytest.approx(one.beta_covariance[1, 1], rel=1e-11)
    assert other.beta[0] == pytest.approx(one.beta[0] - 2.4e8 * one.beta[1], rel=1e-11)
