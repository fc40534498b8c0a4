"""BLUP against posterior mean of every level of every group."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmix.errors import UnknownTermError
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.inference.pooling.compare_reml import RemlComparison, estimated_by
from bayesmix.report.pages.units import unit_of_coefficient, with_unit
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_look import BLUE, VERMILION, look
from bayesmix.report.pictures.plot_style import frame, panel_title, panels
from bayesmix.report.pictures.plot_text import characters

_MOST_INTERVALS = 150
_SIZE = 3.3  # inches of a panel
_SIDE_BY_SIDE = 0.1  # of the panel, where every level has the same BLUP


def draw_effects(comparison: RemlComparison, canvas: Canvas) -> Figure:
    """A panel for each term, both axes with the same limits."""
    if comparison.groups.empty:
        raise UnknownTermError('The model has no random terms, so there are no group effects; take kind="intervals".')
    terms = list(comparison.groups.groupby(["group", "term"], sort=False))
    laplace = isinstance(comparison.reml, LaplaceFit)
    what, by = "conditional mode" if laplace else "BLUP", estimated_by(comparison.reml)
    text = _caption(comparison, [len(levels) for _, levels in terms])
    n_columns = min(3, len(terms)) if len(terms) != 4 else 2
    # Square panels take all the height they are given: the caption of a narrow figure needs more.
    n_lines = -(-len(text) // characters(0.85 * n_columns * _SIZE))
    margin = 0.6 + 0.16 * n_lines
    figure, axes = panels(canvas, len(terms), n_columns=n_columns, width=_SIZE, height=_SIZE, margin=margin)
    for ax, ((group, term), levels) in zip(axes, terms, strict=True):
        _draw(ax, levels, f"{by}: sd 0, every\n{what} 0; levels\nside by side")
        unit = "" if laplace else unit_of_coefficient(comparison.reml.design, str(term))
        panel_title(ax, with_unit(f"{term} by {group}", unit), inches=0.9 * _SIZE)
    frame(figure, canvas, text=text, x_label=f"{what} ({by})", y_label="posterior mean")
    return figure


def _caption(comparison: RemlComparison, sizes: list[int]) -> str:
    text = (
        f"{sum(sizes)} group effects. On the diagonal {estimated_by(comparison.reml)} and the posterior mean say the "
        "same"
    )
    with_bars = [size for size in sizes if size <= _MOST_INTERVALS]
    if with_bars:
        where = "" if len(with_bars) == len(sizes) else f" in panels of up to {_MOST_INTERVALS} levels"
        text += f"; bars{where}: {100 * comparison.prob:g}\N{NO-BREAK SPACE}% equal-tailed posterior intervals"
    scale = f" On the {comparison.reml.family.link} scale." if isinstance(comparison.reml, LaplaceFit) else ""
    return f"{text}.{scale}"


def _draw(ax: Axes, levels: pd.DataFrame, at_zero: str) -> None:
    style, crowded = look(), len(levels) > _MOST_INTERVALS
    shown = levels[["blup", "mean"]] if crowded else levels[["blup", "mean", "lower", "upper"]]
    low, high = float(shown.min().min()), float(shown.max().max())
    room = 0.05 * (high - low) or 0.5
    limits = (low - room, high + room)
    x = levels["blup"].to_numpy()
    if (x == 0).all():
        x = np.linspace(-0.5, 0.5, len(x)) * _SIDE_BY_SIDE * (high - low)
        corner = ax.text(0.98, 0.03, at_zero, fontsize=style.small, color=VERMILION, ha="right", va="bottom")
        corner.set_transform(ax.transAxes)
    ax.plot(limits, limits, color=style.grey, linewidth=0.8, dashes=(4, 3), zorder=1, label="the same")
    if not crowded:
        ax.vlines(x, levels["lower"], levels["upper"], color=BLUE, alpha=0.35, linewidth=1.0, zorder=2)
    alpha = float(np.clip(120 / len(levels), 0.2, 1.0))
    ax.scatter(x, levels["mean"], s=14, color=BLUE, alpha=alpha, linewidths=0, zorder=3, label="levels")
    ax.set_xlim(limits)
    ax.set_ylim(limits)
    ax.set_box_aspect(1)
    ax.locator_params(nbins=5)
