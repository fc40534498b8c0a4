"""Beta and every group effect given L and sigma: their means, covariances, and exact draws.

The dense side is drawn first, then block 0 level by level given it. Only the dense side needs the factor of M. Given it
the levels of block 0 are independent of each other, so that a hundred thousand of them can be drawn a stretch at a
time, in any order, whenever they are asked for.
"""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.gaussian.arrangement import effect_blocks, effect_positions, pack
from bayesmix.numerics.gaussian.coefficient_prior import (
    CoefficientPrior,
    WorkingPrior,
    original_coefficients,
    working_prior,
)
from bayesmix.numerics.gaussian.cross_products import Arrays, CrossProducts
from bayesmix.numerics.gaussian.dense import solve_rows_transposed
from bayesmix.numerics.gaussian.factor import Factor, factorise, log_density_of, relative_factors
from bayesmix.numerics.gaussian.moments import (
    dense_moments,
    effects_covariance,
    fixed_covariance,
    least_sum,
    level_means,
    level_response,
    level_response_covariance,
)
from bayesmix.numerics.gaussian.small_matrices import invert_upper, rotate_level, solve_upper, times_upper
from bayesmix.numerics.kernels import kernel


@dataclass(frozen=True)
class Conditional:
    """Moments given L and sigma.

    `beta` (p,), `beta_covariance` (p, p), and for every term `effects` (n_levels, k) and `effect_covariances`
    (n_levels, k, k). The latter correspond to lme4's conditional modes and condVar, but are a little larger: there beta
    is held at its estimate, here it is integrated out.
    """

    beta: Floats
    beta_covariance: Floats
    effects: tuple[Floats, ...]
    effect_covariances: tuple[Floats, ...]


@kernel(apart=True)
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
    """Moments of the scaled columns' coefficients less least squares, of u of block 0, and of u of the others."""
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
    """Means and covariances of beta and of every level's effects, given L (k, k) of every term and sigma."""
    moments = conditional_moments(products.arrays, working_prior(products, prior), pack(L, sigma))
    fixed, covariance, means, covariances, other_means, other_covariance = moments
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


@kernel(inline="always")
def draw_dense(
    arrays: Arrays, prior: WorkingPrior, packed: Floats, normals: Floats, fixed: Floats, others: Floats
) -> float:
    """Draw the scaled columns' coefficients less least squares, (n, p), and the other blocks' effects, (n, m).

    All n draws are for the same `packed`; `normals` (n, p + m) are independent standard normal numbers. Returns log p(y
    | L, sigma), at no extra cost.
    """
    sigma = np.exp(packed[-1])
    factor = factorise(arrays, prior, packed, False)
    p, m = prior.offset.shape[0], factor.half.shape[1]
    n, v = normals.shape[0], np.empty(p)
    quadratic = least_sum(arrays, prior, factor, sigma)
    u = np.empty((n, m))
    for d in range(n):
        for i in range(p):
            v[i] = normals[d, i]
        solve_upper(factor.fixed_upper, v)
        for i in range(p):
            total = factor.fixed[i]
            for j in range(p):
                total += prior.factor[i, j] * v[j]
            fixed[d, i] = total
        for i in range(m):
            total = factor.half[p, i]
            for c in range(p):
                total -= factor.half[c, i] * fixed[d, c]
            u[d, i] = total / sigma + normals[d, p + i]
    if m > 0:
        solve_rows_transposed(factor.lower, u)
        _unwhiten(arrays, packed, u, others)
    return log_density_of(arrays, prior, factor.log_determinant, quadratic, packed[-1])


@kernel
def block_factors(arrays: Arrays, packed: Floats) -> Floats:
    """L of every block (n_blocks, K, K), for its columns as given."""
    n_blocks, widest, _ = arrays.shift.shape
    factors = np.zeros((n_blocks, widest, widest))
    for e in range(arrays.entries.shape[0]):
        factors[arrays.entries[e, 0], arrays.entries[e, 1], arrays.entries[e, 2]] = packed[e]
    return factors


@kernel(apart=True)
def _unwhiten(arrays: Arrays, packed: Floats, u: Floats, effects: Floats) -> None:
    """effects <- L u, for the dense columns of each row."""
    factors = block_factors(arrays, packed)
    for d in range(u.shape[0]):
        for c in range(u.shape[1]):
            block, first = arrays.dense_block[c], arrays.dense_first[c]
            total = 0.0
            for s in range(c - first + 1):
                total += factors[block, c - first, s] * u[d, first + s]
            effects[d, c] = total


@kernel
def centred_effects(arrays: Arrays, packed: Floats, fixed: Floats, others: Floats) -> Floats:
    """Effects of the centred dense columns, then coefficients, all / sigma, for `level_response`; (n, m + p)."""
    n, m, p = others.shape[0], others.shape[1], fixed.shape[1]
    effects = np.empty((n, m + p))
    for d in range(n):
        sigma = np.exp(packed[d, -1])
        for c in range(m):
            block, first = arrays.dense_block[c], arrays.dense_first[c]
            total = 0.0
            for s in range(arrays.block_k[block]):
                total += arrays.shift[block, c - first, s] * others[d, first + s]
            effects[d, c] = total / sigma
        for c in range(p):
            effects[d, m + c] = fixed[d, c] / sigma
    return effects


@kernel
def draw_levels(
    arrays: Arrays, packed: Floats, effects: Floats, levels: Integers, normals: Floats, drawn: Floats
) -> None:
    """drawn (n_levels, k, n) <- effects of some `levels` of block 0, given each row of `effects` and `packed`.

    `normals` (n_levels, k, n) are independent standard normal numbers.
    """
    k = arrays.root.shape[1]
    w, work = np.empty((k, k)), np.empty((2 * k, 2 * k))
    upper, along, across = np.empty((k, k)), np.empty((k, k)), np.empty((k, k))
    response, u = np.empty(k), np.empty(k)
    for d in range(packed.shape[0]):
        sigma = np.exp(packed[d, -1])
        relative = relative_factors(arrays, packed[d])[0]
        factor = block_factors(arrays, packed[d])[0]
        for i in range(levels.shape[0]):
            j = levels[i]
            times_upper(arrays.root[j], relative, w)
            rotate_level(w, work, upper, along, across)
            level_response(arrays, j, effects[d], sigma, response)
            for r in range(k - 1, -1, -1):
                total = normals[i, r, d]
                for c in range(k):
                    total += along[r, c] * response[c]
                for c in range(r + 1, k):
                    total -= upper[r, c] * u[c]
                u[r] = total / upper[r, r]
            for r in range(k):
                total = 0.0
                for c in range(r + 1):
                    total += factor[r, c] * u[c]
                drawn[i, r, d] = total
