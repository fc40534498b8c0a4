"""The integral over a level's effect, with its gradient, compiled.

The trapezoidal rule with equal steps about the mode, outwards on both sides until the integrand is negligible. For an
analytic integrand its error falls like exp(-2 pi d / step), d the distance of the nearest singularity from the real
line, doi:10.1137/130932132; with a step of 0.95 standard deviations that of a normal density is 6e-10. Gauss and
Hermite's rule with as many nodes is as good there and fails where the integrand is not like a normal density: with
levels that have no success its tail is that of the effects' own distribution on one side and short on the other. Here
neither range nor centre has to fit; a shorter step makes any error as small as is wanted, and shows how large it was.
"""

from math import exp, log, pi

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.level_quadrature.nodes import COUNT, ETA, FIRST, SECOND, Level, value_at
from bayesmix.numerics.row_distribution.compiled import with_slopes

NEGLIGIBLE = 23.0
"""Fall of the log integrand at which the rule ends: e^-23 = 1e-10."""

_MOST_NODES = 20_000  # to each side
_HALF_LOG_2PI = 0.5 * log(2 * pi)
_TOO_LARGE = 300.0


@kernel(error_model="numpy")
def log_integral(table: Floats, level: Level, centre: float, step: float) -> tuple[float, int]:
    """log of the integral of exp h(u) / sqrt(2 pi), and the number of nodes."""
    reference = value_at(table, level, centre)
    total, n_nodes = 1.0, 1
    for side in (1.0, -1.0):
        greatest = 0.0
        for k in range(1, _MOST_NODES):
            u = centre + side * k * step
            h = value_at(table, level, u) - reference
            if h > _TOO_LARGE:  # the centre was far from the mode
                total, greatest, reference, h = total * exp(-h), greatest - h, reference + h, 0.0
            total += exp(h)
            n_nodes += 1
            if not h >= greatest - NEGLIGIBLE:  # or is no number: nor will the next ones be
                break
            greatest = max(greatest, h)
    return reference + log(total * step) - _HALF_LOG_2PI, n_nodes


@kernel(error_model="numpy")
def log_integral_with_slopes(
    table: Floats, level: Level, centre: float, step: float, scores: Floats, scratch: Floats
) -> tuple[float, float, float]:
    """log of the integral, its slopes by s and by the family's own parameter; fills `scores` of the level's rows.

    The slope of the log integral is the mean of the integrand's slope, by the same rule: scores (n_rows,) are the means
    of the slopes by eta. `scratch` (n_rows,) is overwritten.
    """
    for i in range(level.begin, level.end):
        scores[i] = 0.0
    reference, total, by_s, by_own = 0.0, 0.0, 0.0, 0.0
    for side in (1.0, -1.0):
        greatest = -np.inf
        for k in range(0 if side > 0 else 1, _MOST_NODES):
            u = centre + side * k * step
            shift, h, score, slope = level.s * u, -0.5 * u * u, 0.0, 0.0
            for i in range(level.begin, level.end):
                value, own_score, _, own_slope = with_slopes(
                    level.code, table[i, ETA] + shift, table[i, FIRST], table[i, SECOND], table[i, COUNT], level.own
                )
                h += value
                score += own_score
                slope += own_slope
                scratch[i] = own_score
            if k == 0:
                reference = h
            h -= reference
            if h > _TOO_LARGE:
                smaller = exp(-h)
                total, by_s, by_own = total * smaller, by_s * smaller, by_own * smaller
                for i in range(level.begin, level.end):
                    scores[i] *= smaller
                greatest, reference, h = greatest - h, reference + h, 0.0
            weight = exp(h)
            total += weight
            by_s += weight * u * score
            by_own += weight * slope
            for i in range(level.begin, level.end):
                scores[i] += weight * scratch[i]
            if not h >= max(greatest, 0.0) - NEGLIGIBLE:
                break
            greatest = max(greatest, h)
    for i in range(level.begin, level.end):
        scores[i] /= total
    return reference + log(total * step) - _HALF_LOG_2PI, by_s / total, by_own / total
