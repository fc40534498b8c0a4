"""Panels of observations: boxes and points by level, or points along a number, with lines of a group's levels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D

from bayesmix.arrays import Flags, Floats
from bayesmix.report.pictures.means_layers import jittered
from bayesmix.report.pictures.observations import Beside, Observations
from bayesmix.report.pictures.plot_look import BLUE, POINT_SIZE, literal, look, shortened
from bayesmix.report.pictures.plot_ticks import name_levels, ticks_at_values, width_of
from bayesmix.report.pictures.residual_boxes import draw_boxes_along, plot_boxes

ORDERS = ("levels", "mean", "median")
_SPREAD, _BOX = 0.7, 0.8  # of the distance of two levels: all boxes of a level; of the place of one, the box
_NAMED = 3.0  # inches of a level's name in the legend


@dataclass(frozen=True)
class DataPanel:
    """The observations `rows` (n_obs,) of one panel, `beside` what is along its axis."""

    title: str
    beside: Beside
    rows: Flags


def ordered(beside: Beside, response: Floats, order: str) -> Beside:
    """`beside` with those of its levels that occur, in the order in which they stand along the axis."""
    if beside.index is None:
        return beside
    present = np.unique(beside.index)
    if order != "levels":
        heights = pd.Series(response).groupby(beside.index).agg(order).to_numpy()
        present = present[np.argsort(heights, kind="stable")]
    place = np.zeros(len(beside.levels), dtype=np.intp)
    place[present] = np.arange(len(present))
    return replace(beside, levels=tuple(beside.levels[level] for level in present), index=place[beside.index])


@dataclass(frozen=True)
class Shown:
    """Whether a panel has boxes, and whether the levels along its axis have their names."""

    boxes: bool
    names: bool = True


def draw_data(ax: Axes, part: DataPanel, seen: Observations, points: bool, room: int) -> Shown:
    """Draw one panel with room for at least so many levels."""
    groups = (
        [part.rows]
        if seen.colour is None
        else [part.rows & (seen.colour.index == number) for number in range(len(seen.colour.levels))]
    )
    colours = [BLUE] if seen.colour is None else _colours(len(groups))
    for number, (rows, colour) in enumerate(zip(groups, colours, strict=True)):
        if part.beside.numbers is not None:
            _scatter(ax, part.beside.numbers[rows], seen.response[rows], colour, len(seen.response))
            _join(ax, part.beside.numbers, rows, seen, colour)
            continue
        step = _SPREAD / len(groups)
        moved = 0.0 if seen.lines is not None else step * (number - (len(groups) - 1) / 2)
        _draw_levels(ax, part.beside, rows, seen, moved, step, colour, points)
    if part.beside.numbers is not None:
        ticks_at_values(ax, part.beside.numbers, width_of(ax))
        alone = seen.lines is None and seen.colour is None and seen.panel is None
        return Shown(alone and bool(draw_boxes_along(ax, part.beside.numbers, seen.response)))
    n_levels = len(part.beside.levels)
    ax.set_xlim(-0.6, max(n_levels, room) - 0.4)
    named = name_levels(ax, part.beside.levels, width_of(ax) * n_levels / max(n_levels, room))
    return Shown(seen.lines is None, named)


def _draw_levels(
    ax: Axes,
    beside: Beside,
    rows: Flags,
    seen: Observations,
    moved: float,
    step: float,
    colour: str,
    points: bool,
) -> None:
    """Boxes with means and points of one colour, or points and lines."""
    place: Floats = np.asarray(beside.index, dtype=float)
    if seen.lines is None:
        levels = [level for level in range(len(beside.levels)) if (rows & (beside.index == level)).any()]
        if not levels:
            return
        values = [seen.response[rows & (beside.index == level)] for level in levels]
        places = np.array(levels) + moved
        ends = {"marker": "o", "markersize": 2.5, "markerfacecolor": colour, "markeredgewidth": 0, "alpha": 0.6}
        line = {"color": colour if seen.colour is not None else look().grey, "linewidth": 0.9}
        parts = dict.fromkeys(("boxprops", "whiskerprops", "capprops"), line)
        median = {"color": line["color"], "linewidth": 1.6}
        plot_boxes(ax, values, places, _BOX * step, medianprops=median, flierprops=ends, showfliers=not points, **parts)
        means = [float(np.mean(one)) for one in values]
        ax.scatter(places, means, marker="D", s=13, color=look().ink, linewidths=0, zorder=4, label="means")
    if points:
        x = jittered(place[rows] + moved, 1.5 * step if seen.lines is None else 0.0)
        _scatter(ax, x, seen.response[rows], colour, len(seen.response))
    _join(ax, place, rows, seen, colour)


def _scatter(ax: Axes, x: Floats, y: Floats, colour: str, n: int) -> None:
    alpha = float(np.clip(150 / max(1, n), 0.15, 0.7))
    ax.scatter(x, y, s=0.8 * POINT_SIZE, color=colour, alpha=alpha, linewidths=0, zorder=3, label="data")


def _join(ax: Axes, x: Floats, rows: Flags, seen: Observations, colour: str) -> None:
    """A line through the means of each level of the group."""
    if seen.lines is None or not rows.any():
        return
    frame = pd.DataFrame({"x": x[rows], "y": seen.response[rows], "line": np.asarray(seen.lines.index)[rows]})
    means = frame.groupby(["line", "x"], sort=True)["y"].mean().reset_index()
    alpha = float(np.clip(25 / means["line"].nunique(), 0.2, 0.8))
    settings: dict[str, Any] = {"color": colour, "linewidth": 0.9, "alpha": alpha, "zorder": 2}
    for number, line in means.groupby("line"):
        ax.plot(line["x"], line["y"], label=literal(seen.lines.levels[int(str(number))]), **settings)


def _colours(n: int) -> list[str]:
    cycle: Sequence[str] = look().cycle
    return list(cycle[:n]) if n <= len(cycle) else [to_hex(one) for one in mpl.colormaps["turbo"](np.linspace(0, 1, n))]


def colour_handles(seen: Observations) -> list[Line2D]:
    """The legend of colours."""
    if seen.colour is None:
        return []
    name = shortened(seen.colour.label, 1.0)
    return [
        Line2D(
            [],
            [],
            color=colour,
            marker="o",
            markersize=4,
            linewidth=0.0 if seen.lines is None else 1.0,
            label=literal(f"{name} {level}", inches=_NAMED),
        )
        for level, colour in zip(seen.colour.levels, _colours(len(seen.colour.levels)), strict=True)
    ]
