"""Coordinates x in which the joint posterior is near a standard normal: q = centre + S x, S fixed before sampling.

Let H = K K' be the curvature of a rough fit in the coordinates u of independent effects; then x -> u = K^-T x. K is an
arrow: level by level for the largest factor, dense for the other factors and the coefficients. This map unties what the
data tie together, such as an intercept with the well-known effects of a few levels. A second linear map, small and
block-diagonal, leads from u to q: the scales of the coefficients' priors, and L of terms that are centred.
"""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.buffer import floats, floats_2, floats_3, integers
from bayesmix.numerics.kernels import kernel

CENTRE, DIAGONAL, OWN, HALF, LOWER, MET_START, MET, POSITION, TURNS, WIDTHS, BLOCK_LEVELS = range(17, 28)
"""What the buffer holds after the parts of `density`.

`CENTRE` and `DIAGONAL` are (n,), the latter 0 where the arrow is used. `OWN` (J, k, k), `HALF` (n_met, k): as in
`laplace.curvature.Curvature`; `LOWER` (m, m): the inverse of its `lower`. `POSITION` (q,): where each number of u
stands in q, and in x. `TURNS` (n_blocks, K, K): from u to q in every level of a block, whose width and number of levels
are in `WIDTHS` and `BLOCK_LEVELS` (n_blocks,).
"""


@kernel(apart=True)
def point_at(buffer: Floats, x: Floats) -> Floats:
    """q = centre + S x."""
    centre, diagonal = floats(buffer, CENTRE), floats(buffer, DIAGONAL)
    q = np.empty(len(centre))
    for i in range(len(q)):
        q[i] = centre[i] + diagonal[i] * x[i]
    position = integers(buffer, POSITION)
    if len(position) > 0:
        u = np.empty(len(position))
        for e in range(len(position)):
            u[e] = x[position[e]]
        _solve_transposed(buffer, u)
        turned = _turned(buffer, u, False)
        for e in range(len(position)):
            q[position[e]] += turned[e]
    return q


@kernel(apart=True)
def slopes_at(buffer: Floats, by_q: Floats, out: Floats) -> None:
    """Fill `out` with S' by_q, the gradient with respect to x."""
    diagonal, position = floats(buffer, DIAGONAL), integers(buffer, POSITION)
    for i in range(len(out)):
        out[i] = diagonal[i] * by_q[i]
    if len(position) > 0:
        u = np.empty(len(position))
        for e in range(len(position)):
            u[e] = by_q[position[e]]
        u = _turned(buffer, u, True)
        _solve(buffer, u)
        for e in range(len(position)):
            out[position[e]] = u[e]


@kernel
def _turned(buffer: Floats, u: Floats, back: bool) -> Floats:
    """T u, or T' u where `back`."""
    turns, widths, levels = floats_3(buffer, TURNS), integers(buffer, WIDTHS), integers(buffer, BLOCK_LEVELS)
    out, at = np.empty(len(u)), 0
    for block in range(len(widths)):
        width = widths[block]
        for _ in range(levels[block]):
            for r in range(width):
                total = 0.0
                for c in range(width):
                    total += (turns[block, c, r] if back else turns[block, r, c]) * u[at + c]
                out[at + r] = total
            at += width
    return out


@kernel(fastmath={"contract"})
def _solve_transposed(buffer: Floats, u: Floats) -> None:
    """u <- K^-T u."""
    own, half, lower = floats_3(buffer, OWN), floats_2(buffer, HALF), floats_2(buffer, LOWER)
    met_start, met = integers(buffer, MET_START), integers(buffer, MET)
    k, m = own.shape[1], lower.shape[0]
    first = own.shape[0] * k
    dense = np.zeros(m)
    for i in range(m):
        share, row = u[first + i], lower[i]
        for j in range(i + 1):
            dense[j] += row[j] * share
    u[first:] = dense
    for level in range(own.shape[0]):
        at = level * k
        for r in range(k):
            total = u[at + r]
            for e in range(met_start[level], met_start[level + 1]):
                total -= half[e, r] * dense[met[e]]
            u[at + r] = total
        for r in range(k - 1, -1, -1):
            total = u[at + r]
            for c in range(r + 1, k):
                total -= own[level, c, r] * u[at + c]
            u[at + r] = total / own[level, r, r]


@kernel(fastmath={"contract", "reassoc"})
def _solve(buffer: Floats, u: Floats) -> None:
    """u <- K^-1 u."""
    own, half, lower = floats_3(buffer, OWN), floats_2(buffer, HALF), floats_2(buffer, LOWER)
    met_start, met = integers(buffer, MET_START), integers(buffer, MET)
    k, m = own.shape[1], lower.shape[0]
    first = own.shape[0] * k
    dense = u[first:].copy()
    for level in range(own.shape[0]):
        at = level * k
        for r in range(k):
            total = u[at + r]
            for c in range(r):
                total -= own[level, r, c] * u[at + c]
            u[at + r] = total / own[level, r, r]
        for e in range(met_start[level], met_start[level + 1]):
            for r in range(k):
                dense[met[e]] -= half[e, r] * u[at + r]
    for i in range(m):
        total, row = 0.0, lower[i]
        for j in range(i + 1):
            total += row[j] * dense[j]
        u[first + i] = total
