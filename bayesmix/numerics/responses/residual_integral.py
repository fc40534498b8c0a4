"""Sigma integrated out at every value, for every response.

    log density = base - [ squares / sigma^2 + the sum over j of along_j^2 / (sigma^2 + d_j) ] / 2

is evaluated at the nodes around its greatest value. The nodes are less than a posterior sd apart: the trapezoidal rule
of a smooth density is then exact to many digits.
"""

from math import exp, inf, log

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.kernels import kernel

_DROP = 16.0  # of the log density, beyond which nodes are left out
_BELOW_BEST = 26.0  # of a response's values, from the best so far: they have no weight


@kernel
def log_density_at(g: int, squares: float, along: Floats, base: Floats, inverse: Floats, shrunken: Floats) -> float:
    """The log density at node g; `along` (p,) has squares."""
    total = squares * inverse[g]
    for j in range(len(along)):
        total += along[j] * shrunken[g, j]
    return base[g] - 0.5 * total


@kernel
def find_top(
    squares: float, along: Floats, n_obs: int, log_sigma: Floats, base: Floats, inverse: Floats, shrunken: Floats
) -> tuple[int, float]:
    """The node where the log density is greatest, and its value there."""
    last = len(log_sigma) - 1
    step = log_sigma[1] - log_sigma[0]
    g = int((0.5 * log(max(squares, 1e-300) / n_obs) - log_sigma[0]) / step + 0.5)
    g = min(max(g, 0), last)
    top = log_density_at(g, squares, along, base, inverse, shrunken)
    for direction in (1, -1):
        moved = False
        while 0 <= g + direction <= last:
            value = log_density_at(g + direction, squares, along, base, inverse, shrunken)
            if value <= top:
                break
            top, g, moved = value, g + direction, True
        if moved:
            break
    return g, top


@kernel
def shrunken_of(eigen: Floats, variance: Floats, out: Floats) -> None:
    """1 / (sigma^2 + d), shape (G, p)."""
    for g in range(len(variance)):
        for j in range(len(eigen)):
            out[g, j] = 1.0 / (variance[g] + eigen[j])


@kernel
def integrate_sigma(
    squares: Floats,
    along: Floats,
    base: Floats,
    eigen: Floats,
    log_sigma: Floats,
    n_obs: int,
    log_weights: Floats,
    edge: Floats,
) -> None:
    """Fill `log_weights` (S, R), and `edge` (R,), the greatest log density at an end of the grid.

    `squares` (S, R), `along` (S, p, R), `base` (S, G), `eigen` (S, p). Log weights are minus infinity where a value has
    no weight beside others.
    """
    S, R = squares.shape
    p, G = along.shape[1], len(log_sigma)
    variance, shrunken = np.exp(2.0 * log_sigma), np.empty((G, p))
    inverse, square = 1.0 / variance, np.empty(p)
    best = np.full(R, -inf)
    edge[:] = -inf
    for s in range(S):
        shrunken_of(eigen[s], variance, shrunken)
        for r in range(R):
            log_weights[s, r] = -inf
            for j in range(p):
                square[j] = along[s, j, r] * along[s, j, r]
            g, top = find_top(squares[s, r], square, n_obs, log_sigma, base[s], inverse, shrunken)
            if not top > best[r] - _BELOW_BEST:
                continue
            best[r] = max(best[r], top)
            total = 1.0
            for direction in (1, -1):
                h = g + direction
                value = 0.0
                while 0 <= h < G:
                    value = log_density_at(h, squares[s, r], square, base[s], inverse, shrunken) - top
                    if value < -_DROP:
                        break
                    total += exp(value)
                    h += direction
                if h < 0 or h >= G:
                    edge[r] = max(edge[r], top + value)
            log_weights[s, r] = top + log(total)


@kernel
def draw_sigma(
    chosen: Integers,
    uniform: Floats,
    squares: Floats,
    along: Floats,
    base: Floats,
    eigen: Floats,
    log_sigma: Floats,
    n_obs: int,
    r: int,
    out: Floats,
) -> None:
    """A sigma (N,) for each of the `chosen` values (N,) of response r, by the inverse of its distribution.

    Around a node the density is taken as exponential, with the slope between its neighbours; the share of its cell is
    corrected for curvature, w + (w_before - 2 w + w_after) / 24.
    """
    p, G = along.shape[1], len(log_sigma)
    variance, shrunken = np.exp(2.0 * log_sigma), np.empty((G, p))
    inverse, square = 1.0 / variance, np.empty(p)
    step = log_sigma[1] - log_sigma[0]
    weights, shares = np.zeros(G + 2), np.empty(G + 2)
    before = -1
    low = high = g = 0
    total = 0.0
    for i in range(len(chosen)):
        s = chosen[i]
        if s != before:
            before = s
            shrunken_of(eigen[s], variance, shrunken)
            for j in range(p):
                square[j] = along[s, j, r] * along[s, j, r]
            g, top = find_top(squares[s, r], square, n_obs, log_sigma, base[s], inverse, shrunken)
            low = high = g
            weights[g + 1] = 1.0
            while low > 0:
                value = log_density_at(low - 1, squares[s, r], square, base[s], inverse, shrunken) - top
                if value < -_DROP:
                    break
                low -= 1
                weights[low + 1] = exp(value)
            while high < G - 1:
                value = log_density_at(high + 1, squares[s, r], square, base[s], inverse, shrunken) - top
                if value < -_DROP:
                    break
                high += 1
                weights[high + 1] = exp(value)
            weights[low] = weights[high + 2] = 0.0
            total = 0.0
            for h in range(low + 1, high + 2):
                shares[h] = max(weights[h] + (weights[h - 1] - 2.0 * weights[h] + weights[h + 1]) / 24.0, 0.0)
                total += shares[h]
        left = uniform[i] * total
        h = low + 1
        while h < high + 1 and left > shares[h]:
            left -= shares[h]
            h += 1
        share = min(left / shares[h], 1.0) if shares[h] > 0.0 else 0.5
        place = share
        if weights[h - 1] > 0.0 and weights[h + 1] > 0.0:
            slope = 0.5 * log(weights[h + 1] / weights[h - 1])
            if abs(slope) > 1e-6:
                place = log(1.0 + share * (exp(slope) - 1.0)) / slope
        out[i] = exp(log_sigma[0] + step * (h - 1 + place - 0.5))
