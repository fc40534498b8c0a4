"""The data with the fitted lines, one panel for each level of a group: what pooling does."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmix.errors import ArgumentError
from bayesmix.hints import with_hints
from bayesmix.inference.shared.arguments import a_count
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.units import column_with_unit
from bayesmix.report.pictures.line_data import response_label
from bayesmix.report.pictures.line_grid import choose_axis, group_term
from bayesmix.report.pictures.line_layers import (
    PROB,
    a_factor,
    is_binary,
    layers_of_factor,
    layers_of_fits,
    panel_levels,
    varies_by_group,
)
from bayesmix.report.pictures.line_panels import Panels, draw_panel, handles_of, is_apart, set_limits, set_ticks
from bayesmix.report.pictures.line_rows import Rows
from bayesmix.report.pictures.lines_together import draw_together
from bayesmix.report.pictures.plot_arguments import AnyFit, a_canvas, a_text_or_none, family_of, labelled_fits
from bayesmix.report.pictures.plot_look import look
from bayesmix.report.pictures.plot_style import frame, panels
from bayesmix.report.pictures.plot_text import literal, shortened

_PANEL_AREA = 9.5  # inches across
_LEGEND = 3.0  # inches of the name of a fit
_NAMED = 3.0  # inches of a name in the caption
_OF_PANEL = 0.85  # of a panel's width is what its axes leave for the title


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

    From bottom to top: the data; each level's own least-squares line (no pooling); what the fixed effects alone
    say (thin dashes); and the expected response under each fit (partial pooling), with the interval of the last.
    Panels are sorted by the last fit: by the rise of the line from left to right where x varies by group, otherwise
    by its height.

    Parameters
    ----------
    fits
        A fit, or several of the same data by legend label:
        ``{"random intercepts": first, "random slopes": second}``. The last one has the grouping factor; one that lacks
        it, such as a fit by `bm.lm`, has the same line in all panels.
    x
        The column along the horizontal axis. By default the first predictor that varies within the group's
        levels, a number before a factor.
    group
        The grouping factor; the formula's first by default.
    by
        A factor among the columns: a line and points in a colour of their own for each of its levels, of a single fit.
    facet
        False: the lines of all levels in one panel for each fit.
    max_panels
        With more levels than this, evenly spaced ones in the order of the panels are drawn.
    ax
        Where to draw a single panel, with ``facet=False`` or ``max_panels=1``; by default a new figure.
    figsize
        Width and height of a new figure in inches; by default what the panels need.
    caption
        Whether the sentences below the panels are written.

    Returns
    -------
    matplotlib.figure.Figure
        Response scale. Points are observations; for counts of trials proportions, for a yes-or-no response the
        proportion at each x, with areas that grow with the number. A line is the mean over the level's own rows with x
        moved along the axis, so that it stands for the same values of the other predictors as the points. Where x does
        not vary within levels a line is drawn about the level's own value, and where x is a factor at those of its
        levels that occur. Panels have their own vertical scales where a few would decide a common one.

    Raises
    ------
    ArgumentError, UnknownColumnError, UnknownTermError
        One line that names the argument and what is known.

    Notes
    -----
    Lines are the posterior mean of the expected response, of REML, Laplace and lm fits the estimate; the band its
    equal-tailed 95 % interval: it holds the line, not new observations. Effects of other groups are 0, except of groups
    in which the levels lie. The no-pooling line is least squares of the points on x alone. With a curved link and many
    rows 30 or more stand for those of a level, evenly spread over what the fixed part makes of the other predictors.
    """
    by_label, group = labelled_fits(fits, group)
    max_panels = a_count(max_panels, argument="max_panels")
    canvas = a_canvas(ax=ax, figsize=figsize, caption=caption)
    if not isinstance(facet, bool | np.bool_):
        raise ArgumentError("facet is True, a panel for each level, or False, one panel for all.")
    *_, last = by_label.values()
    axis = choose_axis(last.design, group, a_text_or_none(x, argument="x"))
    if not facet:
        if by is not None:
            raise ArgumentError("by= colours the panels of the levels; leave it out with facet=False.")
        return draw_together(by_label, group, axis, is_binary(last), canvas)
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
        how="take max_panels=1 or facet=False",
    )
    style, names = look(), group_term(last.design, group).levels
    width = width if canvas.ax is not None else figure.get_figwidth() / n_columns
    for place, panel in enumerate(axes):
        title = literal(names[levels[place]], inches=_OF_PANEL * width)
        panel.set_title(title, fontsize=style.small, color=style.ink, pad=3)
        draw_panel(panel, shown, place)
    set_limits(list(axes), shown, apart=apart)
    set_ticks(list(axes), axis, width)
    sorting = "slope" if varies_by_group(last, group, axis) else "the height of the line"
    frame(
        figure,
        canvas,
        text=_caption(group, n_levels, len(levels), sorting, shown, rows, last, apart),
        x_label=column_with_unit(last.design, axis.name),
        y_label=response_label(last.design, binary=is_binary(last)),
        handles=handles_of(shown, prob=PROB, longest=min(_LEGEND, figure.get_figwidth() - 1.0)),
    )
    return figure


def _columns(n_panels: int) -> int:
    """Panels in a row: somewhat more than rows, and where possible without gaps in the last row."""
    if n_panels <= 4:
        return n_panels
    wish = np.sqrt(1.7 * n_panels)
    options = range(max(3, int(wish * 0.8)), min(8, int(wish * 1.35)) + 1)
    return min(options, key=lambda n: (-n_panels % n, abs(n - wish)), default=8)


def _caption(
    group: str,
    n_levels: int,
    n_shown: int,
    sorting: str,
    shown: Panels,
    rows: Rows,
    fit: AnyFit,
    apart: bool,
) -> str:
    levels = f"{n_levels} levels" if n_shown == n_levels else f"{n_shown} of {n_levels} levels, evenly spaced"
    along = "Marks" if shown.axis.texts else "Lines"
    what = "posterior mean of the expected response" if isinstance(fit, Fit) else "expected response at the estimates"
    parts = [f"One panel for each level of {shortened(group, _NAMED)} ({levels}), sorted by {sorting}. {along}: {what}"]
    if any(layer.with_band for layer in shown.layers):
        last = "" if all(layer.with_band for layer in shown.layers) else " of the last fit"
        band = "bar" if shown.axis.texts else "band"
        parts[0] += f"; {band}: {100 * PROB:g} % equal-tailed interval{last}"
    parts[0] += "."
    if rows.averaged:
        names = ", ".join(shortened(one, _NAMED) for one in rows.averaged)
        parts.append(f"Other predictors: averaged over the rows of each level ({names}).")
    if any(np.isnan(layer.lines.mean[layer.rows.seen]).any() for layer in shown.layers):
        parts.append("Means over cells of which some were never observed are not estimable and not drawn.")
    if apart:
        parts.append("Each panel has its own vertical scale.")
    if shown.greatest > 1:
        parts.append("Areas of points grow with the number of trials.")
    if shown.separate is None and shown.population is not None:
        family = family_of(fit)
        where = f"with a {family.link} link" if family.link != "identity" else f"for family {family.name}"
        parts.append(f"No pooling is left out: {where} a level's own curve need not exist.")
    return " ".join(parts)
