"""How certain the effect of each locus is along the chromosomes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmix.arrays import Floats, Integers
from bayesmix.hints import with_hints
from bayesmix.loci.inputs.chunked_table import as_numbers
from bayesmix.loci.multiplicity.significant import Method
from bayesmix.report.pictures.loci_points import (
    CHROMOSOMES,
    POSITIONS,
    checked_labels,
    loci_points,
    name_loci,
    natural,
    rate_axis,
    scatter,
)
from bayesmix.report.pictures.plot_arguments import a_canvas
from bayesmix.report.pictures.plot_look import BLUE, SKY, literal, look
from bayesmix.report.pictures.plot_style import head, label_axes, one_axes

_GAP = 0.01  # between chromosomes, of the length of all
_LETTER = 0.085  # inches of a letter of a tick
_LONGEST = 1.2  # inches of the name of a chromosome


@dataclass(frozen=True)
class Places:
    """Where loci lie: `x` (n_loci,), the `number` of their chromosome, and its `names` with their middles."""

    x: Floats
    number: Integers
    names: tuple[str, ...]
    middles: Floats
    lengths: Floats
    axis: str


@with_hints
def plot_manhattan(
    loci: Any,
    effect: str,
    ax: Axes | None = None,
    *,
    q: float = 0.05,
    method: Method = "two_groups",
    prior_sd: float | None = None,
    n_draws: int | None = None,
    labels: int = 8,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Axes:
    """Local false discovery rates of an effect along the chromosomes, in two colours in turn.

    Parameters
    ----------
    loci, effect, q, method, prior_sd, n_draws
        As `bm.significant` takes them; `loci` may be a store to which a run adds rows.
    labels
        The most names of selected loci that are written, the most certain first.
    ax, figsize, caption
        Axes to draw into, or the size of a new figure in inches. Whether the note below the title is written.

    Returns
    -------
    matplotlib.axes.Axes
        A point for each locus with results, those that are selected in red. Chromosomes (a column ``chr``, ``chrom``
        or ``chromosome``) stand beside each other, chr2 before chr10, as long as their positions (``pos``, ``position``
        or ``start``) reach; without positions loci follow each other as in the results.

    Raises
    ------
    UnknownTermError, ArgumentError
        As `bm.significant`.
    DataError
        No locus has results.
    """
    canvas, most = a_canvas(ax=ax, figsize=figsize, caption=caption), checked_labels(labels)
    points = loci_points(loci, effect, q=q, method=method, prior_sd=prior_sd, n_draws=n_draws)
    ax = one_axes(canvas, width=8.0, height=3.8)
    places, y = _places(points.frame), points.rates
    scatter(ax, places.x, y, points, np.where(places.number % 2, SKY, BLUE))
    length = float(places.lengths.sum()) or 1.0
    ax.set_xlim(places.x.min() - 0.01 * length, places.x.max() + 0.01 * length)
    rate_axis(ax, points)
    label_axes(ax, places.axis, points.rate_name)
    if places.names:
        _name_chromosomes(ax, places)
    head(ax, canvas, f"{effect} along the chromosomes" if places.names else f"{effect} along loci", points.note)
    name_loci(ax, places.x, y, points, most)
    return ax


def _places(frame: pd.DataFrame) -> Places:
    """Positions beyond those of the chromosomes before."""
    chromosome = next((name for name in CHROMOSOMES if name in frame.columns), None)
    position = next((name for name in POSITIONS if name in frame.columns), None)
    at = np.arange(len(frame), dtype=float)
    if position is not None:
        at = np.asarray(as_numbers(frame[position])[0], dtype=float)
        at = np.where(np.isfinite(at), at, np.nanmin(at) if np.isfinite(at).any() else 0.0)
    axis = position or "locus, in the order of the results"
    if chromosome is None:
        return Places(at, np.zeros(len(frame), dtype=np.int64), (), np.empty(0), np.array([np.ptp(at)]), axis)
    texts = frame[chromosome].astype(str)
    names = tuple(sorted(texts.unique(), key=natural))
    number = pd.Index(names).get_indexer(texts).astype(np.int64)
    first, last = (np.array([find(at[number == one]) for one in range(len(names))]) for find in (np.min, np.max))
    lengths = last - first
    gap = _GAP * float(lengths.sum()) if lengths.sum() else 1.0
    begins = np.concatenate([[0.0], np.cumsum(lengths + gap)[:-1]])
    return Places(begins[number] + at - first[number], number, names, begins + lengths / 2, lengths, chromosome)


def _name_chromosomes(ax: Axes, places: Places) -> None:
    """Name the chromosomes, the longest first, where names have room beside each other."""
    figure, style = ax.get_figure(root=True), look()
    width = figure.get_figwidth() * ax.get_position().width if figure is not None else 1.0
    low, high = ax.get_xlim()
    taken: list[tuple[float, float]] = []
    shown: list[int] = []
    texts = [literal(name, inches=_LONGEST) for name in places.names]
    for at in np.argsort(-places.lengths, kind="stable"):
        middle = (places.middles[at] - low) / (high - low) * width
        half = (len(texts[at]) + 1) / 2 * _LETTER * style.scale
        if all(middle + half <= left or middle - half >= right for left, right in taken):
            taken.append((middle - half, middle + half))
            shown.append(int(at))
    ax.set_xticks([float(places.middles[at]) for at in sorted(shown)], [texts[at] for at in sorted(shown)])
    ax.tick_params(axis="x", length=0)
