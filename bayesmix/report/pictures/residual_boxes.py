"""Residuals against a column of the data: boxes by level, or behind the points where a number has few values."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import ArgumentError
from bayesmix.formula.design import Design
from bayesmix.inference.shared.arguments import a_column, column_levels
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_look import BLUE, VERMILION, look
from bayesmix.report.pictures.plot_style import one_axes
from bayesmix.report.pictures.plot_ticks import name_levels, ticks_at_values, width_of

_LEVEL, _NARROWEST, _WIDEST = 0.3, 5.2, 11.0  # inches of a level and of the picture
_MOST_VALUES, _FEWEST_ROWS = 12, 5  # values of a number that has boxes, and rows that a box needs
_NARROW = 0.02  # share of the range: values that are nearer have no room for boxes


@dataclass(frozen=True)
class Levels:
    """The level of each row, (n_obs,), and the names of the levels in their order."""

    index: Positions
    names: tuple[str, ...]


def levels_or_numbers(design: Design, by: str) -> Levels | Floats:
    """The value of `by` in each row: a number (n_obs,), or a level, which a grouping factor always has.

    Refuses what is neither a grouping factor nor a column of the data, and rows without a finite value.
    """
    for term in design.all_random:
        if isinstance(by, str) and term.group == by:
            return Levels(term.index, term.levels)
    column = design.data[a_column(design.data, by, argument="by")]
    index, names = column_levels(design.data, by, argument="by")
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return Levels(index, tuple(map(str, names)))
    numbers = column.to_numpy(np.float64)
    n_infinite = int(np.sum(~np.isfinite(numbers)))
    if n_infinite:
        raise ArgumentError(f"by={by!r} is infinite in {n_infinite} of {len(numbers)} rows, which cannot be drawn.")
    return numbers


def draw_boxes(canvas: Canvas, levels: Levels, rows: Positions, residual: Floats) -> tuple[Axes, str]:
    """Draw a box of the residuals of each level that has rows; returns the axes and a note."""
    index = levels.index[rows]
    present = np.unique(index)
    n = len(present)
    width = float(np.clip(_LEVEL * n, _NARROWEST, _WIDEST))
    ax = one_axes(canvas, width=width)
    points = {"marker": "o", "markersize": 2.5, "markerfacecolor": BLUE, "markeredgewidth": 0, "alpha": 0.6}
    median = {"color": VERMILION, "linewidth": 1.4}
    residuals = [residual[index == level] for level in present]
    plot_boxes(ax, residuals, np.arange(n, dtype=float), 0.6, medianprops=median, flierprops=points)
    ax.set_xlim(-0.7, n - 0.3)
    note = "Boxes: median and quartiles by level; whiskers to the last residual within 1.5 boxes; points beyond."
    named = name_levels(ax, [levels.names[level] for level in present], width_of(ax))
    return ax, note if named else f"{note} Names of {n} levels are left out."


def draw_boxes_along(ax: Axes, x: Floats, residual: Floats) -> str:
    """Draw boxes of the residuals behind the points of a number with few values, and ticks there; returns a note.

    Nothing is drawn where there are many values, or few rows at one of them.
    """
    values, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    if not 1 < len(values) <= _MOST_VALUES or counts.min() < _FEWEST_ROWS:
        return ""
    apart = float(np.diff(values).min())
    if apart < _NARROW * np.ptp(values):
        return ""
    residuals = [residual[place == number] for number in range(len(values))]
    plot_boxes(ax, residuals, values, 0.6 * apart, showfliers=False)
    room = apart / 2
    ax.set_xlim(values[0] - room, values[-1] + room)
    ticks_at_values(ax, values, width_of(ax))
    return " Boxes: median and quartiles at each value."


def plot_boxes(ax: Axes, residuals: list[Floats], places: Floats, width: float, **more: Any) -> None:
    """Draw boxes in thin grey lines; `more` says where their parts look different."""
    line = {"color": look().grey, "linewidth": 0.9}
    parts = dict.fromkeys(("boxprops", "whiskerprops", "capprops", "medianprops"), line)
    ax.boxplot(residuals, positions=places, widths=width, manage_ticks=False, **{**parts, **more})
