"""What pictures of many loci draw: their effects, local rates, places and coverage; and how 20,000 points are drawn."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, NullLocator
from numpy.typing import NDArray

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, DataError, counted
from bayesmix.loci.inputs.chunked_table import as_numbers
from bayesmix.loci.multiplicity.result_table import result_table
from bayesmix.loci.multiplicity.significant import Method, significant
from bayesmix.report.pictures.plot_labels import label_points
from bayesmix.report.pictures.plot_look import BLUE, VERMILION, look

_LOWEST = 1e-8  # of local rates by two groups, which come from normal tails
_MANY = 2000
_NEAR = 300  # points that names keep away from
CHROMOSOMES, POSITIONS = ("chr", "chrom", "chromosome"), ("pos", "position", "start")


@dataclass(frozen=True)
class LociPoints:
    """A row for each locus with results.

    `frame` has ``locus``, ``estimate`` and ``sd`` of the fits, ``rate``, the local false discovery or false sign rate,
    ``selected``, and the columns of places and coverage that the results have. `lowest`: the rate below which points
    lie at the edge. `rate_name`: what the rate is. `n_without`: loci without results.
    """

    effect: str
    frame: pd.DataFrame
    lowest: float
    rate_name: str
    q: float
    n_without: int

    @property
    def selected(self) -> NDArray[np.bool_]:
        """(n_loci,)"""
        return self.frame["selected"].to_numpy(dtype=bool)

    @property
    def rates(self) -> Floats:
        """(n_loci,), not below `lowest`."""
        return np.maximum(self.frame["rate"].to_numpy(dtype=float), self.lowest)

    @property
    def at_edge(self) -> NDArray[np.bool_]:
        """(n_loci,), those whose rate is lower."""
        return self.frame["rate"].to_numpy(dtype=float) < self.lowest

    @property
    def most(self) -> NDArray[np.intp]:
        """Loci by their rate, then by the size of their effect: the most certain first."""
        return np.lexsort((-self.frame["estimate"].abs(), self.frame["rate"]))

    @property
    def note(self) -> str:
        """What was selected, for the line below a title."""
        n = int(self.selected.sum())
        loci = counted(len(self.frame), "locus").replace("locuss", "loci")
        if not n:
            return f"None of {loci} selected at a false discovery rate of {self.q:g}{self.without}"
        return f"{n:,} of {loci} selected at a false discovery rate of {self.q:g}, in red{self.without}"

    @property
    def without(self) -> str:
        """How many loci have no results, for the end of a line."""
        return f"; {self.n_without:,} without results." if self.n_without else "."


def loci_points(
    loci: Any, effect: str, *, q: float, method: Method, prior_sd: float | None, n_draws: int | None
) -> LociPoints:
    """The points of an effect; arguments are those of `bm.significant`.

    Raises
    ------
    DataError
        No locus has results.
    """
    judged = significant(loci, effect, q=q, method=method, prior_sd=prior_sd, n_draws=n_draws)
    columns = [f"{effect}_mean", f"{effect}_sd", *CHROMOSOMES, *POSITIONS, "n_reads", "n_samples"]
    table = result_table(loci, columns)
    known = table.frame.reset_index(drop=True)
    rate = "lfdr" if method == "two_groups" else "lfsr"
    frame = pd.DataFrame(
        {
            "locus": judged["locus"].astype(str) if "locus" in judged else known.index.astype(str),
            "estimate": as_numbers(known[f"{effect}_mean"])[0],
            "sd": as_numbers(known[f"{effect}_sd"])[0],
            "rate": judged[rate].to_numpy(),
            "selected": judged["selected"].to_numpy(),
        }
    )
    for name in columns[2:]:
        if name in known.columns:
            frame[name] = known[name].to_numpy()
    complete = np.isfinite(frame[["estimate", "sd", "rate"]].to_numpy(dtype=float)).all(axis=1)
    if not complete.any():
        raise DataError(f"No locus has results for {effect}; there is nothing to draw.")
    draws = n_draws or table.n_draws or 1
    return LociPoints(
        effect,
        frame[complete].reset_index(drop=True),
        _LOWEST if method == "two_groups" else 1 / draws,
        "local false discovery rate" if method == "two_groups" else "local false sign rate",
        q,
        int((~complete).sum()),
    )


def scatter(
    ax: Axes, x: Floats, y: Floats, points: LociPoints, colours: NDArray[Any] | str = BLUE, *, edge: bool = True
) -> None:
    """Draw all loci, those that are selected in front and in red; those beyond the `edge` of an axis as triangles."""
    n, chosen = len(x), points.selected
    beyond = points.at_edge if edge else np.zeros(n, dtype=bool)
    size, alpha = (12.0, 0.7) if n < _MANY else (4.0, 0.35)
    every = np.full(n, colours) if isinstance(colours, str) else colours
    for group, colour, opacity, order in ((~chosen, every, alpha, 2), (chosen, np.full(n, VERMILION), 0.85, 3)):
        for where, marker in ((group & ~beyond, "o"), (group & beyond, "^")):
            if where.any():
                settings: dict[str, Any] = {"marker": marker, "alpha": opacity, "zorder": order, "linewidths": 0}
                wide = size if marker == "o" else 2 * size
                shown = ax.scatter(x[where], y[where], s=wide, c=list(colour[where]), **settings)
                shown.set_rasterized(n >= _MANY)


def rate_axis(ax: Axes, points: LociPoints) -> None:
    """A vertical axis of local rates, small ones above; with the greatest that is selected as a line."""
    rates = points.rates
    ax.set_yscale("log")
    least = min(float(rates.min()), 0.05)
    ax.set_ylim(least**-0.06, least**1.08)
    plain_ticks(ax.yaxis)
    if points.selected.any():
        style = look()
        limit = float(rates[points.selected].max())
        ax.axhline(limit, color=style.grey, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)


def plain_ticks(axis: Axis) -> None:
    """Ticks of a logarithmic axis as numbers, without the small ones between."""
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))


def name_loci(ax: Axes, x: Floats, y: Floats, points: LociPoints, labels: int) -> None:
    """Write the names of the most certain of the selected loci where there is room."""
    order = points.most
    chosen = order[points.selected[order]]
    if labels and len(chosen):
        at = np.column_stack([x, y])
        names = points.frame["locus"].iloc[chosen[: 3 * labels]]
        label_points(ax, names=list(names), points=at[chosen[: 3 * labels]], others=at[order[:_NEAR]], most=labels)


def checked_labels(labels: Any) -> int:
    """How many names are written at most."""
    if isinstance(labels, bool) or not isinstance(labels, int) or not 0 <= labels <= 100:
        raise ArgumentError(f"labels is the most names of loci that are written, from 0 to 100; got {labels!r:.60}.")
    return labels


def natural(name: str) -> tuple[Any, ...]:
    """A key by which chr2 comes before chr10, and numbers before letters."""
    parts = re.findall(r"\d+|\D+", name)
    return tuple((0, int(part), "") if part.isdecimal() and len(part) < 18 else (1, 0, part) for part in parts)
