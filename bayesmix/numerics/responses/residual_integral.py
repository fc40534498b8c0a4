"""Sigma integrated out at every value, for every response.

    log density = base - [ squares / sigma^2 + the sum over j of along_j^2 / (sigma^2 + d_j) ] / 2

is evaluated at the nodes around its greatest value. The nodes are less than a posterior sd apart: the trapezoidal rule
of a smooth density is then exact to many digits.
"""

from math import exp, inf, log, sqrt

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.kernels import kernel

_DROP = 18.0  # of the log density, beyond which nodes are left out
_BELOW_BEST = 34.0  # of a response's values, from the best so far: they have no weight


@kernel
def log_density_at(
    g: int, squares: float, base: Floats, inverse: Floats, shrunken: Floats, along: Floats, r: int
) -> float:
    """The log density of response r at node g."""
    total = squares * inverse[g]
    for j in range(along.shape[0]):
        total += along[j, r] * along[j, r] * shrunken[j, g]
    return base[g] - 0.5 * total


@kernel
def find_top(
    squares: float, n_obs: int, log_sigma: Floats, base: Floats, inverse: Floats, shrunken: Floats, along: Floats, r: int
) -> tuple[int, float]:
    """The node where the log density is greatest, and its value there."""
    last = len(log_sigma) - 1
    step = log_sigma[1] - log_sigma[0]
    g = int((0.5 * log(max(squares, 1e-300) / n_obs) - log_sigma[0]) / step + 0.5)
    g = min(max(g, 0), last)
    top = log_density_at(g, squares, base, inverse, shrunken, along, r)
    for direction in (1, -1):
        moved = False
        while 0 <= g + direction <= last:
            value = log_density_at(g + direction, squares, base, inverse, shrunken, along, r)
            if value <= top:
                break
            top, g, moved = value, g + direction, True
        if moved:
            break
    return g, top


@kernel
def shrunken_of(eigen: Floats, variance: Floats, out: Floats) -> None:
    """1 / (sigma^2 + d), shape (p, G)."""
    for j in range(len(eigen)):
        for g in range(len(variance)):
            out[j, g] = 1.0 / (variance[g] + eigen[j])


@kernel
def integrate_sigma(
    squares: Floats,
    along: Floats,
    base: Floats,
    eigen: Floats,
    log_sigma: Floats,
    n_obs: int,
    log_weights: Floats,
    first: Floats,
    second: Floats,
    edge: Floats,
) -> None:
    """Fill log weights, and mean and mean square of sigma, (S, R); `edge` (R,) the greatest log density at an end.

    `squares` (S, R), `along` (S, p, R), `base` (S, G), `eigen` (S, p). Log weights are minus infinity where a value has no
    weight beside others.
    """
    S, R = squares.shape
    p, G = along.shape[1], len(log_sigma)
    sigma, variance, shrunken = np.exp(log_sigma), np.exp(2.0 * log_sigma), np.empty((p, G))
    inverse = 1.0 / variance
    best = np.full(R, -inf)
    edge[:] = -inf
    for s in range(S):
        shrunken_of(eigen[s], variance, shrunken)
        for r in range(R):
            log_weights[s, r], first[s, r], second[s, r] = -inf, 0.0, 0.0
            g, top = find_top(squares[s, r], n_obs, log_sigma, base[s], inverse, shrunken, along[s], r)
            if not top > best[r] - _BELOW_BEST:
                continue
            best[r] = max(best[r], top)
            total, by_sigma, by_square = 1.0, sigma[g], sigma[g] * sigma[g]
            for direction in (1, -1):
                h = g + direction
                value = 0.0
                while 0 <= h < G:
                    value = log_density_at(h, squares[s, r], base[s], inverse, shrunken, along[s], r) - top
                    if value < -_DROP:
                        break
                    weight = exp(value)
                    total += weight
                    by_sigma += weight * sigma[h]
                    by_square += weight * sigma[h] * sigma[h]
                    h += direction
                if h < 0 or h >= G:
                    edge[r] = max(edge[r], top + value)
            log_weights[s, r] = top + log(total)
            first[s, r], second[s, r] = by_sigma / total, by_square / total


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

    A node stands for its cell, within which a draw is uniform. That adds step^2 / 12 to the variance of log sigma, which
    draws are moved towards their mean for.
    """
    p, G = along.shape[1], len(log_sigma)
    variance, shrunken = np.exp(2.0 * log_sigma), np.empty((p, G))
    inverse = 1.0 / variance
    step = log_sigma[1] - log_sigma[0]
    weights = np.empty(G)
    before = -1
    low = high = g = 0
    total = mean = factor = 0.0
    for i in range(len(chosen)):
        s = chosen[i]
        if s != before:
            before = s
            shrunken_of(eigen[s], variance, shrunken)
            g, top = find_top(squares[s, r], n_obs, log_sigma, base[s], inverse, shrunken, along[s], r)
            low = high = g
            weights[g] = 1.0
            while low > 0:
                value = log_density_at(low - 1, squares[s, r], base[s], inverse, shrunken, along[s], r) - top
                if value < -_DROP:
                    break
                low -= 1
                weights[low] = exp(value)
            while high < G - 1:
                value = log_density_at(high + 1, squares[s, r], base[s], inverse, shrunken, along[s], r) - top
                if value < -_DROP:
                    break
                high += 1
                weights[high] = exp(value)
            total = mean = square = 0.0
            for h in range(low, high + 1):
                total += weights[h]
                mean += weights[h] * h
                square += weights[h] * h * h
            mean /= total
            spread = max(square / total - mean * mean, 0.0)
            factor = sqrt(spread / (spread + 1.0 / 12.0))
        left = uniform[i] * total
        h = low
        while h < high and left > weights[h]:
            left -= weights[h]
            h += 1
        place = h - 0.5 + min(left / weights[h], 1.0)
        out[i] = exp(log_sigma[0] + step * (mean + factor * (place - mean)))
