"""How high is each mean, how sure is that, and what lies behind it: means with intervals, letters and data."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.hints import with_hints
from bayesmix.inference.means.families import functions_of
from bayesmix.inference.means.letters import letters as letters_of
from bayesmix.inference.means.linear_functions import LinearFunctions
from bayesmix.inference.means.table import MeansTable
from bayesmix.inference.shared.arguments import a_switch
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.units import column_with_unit
from bayesmix.report.pictures.means_layers import (
    MEANS,
    MeansLayer,
    about_groups,
    jittered,
    label_of_means,
    one_of_columns,
    points_of,
    rows_with,
)
from bayesmix.report.pictures.plot_arguments import a_canvas
from bayesmix.report.pictures.plot_look import literal, look, shortened
from bayesmix.report.pictures.plot_style import frame, panel_title, panels, write_beside

_WIDTH, _HEIGHT = 3.4, 3.0  # inches of a panel
_SPREAD = 0.5  # of the distance of two levels that the layers beside each other take
_LEVEL = 1.1  # inches of a level's name
_NAMED = 3.0
_SHAPES = ("o", "s", "D", "^", "v", "P", "X")


@with_hints
def plot_means(
    means: MeansTable,
    x: str | None = None,
    by: str | None = None,
    *,
    data: bool = True,
    letters: bool = False,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Figure:
    """Marginal means with their intervals, joined by lines where two factors meet, as `emmip` and `plot` of emmeans.

    Parameters
    ----------
    means
        A table by `emmeans` or `emtrends`, as it was returned.
    x
        The factor along the horizontal axis; the first one of the table by default.
    by
        The factor whose levels have a colour and a line each: an interaction is seen in lines that are not parallel. By
        default the next one of the table; further ones have a panel for each of their combinations.
    data
        Whether the observations are drawn behind the means, moved a little sideways.
    letters
        Whether the letters of `letters` stand above the means: those that share one are not told apart.
    ax, figsize, caption
        Axes for a single panel; or the size of a new figure in inches. Whether the caption is written.

    Returns
    -------
    matplotlib.figure.Figure
        On the scale of the table; ``type="response"`` of `emmeans` draws a GLMM with its proportions or counts. Means
        that cannot be estimated are left out, which the caption says. Observations are not drawn beside slopes and
        beside means on the scale of a link, which they do not have.

    Raises
    ------
    ArgumentError
        `means` is no table of means as it was returned; `x` or `by` does not tell its rows apart; `ax` was given to a
        picture of several panels.

    Notes
    -----
    Intervals that overlap do not say that means are the same: that is for `contrasts` and for letters.
    """
    linear = functions_of(means, question="plot_means")
    data, letters = a_switch(data, argument="data"), a_switch(letters, argument="letters")
    canvas = a_canvas(ax=ax, figsize=figsize, caption=caption)
    columns = [str(column) for column in linear.labels.columns]
    x = columns[0] if x is None else one_of_columns(x, columns, argument="x")
    others = [column for column in columns if column != x]
    by = next(iter(others), None) if by is None else one_of_columns(by, columns, argument="by")
    if by == x:
        raise ArgumentError(f"by={by!r} is along the axis already; name another column, or leave it out.")
    split = [column for column in others if column != by]
    table = _with_letters(means) if letters else means
    value = str(means.columns[len(columns)])
    observations = points_of(linear, value not in MEANS) if data else None
    texts = list(dict.fromkeys(linear.labels[x]))
    shown = _panels(table, linear, x, by, split, value, observations)
    figure, axes = panels(
        canvas,
        len(shown),
        n_columns=3,
        width=max(_WIDTH, 0.45 * len(texts)),
        height=_HEIGHT,
        margin=1.3,
        share_x=True,
        share_y=True,
        advice="take means of fewer factors",
    )
    for panel, (title, layers) in zip(axes, shown.items(), strict=True):
        for number, layer in enumerate(layers):
            _draw(panel, layer, number, len(layers))
        panel.set_xticks(range(len(texts)), [literal(str(text), inches=_LEVEL) for text in texts])
        panel.set_xlim(-0.6, len(texts) - 0.4)
        if split:
            panel_title(panel, title, inches=0.9 * _WIDTH)
    frame(
        figure,
        canvas,
        text=_caption(means, linear, value, observations, letters),
        x_label=column_with_unit(linear.design, x),
        y_label=label_of_means(linear, value),
        handles=_handles(by, next(iter(shown.values()))) if by is not None else (),
    )
    return figure


def _with_letters(means: MeansTable) -> pd.DataFrame:
    """The rows in their old order, with letters."""
    lettered: pd.DataFrame = letters_of(means)
    return lettered.sort_index()


def _panels(
    table: pd.DataFrame,
    linear: LinearFunctions,
    x: str,
    by: str | None,
    split: Sequence[str],
    value: str,
    observations: Floats | None,
) -> dict[str, list[MeansLayer]]:
    """The layers of each panel, by its title."""
    labels = linear.labels
    place_of = {text: place for place, text in enumerate(dict.fromkeys(labels[x]))}
    groups = list(dict.fromkeys(labels[by])) if by is not None else [None]
    titles = [", ".join(f"{name} = {row[i]}" for i, name in enumerate(split)) for row in labels[list(split)].to_numpy()]
    shown: dict[str, list[MeansLayer]] = {}
    for title in dict.fromkeys(titles):
        shown[title] = []
        in_panel = np.array([other == title for other in titles])
        for number, group in enumerate(groups):
            rows = in_panel if by is None else in_panel & (labels[by] == group).to_numpy()
            places = labels[x][rows].map(place_of).to_numpy(dtype=float)
            moved = _beside(places, number, len(groups))
            points = _points(linear, labels[rows], moved, observations)
            part = table[rows]
            shown[title].append(
                MeansLayer(
                    label=str(group),
                    x=moved,
                    mean=part[value].to_numpy(dtype=float),
                    lower=part["lower"].to_numpy(dtype=float),
                    upper=part["upper"].to_numpy(dtype=float),
                    letters=tuple(part["letters"]) if "letters" in part else ("",) * len(part),
                    points_x=points[0],
                    points_y=points[1],
                )
            )
    return shown


def _beside(places: Floats, number: int, n_layers: int) -> Floats:
    """The places of one of several layers."""
    return places + _SPREAD * ((number + 0.5) / n_layers - 0.5) if n_layers > 1 else places


def _points(
    linear: LinearFunctions, labels: pd.DataFrame, places: Floats, observations: Floats | None
) -> tuple[Floats, Floats]:
    """The observations behind some means, beside their places."""
    if observations is None or not len(labels):
        return np.empty(0), np.empty(0)
    x, y = [], []
    for place, row in zip(places, labels.to_dict("records"), strict=True):
        there = np.ones(len(observations), dtype=bool)
        for name, label in row.items():
            if name in linear.design.data.columns:
                there &= rows_with(linear.design, str(name), label)
        x.append(np.full(int(there.sum()), place))
        y.append(observations[there])
    return jittered(np.concatenate(x), 1.0), np.concatenate(y)


def _draw(ax: Axes, layer: MeansLayer, number: int, n_layers: int) -> None:
    style = look()
    colour, shape = style.cycle[number % len(style.cycle)], _SHAPES[number % len(_SHAPES)]
    alpha = float(np.clip(40 / max(1, len(layer.points_x)), 0.15, 0.4))
    ax.scatter(layer.points_x, layer.points_y, s=9, color=colour, alpha=alpha, linewidths=0, zorder=1, label="data")
    known = np.isfinite(layer.mean)
    ax.vlines(layer.x, layer.lower, layer.upper, color=colour, linewidth=1.4, zorder=3)
    line: dict[str, Any] = {"linestyle": "-", "linewidth": 1.0} if n_layers > 1 else {"linestyle": ""}
    line |= {"markeredgecolor": style.ground, "markeredgewidth": 0.7}
    ax.plot(layer.x[known], layer.mean[known], color=colour, marker=shape, markersize=6, zorder=4, **line)
    for x, upper, mean, text in zip(layer.x, layer.upper, layer.mean, layer.letters, strict=True):
        if text:
            top = upper if np.isfinite(upper) else mean
            write_beside(ax, text, (x, top), (0, 3), style.small, style.ink, ha="center", va="bottom", zorder=5)


def _handles(by: str, layers: Sequence[MeansLayer]) -> list[Line2D]:
    style = look()
    return [
        Line2D(
            [],
            [],
            color=style.cycle[number % len(style.cycle)],
            marker=_SHAPES[number % len(_SHAPES)],
            markersize=5,
            linewidth=1.0,
            label=literal(f"{shortened(by, 1.0)} {layer.label}", inches=_NAMED),
        )
        for number, layer in enumerate(layers)
    ]


def _caption(means: MeansTable, linear: LinearFunctions, value: str, observations: Floats | None, letters: bool) -> str:
    kind = "Means" if value in MEANS else "Slopes"
    interval = "equal-tailed intervals" if isinstance(linear.fit, Fit) else "confidence intervals"
    text = f"{kind} with {100 * linear.prob:g} % {interval}."
    text += about_groups(linear)
    if observations is not None:
        text += " Faint points: observations."
    if letters:
        text += " Means that share a letter are not told apart."
    unknown = int(means[value].isna().sum())
    if unknown:
        text += f" {unknown} of {len(means)} cannot be estimated and {'is' if unknown == 1 else 'are'} not drawn."
    return text
