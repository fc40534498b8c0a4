"""The data with the fitted lines of all levels of a group in one panel: how far they lie apart, around which mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bayesmix.arrays import Flags
from bayesmix.errors import ArgumentError
from bayesmix.formula.columns import level_texts
from bayesmix.report.pictures.line_data import points_at
from bayesmix.report.pictures.line_expectations import expected_lines
from bayesmix.report.pictures.line_grid import Axis, group_levels
from bayesmix.report.pictures.line_layers import has_group, is_binary, rows_of_fits
from bayesmix.report.pictures.line_rows import Rows
from bayesmix.report.pictures.plot_arguments import AnyFit
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_look import BLUE, POINT_SIZE, literal, look
from bayesmix.report.pictures.plot_style import panel_title, panels
from bayesmix.report.pictures.plot_ticks import ticks_at_values

_WIDTH, _HEIGHT = 3.6, 3.2  # inches of a panel
_NAMED = 3.0  # inches of a name in the legend
_APART = 0.18  # share of the distance of two categories between two colours


@dataclass(frozen=True)
class _Colour:
    """The observations `only` (n_obs,) that have a colour, with the `label` of their level."""

    only: Flags
    colour: str
    label: str


@dataclass(frozen=True)
class Together:
    """A figure whose panels have all lines, the keys of its legend, the number of levels, and the rows behind."""

    figure: Figure
    handles: list[Line2D]
    n_levels: int
    rows: Rows


def draw_together(fits: Mapping[str, AnyFit], group: str, axis: Axis, by: str | None, canvas: Canvas) -> Together:
    """A panel for each fit; with `by` a line for each of its levels in which a level of the group was seen."""
    if by is not None and len(fits) > 1:
        raise ArgumentError(f"by= colours the lines of one fit; got {len(fits)} fits.")
    *_, last = fits.values()
    figure, axes = panels(
        canvas,
        len(fits),
        n_columns=3,
        width=_WIDTH,
        height=_HEIGHT,
        margin=1.2,
        share_x=True,
        share_y=True,
        advice="give one fit",
    )
    levels = np.unique(group_levels(last.design, group).index)
    colours = _colours(last, by)
    with_mean = not axis.steady and has_group(last, group)
    for ax, (label, fit) in zip(axes, fits.items(), strict=True):
        for number, one in enumerate(colours):
            rows = rows_of_fits(list(fits.values()), group, axis, levels, only=None if by is None else one.only)
            moved = _APART * (number - (len(colours) - 1) / 2) if axis.texts else 0.0
            _scatter(ax, last, axis, one, moved, by is not None)
            _draw_lines(ax, fit, rows, group, axis, one.colour, moved)
            if with_mean:
                ink = look().ink if by is None else one.colour
                _draw_mean(ax, fit, rows, ink, moved)
        if len(fits) > 1:
            panel_title(ax, label, inches=0.85 * _WIDTH)
        if axis.texts:
            ax.set_xticks(axis.grid, [literal(text, inches=1.0) for text in axis.texts])
        else:
            ticks_at_values(ax, axis.data, figure.get_figwidth() / min(3, len(fits)))
    return Together(figure, _handles(colours, by is not None, with_mean), len(levels), rows)


def _colours(fit: AnyFit, by: str | None) -> list[_Colour]:
    """One colour, or one for each level of `by`."""
    if by is None:
        return [_Colour(np.ones(fit.design.n_obs, dtype=bool), BLUE, "levels")]
    column, cycle = fit.design.data[by], look().cycle
    values, texts = level_texts(column)
    return [
        _Colour((column == value).to_numpy(dtype=bool), cycle[number % len(cycle)], f"{by} = {text}")
        for number, (value, text) in enumerate(zip(values, texts, strict=True))
    ]


def _scatter(ax: Axes, fit: AnyFit, axis: Axis, one: _Colour, moved: float, coloured: bool) -> None:
    points = points_at(fit.design, axis, one.only, binary=is_binary(fit))
    ink = one.colour if coloured else look().grey
    ax.scatter(points.x + moved, points.y, s=0.6 * POINT_SIZE, color=ink, alpha=0.35, linewidths=0, label="data")


def _draw_lines(ax: Axes, fit: AnyFit, rows: Rows, group: str, axis: Axis, colour: str, moved: float) -> None:
    """A line for each level, where it was seen."""
    alpha = float(np.clip(20 / len(rows.x), 0.15, 0.8))
    marker: dict[str, Any] = {"marker": "o", "markersize": 2.5} if axis.texts else {}
    lines = expected_lines(fit, rows, group, 0.5).mean
    for x, line, seen in zip(rows.x, lines, rows.seen, strict=True):
        if seen.any():
            ax.plot(
                x[seen] + moved, line[seen], color=colour, linewidth=0.9, alpha=alpha, zorder=3, label="level", **marker
            )


def _draw_mean(ax: Axes, fit: AnyFit, rows: Rows, ink: str, moved: float) -> None:
    """The mean of the levels' lines without effects of groups, over the levels that were seen at all."""
    there = rows.seen.any(axis=1)
    if not there.any():
        return
    population = expected_lines(fit, rows, None, 0.5).mean[there].mean(axis=0)
    inside = rows.seen.any(axis=0)
    ax.plot(
        rows.x[0][inside] + moved, population[inside], color=ink, linewidth=1.8, zorder=4, label="fixed effects alone"
    )


def _handles(colours: list[_Colour], coloured: bool, with_mean: bool) -> list[Line2D]:
    style = look()
    handles = []
    if not coloured:
        dot: dict[str, Any] = {"marker": "o", "markersize": 3, "linestyle": "", "alpha": 0.6}
        handles.append(Line2D([], [], color=style.grey, label="data", **dot))
    for one in colours:
        dots: dict[str, Any] = {"marker": "o", "markersize": 3} if coloured else {}
        label = literal(one.label, inches=_NAMED)
        handles.append(Line2D([], [], color=one.colour, linewidth=0.9, alpha=0.7, label=label, **dots))
    if with_mean:
        handles.append(Line2D([], [], color=style.ink, linewidth=1.8, label="fixed effects alone, mean over levels"))
    return handles
