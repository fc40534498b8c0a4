"""How well does the model predict an unseen observation, or a whole unseen group?"""

from dataclasses import replace

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import ArgumentError
from bayesmix.inference.prediction import loo_remedies
from bayesmix.inference.prediction.held_out_groups import levels_of
from bayesmix.inference.prediction.log_likelihood import log_likelihood_in_parts
from bayesmix.inference.prediction.loo_record import Loo
from bayesmix.inference.prediction.loo_remedies import Estimates
from bayesmix.inference.prediction.psis import MEND_ABOVE, efficiency_of, psis
from bayesmix.inference.shared.arguments import a_count
from bayesmix.inference.shared.draws import n_draws_of
from bayesmix.inference.shared.question import question
from bayesmix.inference.shared.row_model import row_model, spread_draws
from bayesmix.inference.shared.summarise import VALUES_AT_ONCE
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.record import Fit
from bayesmix.numerics.monte_carlo import greatest_k

_FEWEST_FOR_A_TAIL = 30  # draws; Pareto's k is fitted to a fifth of them, and needs more than five


@question
def loo(fit: Fit, *, by: str | None = None, draws: int | None = None) -> Loo:
    """Leave-one-out cross-validation from the draws of one fit: Pareto-smoothed importance sampling (PSIS).

    Parameters
    ----------
    fit
        A fitted model.
    by
        A grouping factor of the model, or a column of the data: its levels are left out one after the other, which
        asks how well the model predicts a level that was never seen. The level's own effects, and those of factors
        nested in it, are integrated out over their distribution. By default single rows are left out and predicted
        with the effects of their level: how well does the model predict another observation of the same levels?
    draws
        Number of draws of the posterior, evenly spread, at least 30. By default all; if groups are left out, as many as
        there is time for (about a minute by the exact path, else a quarter of it, but at least 1000).

    Returns
    -------
    Loo
        elpd : float, with se and Monte Carlo error mcse; p; pointwise : pandas.DataFrame with Pareto k

    Raises
    ------
    UnknownTermError
        `by` is neither a group nor a column.
    ArgumentError
        `fit` is no posterior, or there are fewer than 30 draws, too few to judge the tail of the weights.

    Notes
    -----
    A row is left out by weighting the draws (`method` ``"psis"``); its Pareto k says whether few draws take all the
    weight. From a Pareto k of 0.3 on, and for groups always, fewer parameters are weighted: a model of the exact path
    has coefficients and all group effects integrated out given the rest of the data, so that only draws of the
    variances carry weights (``"exact"``); estimates whose k is still above 0.5 come from the marginal likelihoods with
    and without these rows (``"marginal"``, without a Pareto k). Other models have the effects of the level integrated
    out by quadrature, those in the predictors of further parameters and of categories too, and draws of all other
    parameters carry weights (``"quadrature"``). Rows of a model without random terms, or with some on a further
    parameter, have no such remedy: their estimates are trusted up to `k_limit`. So are those of
    large models for which the remedies would take longer than some 10 seconds. Rows without trials are left aside.

    The Monte Carlo error accounts for all parts being weighted with the same draws; it holds if weights have a finite
    variance, that is up to a Pareto k of 0.5.

    References
    ----------
    Vehtari, Gelman & Gabry (2017), doi:10.1007/s11222-016-9696-4; Merkle, Furr & Rabe-Hesketh (2019),
    doi:10.1007/s11336-019-09679-0, on leaving out groups.
    """
    n_draws = None if draws is None else a_count(draws, argument="draws")
    _require_a_tail(fit, n_draws)
    if by is None:
        return _by_row(fit, spread_draws(n_draws_of(fit), n_draws))
    return _by_group(fit, by, n_draws)


def _require_a_tail(fit: Fit, n_draws: int | None) -> None:
    every = n_draws_of(fit)
    if min(every, n_draws or every) < _FEWEST_FOR_A_TAIL:
        have = f"the fit has {every}; fit it with more" if every < _FEWEST_FOR_A_TAIL else f"got draws={n_draws}"
        raise ArgumentError(f"Pareto's k of the weights takes {_FEWEST_FOR_A_TAIL} draws or more; {have}.")


def _by_row(fit: Fit, draws: Positions) -> Loo:
    first = _weighted_rows(fit, draws)
    mend_above = min(MEND_ABOVE, greatest_k(len(draws)))
    bad = np.flatnonzero(first.pareto_k > mend_above)
    curable = loo_remedies.mendable(fit, bad, first.pareto_k[bad], len(draws))
    estimates = _mended(fit, first, curable, draws) if len(curable) else first
    rest = np.setdiff1d(bad, curable)
    estimates = replace(estimates, influence=estimates.influence + _influence_of(fit, rest, draws))
    table = _table(estimates, fit.data.index, np.ones(len(fit.data), dtype=int))
    trials = fit.design.response.trials
    return _record(fit, "row", table if trials is None else table[trials > 0], estimates, greatest_k(len(draws)))


def _weighted_rows(fit: Fit, draws: Positions) -> Estimates:
    """All rows with all parameters weighted; the influence is that of the rows that need no remedy."""
    n_obs, influence, parts = fit.design.n_obs, np.zeros(len(draws)), []
    for _, densities in log_likelihood_in_parts(fit, draws):
        weighted = psis(densities, efficiency_of(fit))
        influence += weighted.influence[weighted.pareto_k <= min(MEND_ABOVE, greatest_k(len(draws)))].sum(axis=0)
        parts.append(np.stack([weighted.elpd, weighted.in_sample, weighted.pareto_k, weighted.mcse]))
    elpd, in_sample, k, mcse = np.concatenate(parts, axis=1)
    return Estimates(elpd, in_sample, k, mcse, np.full(n_obs, "psis", dtype=object), influence)


def _mended(fit: Fit, first: Estimates, rows: Positions, draws: Positions) -> Estimates:
    """The first estimates, some rows replaced by better ones for which fewer parameters are weighted."""
    if loo_remedies.is_exact(fit):
        better = loo_remedies.exactly(fit, [np.arange(fit.design.n_obs) == row for row in rows], draws)
    else:
        better = loo_remedies.rows_by_quadrature(fit, rows, draws)
    elpd, k, mcse = first.elpd.copy(), first.pareto_k.copy(), first.mcse.copy()
    methods = first.methods.copy()
    elpd[rows], k[rows], mcse[rows], methods[rows] = better.elpd, better.pareto_k, better.mcse, better.methods
    # In sample a row keeps the density given its effects, so that p has one meaning in all rows.
    return Estimates(elpd, first.in_sample, k, mcse, methods, first.influence + better.influence, better.variance)


def _influence_of(fit: Fit, rows: Positions, draws: Positions) -> Floats:
    """The summed influences (n_draws,) of rows whose weights stay as they are."""
    summed, model = np.zeros(len(draws)), row_model(fit, draws=draws)
    for part in stretches(len(rows), VALUES_AT_ONCE // len(draws)):
        densities = model.log_density(rows[part], model.predictor(rows[part]))
        summed += psis(densities, efficiency_of(fit)).influence.sum(axis=0)
    return summed


def _by_group(fit: Fit, by: str, n_draws: int | None) -> Loo:
    index, levels = levels_of(fit, by)
    every = n_draws_of(fit)
    n_exactly = loo_remedies.affordable_exactly(fit, len(levels), min(every, n_draws or every))
    if n_exactly:
        draws = spread_draws(every, n_exactly)
        estimates = loo_remedies.exactly(fit, [index == level for level in range(len(levels))], draws)
    else:
        affordable = loo_remedies.affordable_by_quadrature(fit, every)
        draws = spread_draws(every, affordable if n_draws is None else n_draws)
        estimates = loo_remedies.levels_by_quadrature(fit, index, len(levels), draws)
    n_rows = np.bincount(index, minlength=len(levels))
    table = _table(estimates, pd.Index(levels, name=by), n_rows)[n_rows > 0]
    return _record(fit, by, table, estimates, greatest_k(len(draws)))


def _table(estimates: Estimates, index: pd.Index, n_rows: Positions) -> pd.DataFrame:
    columns = {
        "elpd": estimates.elpd,
        "mcse": estimates.mcse,
        "p": estimates.in_sample - estimates.elpd,
        "pareto_k": estimates.pareto_k,
        "n_rows": n_rows,
        "method": estimates.methods,
    }
    return pd.DataFrame(columns, index=index)


def _record(fit: Fit, by: str, table: pd.DataFrame, estimates: Estimates, limit: float) -> Loo:
    se = float(np.sqrt(len(table) * table["elpd"].var(ddof=0)))
    mcse = float(np.sqrt(estimates.variance_of_sum))
    return Loo(float(table["elpd"].sum()), se, float(table["p"].sum()), by, table, limit, fit, mcse)
