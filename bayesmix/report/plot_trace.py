"""Do the chains mix and agree, draw after draw?"""

from collections.abc import Sequence

import arviz_plots
from arviz_base import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bayesmix.modelling.record import Fit
from bayesmix.report.plot_arguments import a_fit
from bayesmix.report.plot_chains import MOST_PANELS, about_chains, chosen_draws, dress_all, n_divergent, titles
from bayesmix.report.plot_style import CYCLE, INK, SMALL_SIZE, TEXT_SIZE, TITLE_SIZE, frame
from bayesmix.report.plot_text import literal


def plot_trace(fit: Fit, parameters: str | Sequence[str] | None = None) -> Figure:
    """Density and trace of each parameter, by chain (arviz-plots).

    Parameters
    ----------
    fit
        A fitted model.
    parameters
        Names as the tables print them, such as ``"sd_Subject__Days"``; by default all fixed coefficients, sds,
        correlations and sigma.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each parameter: its density on the left, its draws on the right. Chains that lie upon each other
        agree. Divergent transitions, if any, are ticks at the foot. Draws of importance sampling are in no order and
        its chains are parts of one sample: they look well whatever the weights, which `diagnose` looks at.

    Raises
    ------
    UnknownTermError
        A parameter is not in the model; the message lists those that are.
    """
    tree = chosen_draws(a_fit(fit), parameters)
    names, n_chains = titles(tree), tree["posterior"].sizes["chain"]
    colours = [CYCLE[i % len(CYCLE)] for i in range(max(n_chains, 3))]
    height = 1.35 * len(names) + 0.9
    with rc_context(MOST_PANELS):
        collection = arviz_plots.plot_trace_dist(
            tree,
            compact=False,
            kind="kde",  # left to itself ArviZ draws few draws as a cumulative distribution
            backend="matplotlib",
            color=colours,
            visuals={
                "label": False,
                "xlabel_trace": False,
                "trace": {"width": 0.5, "alpha": 0.75},
                "dist": {"width": 1.2},
                "divergence": {"color": INK},
            },
            figure_kwargs={"figsize": (9.0, height), "layout": "constrained", "width_ratios": [1, 2]},
        )
    figure = collection.viz["figure"].item()
    dress_all(figure)
    for row, name in enumerate(names):
        density, trace = figure.axes[2 * row : 2 * row + 2]
        density.set_title(literal(name, inches=2.5), loc="left", fontsize=TITLE_SIZE, color=INK)
        density.set_yticks([])
        density.spines["left"].set_visible(False)
        if row == len(names) - 1:
            density.set_xlabel("value", fontsize=TEXT_SIZE)
            trace.set_xlabel("draw", fontsize=TEXT_SIZE)
    _chain_legend(figure, colours[:n_chains])
    divergent = n_divergent(tree)
    marks = (
        " No divergent transitions." if divergent == 0 else f" Ticks at the foot: {divergent} divergent transitions."
    )
    if divergent is None:
        marks = about_chains(fit)
    frame(figure, text=f"Left: posterior density by chain. Right: the draws in their order.{marks}", top=0.28)
    return figure


def _chain_legend(figure: Figure, colours: list[str]) -> None:
    handles = [Line2D([], [], color=colour, linewidth=1.4, label=f"chain {i}") for i, colour in enumerate(colours)]
    figure.legend(
        handles=handles,
        loc="upper center",
        ncols=min(8, len(handles)),
        fontsize=SMALL_SIZE,
        frameon=False,
        labelcolor=INK,
    )
