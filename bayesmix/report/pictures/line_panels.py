"""Panels of fitted lines: data, each level's own line, the fixed effects alone, and the expectation of every fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bayesmix.arrays import Flags, Floats
from bayesmix.inference.shared.summarise import Summary
from bayesmix.report.pictures.line_data import Points
from bayesmix.report.pictures.line_grid import Axis
from bayesmix.report.pictures.line_rows import Rows
from bayesmix.report.pictures.plot_look import BLUE, POINT_SIZE, VERMILION, literal, look
from bayesmix.report.pictures.plot_style import Handle
from bayesmix.report.pictures.plot_ticks import ticks_at_values

_Dash = Literal["-"] | tuple[float, tuple[float, ...]]
_DASHES: tuple[_Dash, ...] = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))
_SHAPES = ("o", "s", "D", "^")
_TICK = 1.3  # inches of the name of a level below a panel
_LETTERS = 11  # of ticks in an inch
_APART = 0.22  # share of the distance of two categories between the means of two fits
_AREA = 0.18  # opacity of a band
_CROWDED = 0.4  # share of the whole range: where three quarters of the panels need less, each has its own scale


@dataclass(frozen=True)
class Layer:
    """The expected response of one fit in every panel, under its `label` in the legend.

    The `lines` have fields (n_levels, n_points) at the cells of `rows`. A layer has its own `points` where the data are
    shown in its colour.
    """

    label: str
    lines: Summary
    rows: Rows
    colour: str
    dash: _Dash
    marker: str
    with_band: bool
    points: Sequence[Points] = ()


@dataclass(frozen=True)
class Panels:
    """All that the panels show: the `points` of each level in one ink, unless the layers have their own, and lines.

    The lines `separate` (no pooling) and `population` (fixed effects alone) are (n_levels, n_points), or None. A point
    represents at most `greatest` trials or rows.
    """

    axis: Axis
    layers: tuple[Layer, ...]
    points: Sequence[Points]
    separate: Floats | None
    population: Floats | None
    greatest: float

    def ends(self, place: int) -> tuple[float, float]:
        """The lowest and the highest value of a panel; a wild line without pooling or a wild band may leave it."""
        values = [
            self.points[place].y,
            *(points.y for layer in self.layers for points in layer.points[place : place + 1]),
        ]
        values += [layer.lines.mean[place][layer.rows.seen[place]] for layer in self.layers]
        if self.population is not None:
            values.append(self.population[place][self.layers[-1].rows.seen[place]])
        known = np.concatenate(values)
        known = known[np.isfinite(known)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        reach = (high - low) or abs(high) or 1.0
        for layer in self.layers:
            if layer.with_band:
                seen = layer.rows.seen[place]
                lower, upper = layer.lines.lower[place][seen], layer.lines.upper[place][seen]
                low = min(low, max(float(np.nanmin(lower, initial=low)), low - reach))
                high = max(high, min(float(np.nanmax(upper, initial=high)), high + reach))
        return low, high


def layer_look(number: int, n_layers: int) -> tuple[str, _Dash, str]:
    """The colour, dashes and marker of a layer: the last is blue, the one before it vermilion."""
    colours, place = (BLUE, VERMILION, *look().cycle[2:]), n_layers - 1 - number
    return colours[place % len(colours)], _DASHES[place % len(_DASHES)], _SHAPES[place % len(_SHAPES)]


def draw_panel(ax: Axes, shown: Panels, place: int) -> None:
    """Draw the panel of one level; along a factor the means of fits are beside each other and not joined by lines."""
    style, axis = look(), shown.axis
    first = shown.layers[0].rows
    seen = first.seen[place]
    x = first.x[place]
    if shown.separate is not None:
        joined: dict[str, Any] = {"marker": "_", "markersize": 9, "linestyle": ""} if axis.texts else {}
        ax.plot(
            *_where(seen, axis, x, shown.separate[place]),
            color=style.grey,
            linewidth=0.9,
            zorder=2,
            label="no pooling",
            **joined,
        )
    if shown.population is not None:
        joined = {"marker": "x", "markersize": 4, "linestyle": ""} if axis.texts else {"dashes": (4, 3)}
        ax.plot(
            *_where(seen, axis, x, shown.population[place]),
            color=style.ink,
            linewidth=0.7,
            zorder=2.5,
            label="fixed effects alone",
            **joined,
        )
    for number, layer in enumerate(shown.layers):
        _draw_layer(ax, axis, layer, place, number - (len(shown.layers) - 1) / 2)
        if layer.points:
            _scatter(ax, layer.points[place], shown.greatest, layer.colour)
    if not any(layer.points for layer in shown.layers):
        _scatter(ax, shown.points[place], shown.greatest, style.ink)


def _where(seen: Flags, axis: Axis, x: Floats, *values: Floats) -> list[Floats]:
    """Places and values where the level was seen: along a number that part, along a factor nan elsewhere."""
    if axis.texts:
        return [x, *(np.where(seen, one, np.nan) for one in values)]
    return [x[seen], *(one[seen] for one in values)]


def _draw_layer(ax: Axes, axis: Axis, layer: Layer, place: int, number: float) -> None:
    lines, seen = layer.lines, layer.rows.seen[place]
    x, mean, lower, upper = _where(
        seen, axis, layer.rows.x[place], lines.mean[place], lines.lower[place], lines.upper[place]
    )
    colour, label = layer.colour, layer.label
    if axis.texts:
        beside = x + _APART * number
        if layer.with_band:
            ax.vlines(beside, lower, upper, color=colour, linewidth=1.3, alpha=0.6, zorder=3)
        shape: dict[str, Any] = {"marker": layer.marker, "markersize": 4.0, "linestyle": ""}
        ax.plot(beside, mean, color=colour, zorder=3.5, label=label, **shape)
        return
    if layer.with_band:
        ax.fill_between(x, lower, upper, color=colour, alpha=_AREA, linewidth=0, zorder=1)
    ax.plot(x, mean, color=colour, linestyle=layer.dash, linewidth=1.5, zorder=3, label=label)


def _scatter(ax: Axes, points: Points, greatest: float, colour: str) -> None:
    area = POINT_SIZE * (0.4 + 1.6 * points.size / greatest) if greatest > 1 else POINT_SIZE
    ax.scatter(points.x, points.y, s=area, color=colour, alpha=0.75, linewidths=0, zorder=4, label="data")


def is_apart(shown: Panels, n_panels: int) -> bool:
    """Whether each panel needs its own vertical scale, because a few panels would determine a common one."""
    ends = np.array([shown.ends(place) for place in range(n_panels)])
    whole = ends[:, 1].max() - ends[:, 0].min()
    low, high = np.quantile(ends[:, 0], 0.125), np.quantile(ends[:, 1], 0.875)
    return bool(n_panels > 3 and high - low < _CROWDED * whole)


def set_limits(axes: Sequence[Axes], shown: Panels, *, apart: bool) -> None:
    """Set vertical limits from data, lines and bands: each panel's own, or common ones."""
    ends = np.array([shown.ends(place) for place in range(len(axes))])
    if not apart:
        ends[:] = ends[:, 0].min(), ends[:, 1].max()
    for ax, (low, high) in zip(axes, ends, strict=True):
        room = 0.05 * (high - low) or 0.5
        ax.set_ylim(low - room, high + room)


def set_ticks(axes: Sequence[Axes], axis: Axis, width: float) -> None:
    """Set horizontal ticks: a number's few values, or the names of levels, upright where they would touch."""
    for ax in axes:
        if not axis.texts:
            if not ticks_at_values(ax, axis.data, width):
                ax.locator_params(axis="x", nbins=5)
            continue
        ax.set_xlim(-0.5, len(axis.texts) - 0.5)
        texts = [literal(text, inches=_TICK) for text in axis.texts]
        turned = 90 if sum(len(text) + 2 for text in texts) > width * _LETTERS else 0
        ax.set_xticks(axis.grid, texts, rotation=turned)
        ax.tick_params(axis="x", labelrotation=turned)


def handles_of(shown: Panels, *, prob: float, longest: float) -> list[Handle]:
    """The entries of the legend, with labels of at most `longest` inches."""
    style, along_factor = look(), bool(shown.axis.texts)
    handles: list[Handle] = []
    if not any(layer.points for layer in shown.layers):
        handles.append(_marker("o", style.ink, "data", size=3.5, alpha=0.75))
    if shown.separate is not None:
        method = "mean" if along_factor or shown.axis.steady else "least squares"
        label = f"no pooling ({method})"
        line = Line2D([], [], color=style.grey, linewidth=0.9, label=label)
        handles.append(_marker("_", style.grey, label, size=9) if along_factor else line)
    if shown.population is not None:
        label = "fixed effects alone"
        line = Line2D([], [], color=style.ink, linewidth=0.7, dashes=(4, 3), label=label)
        handles.append(_marker("x", style.ink, label, size=4) if along_factor else line)
    for layer in shown.layers:
        label = literal(layer.label, inches=longest)
        line = Line2D([], [], color=layer.colour, linestyle=layer.dash, linewidth=1.5, label=label)
        handles.append(_marker(layer.marker, layer.colour, label, size=4) if along_factor else line)
    banded = [layer for layer in shown.layers if layer.with_band]
    if banded:
        label, colour = f"{100 * prob:g} % interval", banded[-1].colour if len(banded) == 1 else style.grey
        band = Line2D([], [], color=colour, linewidth=1.3, alpha=0.6, label=label)
        handles.append(band if along_factor else Patch(color=colour, alpha=_AREA, linewidth=0, label=label))
    return handles


def _marker(marker: str, colour: str, label: str, *, size: float, alpha: float = 1.0) -> Line2D:
    return Line2D([], [], color=colour, marker=marker, markersize=size, linestyle="", alpha=alpha, label=label)
