"""The data with the fitted lines, one panel for each level of a group: what pooling does."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bayesmix.errors import ArgumentError
from bayesmix.families.family import Family
from bayesmix.hints import with_hints
from bayesmix.inference.shared.arguments import a_count
from bayesmix.inference.shared.unordered import refuse_unordered
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.units import column_with_unit
from bayesmix.report.pictures.line_data import points_at, response_label
from bayesmix.report.pictures.line_expectations import expected_lines
from bayesmix.report.pictures.line_grid import Axis, choose_axis, group_term
from bayesmix.report.pictures.line_layers import (
    PROB,
    a_factor,
    is_binary,
    layers_of_factor,
    layers_of_fits,
    panel_levels,
    rows_of_fits,
    varies_by_group,
)
from bayesmix.report.pictures.line_panels import Panels, draw_panel, handles_of, is_apart, set_limits, set_ticks
from bayesmix.report.pictures.line_rows import Rows
from bayesmix.report.pictures.plot_arguments import AnyFit, a_canvas, a_text_or_none, family_of, labelled_fits
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_look import BLUE, POINT_SIZE, literal, look, shortened
from bayesmix.report.pictures.plot_style import frame, panel_title, panels
from bayesmix.report.pictures.plot_ticks import ticks_at_values

_PANEL_AREA = 9.5  # inches across
_LEGEND = 3.0  # inches of the name of a fit
_NAMED = 3.0  # inches of a name in the caption
_OF_PANEL = 0.85  # share of a panel's width that its axes leave for the title

_TOGETHER_WIDTH, _TOGETHER_HEIGHT = 3.6, 3.2  # inches of a panel
_NAMED_ = 3.0  # inches of a name in the caption


@with_hints
def plot_lines(
    fits: AnyFit | Mapping[str, AnyFit],
    x: str | None = None,
    group: str | None = None,
    *,
    by: str | None = None,
    facet: bool = True,
    max_panels: int = 24,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Figure:
    """Data and fitted lines, one panel for each level of a grouping factor, in layers.

    From bottom to top: the data; each level's own least-squares line (no pooling); the line of the fixed effects alone
    (thin dashes); and the expected response under each fit (partial pooling), with the interval of the last. Panels are
    sorted by the last fit: by the rise of the line from left to right where x varies by group, otherwise by its height.

    Parameters
    ----------
    fits
        A fit, or several of the same data by legend label:
        ``{"random intercepts": first, "random slopes": second}``. The last one has the grouping factor; a fit without
        it, such as a fit by `bm.lm`, has the same line in all panels.
    x
        The column along the horizontal axis. By default the first predictor that varies within the group's
        levels, a number before a factor.
    group
        The grouping factor; the formula's first by default.
    by
        A factor among the columns, with a single fit: each of its levels has a line and points in its own colour.
    facet
        False: the lines of all levels in one panel for each fit.
    max_panels
        Of more levels than this, evenly spaced ones in the order of the panels are drawn.
    ax, figsize, caption
        Axes for a single panel, with ``facet=False`` or ``max_panels=1``; or the size of a new figure in inches, by
        default what the panels need. Whether the caption is written.

    Returns
    -------
    matplotlib.figure.Figure
        Response scale. Points are observations, proportions for counts of trials, or for a yes-or-no response the
        proportion at each x; their areas grow with the number. A line is the mean over the level's own rows with x
        moved along the axis, so that it represents the same values of the other predictors as the points. If x does not
        vary within levels, a line is drawn around the level's own value; if x is a factor, at those of its values that
        occur. Panels have their own vertical scales where a few panels would determine a common one.

    Raises
    ------
    ArgumentError, UnknownColumnError, UnknownTermError
        One line that names the argument and what is known.

    Notes
    -----
    Lines are the posterior mean of the expected response, or the estimate for REML, Laplace and lm fits. The band is
    its equal-tailed 95 % interval: it holds the line, not new observations. Effects of other groups are 0, except of
    groups in which the levels are nested. The no-pooling line is the least-squares regression of the points on x alone.
    With a curved link, 30 rows or more represent the many rows of a level, evenly spread over the other predictors'
    contribution to the fixed part.
    """
    by_label, group = labelled_fits(fits, group)
    for fit in by_label.values():
        refuse_unordered(fit.design, question="plot_lines")
    max_panels = a_count(max_panels, argument="max_panels")
    canvas = a_canvas(ax=ax, figsize=figsize, caption=caption)
    if not isinstance(facet, bool | np.bool_):
        raise ArgumentError("facet is True, a panel for each level, or False, one panel for all.")
    *_, last = by_label.values()
    axis = choose_axis(last.design, group, a_text_or_none(x, argument="x"))
    if not facet:
        if by is not None:
            raise ArgumentError("by= colours the panels of the levels; leave it out with facet=False.")
        return _draw_together(by_label, group, axis, canvas)
    levels, n_levels = panel_levels(by_label, group, axis, max_panels)
    if by is None:
        shown, rows = layers_of_fits(by_label, group, axis, levels)
    else:
        shown, rows = layers_of_factor(by_label, group, axis, levels, a_factor(last.design, by, axis, group))
    n_columns = _columns(len(levels))
    width = float(np.clip(_PANEL_AREA / n_columns, 1.3, 2.8))
    apart = is_apart(shown, len(levels))
    figure, axes = panels(
        canvas,
        len(levels),
        n_columns=n_columns,
        width=width,
        height=0.5 + 0.75 * width,
        margin=1.5,
        share_x=True,
        share_y=not apart,
        advice="take max_panels=1 or facet=False",
    )
    style, names = look(), group_term(last.design, group).levels
    width = width if canvas.ax is not None else figure.get_figwidth() / n_columns
    for place, panel in enumerate(axes):
        title = literal(names[levels[place]], inches=_OF_PANEL * width)
        panel.set_title(title, fontsize=style.small, color=style.ink, pad=3)
        draw_panel(panel, shown, place)
    set_limits(list(axes), shown, apart=apart)
    set_ticks(list(axes), axis, width)
    counted = f"{n_levels} levels" if n_levels == len(levels) else f"{len(levels)} of {n_levels} levels, evenly spaced"
    sorting = "slope" if varies_by_group(last, group, axis) else "the height of the line"
    head = f"One panel for each level of {shortened(group, _NAMED)} ({counted}), sorted by {sorting}."
    caption_text = f"{head} {_caption(shown, rows, last, apart)}"
    handles = handles_of(shown, prob=PROB, longest=min(_LEGEND, figure.get_figwidth() - 1.0))
    frame(figure, canvas, text=caption_text, handles=handles, **_labels(last, axis))
    return figure


def _labels(fit: AnyFit, axis: Axis) -> dict[str, str]:
    """The common labels of all panels."""
    x_label, y_label = column_with_unit(fit.design, axis.name), response_label(fit.design, binary=is_binary(fit))
    return {"x_label": x_label, "y_label": y_label}


def _about_others(rows: Rows) -> str:
    """What a caption says of the other predictors."""
    names = ", ".join(shortened(name, _NAMED) for name in rows.averaged)
    return f" Other predictors: averaged over the rows of each level ({names})." if names else ""


def _columns(n_panels: int) -> int:
    """The number of panels in a row: somewhat more than rows, and where possible without gaps in the last row."""
    if n_panels <= 4:
        return n_panels
    wish = np.sqrt(1.7 * n_panels)
    options = range(max(3, int(wish * 0.8)), min(8, int(wish * 1.35)) + 1)
    return min(options, key=lambda n: (-n_panels % n, abs(n - wish)), default=8)


def _caption(shown: Panels, rows: Rows, fit: AnyFit, apart: bool) -> str:
    marks, band = ("Marks", "bar") if shown.axis.texts else ("Lines", "band")
    mean = "posterior mean of the expected response" if isinstance(fit, Fit) else "expected response at the estimates"
    text = f"{marks}: {mean}"
    if any(layer.with_band for layer in shown.layers):
        last = "" if all(layer.with_band for layer in shown.layers) else " of the last fit"
        text += f"; {band}: {100 * PROB:g} % equal-tailed interval{last}"
    text += f".{_about_others(rows)}"
    if any(np.isnan(layer.lines.mean[layer.rows.seen]).any() for layer in shown.layers):
        text += " Means over cells of which some were never observed are not estimable and not drawn."
    if apart:
        text += " Each panel has its own vertical scale."
    if shown.greatest > 1:
        text += " Areas of points grow with the number of trials."
    censored = fit.design.response.censoring is not None
    if censored:
        text += " The point of a censored row is its bound."
    if shown.separate is None and shown.population is not None:
        text += f" No pooling is left out: {_without_lines(family_of(fit), censored=censored)}."
    return text


def _without_lines(family: Family, *, censored: bool) -> str:
    """Why levels have no lines of their own."""
    if censored:
        return "least squares takes no bounds"
    where = f"with a {family.link} link" if family.link != "identity" else f"for family {family.name}"
    return f"{where} a level's own curve need not exist"


def _draw_together(fits: Mapping[str, AnyFit], group: str, axis: Axis, canvas: Canvas) -> Figure:
    """A panel for each fit with the data and the lines of all levels: how far they lie apart, and around which mean."""
    *_, last = fits.values()
    figure, axes = panels(
        canvas,
        len(fits),
        n_columns=3,
        width=_TOGETHER_WIDTH,
        height=_TOGETHER_HEIGHT,
        margin=1.2,
        share_x=True,
        share_y=True,
        advice="give one fit",
    )
    levels = np.unique(group_term(last.design, group).index)
    rows = rows_of_fits(list(fits.values()), group, axis, levels)
    everywhere = np.ones(last.design.n_obs, dtype=bool)
    points = points_at(last.design, axis, everywhere, binary=is_binary(last))
    style = look()
    alpha = float(np.clip(20 / len(levels), 0.15, 0.8))
    marker: dict[str, Any] = {"marker": "o", "markersize": 2.5} if axis.texts else {}
    for ax, (label, fit) in zip(axes, fits.items(), strict=True):
        ax.scatter(points.x, points.y, s=0.6 * POINT_SIZE, color=style.grey, alpha=0.35, linewidths=0, label="data")
        lines = np.where(rows.seen, expected_lines(fit, rows, group, 0.5).mean, np.nan)
        for x, line in zip(rows.x, lines, strict=True):
            ax.plot(x, line, color=BLUE, linewidth=0.9, alpha=alpha, zorder=3, label="level", **marker)
        if not axis.steady:
            population = expected_lines(fit, rows, None, 0.5).mean.mean(axis=0)
            ax.plot(rows.x[0], population, color=style.ink, linewidth=1.8, zorder=4, label="fixed effects alone")
        if len(fits) > 1:
            panel_title(ax, label, inches=0.85 * _TOGETHER_WIDTH)
        if axis.texts:
            ax.set_xticks(axis.grid, [literal(text, inches=1.0) for text in axis.texts])
        else:
            ticks_at_values(ax, axis.data, figure.get_figwidth() / min(3, len(fits)))
    of_levels = f"{len(levels)} levels of {shortened(group, _NAMED)}"
    text = f"Expected response of the {of_levels}, posterior means or estimates.{_about_others(rows)}"
    handles = [
        Line2D([], [], color=style.grey, marker="o", markersize=3, linestyle="", alpha=0.6, label="data"),
        Line2D([], [], color=BLUE, linewidth=0.9, alpha=0.7, label="levels"),
    ]
    if not axis.steady:
        handles.append(Line2D([], [], color=style.ink, linewidth=1.8, label="fixed effects alone, mean over levels"))
    frame(figure, canvas, text=text, handles=handles, **_labels(last, axis))
    return figure
