"""How well does the model predict an observation, or a whole group, that it has not seen?"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from arviz_stats.base import array_stats
from numpy.typing import NDArray
from scipy.special import logsumexp

from bayesmix import modelling
from bayesmix.errors import ArgumentError
from bayesmix.inference.arguments import a_count
from bayesmix.inference.draws import n_draws_of
from bayesmix.inference.held_out_groups import group_log_likelihoods, levels_of, rows_by_level
from bayesmix.inference.log_likelihood import log_likelihood_in_parts
from bayesmix.inference.loo_record import Loo
from bayesmix.inference.row_model import Positions, spread_draws
from bayesmix.modelling.kinds import a_posterior
from bayesmix.modelling.record import Fit

if TYPE_CHECKING:
    from bayesmix.modelling.left_out import LeftOut

Floats = NDArray[np.float64]

_SECONDS = 60.0  # that the exact path may take for what is left out, roughly
_DRAWS = 1000  # where group effects are integrated out by quadrature
_FEWEST = 400
_MOST_MENDED = 200
_FEWEST_FOR_A_TAIL = 30  # draws, a fifth of which is the tail that Pareto's k is of; of five values it has none


def loo(fit: Fit, *, by: str | None = None, draws: int | None = None) -> Loo:
    """Leave-one-out cross-validation from the draws of one fit: Pareto-smoothed importance sampling (PSIS).

    Parameters
    ----------
    fit
        A fitted model.
    by
        A grouping factor of the model, or a column of the data: its levels are left out one after the other, which
        asks how well the model predicts a level that was never seen. The level's own effects are integrated out over
        their distribution, with those of all that is nested in it. By default single rows, predicted with the effects
        of their level: how well the model predicts another observation of the same levels.
    draws
        Of the posterior, evenly spread, at least 30. By default all; 1000 where groups are left out of a model without
        closed form.

    Returns
    -------
    Loo
        elpd : float, with se; p; pointwise : pandas.DataFrame with Pareto k

    Raises
    ------
    UnknownTermError
        `by` is neither a group nor a column.
    ArgumentError
        `fit` is no posterior, or there are fewer than 30 draws, whose weights have no tail to be judged by.

    Notes
    -----
    A row is left out by weighting the draws (`method` ``"psis"``); its Pareto k says whether few draws take all the
    weight. Then, and for groups always, fewer parameters are weighted: a model of the exact path has coefficients and
    all group effects integrated out given the rest of the data, so that only draws of the variances carry weights
    (``"exact"``); what still cannot be trusted comes from the marginal likelihoods with and without these rows
    (``"marginal"``, without a Pareto k). Other models have the effects of the level integrated out by quadrature, and
    draws of all else carry weights (``"quadrature"``). Rows in which nothing was tried are no part of it.

    References
    ----------
    Vehtari, Gelman & Gabry (2017), doi:10.1007/s11222-016-9696-4; Merkle, Furr & Rabe-Hesketh (2019),
    doi:10.1007/s11336-019-09679-0, on leaving out groups.
    """
    fit = a_posterior(fit, question="loo")
    wanted = None if draws is None else a_count(draws, argument="draws")
    _require_a_tail(fit, wanted)
    if by is None:
        return _by_row(fit, spread_draws(n_draws_of(fit), wanted))
    return _by_group(fit, by, wanted)


def _require_a_tail(fit: Fit, wanted: int | None) -> None:
    every = n_draws_of(fit)
    if min(every, wanted or every) < _FEWEST_FOR_A_TAIL:
        have = f"the fit has {every}; fit it with more" if every < _FEWEST_FOR_A_TAIL else f"got draws={wanted}"
        raise ArgumentError(f"Pareto's k of the weights takes {_FEWEST_FOR_A_TAIL} draws or more; {have}.")


def _by_row(fit: Fit, draws: Positions) -> Loo:
    table = pd.DataFrame(index=fit.data.index, columns=["elpd", "p", "pareto_k"], dtype=float)
    values, limit = np.empty((fit.design.n_obs, 3)), limit_of(len(draws))
    for rows, densities in log_likelihood_in_parts(fit, draws):
        values[rows] = np.stack(psis(densities, _efficiency(fit)), axis=1)
    table[["elpd", "pareto_k", "p"]] = values
    table["n_rows"], table["method"] = 1, "psis"
    _mend(fit, table, draws, limit)
    trials = fit.design.response.trials
    return _record(fit, "row", table if trials is None else table[trials > 0], limit)


def _mend(fit: Fit, table: pd.DataFrame, draws: Positions, limit: float) -> None:
    """Rows whose weights cannot be trusted, with fewer parameters weighted: group effects integrated out, or more."""
    bad = np.flatnonzero(table["pareto_k"] > limit)
    effects_elsewhere = any(part.random for part in fit.design.parts.values())
    if len(bad) == 0 or not (is_exact(fit) or (fit.design.random and not effects_elsewhere)):
        return
    if is_exact(fit):
        exact = modelling.left_out.left_out(fit, draws)
        bad = bad[: int(_SECONDS / exact.seconds)]
        densities = [exact.log_density(np.arange(len(table)) == row) for row in bad]
    else:
        bad, term = bad[:_MOST_MENDED], max(fit.design.random, key=lambda term: term.n_levels)
        of_rows, levels = group_log_likelihoods(fit, term.index, draws), rows_by_level(term.index, term.n_levels)
        densities = [
            of_rows(levels[level]) - of_rows(levels[level][levels[level] != row])
            for row, level in zip(bad, term.index[bad], strict=True)
        ]
    elpd, k, _ = psis(np.stack(densities), _efficiency(fit))
    methods = np.full(len(bad), "exact" if is_exact(fit) else "quadrature", dtype=object)
    if is_exact(fit):
        _by_marginals(exact, [np.arange(len(table)) == row for row in bad], elpd, k, methods, limit)
    labels = {name: table.columns.get_loc(name) for name in ("elpd", "p", "pareto_k", "method")}
    table.iloc[bad, labels["p"]] += table.iloc[bad, labels["elpd"]] - elpd
    table.iloc[bad, labels["elpd"]], table.iloc[bad, labels["pareto_k"]] = elpd, k
    table.iloc[bad, labels["method"]] = methods


def _by_group(fit: Fit, by: str, wanted: int | None) -> Loo:
    index, levels = levels_of(fit, by)
    every = n_draws_of(fit)
    draws = spread_draws(every, wanted)
    rows = rows_by_level(index, len(levels))
    enough = min(_FEWEST, len(draws))
    if is_exact(fit) and len(levels) > 1:
        one = modelling.left_out.left_out(fit, draws[:1]).seconds
        affordable = int(_SECONDS / (one * len(levels)))
        if affordable >= enough:
            draws = spread_draws(every, min(len(draws), affordable))
            exact = modelling.left_out.left_out(fit, draws)
            chosen = [index == level for level in range(len(levels))]
            elpd, k, p = psis(np.stack([exact.log_density(part) for part in chosen]), _efficiency(fit))
            methods = np.full(len(levels), "exact", dtype=object)
            before, limit = elpd.copy(), limit_of(len(draws))
            _by_marginals(exact, chosen, elpd, k, methods, limit)
            table = _table(levels, by, elpd, p + before - elpd, k, rows, methods)
            return _record(fit, by, table, limit)
    draws = spread_draws(every, min(_DRAWS, every) if wanted is None else wanted)
    of_rows = group_log_likelihoods(fit, index, draws)
    elpd, k, p = psis(np.stack([of_rows(own) for own in rows]), _efficiency(fit))
    return _record(fit, by, _table(levels, by, elpd, p, k, rows, "quadrature"), limit_of(len(draws)))


def _by_marginals(
    exact: "LeftOut",
    chosen: list[NDArray[np.bool_]],
    elpd: Floats,
    k: Floats,
    methods: NDArray[np.object_],
    limit: float,
) -> None:
    """What still cannot be trusted from both marginal likelihoods; there are no weights then."""
    for number in np.flatnonzero(k > limit):
        found = exact.predicted(chosen[number])
        if np.isfinite(found):
            elpd[number], k[number], methods[number] = found, np.nan, "marginal"


def _table(
    levels: tuple[object, ...],
    by: str,
    elpd: Floats,
    p: Floats,
    k: Floats,
    rows: list[Positions],
    methods: str | NDArray[np.object_],
) -> pd.DataFrame:
    n_rows = np.array([len(own) for own in rows])
    columns = {"elpd": elpd, "p": p, "pareto_k": k, "n_rows": n_rows, "method": methods}
    return pd.DataFrame(columns, index=pd.Index(levels, name=by))[n_rows > 0]


def _record(fit: Fit, by: str, table: pd.DataFrame, limit: float) -> Loo:
    se = float(np.sqrt(len(table) * table["elpd"].var(ddof=0)))
    return Loo(float(table["elpd"].sum()), se, float(table["p"].sum()), by, table, limit, fit)


def psis(likelihoods: Floats, efficiency: float) -> tuple[Floats, Floats, Floats]:
    """elpd, Pareto k and p of each row of (n, n_draws); a row that is alike in all draws needs no weights."""
    elpd, k = likelihoods.mean(axis=1), np.zeros(len(likelihoods))
    vary = np.ptp(likelihoods, axis=1) > 1e-12
    if vary.any():
        elpd[vary], k[vary], _ = array_stats.loo(likelihoods[vary], chain_axis=None, draw_axis=-1, r_eff=efficiency)
    in_sample = logsumexp(likelihoods, axis=1) - np.log(likelihoods.shape[1])
    return elpd, k, in_sample - elpd


def is_exact(fit: Fit) -> bool:
    group = fit.posterior.children.get("unconstrained_posterior")
    exact = fit.method == "marginal" and fit.family.is_gaussian_identity
    return exact and group is not None and "theta" in group.data_vars


def _efficiency(fit: Fit) -> float:
    """Effective draws for a draw, on average over the parameters; at most 1."""
    effective = fit.diagnostics.parameters["ess_bulk"].mean() / fit.diagnostics.n_total
    return float(min(1.0, effective)) if np.isfinite(effective) else 1.0


def limit_of(n_draws: int) -> float:
    return float(min(0.7, 1 - 1 / np.log10(max(n_draws, 11))))
