"""The parameters of a fit as ArviZ draws them: a variable for each, under the names of the tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from arviz_base import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from bayesmix.inference.shared.draws import (
    auxiliary,
    constant_parameters,
    correlations,
    fixed,
    standard_deviations,
    thresholds,
)
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import column_pairs, corr_name, sd_names, threshold_names, without_slash
from bayesmix.report.pictures.plot_arguments import some_parameters
from bayesmix.report.pictures.plot_canvas import Picture
from bayesmix.report.pictures.plot_style import Handle, dress

_NAME = "long_name"


def draws_by_name(fit: Fit) -> dict[str, NDArray[np.float64]]:
    """Draws (n_chains, n_draws) of thresholds, fixed coefficients, sds, correlations and the family's parameters."""
    draws = dict(zip(threshold_names(fit.design), thresholds(fit), strict=True))
    for predictor in fit.design.predictors:
        draws |= dict(zip(predictor.fixed.names, fixed(fit, predictor), strict=True))
        for term in predictor.random:
            draws |= dict(zip(sd_names(term), standard_deviations(fit, term), strict=True))
            if term.k > 1:
                name = corr_name(term, predictor.random)
                labels = [name if term.k == 2 else f"{name}[{', '.join(pair)}]" for pair in column_pairs(term)]
                draws |= dict(zip(labels, correlations(fit, term), strict=True))
    return draws | {name: auxiliary(fit, name) for name in constant_parameters(fit)}


def chosen_draws(fit: Fit, parameters: str | Sequence[str] | None) -> xr.DataTree:
    """The posterior of the chosen parameters, with a scalar variable for each, and where divergences occurred.

    Variables have the names of the parameters without a slash, which xarray keeps for paths; `titles` has the names.
    """
    draws = draws_by_name(fit)
    names = some_parameters(parameters, list(draws))
    first = draws[names[0]]
    coords = {"chain": np.arange(first.shape[0]), "draw": np.arange(first.shape[1])}
    chosen = {without_slash(name): (("chain", "draw"), draws[name], {_NAME: name}) for name in names}
    groups = {"posterior": xr.Dataset(chosen, coords=coords)}
    recorded = fit.posterior.children.get("sample_stats")
    if recorded is not None and "diverging" in recorded:
        groups["sample_stats"] = xr.Dataset(
            {"diverging": (("chain", "draw"), recorded["diverging"].transpose("chain", "draw").to_numpy())},
            coords=coords,
        )
    return xr.DataTree.from_dict(groups)


def titles(tree: xr.DataTree) -> list[str]:
    """Names of the parameters in a tree that `chosen_draws` made."""
    return [variable.attrs[_NAME] for variable in tree["posterior"].data_vars.values()]


def n_divergent(tree: xr.DataTree) -> int | None:
    """The number of divergent transitions in a tree that `chosen_draws` made; None without any transitions."""
    return int(tree["sample_stats"]["diverging"].sum()) if "sample_stats" in tree.children else None


def about_chains(fit: Fit) -> str:
    """What a caption says of the chains of importance sampling; an empty text after NUTS."""
    if fit.diagnostics.importance is None:
        return ""
    return (
        " Importance sampling: the chains are parts of one sample and agree anyway; Pareto k says how far to trust it."
    )


def drawn_by_arviz(
    plot: Callable[..., Any],
    tree: xr.DataTree,
    *,
    size: tuple[float, float],
    layout: Mapping[str, Any],
    **settings: Any,
) -> Figure:
    """The picture that a function of ArviZ draws of all parameters of `tree`, with axes as in other pictures."""
    kwargs = {"figsize": size, "layout": "constrained", "FigureClass": Picture, **layout}
    with rc_context({"plot.max_subplots": None}):
        collection = plot(tree, backend="matplotlib", figure_kwargs=kwargs, **settings)
    figure: Figure = collection.viz["figure"].item()
    for ax in figure.axes:
        dress(ax)
    return figure


def chain_handles(colours: Sequence[str]) -> list[Handle]:
    """The legend's entries for the colours of the chains."""
    return [Line2D([], [], color=colour, linewidth=1.4, label=f"chain {i}") for i, colour in enumerate(colours)]
