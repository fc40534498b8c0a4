"""How high is each mean, how sure is that, and what lies behind it: means with intervals, arrows, letters and data."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmix.errors import ArgumentError, listing, shown
from bayesmix.hints import with_hints
from bayesmix.inference.means.families import functions_of
from bayesmix.inference.means.letters import letters as letters_of
from bayesmix.inference.means.table import MeansTable
from bayesmix.inference.shared.arguments import a_switch, one_of
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.units import column_with_unit
from bayesmix.report.pictures.means_against_raw import draw_against_raw
from bayesmix.report.pictures.means_arrows import about_arrows, comparison_arrows
from bayesmix.report.pictures.means_layers import MEANS, about_groups, label_of_means, one_of_columns, points_of
from bayesmix.report.pictures.means_panels import (
    MeansRows,
    Split,
    draw_layer,
    handles_of,
    inches_of_letters,
    layers_by_panel,
)
from bayesmix.report.pictures.plot_arguments import a_canvas
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_style import frame, panel_title, panels
from bayesmix.report.pictures.plot_ticks import name_levels, width_of

KINDS = ("levels", "against_raw")
_WIDTH, _WIDEST, _HEIGHT = 3.4, 12.0, 3.0  # inches of a panel
_LINE = 0.15  # inches of a line of letters
_LEVEL, _LAYER = 0.24, 0.12  # inches of a level, and of each layer beside others in it


@with_hints
def plot_means(
    means: MeansTable | Mapping[str, MeansTable],
    x: str | None = None,
    by: str | None = None,
    *,
    kind: Literal["levels", "against_raw"] = "levels",
    data: bool = True,
    letters: bool = False,
    arrows: bool = False,
    alpha: float = 0.05,
    adjust: str | None = None,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Figure:
    """Marginal means with their intervals, joined by lines where two factors meet, as `emmip` and `plot` of emmeans.

    Parameters
    ----------
    means
        A table by `emmeans` or `emtrends`, as it was returned. Or several by label, such as those of two fits:
        ``{"fixed blocks": first, "random blocks": second}``; their means stand beside each other, a colour each.
    x
        The factor along the horizontal axis; the first one of the table by default.
    by
        The factor whose levels have a colour and a line each: an interaction is seen in lines that are not parallel. By
        default the next one of the table; further ones have a panel for each of their combinations.
    kind
        ``"levels"``, or ``"against_raw"``: each mean against the mean of the observations with its levels. Where data
        are unbalanced the two differ, and levels far from the line are named.
    data
        Whether the observations are drawn behind the means, moved a little sideways.
    letters
        Whether the letters of `letters` stand above the means: those that share one are not told apart.
    arrows
        Whether arrows stand beside the means: two means whose arrows overlap are not told apart, and two whose arrows
        do not are. Where no lengths do so for every pair, the caption names the pairs that mislead.
    alpha, adjust
        When two means are told apart, as in `letters`.
    ax, figsize, caption
        Axes for a single panel; or the size of a new figure in inches. Whether the caption is written.

    Returns
    -------
    matplotlib.figure.Figure
        On the scale of the table; ``type="response"`` of `emmeans` draws a GLMM with its proportions or counts. Means
        that cannot be estimated are left out, which the caption says; against raw means they are ticks at the edge.
        Observations are not drawn beside slopes and beside means on the scale of a link, which they do not have.

    Raises
    ------
    ArgumentError
        `means` is no table of means as it was returned, or tables differ in their columns; `x` or `by` does not tell
        its rows apart; `ax` was given to a picture of several panels; another argument is not known.

    Notes
    -----
    Intervals that overlap do not say that means are the same: that is for `contrasts`, for letters and for arrows.
    Arrows have lengths by least squares, so that those of two means reach just over each other where their difference
    is just told from 0; where the pairs ask for different lengths, they are moved as little as possible.
    """
    data, letters = a_switch(data, argument="data"), a_switch(letters, argument="letters")
    arrows, kind = a_switch(arrows, argument="arrows"), one_of(kind, KINDS, argument="kind")  # type: ignore[assignment]
    canvas = a_canvas(ax=ax, figsize=figsize, caption=caption)
    given = _tables(means)
    split = _split(given, x, by)
    if kind == "against_raw":
        if x is not None or by is not None:
            raise ArgumentError('x and by are of kind="levels"; leave them out, each row of the table is a point.')
        return _against_raw(given, canvas, letters=letters, arrows=arrows)
    tables = {label: _rows(one) for label, one in given.items()}
    if not data:
        tables = {label: replace(one, observations=None) for label, one in tables.items()}
    for label, one in given.items():
        if letters:
            tables[label] = replace(tables[label], letters=_letters(one, alpha, adjust))
        if arrows:
            found = comparison_arrows(one, tables[label].mean, alpha=alpha, adjust=adjust)
            tables[label] = replace(tables[label], arrows=found)
    return _draw(tables, split, canvas)


def _tables(means: object) -> dict[str, MeansTable]:
    """The tables by label, all of the same columns."""
    if not isinstance(means, Mapping) or isinstance(means, pd.DataFrame):
        functions_of(means, question="plot_means")
        return {"": means}  # type: ignore[dict-item]
    if not means:
        raise ArgumentError('means is empty; give tables by label, such as {"lm": bm.emmeans(fit, "f")}.')
    tables = {str(label): one for label, one in means.items()}
    first = next(iter(tables))
    columns = {label: _columns(one) for label, one in tables.items()}
    for label, own in columns.items():
        if own != columns[first]:
            raise ArgumentError(
                f"Tables beside each other have the same columns: {shown(first)} has {listing(columns[first])}, "
                f"{shown(label)} has {listing(own)}."
            )
    scales = {label: _scale(one) for label, one in tables.items()}
    for label, own_scale in scales.items():
        if own_scale != scales[first]:
            raise ArgumentError(
                f"Tables beside each other are on one scale: {shown(first)} has {shown(scales[first])}, {shown(label)} "
                f"has {shown(own_scale)}."
            )
    return tables


def _columns(means: MeansTable) -> list[str]:
    """The columns that tell means apart, and that of the means."""
    n_labels = functions_of(means, question="plot_means").labels.shape[1]
    return [str(column) for column in means.columns[: n_labels + 1]]


def _scale(means: MeansTable) -> str:
    return label_of_means(functions_of(means, question="plot_means"), _columns(means)[-1])


def _split(tables: Mapping[str, MeansTable], x: str | None, by: str | None) -> Split:
    """The columns along the axis, of colours and of panels; several tables take the colours."""
    *columns, _ = _columns(next(iter(tables.values())))
    x = columns[0] if x is None else one_of_columns(x, columns, argument="x")
    others = [column for column in columns if column != x]
    if len(tables) > 1:
        if by is not None:
            raise ArgumentError(f"by={shown(by)} has colours, and so have the {len(tables)} tables; leave by out.")
        return Split(x, None, tuple(others))
    by = next(iter(others), None) if by is None else one_of_columns(by, columns, argument="by")
    if by == x:
        raise ArgumentError(f"by={by!r} is along the axis already; name another column, or leave it out.")
    return Split(x, by, tuple(column for column in others if column != by))


def _rows(means: MeansTable) -> MeansRows:
    linear, value = functions_of(means, question="plot_means"), _columns(means)[-1]
    observations = points_of(linear, value not in MEANS)
    return MeansRows(means, linear, value, observations, ("",) * len(means), None)


def _letters(means: MeansTable, alpha: float, adjust: str | None) -> tuple[str, ...]:
    """The letters of the rows in their old order."""
    lettered: pd.DataFrame = letters_of(means, alpha=alpha, adjust=adjust)
    return tuple(lettered.sort_index()["letters"])


def _against_raw(tables: Mapping[str, MeansTable], canvas: Canvas, *, letters: bool, arrows: bool) -> Figure:
    if len(tables) > 1:
        raise ArgumentError(f'kind="against_raw" shows one table; got {len(tables)}.')
    if letters or arrows:
        raise ArgumentError('Letters and arrows are of kind="levels"; leave them out.')
    (means,) = tables.values()
    return draw_against_raw(_rows(means), canvas).get_figure(root=True)  # type: ignore[return-value]


def _draw(tables: Mapping[str, MeansRows], split: Split, canvas: Canvas) -> Figure:
    shown_panels = layers_by_panel(tables, split)
    n_layers = len(next(iter(shown_panels.values())))
    texts = list(dict.fromkeys(str(text) for one in tables.values() for text in one.linear.labels[split.x]))
    width = float(np.clip((_LEVEL + _LAYER * (n_layers - 1)) * len(texts) + 0.5, _WIDTH, _WIDEST))
    figure, axes = panels(
        canvas,
        len(shown_panels),
        n_columns=max(1, min(3, int(_WIDEST / width))),
        width=width,
        height=_HEIGHT,
        margin=1.3,
        share_x=True,
        share_y=True,
        advice="take means of fewer factors",
    )
    long = max(map(inches_of_letters, shown_panels.values()))
    upright = long * n_layers > width / len(texts)
    named = True
    for panel, (title, layers) in zip(axes, shown_panels.items(), strict=True):
        for number, layer in enumerate(layers):
            draw_layer(panel, layer, number, n_layers, upright=upright)
        panel.set_xlim(-0.6, len(texts) - 0.4)
        named &= name_levels(panel, texts, width_of(panel))
        if split.panels:
            panel_title(panel, title, inches=0.9 * width)
    if long:
        low, high = axes[0].get_ylim()
        axes[0].set_ylim(low, high + (high - low) * (long if upright else _LINE) / _HEIGHT)
    first = next(iter(tables.values()))
    has_legend = split.by is not None or len(tables) > 1
    frame(
        figure,
        canvas,
        text=_caption(tables, named),
        x_label=column_with_unit(first.linear.design, split.x),
        y_label=label_of_means(first.linear, first.value),
        handles=handles_of(split.by, next(iter(shown_panels.values()))) if has_legend else (),
    )
    return figure


def _caption(tables: Mapping[str, MeansRows], named: bool) -> str:
    rows = list(tables.values())
    first = rows[0]
    kind = "Means" if first.value in MEANS else "Slopes"
    probs = list(dict.fromkeys(f"{100 * one.linear.prob:g} %" for one in rows))
    kinds = dict.fromkeys("equal-tailed" if isinstance(one.linear.fit, Fit) else "confidence" for one in rows)
    text = f"{kind} with {' and '.join(probs)} {' or '.join(kinds)} intervals."
    text += "".join(dict.fromkeys(about_groups(one.linear) for one in rows))
    if any(one.observations is not None for one in rows):
        text += " Faint points: observations."
    if any(any(one.letters) for one in rows):
        text += " Means that share a letter are not told apart."
    arrows = [one.arrows for one in rows if one.arrows is not None]
    if arrows:
        text += about_arrows(arrows, within=first.linear.by)
    unknown, n = sum(int(np.isnan(one.mean).sum()) for one in rows), sum(len(one.table) for one in rows)
    if unknown:
        text += f" {unknown} of {n} cannot be estimated and {'is' if unknown == 1 else 'are'} not drawn."
    if not named:
        text += " Names of more than 60 levels are left out."
    return text
