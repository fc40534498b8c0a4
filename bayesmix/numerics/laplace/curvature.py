"""Kernels on H = I + V'WV, V = Z Lambda: its factor, solutions, and the part of its inverse at the effects of each row.

Block 0 is eliminated level by level, which leaves a dense Schur complement for the other factors' effects. No pivot of
H is below 1, so that a plain Cholesky factor is enough.
"""

from typing import NamedTuple

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.gaussian.dense import (
    factor_plainly,
    factor_with_lapack,
    invert_factored,
    solve_lower,
    solve_lower_transposed,
)
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.laplace.incidence import Rows


class Curvature(NamedTuple):
    """The Cholesky factor of H. `own` (J, k, k) has the lower factor of each level's block, `half` (n_met, k) is
    `own`^-1 times the level's products with the dense effects it meets, and `lower` (m, m), a lower triangle, is the
    factor of the Schur complement. `log_determinant` is half of log |H|, infinite if rounding took a pivot.
    """

    own: Floats
    half: Floats
    lower: Floats
    log_determinant: float


@kernel
def scale_rows(rows: Rows, factors: Floats) -> Floats:
    """V's numbers (n_obs, K), from every block's Lambda in `factors` (n_blocks, K, K)."""
    scaled = np.empty_like(rows.z)
    for block in range(rows.first.shape[0] - 1):
        a, b = rows.first[block], rows.first[block + 1]
        for i in range(scaled.shape[0]):
            for c in range(b - a):
                total = 0.0
                for r in range(b - a):
                    total += rows.z[i, a + r] * factors[block, r, c]
                scaled[i, a + c] = total
    return scaled


@kernel
def times_effects(rows: Rows, scaled: Floats, u: Floats) -> Floats:
    """V u (n_obs,)."""
    out = np.zeros(scaled.shape[0])
    k = rows.first[1]
    n_levels = rows.start.shape[0] - 1
    n_own = n_levels * k
    for j in range(n_levels):
        for i in range(rows.start[j], rows.start[j + 1]):
            total = 0.0
            for r in range(k):
                total += scaled[i, r] * u[j * k + r]
            for o in range(rows.column.shape[1]):
                a, at = rows.first[o + 1], n_own + rows.column[i, o]
                for s in range(rows.first[o + 2] - a):
                    total += scaled[i, a + s] * u[at + s]
            out[i] = total
    return out


@kernel
def times_rows(rows: Rows, scaled: Floats, values: Floats) -> Floats:
    """V' values (q,)."""
    k = rows.first[1]
    n_levels = rows.start.shape[0] - 1
    n_own = n_levels * k
    out = np.zeros(n_own + rows.n_dense[0])
    for j in range(n_levels):
        for i in range(rows.start[j], rows.start[j + 1]):
            for r in range(k):
                out[j * k + r] += scaled[i, r] * values[i]
            for o in range(rows.column.shape[1]):
                a, at = rows.first[o + 1], n_own + rows.column[i, o]
                for s in range(rows.first[o + 2] - a):
                    out[at + s] += scaled[i, a + s] * values[i]
    return out


@kernel
def add_row(
    rows: Rows, scaled: Floats, weights: Floats, j: int, i: int, own: Floats, half: Floats, schur: Floats
) -> None:
    """Add the products of row i to level j's block, to its products with dense effects, and among the latter."""
    k = rows.first[1]
    for r in range(k):
        for c in range(r + 1):
            own[r, c] += weights[i] * scaled[i, r] * scaled[i, c]
    for o in range(rows.column.shape[1]):
        a, at, met = rows.first[o + 1], rows.column[i, o], rows.met_start[j] + rows.place[i, o]
        for s in range(rows.first[o + 2] - a):
            value = weights[i] * scaled[i, a + s]
            for r in range(k):
                half[met + s, r] += value * scaled[i, r]
            row = schur[at + s]
            for other in range(o):
                b, to = rows.first[other + 1], rows.column[i, other]
                for t in range(rows.first[other + 2] - b):
                    row[to + t] += value * scaled[i, b + t]
            for t in range(s + 1):
                row[at + t] += value * scaled[i, a + t]


@kernel
def factorise(rows: Rows, scaled: Floats, weights: Floats) -> Curvature:
    """Factor H for weights (n_obs,)."""
    k, m, n_levels = rows.first[1], rows.n_dense[0], rows.start.shape[0] - 1
    own = np.zeros((n_levels, k, k))
    half = np.zeros((rows.met.shape[0], k))
    schur = np.zeros((m, m))
    log_determinant = 0.0
    for j in range(n_levels):
        for r in range(k):
            own[j, r, r] = 1.0
        for i in range(rows.start[j], rows.start[j + 1]):
            add_row(rows, scaled, weights, j, i, own[j], half, schur)
        sound, of_level = factor_plainly(own[j], k, 0.0), 0.0
        for r in range(k):
            of_level += np.log(own[j, r, r])
        log_determinant += of_level if sound else np.inf
        a, b = rows.met_start[j], rows.met_start[j + 1]
        for e in range(a, b):
            solve_lower(own[j], half[e])
            row = schur[rows.met[e]]
            for f in range(a, e + 1):
                total = 0.0
                for r in range(k):
                    total += half[e, r] * half[f, r]
                row[rows.met[f]] -= total
    for d in range(m):
        schur[d, d] += 1.0
    if m > 0:
        sound = factor_with_lapack(schur, m)
        for d in range(m):
            log_determinant += np.log(schur[d, d]) if sound else np.inf
    return Curvature(own, half, schur, log_determinant)


@kernel
def solve(rows: Rows, curvature: Curvature, values: Floats) -> Floats:
    """H^-1 values (q,)."""
    k, n_levels = rows.first[1], rows.start.shape[0] - 1
    x = values.copy()
    dense = x[n_levels * k :]
    for j in range(n_levels):
        own = x[j * k : (j + 1) * k]
        solve_lower(curvature.own[j], own)
        for e in range(rows.met_start[j], rows.met_start[j + 1]):
            for r in range(k):
                dense[rows.met[e]] -= curvature.half[e, r] * own[r]
    solve_lower(curvature.lower, dense)
    solve_lower_transposed(curvature.lower, dense)
    for j in range(n_levels):
        own = x[j * k : (j + 1) * k]
        for e in range(rows.met_start[j], rows.met_start[j + 1]):
            for r in range(k):
                own[r] -= curvature.half[e, r] * dense[rows.met[e]]
        solve_lower_transposed(curvature.own[j], own)
    return x


class Inverse(NamedTuple):
    """Parts of H^-1: its product `rows` (n_obs, K) with each row of V, at the effects of that row; `leverage` (n_obs,),
    v'H^-1 v; the blocks `own` (J, k, k) of block 0's levels; `dense` (m, m).
    """

    rows: Floats
    leverage: Floats
    own: Floats
    dense: Floats


@kernel
def invert(rows: Rows, scaled: Floats, curvature: Curvature) -> Inverse:
    """The part of H^-1 at pairs of effects that share a row; never the whole."""
    k, n_levels = rows.first[1], rows.start.shape[0] - 1
    own = np.zeros((n_levels, k, k))
    dense = curvature.lower.copy()
    if dense.shape[0] > 0:
        invert_factored(dense)
    product, leverage = np.zeros_like(scaled), np.zeros(scaled.shape[0])
    for j in range(n_levels):
        a, b = rows.met_start[j], rows.met_start[j + 1]
        # across = own block^-1 times the products with the dense effects; mixed = across dense = -H^-1 (level, dense)
        across = curvature.half[a:b].copy()
        mixed = np.zeros((b - a, k))
        for e in range(b - a):
            solve_lower_transposed(curvature.own[j], across[e])
        for e in range(b - a):
            row = dense[rows.met[a + e]]
            for f in range(b - a):
                value = row[rows.met[a + f]]
                for r in range(k):
                    mixed[e, r] += value * across[f, r]
        for r in range(k):
            own[j, r, r] = 1.0
            solve_lower(curvature.own[j], own[j, r])
            solve_lower_transposed(curvature.own[j], own[j, r])
        for e in range(b - a):
            for r in range(k):
                for c in range(k):
                    own[j, r, c] += across[e, r] * mixed[e, c]
        for i in range(rows.start[j], rows.start[j + 1]):
            leverage[i] = row_of_inverse(rows, scaled, i, own[j], mixed, dense, product[i])
    return Inverse(product, leverage, own, dense)


@kernel
def row_of_inverse(
    rows: Rows, scaled: Floats, i: int, own: Floats, mixed: Floats, dense: Floats, product: Floats
) -> float:
    """product <- H^-1 v of row i, at its own effects; returns v'H^-1 v."""
    k = rows.first[1]
    for r in range(k):
        for c in range(k):
            product[r] += own[r, c] * scaled[i, c]
    for o in range(rows.column.shape[1]):
        a, at, met = rows.first[o + 1], rows.column[i, o], rows.place[i, o]
        for s in range(rows.first[o + 2] - a):
            total = 0.0
            for r in range(k):
                total -= mixed[met + s, r] * scaled[i, r]
                product[r] -= mixed[met + s, r] * scaled[i, a + s]
            row = dense[at + s]
            for other in range(rows.column.shape[1]):
                b, to = rows.first[other + 1], rows.column[i, other]
                for t in range(rows.first[other + 2] - b):
                    total += row[to + t] * scaled[i, b + t]
            product[a + s] = total
    leverage = 0.0
    for c in range(scaled.shape[1]):
        leverage += scaled[i, c] * product[c]
    return leverage


@kernel
def factor_gradient(
    rows: Rows, u: Floats, direct: Floats, adjoint: Floats, score: Floats, weights: Floats, product: Floats
) -> Floats:
    """The sum over rows of z (direct u + score adjoint + 2 weight product)', block by block, (n_blocks, K, K)."""
    n_blocks, width = rows.first.shape[0] - 1, rows.z.shape[1]
    out = np.zeros((n_blocks, width, width))
    k, n_levels = rows.first[1], rows.start.shape[0] - 1
    for j in range(n_levels):
        for i in range(rows.start[j], rows.start[j + 1]):
            for block in range(n_blocks):
                a = rows.first[block]
                at = j * k if block == 0 else n_levels * k + rows.column[i, block - 1]
                for c in range(rows.first[block + 1] - a):
                    value = direct[i] * u[at + c] + score[i] * adjoint[at + c] + 2.0 * weights[i] * product[i, a + c]
                    for r in range(rows.first[block + 1] - a):
                        out[block, r, c] += rows.z[i, a + r] * value
    return out
