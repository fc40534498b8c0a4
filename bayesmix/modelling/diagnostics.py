"""Diagnostics of a sampler: R-hat, effective sizes, and the statistics of NUTS or of importance weights."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields

import numpy as np
import pandas as pd
import xarray as xr
from arviz_stats.base import array_stats

from bayesmix.arrays import Floats, Positions
from bayesmix.display import Printed
from bayesmix.formula.design import Design
from bayesmix.hints import Listed
from bayesmix.modelling.blocks import group_draws_at, stretches
from bayesmix.modelling.convergence import convergence, sources_of
from bayesmix.modelling.samplers.weights import Importance, importance_of, trouble_with
from bayesmix.posterior.layout import (
    column_pairs,
    constant_parameters,
    corr_draws,
    corr_name,
    fixed_draws,
    keeps_effects,
    sd_draws,
    sd_names,
    threshold_draws,
    threshold_names,
)

_VALUES_AT_ONCE = 2**21
_MOST_EFFECTS = 200  # of a term, if effects are drawn given the parameters that were sampled


@dataclass(frozen=True)
class Attempt:
    """One attempt of NUTS on all parameters: its settings and what came of them.

    `remedy` is what was changed after the attempt before, and `evidence` the reason; both are empty for the first.
    `centred` names the terms that were sampled centred. One of every `thin` draws was stored. `kept` says whether the
    fit has the draws of this attempt.
    """

    remedy: str
    evidence: str
    target_accept: float
    tune: int
    mass_matrix: str
    centred: str
    n_divergent: int
    max_rhat: float
    min_ess: float
    min_ebfmi: float
    n_max_treedepth: int
    seconds: float
    thin: int = 1
    kept: bool = True


def to_text(attempts: Sequence[Attempt]) -> str:
    """The text that is kept beside the draws."""
    return json.dumps([asdict(attempt) for attempt in attempts])


def frame_of(text: str | None) -> pd.DataFrame:
    """A table with a row for each attempt, numbered from 1; empty without a text."""
    rows = json.loads(text) if text else []
    columns = [field.name for field in fields(Attempt)]
    return pd.DataFrame(rows, columns=columns, index=pd.RangeIndex(1, len(rows) + 1, name="attempt"))


@dataclass(frozen=True, eq=False, repr=False)
class Diagnostics(Listed, Printed):
    """How the sampling went; it prints as a few lines.

    Attributes
    ----------
    parameters : pandas.DataFrame
        Indexed by parameter: `kind` (``"fixed"``, ``"threshold"``, ``"sd"``, ``"correlation"``, ``"auxiliary"``,
        ``"group effect"``), `sd` (posterior), `rhat`, `ess_bulk`, `ess_tail`. By importance sampling
        effective sizes count the weighted values behind the draws, not their copies. A parameter
        whose draws do not vary has `sd` 0, one with draws that are not finite has `sd` nan; the other figures are nan
        for both.
        On the exact and the quadrature route group effects are drawn anew for each draw of the sampled parameters and
        mix no worse than these. Of a term with many levels, 200 evenly spread effects are looked at; effects that the
        posterior does not hold are not.
    n_divergent : int
        Divergent transitions of NUTS after tuning, all chains together.
    ebfmi : tuple of float
        Energy fraction of missing information of each chain of NUTS.
    n_max_treedepth : int
        Draws of NUTS whose trajectory was cut off at the greatest tree depth.
    importance : Importance or None
        Diagnostics of the weights of importance sampling: Pareto k, effective size, log marginal likelihood.
    n_chains, n_total : int
        Chains, and draws of all chains together.
    ladder : pandas.DataFrame
        One row for every attempt of NUTS on all parameters, numbered from 1: the `remedy` and the `evidence` for it,
        the settings (`target_accept`, `tune`, `mass_matrix`, the terms `centred`), the results (`n_divergent`,
        `max_rhat`, `min_ess`, `min_ebfmi`, `n_max_treedepth`, `seconds`), the number of draws of which one was kept
        (`thin`), and whether its draws were `kept`.
    """

    parameters: pd.DataFrame
    n_divergent: int
    ebfmi: tuple[float, ...]
    n_max_treedepth: int
    importance: Importance | None
    n_chains: int
    n_total: int
    ladder: pd.DataFrame = field(default_factory=lambda: frame_of(None))


def extremes(parameters: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """R-hat, and the smaller one of both effective sizes, of the `Diagnostics.parameters` that have them."""
    return parameters["rhat"].dropna(), parameters[["ess_bulk", "ess_tail"]].min(axis=1).dropna()


def trouble_with_weights(posterior: xr.DataTree) -> str | None:
    """Why the weights of importance sampling cannot be trusted, in words; None if they can."""
    if "importance" not in posterior.children:
        return None
    group = posterior["importance"]
    theta = group["theta"].to_numpy() if _is_marginal(posterior) else np.empty((group.sizes["value"], 0))
    return trouble_with(theta, group["log_weight"].to_numpy(), posterior["posterior"].sizes["chain"])


def _is_marginal(posterior: xr.DataTree) -> bool:
    """Whether effects are drawn given the parameters that were sampled."""
    group = posterior.children.get("unconstrained_posterior")
    return group is not None and "theta" in group.data_vars


def diagnose_sampling(posterior: xr.DataTree, design: Design, auxiliary: tuple[str, ...]) -> Diagnostics:
    """Diagnostics of every parameter, of the group effects, and of the sampler.

    `posterior` has the groups `posterior` and `sample_stats`; `auxiliary` are the names of the family's further
    parameters, such as `sigma`.
    """
    draws = posterior.children["posterior"].to_dataset()
    n_chains, n_draws = draws.sizes["chain"], draws.sizes["draw"]
    blocks = _blocks(draws, design, auxiliary, _MOST_EFFECTS if _is_marginal(posterior) else None)
    statistics = posterior.children["sample_stats"].to_dataset()
    sources = sources_of(posterior)
    frames = [_figures(names, kind, values, sources) for names, kind, values in blocks]
    by_nuts, weights = "energy" in statistics, posterior.children.get("importance")
    return Diagnostics(
        parameters=pd.concat(frames),
        n_divergent=int(statistics["diverging"].sum()) if by_nuts else 0,
        ebfmi=_ebfmi(statistics) if by_nuts else (),
        n_max_treedepth=int(statistics["reached_max_treedepth"].sum()) if by_nuts else 0,
        importance=None if weights is None else importance_of(weights["log_weight"].to_numpy()),
        n_chains=n_chains,
        n_total=n_chains * n_draws,
        ladder=frame_of(statistics.attrs.get("ladder")),
    )


_Block = tuple[list[str], str, Floats]


def _blocks(
    posterior: xr.Dataset, design: Design, auxiliary: tuple[str, ...], most_effects: int | None
) -> Iterator[_Block]:
    """Names, kind and draws (n_parameters, n_chains, n_draws) of parameters and effects, block by block."""
    yield from parameter_blocks(posterior, design, auxiliary)
    n_total = posterior.sizes["chain"] * posterior.sizes["draw"]
    for term in design.all_random:
        chosen = _spread(term.n_levels, most_effects and max(1, most_effects // term.k))
        if not keeps_effects(posterior, term):
            continue
        for part in stretches(len(chosen), _VALUES_AT_ONCE // (n_total * term.k)):
            levels = chosen[part]
            values = group_draws_at(posterior, term, levels)
            names = [f"{column}|{term.group}[{term.levels[level]}]" for level in levels for column in term.names]
            yield names, "group effect", values.reshape(-1, *values.shape[2:])


def parameter_blocks(posterior: xr.Dataset, design: Design, auxiliary: tuple[str, ...]) -> Iterator[_Block]:
    """Names, kind and draws (n_parameters, n_chains, n_draws) of every parameter except the group effects."""
    if design.response.thresholds:
        yield list(threshold_names(design)), "threshold", np.moveaxis(threshold_draws(posterior, design), -1, 0)
    for predictor in design.predictors:
        yield from _of_predictor(posterior, predictor)
    for name in constant_parameters(design, auxiliary):
        yield [name], "auxiliary", posterior[name].transpose("chain", "draw").to_numpy()[None]


def _of_predictor(posterior: xr.Dataset, design: Design) -> Iterator[_Block]:
    """The coefficients, sds and correlations of one predictor."""
    yield list(design.fixed.names), "fixed", np.moveaxis(fixed_draws(posterior, design), -1, 0)
    for term in design.random:
        yield list(sd_names(term)), "sd", np.moveaxis(sd_draws(posterior, term), -1, 0)
        if term.k > 1:
            name, pairs = corr_name(term, design.random), column_pairs(term)
            names = [name] if len(pairs) == 1 else [f"{name}[{first}, {second}]" for first, second in pairs]
            values = corr_draws(posterior, term, design)
            yield names, "correlation", np.moveaxis(values.reshape(*values.shape[:2], -1), -1, 0)


def _spread(n_levels: int, most: int | None) -> Positions:
    """All positions, or at most `most` of them, evenly spread."""
    if most is None or n_levels <= most:
        return np.arange(n_levels)
    return np.linspace(0, n_levels - 1, most).round().astype(np.intp)


def _figures(names: list[str], kind: str, draws: Floats, sources: Floats | None) -> pd.DataFrame:
    """A row for each parameter; `sources` (n_chains, n_draws) as `convergence` takes them."""
    figures = convergence(draws, sources)
    # By rounding a constant has an sd of 1e-17; draws that are infinite or as large as 1e200 have none.
    with np.errstate(invalid="ignore", over="ignore"):
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
