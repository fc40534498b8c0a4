"""Panels of means: a layer for each level of a factor, or for each of several tables beside each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bayesmix.arrays import Floats
from bayesmix.inference.means.linear_functions import LinearFunctions
from bayesmix.report.pictures.means_arrows import Arrows
from bayesmix.report.pictures.means_layers import MeansLayer, jittered, rows_with
from bayesmix.report.pictures.plot_look import literal, look, shortened
from bayesmix.report.pictures.plot_style import write_beside

_SPREAD = 0.5  # of the distance of two levels that the layers beside each other take
_BESIDE = 0.14  # of the place of a layer: from a mean to its arrows
_NAMED = 3.0  # inches of a name
_LETTER = 0.07  # inches of a letter above a mean
_SHAPES = ("o", "s", "D", "^", "v", "P", "X")
_UP, _DOWN = 6, 7  # matplotlib's carets, whose tips are at the point


@dataclass(frozen=True)
class MeansRows:
    """A table of means with the functions behind it.

    `value` is the column that is drawn; `observations` (n_obs,) or None; `letters` (m,), empty texts where there are
    none; `arrows` or None.
    """

    table: pd.DataFrame
    linear: LinearFunctions
    value: str
    observations: Floats | None
    letters: tuple[str, ...]
    arrows: Arrows | None

    @property
    def mean(self) -> Floats:
        """The means, (m,)."""
        values: Floats = self.table[self.value].to_numpy(dtype=float)
        return values


@dataclass(frozen=True)
class Split:
    """Which columns of a table stand along the axis (`x`), have colours (`by`), and split into panels."""

    x: str
    by: str | None
    panels: tuple[str, ...]


def layers_by_panel(tables: Mapping[str, MeansRows], split: Split) -> dict[str, list[MeansLayer]]:
    """The layers of each panel by its title; of several tables one each, else one for each level of `by`."""
    first = next(iter(tables.values()))
    texts = list(dict.fromkeys(text for one in tables.values() for text in one.linear.labels[split.x]))
    titles = list(dict.fromkeys(title for one in tables.values() for title in _titles(one, split)))
    groups = [None] if split.by is None else list(dict.fromkeys(first.linear.labels[split.by]))
    n_layers = len(tables) * len(groups)
    shown: dict[str, list[MeansLayer]] = {title: [] for title in titles}
    for number, (label, one) in enumerate(tables.items()):
        of_rows = np.array(_titles(one, split))
        for place, group in enumerate(groups):
            own = np.ones(len(of_rows), dtype=bool) if group is None else (one.linear.labels[split.by] == group)
            for title in titles:
                rows = np.flatnonzero((of_rows == title) & own)
                moved = _beside(number + place, n_layers)
                x = np.array([texts.index(text) for text in one.linear.labels[split.x].iloc[rows]], dtype=float) + moved
                shared = len(tables) > 1
                with_points = not shared or number == 0
                points = _points(one, rows, x - moved if shared else x) if with_points else (np.empty(0), np.empty(0))
                name = label if shared else str(group)
                shown[title].append(_layer(one, rows, name, x, points, joined=n_layers > 1 and not shared))
    return shown


def _titles(one: MeansRows, split: Split) -> list[str]:
    """The title of the panel of each row."""
    return [
        ", ".join(f"{name} = {row[i]}" for i, name in enumerate(split.panels))
        for row in one.linear.labels[list(split.panels)].to_numpy()
    ]


def _layer(
    one: MeansRows, rows: Any, label: str, x: Floats, points: tuple[Floats, Floats], *, joined: bool
) -> MeansLayer:
    table, arrows = one.table.iloc[rows], one.arrows
    none = np.full(len(rows), np.nan)
    return MeansLayer(
        label=label,
        x=x,
        mean=table[one.value].to_numpy(dtype=float),
        lower=table["lower"].to_numpy(dtype=float),
        upper=table["upper"].to_numpy(dtype=float),
        letters=tuple(one.letters[row] for row in rows),
        down=none if arrows is None else arrows.lower[rows],
        up=none if arrows is None else arrows.upper[rows],
        points_x=points[0],
        points_y=points[1],
        joined=joined,
    )


def _beside(number: int, n_layers: int) -> float:
    """By how much one of several layers is moved."""
    return _SPREAD * ((number + 0.5) / n_layers - 0.5) if n_layers > 1 else 0.0


def _points(one: MeansRows, rows: Any, places: Floats) -> tuple[Floats, Floats]:
    """The observations behind some means, beside their places."""
    linear, observations = one.linear, one.observations
    if observations is None or not len(rows):
        return np.empty(0), np.empty(0)
    x, y = [], []
    for place, row in zip(places, linear.labels.iloc[rows].to_dict("records"), strict=True):
        there = np.ones(len(observations), dtype=bool)
        for name, label in row.items():
            if name in linear.design.data.columns:
                there &= rows_with(linear.design, str(name), label)
        x.append(np.full(int(there.sum()), place))
        y.append(observations[there])
    return jittered(np.concatenate(x), 1.0), np.concatenate(y)


def draw_layer(ax: Axes, layer: MeansLayer, number: int, n_layers: int, *, upright: bool) -> None:
    """Draw the means of one layer over the observations behind them; letters are `upright` where they would touch."""
    style = look()
    colour, shape = style.cycle[number % len(style.cycle)], _SHAPES[number % len(_SHAPES)]
    alpha = float(np.clip(40 / max(1, len(layer.points_x)), 0.15, 0.4))
    ink = colour if layer.joined or n_layers == 1 else style.grey
    ax.scatter(layer.points_x, layer.points_y, s=9, color=ink, alpha=alpha, linewidths=0, zorder=1, label="data")
    known = np.isfinite(layer.mean)
    ax.vlines(layer.x, layer.lower, layer.upper, color=colour, linewidth=1.4, zorder=3)
    line: dict[str, Any] = {"linestyle": "-", "linewidth": 1.0} if layer.joined else {"linestyle": ""}
    line |= {"markeredgecolor": style.ground, "markeredgewidth": 0.7}
    ax.plot(layer.x[known], layer.mean[known], color=colour, marker=shape, markersize=6, zorder=4, **line)
    _draw_arrows(ax, layer, layer.x + _BESIDE / max(1, n_layers - 1))
    for x, upper, mean, text in zip(layer.x, layer.upper, layer.mean, layer.letters, strict=True):
        if text:
            top = upper if np.isfinite(upper) else mean
            above = {"ha": "center", "va": "bottom", "rotation": 90 if upright else 0, "zorder": 5}
            write_beside(ax, text, (x, top), (0, 3), style.small, style.ink, **above)


def inches_of_letters(layers: Sequence[MeansLayer]) -> float:
    """The length of the longest letters above a mean."""
    longest = max((len(text) for layer in layers for text in layer.letters), default=0)
    return longest * _LETTER * look().scale


def _draw_arrows(ax: Axes, layer: MeansLayer, x: Floats) -> None:
    """Arrows beside the intervals, from the height of the mean."""
    ink = look().ink
    for ends, tip, label in ((layer.down, _DOWN, "arrows down"), (layer.up, _UP, "arrows up")):
        has = np.isfinite(ends)
        if has.any():
            ax.vlines(x[has], layer.mean[has], ends[has], color=ink, linewidth=1.0, zorder=3.5)
            ax.plot(x[has], ends[has], color=ink, marker=tip, markersize=3.5, linestyle="", zorder=3.5, label=label)


def handles_of(by: str | None, layers: Sequence[MeansLayer]) -> list[Line2D]:
    """The legend: the levels of `by`, or without it the labels of the layers."""
    style, name = look(), "" if by is None else f"{shortened(by, 1.0)} "
    return [
        Line2D(
            [],
            [],
            color=style.cycle[number % len(style.cycle)],
            marker=_SHAPES[number % len(_SHAPES)],
            markersize=5,
            linewidth=1.0,
            label=literal(f"{name}{layer.label}", inches=_NAMED),
        )
        for number, layer in enumerate(layers)
    ]
