"""What the sampler's own figures say: R-hat, effective sizes, divergences, E-BFMI, tree depth (arviz-stats)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from arviz_stats.base import array_stats
from numpy.typing import NDArray

from bayesmix.formula.design import Design
from bayesmix.modelling.blocks import group_draws_at, stretches
from bayesmix.modelling.convergence import convergence
from bayesmix.modelling.layout import column_pairs, corr_draws, corr_name, fixed_draws, sd_draws, sd_names

_VALUES_AT_ONCE = 2**21


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """How the sampling went.

    Attributes
    ----------
    parameters : pandas.DataFrame
        Indexed by parameter: `kind` (``"fixed"``, ``"sd"``, ``"correlation"``, ``"auxiliary"``,
        ``"group effect"``), `sd` (posterior), `rhat`, `ess_bulk`, `ess_tail`. A parameter whose draws do not
        vary has `sd` 0, one with draws that are not finite `sd` nan; the other figures are nan for both.
    n_divergent : int
        Divergent transitions after tuning, all chains together.
    ebfmi : tuple of float
        Energy fraction of missing information of each chain.
    n_max_treedepth : int
        Draws whose trajectory was cut off at the greatest tree depth.
    n_chains, n_total : int
        Chains, and draws of all chains together.
    """

    parameters: pd.DataFrame
    n_divergent: int
    ebfmi: tuple[float, ...]
    n_max_treedepth: int
    n_chains: int
    n_total: int


def diagnose_sampling(posterior: xr.DataTree, design: Design, auxiliary: tuple[str, ...]) -> Diagnostics:
    """Figures for every parameter and every group effect, and for the sampler.

    Parameters
    ----------
    posterior
        Groups `posterior` and `sample_stats`, as `chains.sample_stats` keeps it.
    design
        The design that was fitted.
    auxiliary
        Names of the family's further parameters, such as `sigma`.
    """
    draws = posterior.children["posterior"].to_dataset()
    n_chains, n_draws = draws.sizes["chain"], draws.sizes["draw"]
    frames = [_figures(names, kind, values) for names, kind, values in _blocks(draws, design, auxiliary)]
    statistics = posterior.children["sample_stats"].to_dataset()
    return Diagnostics(
        parameters=pd.concat(frames),
        n_divergent=int(statistics["diverging"].sum()),
        ebfmi=_ebfmi(statistics),
        n_max_treedepth=int(statistics["reached_max_treedepth"].sum()),
        n_chains=n_chains,
        n_total=n_chains * n_draws,
    )


_Block = tuple[list[str], str, NDArray[np.float64]]


def _blocks(posterior: xr.Dataset, design: Design, auxiliary: tuple[str, ...]) -> Iterator[_Block]:
    """Names, kind and draws (n_parameters, n_chains, n_draws) of all parameters, a part at a time."""
    yield list(design.fixed.names), "fixed", np.moveaxis(fixed_draws(posterior, design), -1, 0)
    for term in design.random:
        yield list(sd_names(term)), "sd", np.moveaxis(sd_draws(posterior, term), -1, 0)
        if term.k > 1:
            name, pairs = corr_name(term, design.random), column_pairs(term)
            names = [name] if len(pairs) == 1 else [f"{name}[{first}, {second}]" for first, second in pairs]
            values = corr_draws(posterior, term, design)
            yield names, "correlation", np.moveaxis(values.reshape(*values.shape[:2], -1), -1, 0)
    for name in auxiliary:
        yield [name], "auxiliary", posterior[name].transpose("chain", "draw").to_numpy()[None]
    n_total = posterior.sizes["chain"] * posterior.sizes["draw"]
    for term in design.random:
        for levels in stretches(term.n_levels, _VALUES_AT_ONCE // (n_total * term.k)):
            values = group_draws_at(posterior, term, levels)
            names = [f"{column}|{term.group}[{level}]" for level in term.levels[levels] for column in term.names]
            yield names, "group effect", values.reshape(-1, *values.shape[2:])


def _figures(names: list[str], kind: str, draws: NDArray[np.float64]) -> pd.DataFrame:
    figures = convergence(draws)
    # Rounding leaves a constant a standard deviation of 1e-17; infinite draws have none.
    with np.errstate(invalid="ignore"):
        sd = np.where(np.ptp(draws, axis=(1, 2)) == 0, 0.0, draws.std(axis=(1, 2), ddof=1))
    columns = {
        "kind": kind,
        "sd": sd,
        "rhat": figures.rhat,
        "ess_bulk": figures.ess_bulk,
        "ess_tail": figures.ess_tail,
    }
    return pd.DataFrame(columns, index=pd.Index(names, name="parameter", dtype=object))


def _ebfmi(statistics: xr.Dataset) -> tuple[float, ...]:
    energy = statistics["energy"].transpose("chain", "draw").to_numpy()
    # A chain that never moved has no energy to compare: 0 / 0.
    with np.errstate(invalid="ignore", divide="ignore"):
        return tuple(float(value) for value in np.atleast_1d(array_stats.bfmi(energy)))
