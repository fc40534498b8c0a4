"""Conditional moments of the dense side and of the levels, in units of sigma, and the least sum of squares.

If group effects are a million times the residual, y'y less what is explained has four digits of sixteen. `least_sum`
adds up the parts instead: the residuals of the rows, level by level, and the penalties. An error of the solution enters
only squared.
"""

from typing import NamedTuple

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.gaussian.coefficient_prior import WorkingPrior
from bayesmix.numerics.gaussian.cross_products import Arrays
from bayesmix.numerics.gaussian.dense import invert_factored, solve_lower_transposed
from bayesmix.numerics.gaussian.factor import Factor
from bayesmix.numerics.gaussian.small_matrices import invert_upper
from bayesmix.numerics.kernels import kernel


class DenseMoments(NamedTuple):
    """Moments of d = (effects of the dense blocks, X's coefficients less least squares) / sigma and of the blocks' u.

    `effects` (m + p,): mean of d; `spherical` (m,): mean of u; `spherical_covariance` (m, m): of u; `cross`
    (m + p, m + p): covariance of (u, X's coefficients) with d.
    """

    effects: Floats
    spherical: Floats
    spherical_covariance: Floats
    cross: Floats


@kernel
def spread_effects(arrays: Arrays, scales: Floats, spherical: Floats, effects: Floats) -> None:
    """effects <- Lambda spherical, for the dense columns."""
    m = spherical.shape[0]
    for c in range(m):
        effects[c] = 0.0
    for c in range(m):
        first = arrays.dense_first[c]
        for r in range(arrays.block_k[arrays.dense_block[c]]):
            effects[first + r] += scales[c, r] * spherical[c]


@kernel(apart=True)
def dense_means(arrays: Arrays, factor: Factor, sigma: float) -> tuple[Floats, Floats]:
    """Means of d (m + p,) and of u (m,)."""
    m, p = factor.half.shape[1], factor.fixed.shape[0]
    spherical, effects = np.empty(m), np.empty(m + p)
    for i in range(m):
        total = factor.half[p, i]
        for c in range(p):
            total -= factor.half[c, i] * factor.fixed[c]
        spherical[i] = total / sigma
    solve_lower_transposed(factor.lower, spherical)
    spread_effects(arrays, factor.scales, spherical, effects)
    for c in range(p):
        effects[m + c] = factor.fixed[c] / sigma
    return effects, spherical


@kernel(apart=True)
def fixed_covariance(prior: WorkingPrior, factor: Factor) -> Floats:
    """Covariance (p, p) of the scaled columns' coefficients."""
    p = factor.fixed.shape[0]
    inverse, spread = np.empty((p, p)), np.zeros((p, p))
    invert_upper(factor.fixed_upper, inverse)
    for i in range(p):
        for j in range(p):
            for s in range(p):
                spread[i, j] += prior.factor[i, s] * inverse[s, j]
    covariance = np.zeros((p, p))
    for i in range(p):
        for j in range(p):
            for s in range(p):
                covariance[i, j] += spread[i, s] * spread[j, s]
    return covariance


@kernel(apart=True)
def dense_moments(arrays: Arrays, prior: WorkingPrior, factor: Factor, sigma: float) -> DenseMoments:
    """Means and covariances of the dense side; `factor.lower` is overwritten by the covariance of u."""
    m, p = factor.half.shape[1], factor.fixed.shape[0]
    effects, spherical = dense_means(arrays, factor, sigma)
    of_fixed = fixed_covariance(prior, factor) / sigma**2
    of_spherical = factor.lower
    cross = np.empty((m + p, m + p))
    if m > 0:
        # u depends on X's coefficients by -response.
        response = factor.half[:p].copy()
        for c in range(p):
            solve_lower_transposed(factor.lower, response[c])
        carried = np.zeros((p, m))
        for c in range(p):
            for b in range(p):
                for i in range(m):
                    carried[c, i] += of_fixed[c, b] * response[b, i]
        invert_factored(of_spherical)
        for i in range(m):
            for c in range(p):
                weight = response[c, i]
                for j in range(m):
                    of_spherical[i, j] += weight * carried[c, j]
        for i in range(m):
            spread_effects(arrays, factor.scales, of_spherical[i], cross[i])
            for c in range(p):
                cross[i, m + c] = -carried[c, i]
        for c in range(p):
            spread_effects(arrays, factor.scales, -carried[c], cross[m + c])
    for c in range(p):
        for b in range(p):
            cross[m + c, m + b] = of_fixed[c, b]
    return DenseMoments(effects, spherical, of_spherical, cross)


@kernel(apart=True)
def effects_covariance(arrays: Arrays, scales: Floats, cross: Floats) -> Floats:
    """Turn `DenseMoments.cross` into the covariance (m + p, m + p) of d, in place."""
    m, width = scales.shape[0], cross.shape[0]
    rows = np.empty((scales.shape[1], width))
    first = 0
    while first < m:
        k = arrays.block_k[arrays.dense_block[first]]
        # Entry by entry: an assignment of slices brings along code for its error message, two seconds of compilation.
        for r in range(k):
            for j in range(width):
                rows[r, j] = cross[first + r, j]
        for r in range(k):
            target = cross[first + r]
            for j in range(width):
                target[j] = scales[first, r] * rows[0, j]
            for c in range(1, k):
                for j in range(width):
                    target[j] += scales[first + c, r] * rows[c, j]
        first += k
    return cross


@kernel
def level_response(arrays: Arrays, j: int, effects: Floats, sigma: float, response: Floats) -> None:
    """response (k,) <- Q_j'(y - D d) / sigma: the residual of level j of block 0, given the dense side."""
    k, width = arrays.level_fixed.shape[1], arrays.level_fixed.shape[2]
    m = effects.shape[0] - (width - 1)
    for r in range(k):
        total = arrays.level_fixed[j, r, width - 1] / sigma
        for c in range(width - 1):
            total -= arrays.level_fixed[j, r, c] * effects[m + c]
        response[r] = total
    for a in range(arrays.met_start[j], arrays.met_start[j + 1]):
        effect = effects[arrays.met_column[a]]
        for r in range(k):
            response[r] -= arrays.met_value[a, r] * effect


@kernel(apart=True)
def level_response_covariance(arrays: Arrays, j: int, covariance: Floats, result: Floats) -> None:
    """result (k, k) <- the covariance of `level_response` due to d."""
    k, width = arrays.level_fixed.shape[1], arrays.level_fixed.shape[2]
    p = width - 1
    m = covariance.shape[0] - p
    start, stop = arrays.met_start[j], arrays.met_start[j + 1]
    sums = np.empty(k)
    for r in range(k):
        for c in range(k):
            result[r, c] = 0.0
    for a in range(start, stop):
        row = covariance[arrays.met_column[a]]
        for r in range(k):
            sums[r] = 0.0
        # Below the diagonal once, counted twice; X's columns likewise.
        for b in range(start, a):
            value = row[arrays.met_column[b]]
            for r in range(k):
                sums[r] += value * arrays.met_value[b, r]
        for c in range(p):
            value = row[m + c]
            for r in range(k):
                sums[r] += value * arrays.level_fixed[j, r, c]
        variance = row[arrays.met_column[a]]
        for r in range(k):
            value = arrays.met_value[a, r]
            for c in range(k):
                result[r, c] += value * (sums[c] + variance * arrays.met_value[a, c])
                result[c, r] += value * sums[c]
    for c in range(p):
        for b in range(p):
            value = covariance[m + c, m + b]
            for r in range(k):
                for s in range(k):
                    result[r, s] += arrays.level_fixed[j, r, c] * value * arrays.level_fixed[j, s, b]


@kernel
def level_means(factor: Factor, j: int, response: Floats, spherical: Floats) -> None:
    """spherical (k,) <- upper_j^-1 along_j response."""
    k = response.shape[0]
    for r in range(k - 1, -1, -1):
        total = 0.0
        for c in range(k):
            total += factor.along[j, r, c] * response[c]
        for c in range(r + 1, k):
            total -= factor.upper[j, r, c] * spherical[c]
        spherical[r] = total / factor.upper[j, r, r]


ENOUGH = 1e-6
"""A difference that leaves this share of y's sum of squares has ten correct digits."""


@kernel(apart=True)
def least_sum(arrays: Arrays, prior: WorkingPrior, factor: Factor, sigma: float) -> float:
    """`Factor.quadratic` with all its digits; to be called before `factor.lower` is overwritten."""
    anchor, rest, null = arrays.anchor, arrays.rest, arrays.null
    width = anchor.shape[0]
    if width == 0 or factor.kept > ENOUGH:
        return factor.quadratic
    m = width - prior.offset.shape[0]
    effects, spherical = dense_means(arrays, factor, sigma)
    total = 0.0
    for i in range(prior.offset.shape[0]):
        total += prior.penalty[i] * factor.fixed_mean[i] ** 2
    for i in range(m):
        total += spherical[i] ** 2
    # The rows' share that block 0 does not reach: y = anchor's fit + a residual r, so that no large number is left.
    left = np.empty(width)
    for i in range(width):
        left[i] = anchor[i] / sigma - effects[i]
    for c in range(null.shape[1]):
        along = 0.0
        for i in range(width):
            along += null[i, c] * left[i]
        for i in range(width):
            left[i] -= along * null[i, c]
    total += float(rest[width]) / sigma**2
    for i in range(width):
        row = rest[i] / sigma + 0.5 * arrays.remainder[i, i] * left[i]
        for j in range(i):
            row += arrays.remainder[i, j] * left[j]
        total += 2.0 * float(row * left[i])
    n_levels, k, _ = arrays.root.shape
    response = np.empty(k)
    for j in range(n_levels):
        level_response(arrays, j, effects, sigma, response)
        for r in range(k):
            part = 0.0
            for s in range(k):
                part += factor.across[j, r, s] * response[s]
            total += part**2
    return total
