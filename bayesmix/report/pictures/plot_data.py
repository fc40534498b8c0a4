"""What do the data look like, before any model: boxes by level, points along a number, lines of each subject."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmix.errors import ArgumentError, counted, shown
from bayesmix.formula.frame_kinds import Frame
from bayesmix.hints import with_hints
from bayesmix.inference.shared.arguments import a_switch, one_of
from bayesmix.report.pictures.data_panels import ORDERS, DataPanel, Shown, colour_handles, draw_data, ordered
from bayesmix.report.pictures.observations import Observations, observations, what_is_wanted
from bayesmix.report.pictures.plot_arguments import a_canvas
from bayesmix.report.pictures.plot_style import frame, label_axes, panel_title, panels

_MOST_PANELS, _MOST_COLOURS = 48, 20
_LEVEL, _NARROWEST, _WIDEST = 0.25, 1.5, 12.5  # inches of a level, of a panel with levels and of a row of them
_ALONG = 3.6  # inches of a panel along a number
_SMALL = 2.6  # inches of one of many panels
_HEIGHT = 3.3


@with_hints
def plot_data(
    data: Frame,
    response: str,
    by: str | Sequence[str] | None = None,
    *,
    colour: str | None = None,
    panel: str | Sequence[str] | None = None,
    lines: str | None = None,
    order: str = "levels",
    points: bool = True,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Figure:
    """Observations without a fit: boxes beside factors, points along numbers, and a line for each level of a group.

    Parameters
    ----------
    data
        A frame of pandas, polars or Arrow, or a dict of columns. Rows that miss a value that is drawn are left out,
        which the caption says.
    response
        A column of numbers, or an expression of columns such as ``"log(yield)"`` or ``"cbind(k, n - k)"``, whose
        proportions are drawn. Or a formula with all in one, as lattice has it: ``"yield ~ gen | year"`` is
        ``by="gen", panel="year"``, ``"yield ~ gen + year"`` is ``by=["gen", "year"]``.
    by
        What stands along the horizontal axis; several have a panel each. A factor has a box for each level, and so has
        a product, ``"year:rep"``. A number is an axis; with up to 12 values of 5 rows each it has boxes there, unless
        there are colours, lines or panels. ``"factor(dose)"`` makes a factor of a number.
    colour
        A factor whose levels have a colour each, and boxes beside each other.
    panel
        A factor, or several, whose levels or combinations have a panel each.
    lines
        A group, such as ``"Subject"``: the means of each of its levels are joined by a line, and no boxes are drawn.
    order
        Of the levels along the axis: ``"levels"``, as a Categorical has them, else sorted; ``"mean"`` or ``"median"``
        of the response, from low to high.
    points
        Whether observations are drawn in front of boxes, moved a little sideways; otherwise only those beyond whiskers.
    ax, figsize, caption
        Axes for a single panel; or the size of a new figure in inches. Whether the caption is written.

    Returns
    -------
    matplotlib.figure.Figure
        Boxes have the median and quartiles, whiskers to the last observation within 1.5 boxes; diamonds are means.

    Raises
    ------
    UnknownColumnError
        A column is not there; the message has near matches.
    DataError
        The response is no number, or no row is complete.
    ArgumentError, FormulaError
        Nothing says what stands on the axis, or two arguments do; there are more than 48 panels or 20 colours.

    Examples
    --------
    >>> clover = bm.load_data("clover_simulated")
    >>> figure = bm.plot_data(clover, "biomass", by=["year", "entry"], order="mean")
    >>> spaghetti = bm.plot_data(bm.load_data("sleepstudy"), "Reaction ~ Days", lines="Subject")
    """
    if isinstance(data, str):
        raise ArgumentError(f'data come first, plot_data(data, "y ~ x"); got {shown(data)}.')
    order, points = one_of(order, ORDERS, argument="order"), a_switch(points, argument="points")
    canvas = a_canvas(ax=ax, figsize=figsize, caption=caption)
    wanted = what_is_wanted(data, response, by=by, colour=colour, panel=panel, lines=lines)
    seen = observations(data, wanted)
    parts = _panels(seen, order)
    widths = [_width(part, seen, len(parts)) for part in parts]
    is_split = seen.panel is not None
    in_one_row = not is_split and sum(widths) <= _WIDEST
    n_columns = max(1, int(_WIDEST // max(widths))) if is_split else len(parts) if in_one_row else 1
    figure, axes = panels(
        canvas,
        len(parts),
        n_columns=n_columns,
        width=float(np.mean(widths)) if in_one_row else max(widths),
        height=_HEIGHT if len(parts) <= n_columns else 0.8 * _HEIGHT,
        margin=1.0,
        share_x=is_split,
        share_y=True,
        advice="take one column and no panels",
        ratios=widths if in_one_row and len(parts) > 1 and ax is None else None,
    )
    room = 0 if in_one_row else max(len(part.beside.levels) for part in parts)
    shown_parts = [draw_data(one, part, seen, points, room) for one, part in zip(axes, parts, strict=True)]
    for one, part in zip(axes, parts, strict=True):
        if is_split:
            panel_title(one, part.title, inches=0.9 * max(widths))
        elif len(parts) > 1:
            label_axes(one, part.beside.label, "")
    frame(
        figure,
        canvas,
        text=_caption(seen, shown_parts, order, points),
        x_label=parts[0].beside.label if is_split or len(parts) == 1 else "",
        y_label=seen.label,
        handles=colour_handles(seen) if seen.colour is not None else (),
    )
    return figure


def _panels(seen: Observations, order: str) -> list[DataPanel]:
    """What each panel shows."""
    n_colours = 0 if seen.colour is None else len(seen.colour.levels)
    if n_colours > _MOST_COLOURS:
        raise ArgumentError(
            f"colour={shown(seen.colour.label)} has {n_colours} levels, and {_MOST_COLOURS} colours are the most that "  # type: ignore[union-attr]
            "can be told apart; give a line to each by lines=, or a panel by panel=."
        )
    every = np.ones(len(seen.response), dtype=bool)
    along = [ordered(beside, seen.response, order) for beside in seen.along]
    if seen.panel is None:
        return [DataPanel("", beside, every) for beside in along]
    if len(along) > 1:
        raise ArgumentError(
            f"The {len(along)} columns along the axis have a panel each, and panel={shown(seen.panel.label)} splits "
            "one; take one column."
        )
    if len(seen.panel.levels) > _MOST_PANELS:
        raise ArgumentError(
            f"panel={shown(seen.panel.label)} has {len(seen.panel.levels)} levels, and {_MOST_PANELS} panels are the "
            "most; draw a part of the data, or give each a line by lines=."
        )
    index = np.asarray(seen.panel.index)
    return [DataPanel(level, along[0], index == number) for number, level in enumerate(seen.panel.levels)]


def _width(part: DataPanel, seen: Observations, n_panels: int) -> float:
    """The inches that a panel would take."""
    if part.beside.numbers is not None:
        return _ALONG if n_panels <= 3 else _SMALL
    n_colours = 1 if seen.colour is None else len(seen.colour.levels)
    return float(np.clip(_LEVEL * len(part.beside.levels) * max(1.0, 0.6 * n_colours) + 0.5, _NARROWEST, _WIDEST))


def _caption(seen: Observations, parts: Sequence[Shown], order: str, points: bool) -> str:
    by_level = any(beside.numbers is None for beside in seen.along)
    sentences: list[Any] = []
    if any(part.boxes for part in parts):
        sentences.append("Boxes: median and quartiles; whiskers to the last observation within 1.5 boxes.")
    if by_level and seen.lines is None:
        sentences.append("Diamonds: means.")
    if seen.lines is not None:
        sentences.append(
            f"A line for each of {counted(len(seen.lines.levels), 'level')} of {seen.lines.label}, through its means."
        )
    if points and by_level:
        sentences.append("Points: observations.")
    if by_level and order != "levels":
        sentences.append(f"Levels by their {order}.")
    if not all(part.names for part in parts):
        sentences.append("Names of more than 60 levels are left out.")
    if seen.n_dropped:
        verb = "misses a value and is" if seen.n_dropped == 1 else "miss a value and are"
        sentences.append(f"{counted(seen.n_dropped, 'row')} {verb} left out.")
    return " ".join(sentences)
