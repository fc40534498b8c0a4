"""Do the chains agree: is each chain's share of every rank the same?"""

from collections.abc import Sequence

import arviz_plots
from arviz_base import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bayesmix.errors import ArgumentError
from bayesmix.modelling.record import Fit
from bayesmix.report.plot_arguments import a_fit
from bayesmix.report.plot_chains import MOST_PANELS, about_chains, chosen_draws, dress_all, titles
from bayesmix.report.plot_style import CYCLE, GREY, INK, SMALL_SIZE, TITLE_SIZE, frame
from bayesmix.report.plot_text import literal


def plot_rank(fit: Fit, parameters: str | Sequence[str] | None = None) -> Figure:
    """Ranks of each chain's draws among all draws: their distribution minus the uniform one (arviz-plots).

    Parameters
    ----------
    fit
        A fitted model, with two chains or more.
    parameters
        Names as the tables print them; by default all fixed coefficients, sds, correlations and sigma.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each parameter, a line for each chain. Lines near 0 agree; R-hat puts a number to it. The chains
        of importance sampling are parts of one sample: they agree whatever the weights, which `diagnose` looks at.

    Raises
    ------
    UnknownTermError
        A parameter is not in the model; the message lists those that are.
    ArgumentError
        The fit has a single chain.

    Notes
    -----
    ArviZ's p value and its marks are left out: they hold for independent draws, and call well-mixed chains, whose
    draws are always autocorrelated, different.

    References
    ----------
    Saeilynoja, Buerkner & Vehtari (2022), doi:10.1007/s11222-022-10090-6.
    """
    tree = chosen_draws(a_fit(fit), parameters)
    names, n_chains = titles(tree), tree["posterior"].sizes["chain"]
    if n_chains < 2:
        raise ArgumentError("Ranks compare chains, and the fit has 1; fit with chains=4.")
    colours = [CYCLE[i % len(CYCLE)] for i in range(n_chains)]
    n_columns = min(3, len(names))
    n_rows = -(-len(names) // n_columns)
    with rc_context(MOST_PANELS):
        collection = arviz_plots.plot_rank(
            tree,
            backend="matplotlib",
            color=colours,
            col_wrap=n_columns,
            visuals={"title": False, "xlabel": False, "remove_axis": False},
            figure_kwargs={"figsize": (3.0 * n_columns + 0.3, 1.9 * n_rows + 1.0), "layout": "constrained"},
        )
    figure = collection.viz["figure"].item()
    dress_all(figure)
    for ax, name in zip(figure.axes, names, strict=False):
        ax.set_title(literal(name, inches=2.5), loc="left", fontsize=TITLE_SIZE, color=INK)
        for mark in (*ax.texts, *ax.collections):
            mark.remove()
        ax.axhline(0, color=GREY, linewidth=0.6, zorder=0)
    handles = [Line2D([], [], color=colour, linewidth=1.4, label=f"chain {i}") for i, colour in enumerate(colours)]
    figure.legend(
        handles=handles, loc="upper center", ncols=min(8, n_chains), fontsize=SMALL_SIZE, frameon=False, labelcolor=INK
    )
    frame(
        figure,
        text="Distribution of each chain's ranks among all draws, minus the uniform one: chains that agree stay near "
        f"0.{about_chains(fit)}",
        x_label="rank among all draws, from 0 to 1",
        y_label="difference",
        top=0.28,
    )
    return figure
