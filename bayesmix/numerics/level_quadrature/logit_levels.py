"""The integrals over the effects of many levels of binomial counts with a logit link, several nodes at a time.

The rule is that of `integral`: equal steps about the mode. Here every level has `NODES` of them from the start, so that
exponentials and logarithms are taken of whole stretches, which is five times as fast as one after the other. Where the
integrand is not yet negligible at the first or last of them, further nodes follow one by one.
"""

from math import log

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.level_quadrature.integral import (
    FAR,
    FIRST,
    HALF_LOG_2PI,
    ODDS,
    SECOND,
    Level,
    centre_and_width,
    fall_of,
    level_of,
    log_integral_with_slopes,
    node_with_slopes,
    step_of,
)
from bayesmix.numerics.row_codes import BINOMIAL_LOGIT
from bayesmix.numerics.vector_functions import exp_all, log_all

NODES = 16
_ROWS = 64  # of the levels that are taken together
_MOST_FURTHER = 20_000
_LEAST = -700.0  # log of the smallest weight


@kernel
def logit_levels(
    table: Floats,
    s: float,
    starts: Integers,
    guess: Floats,
    information: Floats,
    fineness: float,
    scores: Floats,
    scratch: Floats,
) -> tuple[float, float]:
    """The sum of the levels' log integrals and its slope by s; fills `scores` (n_rows,), the slopes by eta.

    Arguments are those of `integral`; `starts` (n_levels + 1,), `guess` and `information` (n_levels,) are the buffer's.
    """
    n_levels, total, by_s = len(starts) - 1, 0.0, 0.0
    work, places = np.empty((6, _ROWS * NODES)), np.empty((2, _ROWS))
    first = 0
    while first < n_levels:
        last = first
        plain = True
        while last < n_levels and last - first < _ROWS and starts[last + 1] - starts[first] <= _ROWS:
            level = level_of(table, BINOMIAL_LOGIT, 1.0, s, starts[last], starts[last + 1])
            centre, width = centre_and_width(table, level, guess[last], information[last])
            places[0, last - first], step = centre, step_of(table, level, centre, width, fineness)
            places[1, last - first] = step
            plain = plain and level.plain and abs(s) * (abs(centre) + NODES * step) < FAR
            last += 1
        if plain and last > first:
            value, slope = _together(table, s, starts, first, last, places, fall_of(fineness), scores, scratch, work)
            total += value
            by_s += slope
        else:
            last = max(last, first + 1)
            for j in range(first, last):
                level = level_of(table, BINOMIAL_LOGIT, 1.0, s, starts[j], starts[j + 1])
                centre, width = centre_and_width(table, level, guess[j], information[j])
                step = step_of(table, level, centre, width, fineness)
                value, slope, _ = log_integral_with_slopes(
                    table, level, centre, step, fall_of(fineness), scores, scratch
                )
                total += value
                by_s += slope
        first = last
    return total, by_s


@kernel
def _together(
    table: Floats,
    s: float,
    starts: Integers,
    first: int,
    last: int,
    places: Floats,
    fall: float,
    scores: Floats,
    scratch: Floats,
    work: Floats,
) -> tuple[float, float]:
    """The same for the levels `first` to `last`, whose centres and steps are `places`; `work` is overwritten."""
    begin, n_levels = starts[first], last - first
    n_rows = starts[last] - begin
    nodes, factors, heights = work[0], work[1], work[2]
    odds, logs, spare = work[3], work[4], work[5]
    for j in range(n_levels):
        for k in range(NODES):
            nodes[j * NODES + k] = places[0, j] + (k - 0.5 * (NODES - 1)) * places[1, j]
            spare[j * NODES + k] = s * nodes[j * NODES + k]
    exp_all(spare, n_levels * NODES, factors)
    for j in range(n_levels):
        for i in range(starts[first + j] - begin, starts[first + j + 1] - begin):
            for k in range(NODES):
                odds[i * NODES + k] = 1.0 + table[begin + i, ODDS] * factors[j * NODES + k]
    log_all(odds, n_rows * NODES, spare, logs)
    for k in range(n_rows * NODES):
        odds[k] = 1.0 - 1.0 / odds[k]  # now the probability
    for j in range(n_levels):
        level = level_of(table, BINOMIAL_LOGIT, 1.0, s, starts[first + j], starts[first + j + 1])
        for k in range(NODES):
            u = nodes[j * NODES + k]
            heights[j * NODES + k] = level.first * s * u - 0.5 * u * u
        for i in range(level.begin - begin, level.end - begin):
            trials = table[begin + i, FIRST] + table[begin + i, SECOND]
            for k in range(NODES):
                heights[j * NODES + k] -= trials * logs[i * NODES + k]
        places[0, j] = np.max(heights[j * NODES : (j + 1) * NODES])
        for k in range(NODES):
            heights[j * NODES + k] = max(heights[j * NODES + k] - places[0, j], _LEAST)
    exp_all(heights, n_levels * NODES, factors)  # now the weights
    total, by_s = 0.0, 0.0
    for j in range(n_levels):
        level = level_of(table, BINOMIAL_LOGIT, 1.0, s, starts[first + j], starts[first + j + 1])
        at, weight, slope = j * NODES, 0.0, 0.0
        for k in range(NODES):
            weight += factors[at + k]
            slope += level.first * factors[at + k] * nodes[at + k]
        for i in range(level.begin, level.end):
            expected, moment = 0.0, 0.0
            for k in range(NODES):
                share = factors[at + k] * odds[(i - begin) * NODES + k]
                expected += share
                moment += share * nodes[at + k]
            trials = table[i, FIRST] + table[i, SECOND]
            scores[i] = table[i, FIRST] * weight - trials * expected
            slope -= trials * moment
        reference = level.product + places[0, j]
        for side in range(2):
            end = at if side == 0 else at + NODES - 1
            if heights[end] > -fall:
                step = -places[1, j] if side == 0 else places[1, j]
                more, further = _further(table, level, nodes[end], step, reference, fall, scores, scratch)
                weight += more
                slope += further
        for i in range(level.begin, level.end):
            scores[i] /= weight
        total += reference + log(weight * places[1, j]) - HALF_LOG_2PI
        by_s += slope / weight
    return total, by_s


@kernel
def _further(
    table: Floats, level: Level, u: float, step: float, reference: float, fall: float, scores: Floats, scratch: Floats
) -> tuple[float, float]:
    """Weights and slopes by s of nodes beyond u, until they are negligible; adds to `scores`, not yet divided."""
    weight, slope = 0.0, 0.0
    for _ in range(_MOST_FURTHER):
        u += step
        h, score, _ = node_with_slopes(table, level, u, scratch)
        relative = np.exp(h - reference)
        weight += relative
        slope += relative * u * score
        for i in range(level.begin, level.end):
            scores[i] += relative * scratch[i]
        if not h - reference >= -fall:
            break
    return weight, slope
