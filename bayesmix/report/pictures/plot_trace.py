"""Do the chains mix and agree, draw after draw?"""

from collections.abc import Sequence

import arviz_plots
import numpy as np
from matplotlib.figure import Figure

from bayesmix.hints import with_hints
from bayesmix.modelling.record import Fit
from bayesmix.report.pictures.plot_arguments import a_canvas, a_fit
from bayesmix.report.pictures.plot_chains import (
    about_chains,
    chain_handles,
    chosen_draws,
    drawn_by_arviz,
    n_divergent,
    titles,
)
from bayesmix.report.pictures.plot_look import look
from bayesmix.report.pictures.plot_style import frame, hide_heights, panel_title

_ROW, _ALL_ROWS = (0.95, 1.35), 12.0  # inches of a parameter, fewer where there are many, and of all


@with_hints
def plot_trace(
    fit: Fit,
    parameters: str | Sequence[str] | None = None,
    *,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Figure:
    """Density and trace of each parameter, by chain (arviz-plots).

    Parameters
    ----------
    fit
        A fitted model.
    parameters
        Names as the tables print them, such as ``"sd_Subject__Days"``; by default all fixed coefficients, sds,
        correlations and sigma.
    figsize, caption
        The size of the figure in inches, by default what the parameters need; whether the caption is written.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each parameter, with its density on the left and its draws on the right. Chains that lie on top of
        each other agree. Ticks at the foot mark divergent transitions. Draws of importance sampling are in no order
        and its chains are parts of one sample: they look good whatever the weights, which `diagnose` checks.

    Raises
    ------
    UnknownTermError
        A parameter is not in the model; the message lists those that are.
    """
    canvas, style = a_canvas(figsize=figsize, caption=caption), look()
    tree = chosen_draws(a_fit(fit), parameters)
    names, n_chains = titles(tree), tree["posterior"].sizes["chain"]
    colours = [style.cycle[i % len(style.cycle)] for i in range(max(n_chains, 3))]
    height = float(np.clip(_ALL_ROWS / len(names), *_ROW))
    size = canvas.size(9.0, height * len(names) + 0.9, panels=2 * len(names))
    figure = drawn_by_arviz(
        arviz_plots.plot_trace_dist,
        tree,
        size=size,
        layout={"width_ratios": [1, 2]},
        compact=False,
        kind="kde",  # by default ArviZ shows few draws as a cumulative distribution
        color=colours,
        visuals={
            "label": False,
            "xlabel_trace": False,
            "trace": {"width": 0.5, "alpha": 0.75},
            "dist": {"width": 1.2},
            "divergence": {"color": style.ink},
        },
    )
    for row, name in enumerate(names):
        density, trace = figure.axes[2 * row : 2 * row + 2]
        panel_title(density, name, inches=2.5)
        hide_heights(density)
        if row == len(names) - 1:
            density.set_xlabel("value", fontsize=style.text)
            trace.set_xlabel("draw", fontsize=style.text)
    divergent = n_divergent(tree)
    if divergent is None:
        remark = about_chains(fit)
    else:
        ticks = f" Ticks at the foot: {divergent} divergent transitions."
        remark = ticks if divergent else " No divergent transitions."
    text = f"Left: posterior density by chain. Right: the draws in their order.{remark}"
    frame(figure, canvas, text=text, handles=chain_handles(colours[:n_chains]))
    return figure
