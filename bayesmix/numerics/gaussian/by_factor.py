"""From derivatives by the relative factors to those by the numbers of L / sigma, with their digits where L is large.

For the dense blocks there are two forms; T is the derivative by L / sigma, u and C mean and covariance of a level's u:

    T = sum of score u' - S Lambda C         holds at L = 0; where L / sigma is large, a difference of large numbers
    (L / sigma)' T = sum of u u' + C - I     takes no such difference, but must be solved for T

A row whose variance is more than the noise takes the second, the rows below it being known.
"""

import numpy as np

from bayesmix.arrays import Flags, Floats
from bayesmix.numerics.gaussian.cross_products import Arrays
from bayesmix.numerics.gaussian.moments import DenseMoments
from bayesmix.numerics.kernels import kernel


@kernel
def slopes_by_factor(
    arrays: Arrays, packed: Floats, sigma: float, schur: Floats, moments: DenseMoments, slopes: Floats, out: Floats
) -> float:
    """Fill `out` with the derivatives by the packed lower triangles / sigma; returns their product with these.

    `slopes` (n_blocks, K, K), by the relative factors of the centred columns; `schur` as in `Factor`.
    """
    n_entries = arrays.entries.shape[0]
    size, strong = _sizes(arrays, packed, sigma, schur)
    squares = _excess(arrays, moments)
    found = np.zeros_like(slopes)
    product = 0.0
    for e in range(n_entries - 1, -1, -1):
        block, row, column = arrays.entries[e, 0], arrays.entries[e, 1], arrays.entries[e, 2]
        total = 0.0
        if strong[block, row]:
            total = squares[block, row, column]
            for s in range(row + 1, arrays.block_k[block]):
                total -= size[block, s, row] * found[block, s, column]
            total /= size[block, row, row]
        else:
            for i in range(slopes.shape[1]):
                total += arrays.shift[block, i, row] * slopes[block, i, column]
        found[block, row, column] = total
        out[e] = total
        product += size[block, row, column] * total
    return product


@kernel
def _sizes(arrays: Arrays, packed: Floats, sigma: float, schur: Floats) -> tuple[Floats, Flags]:
    """L / sigma (n_blocks, K, K); which rows (n_blocks, K) of dense blocks are seen more clearly than the noise."""
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
