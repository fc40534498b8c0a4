"""The data with the fitted lines, one panel for each level of a group: what pooling does."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bayesmix.errors import ArgumentError
from bayesmix.formula.columns import level_texts
from bayesmix.formula.design import Design
from bayesmix.formula.syntax import columns_in
from bayesmix.inference.arguments import a_column, a_count
from bayesmix.modelling.lm_record import LmFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit
from bayesmix.report.line_data import points_at, response_label, separate_lines
from bayesmix.report.line_expected import expected_lines, lines_at_mean, values_of_a_row
from bayesmix.report.line_grid import Axis, choose_axis, group_term, is_factor
from bayesmix.report.line_panels import (
    Layer,
    Panels,
    draw_panel,
    handles_of,
    is_apart,
    layer_look,
    set_limits,
    set_ticks,
)
from bayesmix.report.line_rows import Rows, rows_for
from bayesmix.report.lines_together import draw_together
from bayesmix.report.plot_arguments import AnyFit, a_canvas, a_text_or_none, labelled_fits
from bayesmix.report.plot_look import look
from bayesmix.report.plot_style import frame, panels
from bayesmix.report.plot_text import literal, shortened
from bayesmix.report.units import column_with_unit

PROB = 0.95
_PANEL_AREA = 9.5  # inches across
_LEGEND = 3.0  # inches of the name of a fit
_NAMED = 3.0  # inches of a name in the caption
_OF_PANEL = 0.85  # of a panel's width is what its axes leave for the title


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
    in which the levels lie. The no-pooling line is least squares of the points on x alone. With a curved link and very
    many rows some 30 or more stand for those of a level, evenly spread over the response.
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
        return draw_together(by_label, group, axis, _is_binary(last), canvas)
    levels, n_levels = _panel_levels(by_label, group, axis, max_panels)
    if by is None:
        shown, rows = _of_fits(by_label, group, axis, levels)
    else:
        shown, rows = _of_factor(by_label, group, axis, levels, _a_factor(last.design, by, axis, group))
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
    sorting = "slope" if _varies_by_group(last, group, axis) else "the height of the line"
    frame(
        figure,
        canvas,
        text=_caption(group, n_levels, len(levels), sorting, shown, rows, last, apart),
        x_label=column_with_unit(last.design, axis.name),
        y_label=response_label(last.design, binary=_is_binary(last)),
        handles=handles_of(shown, prob=PROB, longest=min(_LEGEND, figure.get_figwidth() - 1.0)),
    )
    return figure


def _panel_levels(
    by_label: Mapping[str, AnyFit], group: str, axis: Axis, max_panels: int
) -> tuple[NDArray[np.intp], int]:
    """The levels that are drawn, in the order of their panels, and how many there are."""
    *_, last = by_label.values()
    every = np.unique(group_term(last.design, group).index)
    designs = [fit.design for fit in by_label.values()]
    rise = _varies_by_group(last, group, axis)
    ends = np.tile(axis.grid[[0, -1]] if rise or axis.texts == () else axis.grid, (len(every), 1))
    x = None if axis.steady and not axis.texts else ends
    lines = lines_at_mean(last, rows_for(designs, group, axis, every, x=x, at_once=30), group)
    order = np.argsort(lines[:, -1] - lines[:, 0] if rise else lines.mean(axis=1), kind="stable")
    return every[order[evenly_spaced(len(order), max_panels)]], len(every)


def _of_fits(by_label: Mapping[str, AnyFit], group: str, axis: Axis, levels: NDArray[np.intp]) -> tuple[Panels, Rows]:
    """Every fit a layer, the last with its band."""
    fits = list(by_label.values())
    last = fits[-1]
    rows = rows_for([fit.design for fit in fits], group, axis, levels, at_once=values_of_a_row(fits))
    layers = []
    for number, (label, fit) in enumerate(by_label.items()):
        colour, dash, marker = layer_look(number, len(fits))
        with_band = fit is last and isinstance(fit, Fit)
        lines = expected_lines(fit, rows, group, PROB)
        layers.append(Layer(label, lines, rows, colour, dash, marker, with_band))
    points = _points(last, group, axis, levels)
    shown = Panels(
        axis=axis,
        layers=tuple(layers),
        points=points,
        separate=separate_lines(last, rows, group, axis, levels),
        population=expected_lines(last, rows, None, PROB).mean,
        greatest=max(float(p.size.max(initial=1.0)) for p in points),
    )
    return shown, rows


def _of_factor(
    by_label: Mapping[str, AnyFit], group: str, axis: Axis, levels: NDArray[np.intp], by: str
) -> tuple[Panels, Rows]:
    """Every level of the factor `by` a layer, with points in its colour."""
    if len(by_label) > 1:
        raise ArgumentError(f"by= colours the lines of one fit; got {len(by_label)} fits.")
    (fit,) = by_label.values()
    column = fit.design.data[by]
    values, texts = level_texts(column)
    layers, rows = [], None
    for number, (value, text) in enumerate(zip(values, texts, strict=True)):
        only = (column == value).to_numpy(dtype=bool)
        rows = rows_for([fit.design], group, axis, levels, at_once=values_of_a_row([fit]), only=only)
        colour, dash, marker = layer_look(len(values) - 1 - number, len(values))
        lines, points = expected_lines(fit, rows, group, PROB), _points(fit, group, axis, levels, only)
        layers.append(Layer(f"{by} = {text}", lines, rows, colour, dash, marker, isinstance(fit, Fit), tuple(points)))
    every = _points(fit, group, axis, levels)
    greatest = max(float(p.size.max(initial=1.0)) for p in every)
    shown = Panels(axis, tuple(layers), every, separate=None, population=None, greatest=greatest)
    if rows is None:
        raise ArgumentError(f"by={by!r} has no levels.")
    return shown, rows


def _points(
    fit: AnyFit, group: str, axis: Axis, levels: NDArray[np.intp], only: NDArray[np.bool_] | None = None
) -> list:
    index = group_term(fit.design, group).index
    kept = np.ones(len(index), dtype=bool) if only is None else only
    return [points_at(fit.design, axis, (index == level) & kept, binary=_is_binary(fit)) for level in levels]


def _is_binary(fit: AnyFit) -> bool:
    return not isinstance(fit, RemlFit | LmFit) and fit.family.response == "binary"


def _a_factor(design: Design, by: str, axis: Axis, group: str) -> str:
    by = a_column(design.data, by, argument="by")
    if by == axis.name or by in group.split(":") or not is_factor(design, by) or design.data[by].isna().any():
        raise ArgumentError(
            f"by={by!r} is to be a factor without missing values, neither the group nor along the axis; its levels "
            "get a colour each."
        )
    return by


def evenly_spaced(n: int, at_most: int) -> NDArray[np.intp]:
    """At most `at_most` of the positions 0 to n - 1, evenly spaced, both ends among them."""
    if n <= at_most:
        return np.arange(n)
    return np.round(np.linspace(0, n - 1, at_most)).astype(np.intp) if at_most > 1 else np.array([n // 2])


def _columns(n_panels: int) -> int:
    """Panels in a row: somewhat more than rows, and where possible without gaps in the last row."""
    if n_panels <= 4:
        return n_panels
    wish = np.sqrt(1.7 * n_panels)
    options = range(max(3, int(wish * 0.8)), min(8, int(wish * 1.35)) + 1)
    return min(options, key=lambda n: (-n_panels % n, abs(n - wish)), default=8)


def _varies_by_group(fit: AnyFit, group: str, axis: Axis) -> bool:
    own = [term for term in fit.design.formula.random if term.group_label == group]
    nodes = [variable for random in own for term in random.terms for variable in term.variables]
    return axis.name in {name.name for node in nodes for name in columns_in(node)}


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
    if apart:
        parts.append("Each panel has its own vertical scale.")
    if shown.greatest > 1:
        parts.append("Areas of points grow with the number of trials.")
    if shown.separate is None and shown.population is not None:
        link = "" if isinstance(fit, RemlFit | LmFit) else fit.family.link
        parts.append(f"No pooling is left out: with a {link} link a level's own curve need not exist.")
    return " ".join(parts)
