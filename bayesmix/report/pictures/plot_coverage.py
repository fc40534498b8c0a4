"""The effect of each locus against its coverage: where few reads decide."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from bayesmix.arrays import Floats
from bayesmix.errors import DataError
from bayesmix.hints import with_hints
from bayesmix.loci.inputs.chunked_table import as_numbers
from bayesmix.loci.multiplicity.significant import Method
from bayesmix.report.pictures.loci_points import checked_labels, loci_points, name_loci, plain_ticks, scatter
from bayesmix.report.pictures.plot_arguments import a_canvas
from bayesmix.report.pictures.plot_look import look
from bayesmix.report.pictures.plot_style import head, label_axes, one_axes

_BINS, _FEWEST = 20, 5


@with_hints
def plot_coverage(
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
    """The posterior mean of an effect against the reads of each locus.

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
        A point for each locus with results, those that are selected in red. Lines are 0 and twice the median posterior
        sd of loci with as many reads on both sides of it, where there are five loci or more. Where nothing is counted
        samples stand in place of reads.

    Raises
    ------
    UnknownTermError, ArgumentError
        As `bm.significant`.
    DataError
        No locus has results, or neither reads nor samples are known.
    """
    canvas, most = a_canvas(ax=ax, figsize=figsize, caption=caption), checked_labels(labels)
    points = loci_points(loci, effect, q=q, method=method, prior_sd=prior_sd, n_draws=n_draws)
    frame = points.frame
    counts = {name: _numbers(frame[name]) for name in ("n_reads", "n_samples") if name in frame.columns}
    of = next((name for name, values in counts.items() if np.isfinite(values).all()), None)
    if of is None:
        raise DataError("The results have neither n_reads nor n_samples, which say how much is known of a locus.")
    ax = one_axes(canvas, width=6.0, height=4.0)
    x, y = np.maximum(counts[of], 1.0), frame["estimate"].to_numpy(dtype=float)
    if of == "n_reads":
        ax.set_xscale("log")
        low, high = float(x.min()) / 1.1, float(x.max()) * 1.1
        ax.set_xlim(low, high)
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < 200 * low else (1.0,)))
        plain_ticks(ax.xaxis)
    scatter(ax, x, y, points, edge=False)
    _draw_funnel(ax, x, frame["sd"].to_numpy(dtype=float))
    what = "reads" if of == "n_reads" else "samples"
    label_axes(ax, f"{what} of a locus", f"{effect}, posterior mean")
    head(ax, canvas, f"{effect} against coverage", f"{points.note} Lines: 0, and two median posterior sds.")
    ax.margins(y=0.08)
    name_loci(ax, x, y, points, most)
    return ax


def _numbers(values: Any) -> Floats:
    return np.asarray(as_numbers(values)[0], dtype=float)


def _draw_funnel(ax: Axes, x: Floats, sd: Floats) -> None:
    """Twice the median sd in bins of as many loci each."""
    style = look()
    ax.axhline(0, color=style.grey, linewidth=0.8, zorder=1)
    order = np.argsort(x, kind="stable")
    parts = [part for part in np.array_split(order, min(_BINS, max(1, len(x) // _FEWEST))) if len(part) >= _FEWEST]
    middles = np.array([np.median(x[part]) for part in parts])
    heights = np.array([2 * np.median(sd[part]) for part in parts])
    for sign in (1, -1):
        ax.plot(middles, sign * heights, color=style.grey, linewidth=1.0, zorder=4)
