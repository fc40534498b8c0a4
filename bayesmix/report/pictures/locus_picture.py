"""One locus among many: its samples by cell, and the intervals of its parameters."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmix.loci.locus import LocusResult
from bayesmix.report.pictures.plot_canvas import new_figure
from bayesmix.report.pictures.plot_look import BLUE, VERMILION, literal, look
from bayesmix.report.pictures.plot_style import dress, label_axes, panel_title

_NAME = 2.0  # inches of a parameter or a cell
_SIDEWAYS = 0.16  # between the first and the last sample of a cell


def locus_picture(found: LocusResult, response: str) -> Figure:
    """Its samples by cell beside the posterior intervals; the area of a point follows the reads of the sample.

    `response`: the column that is drawn where the data have no proportions.
    """
    n_rows = max(len(found.cells), len(found.posterior), 2)
    figure = new_figure((9.0, 1.5 + 0.3 * n_rows))
    data, posterior = figure.subplots(1, 2)
    _draw_samples(dress(data), found, response)
    _draw_intervals(dress(posterior), found)
    return figure


def _draw_samples(ax: Axes, found: LocusResult, response: str) -> None:
    factors = list(found.cells.columns[: list(found.cells.columns).index("samples")])
    named = [name for name in factors if name in found.data.columns]
    column = "proportion" if "proportion" in found.data.columns else response
    values = pd.to_numeric(found.data[column], errors="coerce").to_numpy(dtype=float)
    weight = _reads(found, column)
    labels = found.cells[factors].astype(str).agg(", ".join, axis=1)
    of_sample = (
        found.data[named].astype(str).agg(", ".join, axis=1) if named else pd.Series("all", index=found.data.index)
    )
    places = np.arange(len(labels))[::-1]
    for label, place in zip(labels, places, strict=True):
        rows = np.flatnonzero((of_sample == label).to_numpy())
        heights = place + np.linspace(-1, 1, len(rows)) * _SIDEWAYS if len(rows) > 1 else np.array([float(place)])
        ax.scatter(values[rows], heights, s=weight[rows], color=BLUE, alpha=0.55, linewidths=0, zorder=2)
    together = "proportion" if "proportion" in found.cells.columns else "mean"
    if together in found.cells.columns:
        ax.plot(found.cells[together], places, linestyle="", marker="|", markersize=15, color=look().ink, zorder=3)
    ax.set_yticks(places, [literal(label, inches=_NAME) for label in labels])
    ax.set_ylim(-0.6, len(labels) - 0.4)
    if column == "proportion":
        ax.set_xlim(-0.04, 1.04)
    label_axes(ax, column, "")
    panel_title(ax, "Samples, and each cell together", inches=4.0)


def _reads(found: LocusResult, column: str) -> np.ndarray:
    """Areas of points."""
    counts = found.data.select_dtypes("number").drop(columns=[column], errors="ignore")
    reads = counts.sum(axis=1).to_numpy(dtype=float) if column == "proportion" and counts.shape[1] else None
    if reads is None or not reads.max() > 0:
        return np.full(len(found.data), 18.0)
    return 6 + 54 * reads / reads.max()


def _draw_intervals(ax: Axes, found: LocusResult) -> None:
    table, style = found.posterior, look()
    panel_title(ax, f"Posterior means, {100 * found.prob:g} % intervals", inches=4.0)
    if not len(table):
        ax.text(0.5, 0.5, literal(found.status, inches=3.0), transform=ax.transAxes, ha="center", color=style.ink)
        ax.set_axis_off()
        return
    places = np.arange(len(table))[::-1]
    one_sided = (table["lower"] > 0) | (table["upper"] < 0)
    signed = table["p_below"].notna()
    colours = np.where(one_sided & signed, VERMILION, BLUE)
    ax.axvline(0, color=style.light, linewidth=0.8, zorder=1)
    ax.hlines(places, table["lower"], table["upper"], colors=list(colours), linewidth=1.6, zorder=2)
    ax.scatter(table["mean"], places, s=22, color=list(colours), zorder=3)
    ax.set_yticks(places, [literal(str(name), inches=_NAME) for name in table.index])
    ax.set_ylim(-0.6, len(table) - 0.4)
    label_axes(ax, "scale of the linear predictor", "")
