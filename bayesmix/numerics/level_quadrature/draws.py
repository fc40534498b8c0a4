"""Exact draws of a level's effect given the parameters, by rejection under tangents, compiled.

The log density h(u) of an effect is concave for every family here but the beta-binomial, so that it lies below its
tangents. Tangents at nodes about the mode, a normal width apart, make a density of exponential pieces that can be drawn
from in closed form. A draw is kept with probability exp(h - tangent), which is above 0.9 on average. There is no
quadrature, and the places of the nodes do not matter. Source: Gilks & Wild (1992), doi:10.2307/2347565, here without
adding tangents.

The h of a beta-binomial may bend upwards between nodes. Its nodes are half as far apart and the envelope is raised by
`_MARGIN`, which covers a bend of up to 6 times the curvature at the mode.
"""

from math import exp, expm1, log, log1p

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.buffer import floats, integers
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.level_quadrature.integral import (
    Level,
    centre_and_width,
    level_of,
    slopes_at,
    value_at,
)
from bayesmix.numerics.level_quadrature.posterior import (
    GUESS,
    INFORMATION,
    STARTS,
    family_at,
    rows_at,
    values_of,
)
from bayesmix.numerics.random_streams import stream_of, uniform
from bayesmix.numerics.row_codes import NEGATIVE_BINOMIAL_LOG

_SPACING, _SPACING_BENT = 1.1, 0.5  # in widths
_MARGIN = 0.1
_DROP = 8.0  # of h from its greatest value to the last node
_MOST_NODES = 200  # to each side
_MOST_TRIES = 10_000


@kernel
def draw_effects(buffer: Floats, thetas: Floats, before: int, levels: Integers, seed: int, effects: Floats) -> None:
    """Fill `effects` (n_points, len(levels)) with one draw of s u for each of `levels` at every theta (n_points, n).

    Every draw has random numbers of its own, which depend on `seed`, the level, and the position of theta among all
    thetas; `before` others precede the first.
    """
    n = thetas.shape[1]
    values, slopes, scores = np.empty(n), np.empty(n), np.empty(n)
    nodes, heights, tangents = np.empty(2 * _MOST_NODES), np.empty(2 * _MOST_NODES), np.empty(2 * _MOST_NODES)
    masses, ends = np.empty(2 * _MOST_NODES), np.empty(2 * _MOST_NODES + 1)
    starts, guess, information = integers(buffer, STARTS), floats(buffer, GUESS), floats(buffer, INFORMATION)
    for i in range(thetas.shape[0]):
        values_of(buffer, thetas[i], values, slopes, scores)
        table, (code, auxiliary, sd) = rows_at(buffer, values), family_at(buffer, values)
        for k in range(len(levels)):
            j = levels[k]
            level = level_of(table, code, auxiliary, sd, starts[j], starts[j + 1])
            centre, width = centre_and_width(table, level, guess[j], information[j])
            first, last = _place_nodes(table, level, centre, width, nodes, heights, tangents)
            _measure(first, last, nodes, heights, tangents, ends, masses)
            stream = stream_of(seed, before + i, j)
            effects[i, k] = sd * _draw(table, level, first, last, nodes, heights, tangents, ends, masses, stream)


@kernel
def _place_nodes(
    table: Floats,
    level: Level,
    centre: float,
    width: float,
    nodes: Floats,
    heights: Floats,
    tangents: Floats,
) -> tuple[int, int]:
    """Nodes from `first` to `last` with h and its slope, until h has fallen far and its slope leads back."""
    spacing = (_SPACING_BENT if level.code > NEGATIVE_BINOMIAL_LOG else _SPACING) * width
    first, last = _MOST_NODES, _MOST_NODES
    greatest = -np.inf
    for side in (1, -1):
        for k in range(0 if side > 0 else 1, _MOST_NODES):
            at = _MOST_NODES + side * k
            u = centre + side * k * spacing
            tangents[at], _ = slopes_at(table, level, u)
            nodes[at], heights[at] = u, value_at(table, level, u)
            greatest = max(greatest, heights[at])
            first, last = min(first, at), max(last, at)
            if side * tangents[at] < 0.0 and heights[at] < greatest - _DROP:
                break
    for at in range(first, last + 1):
        heights[at] -= greatest
    return first, last


@kernel
def _measure(
    first: int, last: int, nodes: Floats, heights: Floats, tangents: Floats, ends: Floats, masses: Floats
) -> None:
    """Where neighbouring tangents meet, and the integral under each, added up from the left."""
    ends[first], ends[last + 1] = -np.inf, np.inf
    for at in range(first, last):
        bend = tangents[at] - tangents[at + 1]
        middle = 0.5 * (nodes[at] + nodes[at + 1])
        rise = heights[at + 1] - heights[at] - tangents[at + 1] * nodes[at + 1] + tangents[at] * nodes[at]
        meeting = rise / bend if bend > 1e-10 * (1.0 + abs(tangents[at])) else middle
        ends[at + 1] = min(max(meeting, nodes[at]), nodes[at + 1])
    total = 0.0
    for at in range(first, last + 1):
        slope = tangents[at]
        if at == first:
            mass = exp(heights[at] + slope * (ends[at + 1] - nodes[at])) / slope
        elif at == last:
            mass = exp(heights[at] + slope * (ends[at] - nodes[at])) / -slope
        else:
            length = ends[at + 1] - ends[at]
            mass = exp(heights[at] + slope * (ends[at] - nodes[at])) * length * _mean_exp(slope * length)
        total += mass
        masses[at] = total


@kernel
def _mean_exp(x: float) -> float:
    """(exp(x) - 1) / x."""
    return expm1(x) / x if abs(x) > 1e-8 else 1.0 + 0.5 * x


@kernel
def _draw(
    table: Floats,
    level: Level,
    first: int,
    last: int,
    nodes: Floats,
    heights: Floats,
    tangents: Floats,
    ends: Floats,
    masses: Floats,
    stream: np.uint64,
) -> float:
    """One value of u."""
    margin = _MARGIN if level.code > NEGATIVE_BINOMIAL_LOG else 0.0
    # h less its greatest value at a node, which `heights` were measured from
    reference = value_at(table, level, nodes[first]) - heights[first]
    u = nodes[first]
    for _ in range(_MOST_TRIES):
        stream, first_uniform = uniform(stream)
        stream, second_uniform = uniform(stream)
        stream, third_uniform = uniform(stream)
        at, target = first, first_uniform * masses[last]
        while at < last and masses[at] < target:
            at += 1
        slope = tangents[at]
        if at == first:
            u = ends[at + 1] + log(second_uniform) / slope
        elif at == last:
            u = ends[at] + log(second_uniform) / slope
        else:
            length = ends[at + 1] - ends[at]
            x = slope * length
            u = ends[at] + length * (log1p(second_uniform * expm1(x)) / x if abs(x) > 1e-8 else second_uniform)
        h = value_at(table, level, u) - reference
        if log(third_uniform) <= h - heights[at] - slope * (u - nodes[at]) - margin:
            break
    return u
