"""The data with the fitted lines, one panel for each level of a group: what pooling does."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from bayesmix.formula.syntax import columns_in
from bayesmix.inference.arguments import a_count
from bayesmix.inference.summarise import Summary
from bayesmix.modelling.record import Fit
from bayesmix.report.line_data import Points, points_at, response_label, separate_lines
from bayesmix.report.line_grid import (
    Axis,
    choose_axis,
    expected_lines,
    group_term,
    lines_at_posterior_mean,
    rows_for,
)
from bayesmix.report.plot_arguments import a_text_or_none, labelled_fits
from bayesmix.report.plot_style import (
    BLUE,
    CYCLE,
    GREY,
    INK,
    POINT_SIZE,
    SMALL_SIZE,
    VERMILION,
    frame,
    panels,
)
from bayesmix.report.plot_text import literal, shortened

PROB = 0.95
_Dash = Literal["-"] | tuple[float, tuple[float, ...]]
_DASHES: tuple[_Dash, ...] = (
    "-",
    (0, (5, 1.5)),
    (0, (1, 1)),
    (0, (5, 1, 1, 1)),
)
_PANEL_AREA = 9.5  # inches across
_TICK = 1.3  # inches of the name of a level below a panel
_LEGEND = 3.0  # inches of the name of a fit
_NAMED = 3.0  # inches of a name in the caption
_OF_PANEL = 0.85  # of a panel's width is what its axes leave for the title


def plot_lines(
    fits: Fit | Mapping[str, Fit], x: str | None = None, group: str | None = None, *, max_panels: int = 24
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
        ``{"random intercepts": first, "random slopes": second}``.
    x
        The column along the horizontal axis. By default the first predictor that varies within the group's
        levels, a number before a factor.
    group
        The grouping factor; the formula's first by default.
    max_panels
        With more levels than this, evenly spaced ones in the order of the panels are drawn.

    Returns
    -------
    matplotlib.figure.Figure
        Response scale. Points are observations; for counts of trials proportions, for a yes-or-no response the
        proportion at each x, with areas that grow with the number. Other predictors that vary within levels are
        held at their mean or first level, as the caption says.

    Raises
    ------
    ArgumentError, UnknownColumnError, UnknownTermError
        One line that names the argument and what is known.

    Notes
    -----
    Lines are the posterior mean of the expected response, the band its equal-tailed 95 % interval: it holds the
    line, not new observations. Effects of other groups are 0, except of groups in which the levels lie.
    """
    by_label, group = labelled_fits(fits, group)
    max_panels = a_count(max_panels, argument="max_panels")
    last = list(by_label.values())[-1]
    axis = choose_axis(last.design, group, a_text_or_none(x, argument="x"))
    designs = [fit.design for fit in by_label.values()]

    every_level = np.unique(group_term(last.design, group).index)
    by_slope = _varies_by_group(last, group, axis)
    at_mean = lines_at_posterior_mean(last, rows_for(designs, group, axis, every_level), group)
    order = np.argsort(at_mean[:, -1] - at_mean[:, 0] if by_slope else at_mean.mean(axis=1), kind="stable")
    levels = every_level[order[evenly_spaced(len(order), max_panels)]]

    rows = rows_for(designs, group, axis, levels)
    lines = {label: expected_lines(fit, rows, group, PROB) for label, fit in by_label.items()}
    population = expected_lines(last, rows, None, PROB).mean
    separate = separate_lines(last, rows, group, axis, levels)
    points = [points_at(last, group, axis, int(level)) for level in levels]

    n_columns = _columns(len(levels))
    width = float(np.clip(_PANEL_AREA / n_columns, 1.3, 2.8))
    figure, axes = panels(
        len(levels), n_columns=n_columns, width=width, height=0.5 + 0.75 * width, margin=1.5, share=True
    )
    names = group_term(last.design, group).levels
    greatest = max(float(p.size.max(initial=1.0)) for p in points)
    for place, ax in enumerate(axes):
        ax.set_title(literal(names[levels[place]], inches=_OF_PANEL * width), fontsize=SMALL_SIZE, color=INK, pad=3)
        _draw_panel(ax, axis, place, points[place], greatest, separate, population, lines)
    _common_axes(axes[0], axis, points, lines, width)
    sorting = "slope" if by_slope else "the height of the line"
    text = _caption(group, len(every_level), len(levels), sorting, rows.held, last, separate is None, greatest > 1)
    height = _legend(figure, list(by_label), axis, separate is not None)
    frame(figure, text=text, x_label=axis.name, y_label=response_label(last), top=height)
    return figure


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


def _varies_by_group(fit: Fit, group: str, axis: Axis) -> bool:
    own = [term for term in fit.design.formula.random if term.group_label == group]
    nodes = [variable for random in own for term in random.terms for variable in term.variables]
    return axis.name in {name.name for node in nodes for name in columns_in(node)}


def _draw_panel(
    ax: Axes,
    axis: Axis,
    place: int,
    points: Points,
    greatest: float,
    separate: NDArray[np.float64] | None,
    population: NDArray[np.float64],
    lines: Mapping[str, Summary],
) -> None:
    if separate is not None:
        ax.plot(axis.grid, separate[place], color=GREY, linewidth=0.9, zorder=2, label="no pooling")
    ax.plot(
        axis.grid, population[place], color=INK, linewidth=0.7, dashes=(4, 3), zorder=2.5, label="fixed effects alone"
    )
    colours = _colours(len(lines))
    for i, (label, summary) in enumerate(lines.items()):
        if i == len(lines) - 1:
            ax.fill_between(
                axis.grid,
                summary.lower[place],
                summary.upper[place],
                color=colours[i],
                alpha=0.18,
                linewidth=0,
                zorder=1,
            )
        ax.plot(
            axis.grid,
            summary.mean[place],
            color=colours[i],
            linestyle=_dash(i, len(lines)),
            linewidth=1.5,
            zorder=3,
            label=label,
        )
    area = POINT_SIZE * (0.4 + 1.6 * points.size / greatest) if greatest > 1 else POINT_SIZE
    ax.scatter(points.x, points.y, s=area, color=INK, alpha=0.75, linewidths=0, zorder=4, label="data")


def _colours(n: int) -> tuple[str, ...]:
    """The last fit is blue, the one before it vermilion."""
    first = (BLUE, VERMILION, *CYCLE[2:])
    return tuple(first[(n - 1 - i) % len(first)] for i in range(n))


def _dash(i: int, n: int) -> _Dash:
    return _DASHES[(n - 1 - i) % len(_DASHES)]


def _common_axes(ax: Axes, axis: Axis, points: list[Points], lines: Mapping[str, Summary], width: float) -> None:
    """Limits from data, lines and band; a wild line of one level alone may leave the panel."""
    *_, last = lines.values()
    values = np.concatenate([p.y for p in points] + [last.lower.ravel(), last.upper.ravel()])
    values = np.concatenate([values, *(summary.mean.ravel() for summary in lines.values())])
    room = 0.05 * np.ptp(values) or 0.5
    ax.set_ylim(values.min() - room, values.max() + room)
    if axis.texts:
        ax.set_xlim(-0.4, len(axis.texts) - 0.6)
        texts = [literal(text, inches=_TICK) for text in axis.texts]
        too_long = sum(len(text) + 2 for text in texts) > width * 11
        ax.set_xticks(axis.grid, texts, rotation=90 if too_long else 0)
        for other in ax.get_shared_x_axes().get_siblings(ax):
            other.tick_params(axis="x", labelrotation=90 if too_long else 0)
    else:
        ax.locator_params(axis="x", nbins=5)


def _caption(
    group: str,
    n_levels: int,
    n_shown: int,
    sorting: str,
    held: tuple[str, ...],
    fit: Fit,
    no_separate: bool,
    sized: bool,
) -> str:
    shown = f"{n_levels} levels" if n_shown == n_levels else f"{n_shown} of {n_levels} levels, evenly spaced"
    parts = [
        f"One panel for each level of {shortened(group, _NAMED)} ({shown}), sorted by {sorting}. "
        f"Lines: posterior mean of the expected response; band: {100 * PROB:g} % equal-tailed interval of the last "
        "line."
    ]
    if held:
        parts.append(f"Other predictors: {', '.join(shortened(one, _NAMED) for one in held)}.")
    if sized:
        parts.append("Areas of points grow with the number of trials.")
    if no_separate:
        parts.append(f"No pooling is left out: with a {fit.family.link} link a level's own curve need not exist.")
    return " ".join(parts)


def _legend(figure: Figure, labels: list[str], axis: Axis, separate: bool) -> float:
    """One legend above all panels; gives its height in inches."""
    colours = _colours(len(labels))
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=INK, alpha=0.75, marker="o", markersize=3.5, linestyle="", label="data")
    ]
    if separate:
        own = "mean" if axis.texts else "least squares"
        handles.append(Line2D([], [], color=GREY, linewidth=0.9, label=f"no pooling ({own})"))
    handles.append(Line2D([], [], color=INK, linewidth=0.7, dashes=(4, 3), label="fixed effects alone"))
    for i, label in enumerate(labels):
        dash = _dash(i, len(labels))
        handles.append(
            Line2D([], [], color=colours[i], linestyle=dash, linewidth=1.5, label=literal(label, inches=_LEGEND))
        )
    handles.append(Patch(color=colours[-1], alpha=0.18, linewidth=0, label=f"{100 * PROB:g} % interval"))
    letters = [len(str(handle.get_label())) + 8 for handle in handles]
    across = figure.get_figwidth() * 18
    n_columns = len(handles)
    while n_columns > 1 and max(sum(letters[i : i + n_columns]) for i in range(0, len(letters), n_columns)) > across:
        n_columns -= 1
    figure.legend(
        handles=handles, loc="upper center", ncols=n_columns, fontsize=SMALL_SIZE, frameon=False, labelcolor=INK
    )
    return 0.1 + 0.19 * -(-len(handles) // n_columns)
