"""Log density and gradient in one compiled call on flat arrays.

By Fisher's identity d log p / d L_t is the mean, given y, of the sum over levels of Z_j'(residual) u_j' / sigma^2: no
inverse of L is taken, so that it holds at L = 0, too.

The derivative T by L / sigma of a dense block has two forms; u and C are mean and covariance of a level's u:

    T = sum of score u' - S Lambda C         holds at L = 0; where L / sigma is large, a difference of large numbers
    (L / sigma)' T = sum of u u' + C - I     takes no such difference, but must be solved for T

A row whose variance exceeds the noise takes the second form; the rows below it are known by then.
"""

import numpy as np

from bayesmix.arrays import Flags, Floats
from bayesmix.numerics.gaussian.coefficient_prior import WorkingPrior
from bayesmix.numerics.gaussian.cross_products import Arrays
from bayesmix.numerics.gaussian.dense import mirror
from bayesmix.numerics.gaussian.factor import Factor, factorise, log_density_of
from bayesmix.numerics.gaussian.moments import (
    DenseMoments,
    dense_moments,
    effects_covariance,
    least_sum,
    level_response,
    level_response_covariance,
)
from bayesmix.numerics.gaussian.small_matrices import invert_upper
from bayesmix.numerics.kernels import kernel


@kernel(apart=True)
def add_levels(
    arrays: Arrays, factor: Factor, effects: Floats, covariance: Floats, sigma: float, slope: Floats
) -> None:
    """Add to `slope` (K, K) the derivative by the relative factor of block 0.

    A level adds root' [across' across (g g' + cov g) along' - along'] upper^-T, with g its response.
    """
    n_levels, k, _ = arrays.root.shape
    response, second, inner = np.empty(k), np.empty((k, k)), np.empty((k, k))
    for j in range(n_levels):
        across, along, upper = factor.across[j], factor.along[j], factor.upper[j]
        level_response(arrays, j, effects, sigma, response)
        level_response_covariance(arrays, j, covariance, second)
        for r in range(k):
            for c in range(k):
                second[r, c] += response[r] * response[c]
        for r in range(k):
            for c in range(k):
                total = 0.0
                for s in range(k):
                    for q in range(k):
                        total += across[r, s] * second[s, q] * along[c, q]
                inner[r, c] = total
        for r in range(k):
            for c in range(k - 1, -1, -1):
                total = -along[c, r]
                for s in range(k):
                    total += across[s, r] * inner[s, c]
                for s in range(c + 1, k):
                    total -= upper[c, s] * second[r, s]
                second[r, c] = total / upper[c, c]
        for r in range(k):
            for c in range(k):
                total = 0.0
                for s in range(r + 1):
                    total += arrays.root[j, s, r] * second[s, c]
                slope[r, c] += total


@kernel(apart=True, fastmath={"reassoc", "contract"})
def add_others(arrays: Arrays, factor: Factor, moments: DenseMoments, sigma: float, slopes: Floats) -> None:
    """Add to `slopes` (n_blocks, K, K) the derivatives by the relative factors of the dense blocks."""
    m, width = moments.spherical.shape[0], moments.effects.shape[0]
    schur = factor.schur
    mirror(schur, width + 1)
    for a in range(m):
        block, first = arrays.dense_block[a], arrays.dense_first[a]
        row = schur[a]
        score = row[width] / sigma
        for i in range(width):
            score -= row[i] * moments.effects[i]
        for c in range(arrays.block_k[block]):
            cross = moments.cross[first + c]
            total = score * moments.spherical[first + c]
            for i in range(width):
                total -= row[i] * cross[i]
            slopes[block, a - first, c] += total


@kernel(inline="always")
def value_and_gradient(arrays: Arrays, prior: WorkingPrior, packed: Floats, gradient: Floats) -> float:
    """log p(y | L, sigma); its derivatives by `packed` (lower triangles of every L_t, log sigma) go to `gradient`."""
    sigma = np.exp(packed[-1])
    factor = factorise(arrays, prior, packed, True)
    quadratic = least_sum(arrays, prior, factor, sigma)
    moments = dense_moments(arrays, prior, factor, sigma)
    slopes = np.zeros_like(arrays.shift)
    add_others(arrays, factor, moments, sigma, slopes)
    covariance = effects_covariance(arrays, factor.scales, moments.cross)
    add_levels(arrays, factor, moments.effects, covariance, sigma, slopes[0])
    along = slopes_by_factor(arrays, packed, sigma, factor.schur, moments, slopes, gradient)
    for e in range(arrays.entries.shape[0]):
        gradient[e] /= sigma
    # With L / sigma held, sigma enters by n, by the quadratic form and by X's block; then the way through L / sigma.
    p = prior.offset.shape[0]
    inverse = np.empty((p, p))
    invert_upper(factor.fixed_upper, inverse)
    total = quadratic - arrays.counts[0] - along
    for i in range(p):
        total += 1.0 - prior.penalty[i] * factor.fixed_mean[i] ** 2
        for s in range(p):
            total -= prior.penalty[i] * inverse[i, s] ** 2
    gradient[-1] = total
    return log_density_of(arrays, prior, factor.log_determinant, quadratic, packed[-1])


@kernel(apart=True)
def slopes_by_factor(
    arrays: Arrays, packed: Floats, sigma: float, schur: Floats, moments: DenseMoments, slopes: Floats, out: Floats
) -> float:
    """Fill `out` with the derivatives by the packed lower triangles / sigma; returns their scalar product with these.

    `slopes` (n_blocks, K, K) are the derivatives by the relative factors of the centred columns; `schur` is that of
    `Factor`.
    """
    n_entries = arrays.entries.shape[0]
    size, strong = _sizes(arrays, packed, sigma, schur)
    squares = _excess(arrays, moments)
    by_factor = np.zeros_like(slopes)
    product = 0.0
    for e in range(n_entries - 1, -1, -1):
        block, row, column = arrays.entries[e, 0], arrays.entries[e, 1], arrays.entries[e, 2]
        total = 0.0
        if strong[block, row]:
            total = squares[block, row, column]
            for s in range(row + 1, arrays.block_k[block]):
                total -= size[block, s, row] * by_factor[block, s, column]
            total /= size[block, row, row]
        else:
            for i in range(slopes.shape[1]):
                total += arrays.shift[block, i, row] * slopes[block, i, column]
        by_factor[block, row, column] = total
        out[e] = total
        product += size[block, row, column] * total
    return product


@kernel(apart=True)
def _sizes(arrays: Arrays, packed: Floats, sigma: float, schur: Floats) -> tuple[Floats, Flags]:
    """L / sigma (n_blocks, K, K), and which rows (n_blocks, K) of dense blocks vary more than the noise."""
    size = np.zeros_like(arrays.shift)
    for e in range(arrays.entries.shape[0]):
        size[arrays.entries[e, 0], arrays.entries[e, 1], arrays.entries[e, 2]] = packed[e] / sigma
    n_blocks, widest, _ = size.shape
    seen, levels = np.zeros((n_blocks, widest)), np.zeros(n_blocks)
    for c in range(arrays.dense_block.shape[0]):
        block, row = arrays.dense_block[c], c - arrays.dense_first[c]
        seen[block, row] += schur[c, c]
        if row == 0:
            levels[block] += 1.0
    strong = np.zeros((n_blocks, widest), dtype=np.bool_)
    for b in range(1, n_blocks):
        for r in range(arrays.block_k[b]):
            strong[b, r] = size[b, r, r] ** 2 * seen[b, r] > levels[b]
    return size, strong


@kernel
def _excess(arrays: Arrays, moments: DenseMoments) -> Floats:
    """Sum over the levels of a dense block of u u' + C - I, (n_blocks, K, K)."""
    total = np.zeros_like(arrays.shift)
    mean, covariance = moments.spherical, moments.spherical_covariance
    for c in range(arrays.dense_block.shape[0]):
        block, first = arrays.dense_block[c], arrays.dense_first[c]
        for s in range(first, first + arrays.block_k[block]):
            total[block, c - first, s - first] += mean[c] * mean[s] + covariance[c, s]
        total[block, c - first, c - first] -= 1.0
    return total
