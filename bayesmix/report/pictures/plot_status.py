"""What became of the loci of a run."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from bayesmix.errors import DataError, listing
from bayesmix.hints import with_hints
from bayesmix.loci.multiplicity.result_table import result_table
from bayesmix.report.pictures.plot_arguments import a_canvas
from bayesmix.report.pictures.plot_look import BLUE, VERMILION, literal, look
from bayesmix.report.pictures.plot_style import head, label_axes, one_axes, write_beside

_MOST_REASONS = 6
_TEXT = 2.6  # inches of a status


@with_hints
def plot_status(
    loci: Any,
    ax: Axes | None = None,
    *,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Axes:
    """The number of loci of each status, with the reasons of those that failed.

    Parameters
    ----------
    loci
        The results of `bm.fit_loci`, their table, or a store, to which a run may be adding rows.
    ax, figsize, caption
        Axes to draw into, or the size of a new figure in inches. Whether the note below the title is written.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each status with its number and share; of more than six reasons the rarest are one bar.

    Raises
    ------
    DataError
        The results have no statuses.
    """
    canvas = a_canvas(ax=ax, figsize=figsize, caption=caption)
    frame = result_table(loci, ["status"]).frame
    if "status" not in frame.columns or not len(frame):
        raise DataError(f"The results have no column 'status' with rows; they have {listing(frame.columns)}.")
    counts = status_counts(frame["status"])
    ax = one_axes(canvas, width=6.0, height=1.3 + 0.3 * len(counts))
    places, style = np.arange(len(counts))[::-1], look()
    failed = counts.index.str.startswith(("failed", "diverged"))
    ax.barh(places, counts, height=0.62, color=np.where(failed, VERMILION, BLUE))
    ax.set_yticks(places, [literal(name, inches=_TEXT) for name in counts.index])
    ax.set_xlim(0, 1.45 * counts.max())
    ax.set_ylim(-0.8, len(counts) - 0.2)
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    for place, n in zip(places, counts, strict=True):
        text = f"{n:,} ({100 * n / len(frame):.3g} %)"
        write_beside(ax, text, (n, place), (4, 0), style.small, style.ink, va="center")
    label_axes(ax, "loci", "")
    usable = int(counts[~failed & (counts.index != "low coverage")].sum())
    head(ax, canvas, f"Status of {len(frame):,} loci", f"{usable:,} have results that can be used as they are.")
    return ax


def status_counts(status: pd.Series) -> pd.Series:
    """The number of loci of each status, the most frequent first; the rarest reasons of failures together."""
    counts = status.astype(str).value_counts()
    reasons = counts.index[counts.index.str.startswith("failed")]
    rare = reasons[_MOST_REASONS - 1 :] if len(reasons) > _MOST_REASONS else reasons[:0]
    if not len(rare):
        return counts
    others = pd.Series({f"failed: {len(rare)} other reasons": int(counts[rare].sum())})
    return pd.concat([counts.drop(rare), others])
