"""The lines of all levels of a group in one panel a fit: how far they lie apart, and about which mean."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from bayesmix.report.pages.units import column_with_unit
from bayesmix.report.pictures.line_data import points_at, response_label
from bayesmix.report.pictures.line_expected import expected_lines, height_of_others, values_of_a_row
from bayesmix.report.pictures.line_grid import Axis, group_term
from bayesmix.report.pictures.line_rows import rows_for
from bayesmix.report.pictures.plot_arguments import AnyFit
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_look import BLUE, POINT_SIZE, look
from bayesmix.report.pictures.plot_style import frame, panel_title, panels
from bayesmix.report.pictures.plot_text import shortened
from bayesmix.report.pictures.plot_ticks import ticks_at_values

_WIDTH, _HEIGHT = 3.6, 3.2  # inches of a panel
_NAMED = 3.0  # inches of a name in the caption


def draw_together(fits: Mapping[str, AnyFit], group: str, axis: Axis, binary: bool, canvas: Canvas) -> Figure:
    """A panel for each fit with the lines of all levels, the data behind them."""
    *_, last = fits.values()
    how = "give one fit"
    figure, axes = panels(
        canvas, len(fits), n_columns=3, width=_WIDTH, height=_HEIGHT, margin=1.2, share_x=True, share_y=True, how=how
    )
    levels = np.unique(group_term(last.design, group).index)
    designs = [fit.design for fit in fits.values()]
    rows = rows_for(
        designs, group, axis, levels, at_once=values_of_a_row(list(fits.values())), height=height_of_others(last, axis)
    )
    everywhere = np.ones(last.design.n_obs, dtype=bool)
    points = points_at(last.design, axis, everywhere, binary=binary)
    style = look()
    for ax, (label, fit) in zip(axes, fits.items(), strict=True):
        ax.scatter(points.x, points.y, s=0.6 * POINT_SIZE, color=style.grey, alpha=0.35, linewidths=0, label="data")
        lines = np.where(rows.seen, expected_lines(fit, rows, group, 0.5).mean, np.nan)
        _draw_lines(ax, axis, rows.x, lines)
        if not axis.steady:
            population = expected_lines(fit, rows, None, 0.5).mean.mean(axis=0)
            ax.plot(rows.x[0], population, color=style.ink, linewidth=1.8, zorder=4, label="fixed effects alone")
        if len(fits) > 1:
            panel_title(ax, label, inches=0.85 * _WIDTH)
        if axis.texts:
            ax.set_xticks(axis.grid, [shortened(text, 1.0).replace("$", r"\$") for text in axis.texts])
        else:
            ticks_at_values(ax, axis.data, figure.get_figwidth() / min(3, len(fits)))
    held = (
        f" Other predictors: averaged over the rows of each level ({', '.join(rows.averaged)})."
        if rows.averaged
        else ""
    )
    of_levels = f"{len(levels)} levels of {shortened(group, _NAMED)}"
    text = f"Expected response of the {of_levels}, posterior means or estimates.{held}"
    handles = [
        Line2D([], [], color=style.grey, marker="o", markersize=3, linestyle="", alpha=0.6, label="data"),
        Line2D([], [], color=BLUE, linewidth=0.9, alpha=0.7, label="levels"),
    ]
    if not axis.steady:
        handles.append(Line2D([], [], color=style.ink, linewidth=1.8, label="fixed effects alone, mean over levels"))
    label = response_label(last.design, binary=binary)
    frame(figure, canvas, text=text, x_label=column_with_unit(last.design, axis.name), y_label=label, handles=handles)
    return figure


def _draw_lines(ax: Axes, axis: Axis, x: NDArray[np.float64], lines: NDArray[np.float64]) -> None:
    alpha = float(np.clip(20 / len(lines), 0.15, 0.8))
    marker: dict[str, Any] = {"marker": "o", "markersize": 2.5} if axis.texts else {}
    for own, line in zip(x, lines, strict=True):
        ax.plot(own, line, color=BLUE, linewidth=0.9, alpha=alpha, zorder=3, label="level", **marker)
