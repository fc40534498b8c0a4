"""Residuals beside a column of the data: boxes by level, or behind points where a number has few values."""

from dataclasses import dataclass

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
from bayesmix.report.pictures.plot_text import literal, shortened
from bayesmix.report.pictures.plot_ticks import ticks_at_values

_MOST_NAMES = 60
_LEVEL, _NARROWEST, _WIDEST = 0.3, 5.2, 11.0  # inches of a level and of the picture
_LETTER = 0.075  # inches
_NAME = 1.3  # inches of a level's name at most
_MOST_VALUES, _FEWEST_ROWS = 12, 5  # of a number that has boxes; rows that a box needs
_NARROW = 0.02  # of the range: values as near as this have no room for boxes


@dataclass(frozen=True)
class Levels:
    """The level of each row, (n_obs,), and the names of the levels in their order."""

    index: Positions
    names: tuple[str, ...]


def levels_or_numbers(design: Design, by: str) -> Levels | Floats:
    """What `by` says of each row: numbers (n_obs,), or levels, which a grouping factor always has.

    Raises
    ------
    UnknownColumnError
        `by` is neither a grouping factor nor a column of the data.
    ArgumentError
        Rows have no value there, or none that is finite.
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
        raise ArgumentError(f"by={by!r} is infinite in {n_infinite} of {len(numbers)} rows; such points have no place.")
    return numbers


def draw_boxes(canvas: Canvas, levels: Levels, rows: Positions, residual: Floats) -> tuple[Axes, str]:
    """A box of the residuals of each level that has rows; gives the axes and a note."""
    style, index = look(), levels.index[rows]
    present = np.unique(index)
    n = len(present)
    width = float(np.clip(_LEVEL * n, _NARROWEST, _WIDEST))
    ax = one_axes(canvas, width=width)
    line = {"color": style.grey, "linewidth": 0.9}
    ax.boxplot(
        [residual[index == level] for level in present],
        positions=np.arange(n),
        widths=0.6,
        manage_ticks=False,
        boxprops=line,
        whiskerprops=line,
        capprops=line,
        medianprops={"color": VERMILION, "linewidth": 1.4},
        flierprops={"marker": "o", "markersize": 2.5, "markerfacecolor": BLUE, "markeredgewidth": 0, "alpha": 0.6},
    )
    ax.set_xlim(-0.7, n - 0.3)
    note = "Boxes: median and quartiles by level; whiskers to the last residual within 1.5 boxes; points beyond."
    if n > _MOST_NAMES:
        ax.set_xticks([])
        return ax, f"{note} Names of {n} levels are left out."
    names = [shortened(levels.names[level], _NAME) for level in present]
    upright = max(map(len, names)) * _LETTER * style.scale > width / n
    ax.set_xticks(np.arange(n), [literal(name) for name in names], rotation=90 if upright else 0, fontsize=style.small)
    return ax, note


def draw_boxes_along(ax: Axes, x: Floats, residual: Floats) -> str:
    """Boxes of the residuals behind the points of a number that has few values, and ticks there; gives a note.

    Nothing is drawn where there are many values, or few rows at one.
    """
    values, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    if not 1 < len(values) <= _MOST_VALUES or counts.min() < _FEWEST_ROWS:
        return ""
    apart = float(np.diff(values).min())
    if apart < _NARROW * np.ptp(values):
        return ""
    line = {"color": look().grey, "linewidth": 0.9}
    ax.boxplot(
        [residual[place == number] for number in range(len(values))],
        positions=values,
        widths=0.6 * apart,
        manage_ticks=False,
        showfliers=False,
        boxprops=line,
        whiskerprops=line,
        capprops=line,
        medianprops=line,
    )
    room = apart / 2
    ax.set_xlim(values[0] - room, values[-1] + room)
    ticks_at_values(ax, values, ax.get_position().width * ax.get_figure(root=True).get_figwidth())  # type: ignore[union-attr]
    return " Boxes: median and quartiles at each value."
