"""The data with the fitted lines, one panel for each level of a group: what pooling does."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmix.errors import ArgumentError, counted
from bayesmix.families.family import Family
from bayesmix.hints import with_hints
from bayesmix.inference.shared.arguments import a_count
from bayesmix.inference.shared.unordered import refuse_unordered
from bayesmix.modelling.kinds import family_of
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.units import column_with_unit
from bayesmix.report.pictures.line_data import response_label
from bayesmix.report.pictures.line_grid import Axis, choose_axis, group_levels
from bayesmix.report.pictures.line_layers import (
    PROB,
    a_factor,
    has_group,
    is_binary,
    layers_of_factor,
    layers_of_fits,
    panel_levels,
    varies_by_group,
)
from bayesmix.report.pictures.line_panels import Panels, draw_panel, handles_of, is_apart, set_limits, set_ticks
from bayesmix.report.pictures.line_rows import Rows
from bayesmix.report.pictures.lines_together import Together, draw_together
from bayesmix.report.pictures.plot_arguments import AnyFit, a_canvas, a_text_or_none, labelled_fits
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_look import literal, look, shortened
from bayesmix.report.pictures.plot_style import frame, panels

_PANEL_AREA = 9.5  # inches across
_LEGEND = 3.0  # inches of the name of a fit
_NAMED = 3.0  # inches of a name in the caption
_OF_PANEL = 0.85  # share of a panel's width that its axes leave for the title


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
        ``{"random intercepts": first, "random slopes": second}``. A fit without the grouping factor, such as a fit by
        `bm.lm`, has the same line in all panels, or with the levels among its fixed effects no pooling.
    x
        The column along the horizontal axis. By default the first predictor that varies within the group's
        levels, a number before a factor.
    group
        The grouping factor, by default the formula's first; or any column of the data, for fits without one.
    by
        A factor among the columns, with a single fit: each of its levels in which a level of the group was seen has a
        line, and its points, in its own colour.
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
        occur. Along a number lines are no longer than the level's observations, and near them. Panels have their own
        vertical scales where a few panels would determine a common one.

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
    by = None if by is None else a_factor(last.design, by, axis, group)
    if not facet:
        return _all_in_one(draw_together(by_label, group, axis, by, canvas), last, group, axis, canvas)
    levels, n_levels = panel_levels(by_label, group, axis, max_panels)
    if by is None:
        shown, rows = layers_of_fits(by_label, group, axis, levels)
    else:
        shown, rows = layers_of_factor(by_label, group, axis, levels, by)
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
    style, names = look(), group_levels(last.design, group).levels
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
    caption_text = f"{head} {_caption(shown, rows, last, group, apart)}"
    handles = handles_of(shown, prob=PROB, longest=min(_LEGEND, figure.get_figwidth() - 1.0))
    frame(figure, canvas, text=caption_text, handles=handles, **_labels(last, axis))
    return figure


def _all_in_one(drawn: Together, fit: AnyFit, group: str, axis: Axis, canvas: Canvas) -> Figure:
    """The picture with all lines in one panel, with its caption and legend."""
    of_levels = f"{counted(drawn.n_levels, 'level')} of {shortened(group, _NAMED)}"
    text = f"Expected response of the {of_levels}, posterior means or estimates."
    if not axis.texts:
        text += " Each line is as long as its level was observed."
    text += _about_others(drawn.rows) + _about_group(fit, group)
    frame(drawn.figure, canvas, text=text, handles=drawn.handles, **_labels(fit, axis))
    return drawn.figure


def _labels(fit: AnyFit, axis: Axis) -> dict[str, str]:
    """The common labels of all panels."""
    x_label, y_label = column_with_unit(fit.design, axis.name), response_label(fit.design, binary=is_binary(fit))
    return {"x_label": x_label, "y_label": y_label}


def _about_others(rows: Rows) -> str:
    """What a caption says of the other predictors."""
    names = ", ".join(shortened(name, _NAMED) for name in rows.averaged)
    return f" Other predictors: averaged over the rows of each level ({names})." if names else ""


def _about_group(fit: AnyFit, group: str) -> str:
    """What a caption says where the lines are not those of a grouping factor of the model."""
    return "" if has_group(fit, group) or not fit.design.random else " Effects of groups are 0."


def _columns(n_panels: int) -> int:
    """The number of panels in a row: somewhat more than rows, and where possible without gaps in the last row."""
    if n_panels <= 4:
        return n_panels
    wish = np.sqrt(1.7 * n_panels)
    options = range(max(3, int(wish * 0.8)), min(8, int(wish * 1.35)) + 1)
    return min(options, key=lambda n: (-n_panels % n, abs(n - wish)), default=8)


def _caption(shown: Panels, rows: Rows, fit: AnyFit, group: str, apart: bool) -> str:
    marks, band = ("Marks", "bar") if shown.axis.texts else ("Lines", "band")
    mean = "posterior mean of the expected response" if isinstance(fit, Fit) else "expected response at the estimates"
    text = f"{marks}: {mean}"
    if any(layer.with_band for layer in shown.layers):
        last = "" if all(layer.with_band for layer in shown.layers) else " of the last fit"
        text += f"; {band}: {100 * PROB:g} % equal-tailed interval{last}"
    text += f".{_about_others(rows)}{_about_group(fit, group)}"
    if any(np.isnan(layer.lines.mean[layer.rows.seen]).any() for layer in shown.layers):
        text += " Means over cells of which some were never observed are not estimable and not drawn."
    if apart:
        text += " Each panel has its own vertical scale."
    if shown.greatest > 1:
        text += " Areas of points grow with the number of trials."
    censored = fit.design.response.censoring is not None
    if censored:
        text += " The point of a censored row is its bound."
    if shown.separate is None and not any(layer.points for layer in shown.layers):
        text += f" No pooling is left out: {_without_lines(family_of(fit), censored=censored)}."
    return text


def _without_lines(family: Family, *, censored: bool) -> str:
    """Why levels have no lines of their own."""
    if censored:
        return "least squares takes no bounds"
    where = f"with a {family.link} link" if family.link != "identity" else f"for family {family.name}"
    return f"{where} a level's own curve need not exist"
