"""Where do REML and the posterior agree: BLUPs against posterior means, or intervals side by side."""

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmix.errors import UnknownTermError
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.hints import with_hints
from bayesmix.inference.pooling.compare_reml import RemlComparison, compare_reml, estimated_by
from bayesmix.inference.shared.arguments import one_of
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.units import unit_of_coefficient, with_unit
from bayesmix.report.pictures.compare_intervals import draw_intervals
from bayesmix.report.pictures.plot_arguments import a_canvas
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_look import BLUE, VERMILION, characters, look
from bayesmix.report.pictures.plot_style import frame, panel_title, panels

KINDS = ("groups", "intervals")

_MOST_INTERVALS = 150
_SIZE = 3.3  # inches of a panel
_SIDE_BY_SIDE = 0.1  # of the panel, where every level has the same BLUP


@with_hints
def plot_compare_reml(
    fit: Fit | RemlComparison,
    kind: Literal["groups", "intervals"] = "groups",
    *,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Figure:
    """The posterior beside the REML fit of the same model, as a picture of what `compare_reml` has.

    Parameters
    ----------
    fit
        A fit by `bm.fit`, or its `compare_reml`.
    kind
        ``"groups"``: BLUP against posterior mean of every level, a panel for each term. ``"intervals"``: fixed effects,
        standard deviations and correlations, estimate with confidence interval beside the posterior's.
    ax, figsize, caption
        Axes for a single panel, as of a model with one random intercept; or the size of a new figure in inches, by
        default what the panels need. Whether the caption is written.

    Returns
    -------
    matplotlib.figure.Figure
        Link scale. On the diagonal BLUP and posterior mean are equal. With ``"intervals"`` REML is above in vermilion,
        the posterior below in blue; each parameter has its own axis.

    Raises
    ------
    ArgumentError
        `kind` is not known, `ax` was given to a picture of several panels, or the family has neither a REML nor a
        Laplace fit.
    UnknownTermError
        `kind` is ``"groups"`` and the model has no random terms.

    Notes
    -----
    Confidence intervals of coefficients are by t with Satterthwaite's degrees of freedom (Laplace fits: by z), those of
    standard deviations from the profile of the restricted likelihood, which may begin at 0. Correlations, and standard
    deviations of Laplace fits, are shown without an interval. The posterior is shown by the mean of a coefficient, the
    median of a standard deviation or correlation, and equal-tailed intervals.
    """
    one_of(kind, KINDS, argument="kind")
    comparison = fit if isinstance(fit, RemlComparison) else compare_reml(fit)
    draw = _draw_effects if kind == "groups" else draw_intervals
    return draw(comparison, a_canvas(ax=ax, figsize=figsize, caption=caption))


def _draw_effects(comparison: RemlComparison, canvas: Canvas) -> Figure:
    """BLUPs against posterior means in a panel for each term, both axes with the same limits."""
    if comparison.groups.empty:
        raise UnknownTermError('The model has no random terms, so there are no group effects; take kind="intervals".')
    terms = list(comparison.groups.groupby(["group", "term"], sort=False))
    laplace = isinstance(comparison.reml, LaplaceFit)
    mode, by = "conditional mode" if laplace else "BLUP", estimated_by(comparison.reml)
    text = _caption(comparison, [len(levels) for _, levels in terms])
    n_columns = min(3, len(terms)) if len(terms) != 4 else 2
    # Square panels take all the height that they are given, and the caption of a narrow figure needs more.
    margin = 0.6 + 0.16 * -(-len(text) // characters(0.85 * n_columns * _SIZE))
    figure, axes = panels(canvas, len(terms), n_columns=n_columns, width=_SIZE, height=_SIZE, margin=margin)
    for ax, ((group, term), levels) in zip(axes, terms, strict=True):
        _draw_levels(ax, levels, f"{by}: sd 0, every\n{mode} 0; levels\nside by side")
        unit = "" if laplace else unit_of_coefficient(comparison.reml.design, str(term))
        panel_title(ax, with_unit(f"{term} by {group}", unit), inches=0.9 * _SIZE)
    frame(figure, canvas, text=text, x_label=f"{mode} ({by})", y_label="posterior mean")
    return figure


def _caption(comparison: RemlComparison, sizes: list[int]) -> str:
    by = estimated_by(comparison.reml)
    text = f"{sum(sizes)} group effects. On the diagonal {by} and the posterior mean say the same"
    with_bars = [size for size in sizes if size <= _MOST_INTERVALS]
    if with_bars:
        where = "" if len(with_bars) == len(sizes) else f" in panels of up to {_MOST_INTERVALS} levels"
        text += f"; bars{where}: {100 * comparison.prob:g}\N{NO-BREAK SPACE}% equal-tailed posterior intervals"
    scale = f" On the {comparison.reml.family.link} scale." if isinstance(comparison.reml, LaplaceFit) else ""
    return f"{text}.{scale}"


def _draw_levels(ax: Axes, levels: pd.DataFrame, at_zero: str) -> None:
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
