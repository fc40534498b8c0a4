"""The factor of M = I + W'W / sigma^2, W = [Z Lambda, X S]: levels of block 0, then the other blocks, then X.

All lengths are in units of sigma: `relative` (n_blocks, K, K) is each block's L / sigma, for its centred columns.
"""

from typing import NamedTuple

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.gaussian.coefficient_prior import WorkingPrior
from bayesmix.numerics.gaussian.cross_products import Arrays
from bayesmix.numerics.gaussian.dense import factor_plainly, factor_with_lapack, solve_lower
from bayesmix.numerics.gaussian.small_matrices import (
    DEPENDENT,
    eliminate_below,
    rotate_level,
    semidefinite_root,
    solve_upper,
    times_upper,
)
from bayesmix.numerics.kernels import kernel


class Factor(NamedTuple):
    """The factor of M, with everything that values, gradients, means and draws need.

    `upper`, `along`, `across` (J, k, k): each level's rotation. `schur` (m + p + 1, m + p + 1), lower triangle:
    products of [Z_others, X, y] with block 0 integrated out. `scales` (m, K): row c of the transposed relative factor,
    so that the effect in column f + r of a level is the sum over its c of scales[c, r] u_c.
    `lower` (m or more, m or more): its leading part is the Cholesky factor of the other blocks; `half` (p + 1, m):
    lower^-1 of X's and y's rows. `fixed_upper` (p, p): factor for v; `fixed_mean` (p,): mean of v; `fixed` (p,): of the
    scaled columns' coefficients, less the least-squares fit. `log_determinant`: half the log |M|; `quadratic`: the
    least penalised sum of squares / sigma^2, by subtraction, of which `kept` is the share of y's sum of squares that
    was left: `least_sum` has it with all digits.
    """

    upper: Floats
    along: Floats
    across: Floats
    schur: Floats
    scales: Floats
    lower: Floats
    half: Floats
    fixed_upper: Floats
    fixed_mean: Floats
    fixed: Floats
    log_determinant: float
    quadratic: float
    kept: float


@kernel
def relative_factors(arrays: Arrays, packed: Floats) -> Floats:
    """Relative factors (n_blocks, K, K) from the packed lower triangles and log sigma, last."""
    n_blocks, widest, _ = arrays.shift.shape
    sigma = np.exp(packed[-1])
    relative = np.zeros((n_blocks, widest, widest))
    for e in range(arrays.entries.shape[0]):
        block, row, column = arrays.entries[e, 0], arrays.entries[e, 1], arrays.entries[e, 2]
        value = packed[e] / sigma
        for i in range(widest):
            relative[block, i, column] += arrays.shift[block, i, row] * value
    return relative


@kernel(apart=True)
def eliminate_levels(
    arrays: Arrays, relative: Floats, schur: Floats, upper: Floats, along: Floats, across: Floats
) -> float:
    """Integrate out block 0 level by level, adding to the lower triangle of `schur`; half the log determinant."""
    n_levels, k, _ = arrays.root.shape
    width = arrays.level_fixed.shape[2]
    m = schur.shape[0] - width
    w, work = np.empty((k, k)), np.empty((2 * k, 2 * k))
    most = 0
    for j in range(n_levels):
        most = max(most, arrays.met_start[j + 1] - arrays.met_start[j])
    fixed, met = np.empty((width, k)), np.empty((most, k))
    log_determinant = 0.0
    for j in range(n_levels):
        times_upper(arrays.root[j], relative[0], w)
        log_determinant += rotate_level(w, work, upper[j], along[j], across[j])
        for c in range(width):
            for r in range(k):
                total = 0.0
                for s in range(k):
                    total += across[j, r, s] * arrays.level_fixed[j, s, c]
                fixed[c, r] = total
            for b in range(c + 1):
                total = 0.0
                for r in range(k):
                    total += fixed[c, r] * fixed[b, r]
                schur[m + c, m + b] += total
        start = arrays.met_start[j]
        n_met = arrays.met_start[j + 1] - start
        for a in range(n_met):
            for r in range(k):
                total = 0.0
                for s in range(k):
                    total += across[j, r, s] * arrays.met_value[start + a, s]
                met[a, r] = total
            column = arrays.met_column[start + a]
            for c in range(width):
                total = 0.0
                for r in range(k):
                    total += fixed[c, r] * met[a, r]
                schur[m + c, column] += total
            row = schur[column]
            for b in range(a + 1):
                total = met[a, 0] * met[b, 0]
                for r in range(1, k):
                    total += met[a, r] * met[b, r]
                row[arrays.met_column[start + b]] += total
    return log_determinant


@kernel
def column_scales(arrays: Arrays, relative: Floats) -> Floats:
    """`scales` of `Factor`."""
    m = arrays.dense_block.shape[0]
    scales = np.empty((m, relative.shape[1]))
    for c in range(m):
        for r in range(relative.shape[1]):
            scales[c, r] = relative[arrays.dense_block[c], r, c - arrays.dense_first[c]]
    return scales


@kernel
def scale_row(arrays: Arrays, scales: Floats, values: Floats, scaled: Floats, n: int) -> None:
    """scaled <- values times the relative factors, for the first n dense columns of a row."""
    for c in range(n):
        first = arrays.dense_first[c]
        total = 0.0
        for r in range(arrays.block_k[arrays.dense_block[c]]):
            total += values[first + r] * scales[c, r]
        scaled[c] = total


@kernel(apart=True)
def whiten_others(arrays: Arrays, scales: Floats, schur: Floats, matrix: Floats) -> None:
    """matrix <- I + Lambda' S Lambda, lower triangle, for the dense blocks; `matrix` may be `schur` itself."""
    m = scales.shape[0]
    rows = np.empty((scales.shape[1], m))
    first = 0
    while first < m:
        k = arrays.block_k[arrays.dense_block[first]]
        for r in range(k):
            for c in range(r):
                schur[first + c, first + r] = schur[first + r, first + c]
        for r in range(k):
            scale_row(arrays, scales, schur[first + r], rows[r], first + k)
        for r in range(k):
            target = matrix[first + r]
            for c in range(first + r + 1):
                total = 0.0
                for s in range(k):
                    total += scales[first + r, s] * rows[s, c]
                target[c] = total
            target[first + r] += 1.0
        first += k


@kernel(apart=True)
def factorise(arrays: Arrays, prior: WorkingPrior, packed: Floats, keep: bool) -> Factor:
    """Factor M at the packed lower triangles and log sigma.

    Without `keep`, `lower` takes the place of `schur`: with a thousand effects, new memory costs as much as the sums.
    """
    n_levels, k, _ = arrays.root.shape
    m, p = arrays.dense_block.shape[0], prior.offset.shape[0]
    sigma = np.exp(packed[-1])
    relative = relative_factors(arrays, packed)
    schur = arrays.remainder.copy()
    upper, along, across = np.empty((n_levels, k, k)), np.empty((n_levels, k, k)), np.empty((n_levels, k, k))
    log_determinant = eliminate_levels(arrays, relative, schur, upper, along, across)

    scales = column_scales(arrays, relative)
    lower = np.empty((m, m)) if keep else schur
    half = np.empty((p + 1, m))
    if m > 0:
        whiten_others(arrays, scales, schur, lower)
        if not factor_with_lapack(lower, m):
            if not keep:
                schur = arrays.remainder.copy()
                lower = schur
                eliminate_levels(arrays, relative, schur, upper, along, across)
            whiten_others(arrays, scales, schur, lower)
            factor_plainly(lower, m, 1.0)
        for i in range(m):
            log_determinant += np.log(lower[i, i])
        for c in range(p + 1):
            scale_row(arrays, scales, schur[m + c], half[c], m)
            solve_lower(lower, half[c])
    return _with_fixed(prior, sigma, upper, along, across, schur, scales, lower, half, log_determinant)


@kernel(apart=True)
def _with_fixed(
    prior: WorkingPrior,
    sigma: float,
    upper: Floats,
    along: Floats,
    across: Floats,
    schur: Floats,
    scales: Floats,
    lower: Floats,
    half: Floats,
    log_determinant: float,
) -> Factor:
    """The last step: v by penalised least squares on what the random terms leave of X and y."""
    p, m = prior.offset.shape[0], half.shape[1]
    left, root = np.empty((p + 1, p + 1)), np.empty((p + 1, p + 1))
    for c in range(p + 1):
        for b in range(c + 1):
            total = schur[m + c, m + b]
            for i in range(m):
                total -= half[c, i] * half[b, i]
            # Taken from a positive number, what is left is positive; rounding may say otherwise.
            if b == c:
                total = max(total, 1e-15 * schur[m + c, m + c])
            left[c, b] = total
            left[b, c] = total
    # A flat coefficient needs a pivot, even where huge sds of crossed factors leave nothing but rounding of it.
    semidefinite_root(left, root, DEPENDENT)
    # Rows: [root_X factor / sigma | (root_y - root_X offset) / sigma] over [penalty | 0].
    work = np.zeros((2 * p, p + 1))
    for i in range(p):
        for j in range(p):
            total = 0.0
            for s in range(i, p):
                total += root[i, s] * prior.factor[s, j]
            work[i, j] = total / sigma
        total = root[i, p]
        for s in range(i, p):
            total -= root[i, s] * prior.offset[s]
        work[i, p] = total / sigma
        work[p + i, i] = prior.penalty[i]
    eliminate_below(work, p)
    total_y, left_y = float(schur[m + p, m + p]), float(root[p, p])
    quadratic = (left_y / sigma) ** 2
    for i in range(p, 2 * p):
        quadratic += work[i, p] ** 2
    fixed_upper = np.empty((p, p))
    fixed_mean = np.empty(p)
    for i in range(p):
        log_determinant += np.log(abs(work[i, i]))
        fixed_mean[i] = work[i, p]
        for j in range(p):
            fixed_upper[i, j] = work[i, j]
    solve_upper(fixed_upper, fixed_mean)
    fixed = prior.offset.copy()
    for i in range(p):
        for j in range(p):
            fixed[i] += prior.factor[i, j] * fixed_mean[j]
    return Factor(
        upper,
        along,
        across,
        schur,
        scales,
        lower,
        half,
        fixed_upper,
        fixed_mean,
        fixed,
        log_determinant,
        quadratic,
        left_y**2 / total_y if total_y > 0.0 else 1.0,
    )


@kernel
def log_density_of(
    arrays: Arrays, prior: WorkingPrior, log_determinant: float, quadratic: float, log_sigma: float
) -> float:
    """log p(y | L, sigma)."""
    n_obs, log_weights = arrays.counts[0], arrays.counts[1]
    constant = -0.5 * n_obs * (np.log(2.0 * np.pi) + 2.0 * log_sigma) + 0.5 * log_weights + prior.log_constant[0]
    return constant - log_determinant - 0.5 * quadratic
