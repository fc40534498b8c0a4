"""The integral over a level's effect with its gradient, compiled.

    h(u) = -u^2 / 2 + sum over the level's rows of log f(eta_i + s u)

Rows of a level share s u. Two sums over rows are therefore short: exp(eta_i + s u) is a product, for a logit of the
row's odds with one number of the node; and all rows of a Poisson level enter by two sums that are taken once.

The trapezoidal rule is used with equal steps about the mode, outwards on both sides until the integrand is negligible.
For an analytic integrand its error falls like exp(-2 pi d / step), d the distance of the nearest singularity from the
real line, doi:10.1137/130932132; with a step of 0.95 standard deviations that of a normal density is 6e-10. The rule of
Gauss and Hermite with as many nodes is as good there, but fails where the integrand is not like a normal density: in a
level without successes its tail is that of the effects' own distribution on one side and short on the other. Here
neither range nor centre has to fit; a shorter step makes any error as small as is wanted, and shows how large it was.
"""

from math import exp, log, pi, sqrt
from typing import NamedTuple

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.row_codes import BINOMIAL_LOGIT, POISSON_LOG
from bayesmix.numerics.row_distribution.compiled import log_density, with_slopes

_MOST_STEPS = 60
_LONGEST = 3.0  # change of the linear predictor in one step of Newton
_NEAR = 0.01  # squared distance to the mode, in units of the curvature: the rule needs no centre, only a width
_SHRINK, _STRIP = 2.0, 0.22  # found by trial: 8 families and links, sd to 20, 1 to 1000 trials, levels of one kind
FAR = 300.0  # linear predictors whose odds neither overflow nor vanish


ETA, ODDS, FIRST, SECOND, COUNT = range(5)
"""Columns of the table of rows at given parameters: the linear predictor without group effects, its exponential, and
the three numbers of the row.
"""


class Level(NamedTuple):
    """The rows of a level, `begin` to `end` in the table, and what all its nodes share.

    `code` of family and link, `auxiliary` the family's further parameter, `s` the sd. `product`, `first` and `rate` are
    the sums over the rows of first eta, of first, and of second exp(eta); `plain` says whether every eta is in the
    range of these exponentials.
    """

    code: int
    auxiliary: float
    s: float
    begin: int
    end: int
    product: float
    first: float
    rate: float
    plain: bool


@kernel
def level_of(table: Floats, code: int, auxiliary: float, s: float, begin: int, end: int) -> Level:
    """The level with the rows `begin` to `end`."""
    product, first, rate, plain = 0.0, 0.0, 0.0, True
    for i in range(begin, end):
        product += table[i, FIRST] * table[i, ETA]
        first += table[i, FIRST]
        rate += table[i, SECOND] * table[i, ODDS]
        plain = plain and abs(table[i, ETA]) < FAR
    return Level(code, auxiliary, s, begin, end, product, first, rate, plain)


@kernel(inline="always")
def value_at(table: Floats, level: Level, u: float) -> float:
    """h(u)."""
    shift = level.s * u
    if level.plain and abs(shift) < FAR:
        if level.code == BINOMIAL_LOGIT:
            factor, total = exp(shift), 0.0
            for i in range(level.begin, level.end):
                total += (table[i, FIRST] + table[i, SECOND]) * log(1.0 + table[i, ODDS] * factor)
            return level.product + level.first * shift - total - 0.5 * u * u
        if level.code == POISSON_LOG:
            return level.product + level.first * shift - level.rate * exp(shift) - 0.5 * u * u
    total = -0.5 * u * u
    for i in range(level.begin, level.end):
        total += log_density(
            level.code, table[i, ETA] + shift, table[i, FIRST], table[i, SECOND], table[i, COUNT], level.auxiliary
        )
    return total


@kernel(inline="always")
def slopes_at(table: Floats, level: Level, u: float) -> tuple[float, float]:
    """h'(u) and -h''(u), to which no row contributes less than 0."""
    shift, score, information = level.s * u, 0.0, 0.0
    if level.plain and abs(shift) < FAR and level.code in (BINOMIAL_LOGIT, POISSON_LOG):
        factor = exp(shift)
        if level.code == POISSON_LOG:
            score, information = level.first - level.rate * factor, level.rate * factor
        else:
            for i in range(level.begin, level.end):
                down = 1.0 / (1.0 + table[i, ODDS] * factor)
                expected = (table[i, FIRST] + table[i, SECOND]) * (1.0 - down)
                score += table[i, FIRST] - expected
                information += expected * down
    else:
        for i in range(level.begin, level.end):
            _, slope, bend, _ = with_slopes(
                level.code, table[i, ETA] + shift, table[i, FIRST], table[i, SECOND], table[i, COUNT], level.auxiliary
            )
            score += slope
            information += max(bend, 0.0)
    return level.s * score - u, 1.0 + level.s * level.s * information


@kernel
def centre_and_width(table: Floats, level: Level, guess: float, information: float) -> tuple[float, float]:
    """Approximately the mode of h, and 1 / sqrt(-h'') there, by Newton's steps of limited length.

    The steps begin at the mode for a normal likelihood with the level's own estimate `guess` and its `information`.
    """
    average, s = 0.0, level.s
    for i in range(level.begin, level.end):
        average += table[i, ETA]
    average /= max(level.end - level.begin, 1)
    u, bend = s * information * (guess - average) / (1.0 + s * s * information), 1.0
    longest = _LONGEST / max(abs(s), 1e-3)
    for _ in range(_MOST_STEPS):
        slope, bend = slopes_at(table, level, u)
        step = slope / bend
        u += min(max(step, -longest), longest)
        if step * step * bend < _NEAR:
            break
    return u, 1.0 / sqrt(bend)


@kernel
def step_of(table: Floats, level: Level, centre: float, width: float, fineness: float) -> float:
    """Distance of the nodes; with `fineness` 1 the error of the trapezoidal rule is about 1e-9.

    The error is exp(gain(y) - 2 pi y / step) at the best distance y from the real line, where gain(y) is the rise of
    h's real part there. In units of the width the gain is y^2 / 2 for a normal density and about k^2 y^4 / 8 more with
    skewness k, so that the step has to shrink by 1 + k or more. The singularities at +-i pi / s limit it, too. The
    skewness is measured over 3 widths, where a level without successes shows that its density is long on one side.
    """
    _, below = slopes_at(table, level, centre - 1.5 * width)
    _, above = slopes_at(table, level, centre + 1.5 * width)
    skewness = abs(log(above / below)) / 3.0
    return fineness * min(0.95 * width / (1.0 + _SHRINK * skewness), _STRIP * pi / max(abs(level.s), 1e-3))


NEGLIGIBLE = 23.0
"""Fall of the log integrand at which the rule ends: e^-23 = 1e-10."""


@kernel(inline="always")
def fall_of(fineness: float) -> float:
    """Fall of the log integrand at which the rule ends; for wider steps it is as far up as their own error is."""
    return NEGLIGIBLE / max(fineness * fineness, 1.0)


_MOST_NODES = 20_000  # to each side
HALF_LOG_2PI = 0.5 * log(2 * pi)
_TOO_LARGE = 300.0


@kernel
def log_integral(table: Floats, level: Level, centre: float, step: float, fall: float) -> tuple[float, int]:
    """log of the integral of exp h(u) / sqrt(2 pi) until h fell by `fall`, and the number of nodes."""
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
            if not h >= greatest - fall:  # or is no number: nor will the next ones be
                break
            greatest = max(greatest, h)
    return reference + log(total * step) - HALF_LOG_2PI, n_nodes


@kernel(inline="always")
def node_with_slopes(table: Floats, level: Level, u: float, scratch: Floats) -> tuple[float, float, float]:
    """h(u), its slopes by all eta and by the family's further parameter; fills `scratch` with those by each eta."""
    shift, h, score, slope = level.s * u, -0.5 * u * u, 0.0, 0.0
    if level.plain and abs(shift) < FAR and level.code in (BINOMIAL_LOGIT, POISSON_LOG):
        factor = exp(shift)
        h += level.product + level.first * shift
        for i in range(level.begin, level.end):
            relative = table[i, ODDS] * factor
            if level.code == BINOMIAL_LOGIT:
                trials = table[i, FIRST] + table[i, SECOND]
                h -= trials * log(1.0 + relative)
                expected = trials * relative / (1.0 + relative)
            else:
                expected = table[i, SECOND] * relative
            scratch[i] = table[i, FIRST] - expected
            score += scratch[i]
        return h - level.rate * factor if level.code == POISSON_LOG else h, score, slope
    for i in range(level.begin, level.end):
        value, row_score, _, row_slope = with_slopes(
            level.code, table[i, ETA] + shift, table[i, FIRST], table[i, SECOND], table[i, COUNT], level.auxiliary
        )
        h += value
        score += row_score
        slope += row_slope
        scratch[i] = row_score
    return h, score, slope


@kernel
def log_integral_with_slopes(
    table: Floats, level: Level, centre: float, step: float, fall: float, scores: Floats, scratch: Floats
) -> tuple[float, float, float]:
    """log of the integral, its slopes by s and by the family's further parameter; fills `scores` of the level's rows.

    The slope of the log integral is the mean of the integrand's slope by the same rule; `scores` (n_rows,) are the
    means of the slopes by eta. `scratch` (n_rows,) is overwritten.
    """
    for i in range(level.begin, level.end):
        scores[i] = 0.0
    reference, total, by_s, by_auxiliary = 0.0, 0.0, 0.0, 0.0
    for side in (1.0, -1.0):
        greatest = -np.inf
        for k in range(0 if side > 0 else 1, _MOST_NODES):
            u = centre + side * k * step
            h, score, slope = node_with_slopes(table, level, u, scratch)
            if k == 0:
                reference = h
            h -= reference
            if h > _TOO_LARGE:
                smaller = exp(-h)
                total, by_s, by_auxiliary = total * smaller, by_s * smaller, by_auxiliary * smaller
                for i in range(level.begin, level.end):
                    scores[i] *= smaller
                greatest, reference, h = greatest - h, reference + h, 0.0
            weight = exp(h)
            total += weight
            by_s += weight * u * score
            by_auxiliary += weight * slope
            for i in range(level.begin, level.end):
                scores[i] += weight * scratch[i]
            if not h >= max(greatest, 0.0) - fall:
                break
            greatest = max(greatest, h)
    for i in range(level.begin, level.end):
        scores[i] /= total
    return reference + log(total * step) - HALF_LOG_2PI, by_s / total, by_auxiliary / total
