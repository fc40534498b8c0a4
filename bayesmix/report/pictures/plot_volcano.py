"""How large the effect of each locus is against how certain it is."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bayesmix.hints import with_hints
from bayesmix.loci.multiplicity.significant import Method
from bayesmix.report.pictures.loci_points import checked_labels, loci_points, name_loci, rate_axis, scatter
from bayesmix.report.pictures.plot_arguments import a_canvas
from bayesmix.report.pictures.plot_style import head, label_axes, one_axes


@with_hints
def plot_volcano(
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
    """A volcano of loci: the local false discovery rate against the posterior mean of an effect.

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
        A point for each locus with results, those that are selected in red; the dashed line is at the greatest local
        rate among them. Rates below 1e-8, or by ``"lfsr"`` below what draws can tell, are triangles at the upper edge.

    Raises
    ------
    UnknownTermError, ArgumentError
        As `bm.significant`.
    DataError
        No locus has results.
    """
    canvas, most = a_canvas(ax=ax, figsize=figsize, caption=caption), checked_labels(labels)
    points = loci_points(loci, effect, q=q, method=method, prior_sd=prior_sd, n_draws=n_draws)
    ax = one_axes(canvas, width=6.0, height=4.4)
    x, y = points.frame["estimate"].to_numpy(dtype=float), points.rates
    scatter(ax, x, y, points)
    reach = 1.08 * float(np.abs(x).max()) or 1.0
    ax.set_xlim(-reach, reach)
    rate_axis(ax, points)
    label_axes(ax, f"{effect}, posterior mean", points.rate_name)
    head(ax, canvas, f"Effects of {effect} over loci", points.note)
    name_loci(ax, x, y, points, most)
    return ax
