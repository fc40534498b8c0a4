"""Marginal means against the means of what was observed: which levels had an easier or a harder lot."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, listing
from bayesmix.inference.means.contrast_rows import level_texts
from bayesmix.inference.shared.expectation import trials_of
from bayesmix.report.pictures.means_layers import about_groups, label_of_means, rows_with
from bayesmix.report.pictures.means_panels import MeansRows
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_labels import label_points
from bayesmix.report.pictures.plot_look import BLUE, POINT_SIZE, look
from bayesmix.report.pictures.plot_style import head, label_axes, one_axes

_MOST_LABELS = 10
_ROOM = 0.06  # share of the picture around its points


@dataclass(frozen=True)
class Raw:
    """Means of the observations at each of m means, (m,), nan where there are none, and their numbers of rows."""

    mean: Floats
    n: Floats


def raw_means(one: MeansRows) -> Raw:
    """The means of the rows with the levels of each mean; proportions count with their trials.

    Raises
    ------
    ArgumentError
        These means are on a scale on which nothing was observed.
    """
    if one.observations is None:
        raise ArgumentError(
            "There are no raw means to set beside these: nothing was observed on their scale. Take means with "
            'type="response", of an uncensored response.'
        )
    design = one.linear.design
    trials = trials_of(design.response)
    weight = np.ones(design.n_obs) if trials is None else np.nan_to_num(trials)
    values = np.where(weight > 0, np.nan_to_num(one.observations), 0.0)
    means, counts = [], []
    for row in one.linear.labels.to_dict("records"):
        there = np.ones(design.n_obs, dtype=bool)
        for name, label in row.items():
            if name in design.data.columns:
                there &= rows_with(design, str(name), label)
        total = weight[there].sum()
        means.append(float(weight[there] @ values[there] / total) if total > 0 else np.nan)
        counts.append(float(there.sum()))
    return Raw(np.array(means), np.array(counts))


def draw_against_raw(one: MeansRows, canvas: Canvas) -> Axes:
    """Points with intervals about the line of equality; the furthest levels have their names."""
    raw, mean = raw_means(one), one.mean
    lower, upper = one.table["lower"].to_numpy(dtype=float), one.table["upper"].to_numpy(dtype=float)
    known = np.isfinite(mean) & np.isfinite(raw.mean)
    if not known.any():
        raise ArgumentError("No mean can be estimated, so that there is nothing to set beside the raw means.")
    unknown = ~known & np.isfinite(raw.mean)
    style, ax = look(), one_axes(canvas, width=5.0, height=4.8)
    ends = [raw.mean[known], mean[known], lower[known], upper[known], raw.mean[unknown]]
    everything = np.concatenate([end[np.isfinite(end)] for end in ends])
    low, high = float(everything.min()), float(everything.max())
    room = _ROOM * (high - low) or 0.5
    limits = (low - room, high + room)
    ax.plot(limits, limits, color=style.grey, linewidth=0.8, zorder=1, label="equal")
    ax.vlines(raw.mean[known], lower[known], upper[known], color=BLUE, linewidth=0.9, alpha=0.5, zorder=2)
    ax.scatter(raw.mean[known], mean[known], s=2 * POINT_SIZE, color=BLUE, linewidths=0, zorder=3, label="means")
    if unknown.any():
        rug = np.full(int(unknown.sum()), low - room / 2)
        ax.plot(
            raw.mean[unknown], rug, "|", color=style.ink, markersize=8, zorder=3, label="not estimable", clip_on=False
        )
    ax.set(xlim=limits, ylim=limits)
    label = label_of_means(one.linear, one.value)
    label_axes(ax, f"raw mean of {label}", f"marginal mean of {label}")
    texts = level_texts(one.linear.labels, with_factor=False)
    away = np.abs(mean - raw.mean)
    order = np.flatnonzero(known)[np.argsort(-away[known], kind="stable")]
    n_furthest = int((away[known] > 1e-9 * (high - low)).sum())
    note = _note(one, [texts[place] for place in np.flatnonzero(unknown)], n_furthest)
    head(ax, canvas, "Marginal means against raw means", note)
    label_points(
        ax,
        names=[texts[place] for place in order[: min(_MOST_LABELS, n_furthest)]],
        points=np.column_stack([raw.mean, mean])[order[: min(_MOST_LABELS, n_furthest)]],
        others=np.column_stack([raw.mean, mean])[known],
        most=_MOST_LABELS,
    )
    return ax


def _note(one: MeansRows, unknown: list[str], n_furthest: int) -> str:
    text = f"Bars: {100 * one.linear.prob:g} % intervals; line: equal.{about_groups(one.linear)}"
    if n_furthest:
        text += " Names: the levels that are furthest from the line."
    if unknown:
        text += f" Not estimable, ticks at the lower edge: {listing(unknown)}."
    return text
