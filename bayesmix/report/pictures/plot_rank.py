"""Do the chains agree: is each chain's share of every rank the same?"""

from collections.abc import Sequence

import arviz_plots
import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from bayesmix.errors import ArgumentError
from bayesmix.hints import with_hints
from bayesmix.modelling.convergence import convergence
from bayesmix.modelling.record import Fit
from bayesmix.numerics.rank_band import rank_band
from bayesmix.report.pictures.plot_arguments import a_canvas, a_fit
from bayesmix.report.pictures.plot_chains import about_chains, chain_handles, chosen_draws, drawn_by_arviz, titles
from bayesmix.report.pictures.plot_look import look
from bayesmix.report.pictures.plot_style import frame, panel_title

PROB = 0.95
_FEWEST = 20  # draws that thinning leaves of a chain


@with_hints
def plot_rank(
    fit: Fit,
    parameters: str | Sequence[str] | None = None,
    *,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Figure:
    """Ranks of each chain's draws among all draws: their distribution minus the uniform one (arviz-plots).

    Parameters
    ----------
    fit
        A fitted model, with two chains or more.
    parameters
        Names as the tables print them; by default all fixed coefficients, sds, correlations and sigma.
    figsize, caption
        The size of the figure in inches, by default what the parameters need; whether the caption is written.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each parameter and a line for each chain, after thinning to the effective number of draws. If the
        chains agree, all of their lines lie in the grey band with probability 95 %; R-hat measures the same. The
        chains of importance sampling are parts of one sample: they agree whatever the weights, which `diagnose` checks.

    Raises
    ------
    UnknownTermError
        A parameter is not in the model; the message lists those that are.
    ArgumentError
        The fit has a single chain.

    Notes
    -----
    ArviZ's p value and its marks are left out, as they hold for independent draws. The band, by simulation, holds for
    independent draws too, and those of a chain are autocorrelated. All chains are therefore thinned by the ratio of the
    number of draws to the effective sample size within a chain (bulk or tail, of the parameter with the smallest one).

    References
    ----------
    Saeilynoja, Buerkner & Vehtari (2022), doi:10.1007/s11222-022-10090-6.
    """
    canvas, style = a_canvas(figsize=figsize, caption=caption), look()
    tree = chosen_draws(a_fit(fit), parameters)
    names, n_chains = titles(tree), tree["posterior"].sizes["chain"]
    if n_chains < 2:
        raise ArgumentError("Ranks compare chains, and the fit has 1; fit with chains=4.")
    colours = [style.cycle[i % len(style.cycle)] for i in range(n_chains)]
    n_columns = min(3, len(names))
    n_rows = -(-len(names) // n_columns)
    size = canvas.size(max(4.6, 3.0 * n_columns + 0.3), 1.9 * n_rows + 1.0, panels=len(names))
    every = _thinning(tree)
    band = rank_band(n_chains, len(range(0, tree["posterior"].sizes["draw"], every)), prob=PROB)
    figure = drawn_by_arviz(
        arviz_plots.plot_rank,
        tree,
        size=size,
        layout={},
        thin=True,
        color=colours,
        col_wrap=n_columns,
        visuals={"title": False, "xlabel": False, "remove_axis": False},
        stats={"thin": {"factor": every}},
    )
    for ax, name in zip(figure.axes, names, strict=False):
        panel_title(ax, name, inches=0.8 * size[0] / n_columns)
        for mark in (*ax.texts, *ax.collections):
            mark.remove()
        ax.fill_between(band.at, -band.half, band.half, color=style.grey, alpha=0.25, linewidth=0, zorder=0)
        ax.axhline(0, color=style.grey, linewidth=0.6, zorder=0)
    # All panels share their limits, which hold the band and chains that leave it.
    furthest = max(float(np.abs(line.get_ydata()).max()) for ax in figure.axes for line in ax.lines)
    limit = 1.1 * max(float(band.half.max()), furthest)
    for ax in figure.axes:
        ax.set_ylim(-limit, limit)
    text = (
        "Distribution of each chain's ranks among all draws, minus the uniform one; grey: where all of it lies with "
        f"probability {100 * PROB:g} % if the chains agree, of as many draws as the chains are worth."
        f"{about_chains(fit)}"
    )
    labels = {"x_label": "rank among all draws, from 0 to 1", "y_label": "difference"}
    frame(figure, canvas, text=text, handles=chain_handles(colours), **labels)
    return figure


def _thinning(tree: xr.DataTree) -> int:
    """The number of draws of which one is kept, so that the draws of a chain are about independent.

    It is computed within chains: chains that disagree have a small effective sample size together, which must not widen
    the band that shows the disagreement.
    """
    draws = np.stack([variable.transpose("chain", "draw") for variable in tree["posterior"].data_vars.values()])
    n_parameters, n_chains, n_draws = draws.shape
    by_chain = convergence(draws.reshape(n_parameters * n_chains, 1, n_draws))
    sizes = np.minimum(by_chain.ess_bulk, by_chain.ess_tail).reshape(n_parameters, n_chains).mean(axis=1)
    least = float(np.nanmin(sizes, initial=n_draws))
    return int(np.clip(round(n_draws / least), 1, max(1, n_draws // _FEWEST)))
