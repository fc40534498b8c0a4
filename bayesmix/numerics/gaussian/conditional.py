"""Conditional distribution of beta and every group effect given L and sigma: means and covariances."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.gaussian.arrangement import effect_blocks, effect_positions, pack
from bayesmix.numerics.gaussian.coefficient_prior import (
    CoefficientPrior,
    WorkingPrior,
    original_coefficients,
    working_prior,
)
from bayesmix.numerics.gaussian.cross_products import Arrays, CrossProducts
from bayesmix.numerics.gaussian.factor import Factor, factorise
from bayesmix.numerics.gaussian.moments import (
    dense_moments,
    effects_covariance,
    fixed_covariance,
    level_means,
    level_response,
    level_response_covariance,
)
from bayesmix.numerics.gaussian.small_matrices import invert_upper
from bayesmix.numerics.kernels import kernel


@dataclass(frozen=True)
class Conditional:
    """Moments given L and sigma.

    `beta` (p,), `beta_covariance` (p, p); for every term `effects` (n_levels, k) and `effect_covariances`
    (n_levels, k, k), lme4's conditional modes and condVar (there beta is held at its estimate; here, it is integrated
    out, so that these are a little larger).
    """

    beta: Floats
    beta_covariance: Floats
    effects: tuple[Floats, ...]
    effect_covariances: tuple[Floats, ...]


@kernel
def level_moments(arrays: Arrays, factor: Factor, effects: Floats, covariance: Floats, sigma: float) -> tuple:
    """Mean (J, k) and covariance (J, k, k) of u of block 0: upper^-1 (I + along cov(g) along') upper'^-1."""
    n_levels, k, _ = arrays.root.shape
    means, covariances = np.empty((n_levels, k)), np.empty((n_levels, k, k))
    response, second, inverse = np.empty(k), np.empty((k, k)), np.empty((k, k))
    rows = np.empty((k, k))
    for j in range(n_levels):
        level_response(arrays, j, effects, sigma, response)
        level_means(factor, j, response, means[j])
        level_response_covariance(arrays, j, covariance, second)
        invert_upper(factor.upper[j], inverse)
        for r in range(k):
            for c in range(k):
                rows[r, c] = 0.0
                for s in range(k):
                    rows[r, c] += inverse[r, s] * factor.along[j, s, c]
        for r in range(k):
            for c in range(k):
                total = 0.0
                for s in range(k):
                    total += inverse[r, s] * inverse[c, s]
                    for q in range(k):
                        total += rows[r, s] * second[s, q] * rows[c, q]
                covariances[j, r, c] = total
    return means, covariances


@kernel
def conditional_moments(arrays: Arrays, prior: WorkingPrior, packed: Floats) -> tuple:
    """Means and covariances: scaled columns' coefficients less least squares; u of block 0; u of the others."""
    sigma = np.exp(packed[-1])
    factor = factorise(arrays, prior, packed, True)
    dense = dense_moments(arrays, prior, factor, sigma)
    covariance = effects_covariance(arrays, factor.scales, dense.cross)
    means, covariances = level_moments(arrays, factor, dense.effects, covariance, sigma)
    return (
        factor.fixed,
        fixed_covariance(prior, factor),
        means,
        covariances,
        dense.spherical,
        dense.spherical_covariance,
    )


def conditional(
    *, products: CrossProducts, L: tuple[Floats, ...], sigma: float, prior: CoefficientPrior | None = None
) -> Conditional:
    """Means and covariances of beta and of every level's effects, given L and sigma; parameters as `log_density`."""
    found = conditional_moments(products.arrays, working_prior(products, prior), pack(L, sigma))
    fixed, covariance, means, covariances, other_means, other_covariance = found
    back = original_coefficients(products)
    layout = products.arrangement
    u = np.concatenate([means.ravel(), other_means])
    effects, effect_covariances = [], []
    for place, factor in zip(layout.places, L, strict=True):
        effects.append(u[effect_positions(layout, place)] @ factor.T)
        effect_covariances.append(factor @ effect_blocks(layout, place, covariances, other_covariance) @ factor.T)
    return Conditional(
        beta=back @ (fixed + products.least_squares),
        beta_covariance=back @ covariance @ back.T,
        effects=tuple(effects),
        effect_covariances=tuple(effect_covariances),
    )
