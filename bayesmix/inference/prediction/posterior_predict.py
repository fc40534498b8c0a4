"""What data would the fitted model give? Also replicates beside the observed response, for predictive checks."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import ArgumentError
from bayesmix.formula.frame import Frame
from bayesmix.formula.other_rows import GROUPS, rows_asked
from bayesmix.inference.prediction.log_likelihood import refuse_too_many
from bayesmix.inference.prediction.predicted_draws import model_at
from bayesmix.inference.shared.arguments import a_count, a_seed, one_of
from bayesmix.inference.shared.draws import n_draws_of
from bayesmix.inference.shared.question import question
from bayesmix.inference.shared.row_model import RowModel, row_model, spread_draws
from bayesmix.inference.shared.summarise import VALUES_AT_ONCE
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.record import Fit
from bayesmix.numerics.predictive_statistics import RowMoments

REPLICATED = ("fitted", "new")
"""The levels that replicated data have: those of the data, or new ones."""

DRAWS = 1000
"""Replicates by default; 1000 give a p value within 0.03."""

_MOST_VALUES = 2**26  # replicated responses held at once, 512 MiB
_FEWEST_DRAWS = 100


@question
def posterior_predict(
    fit: Fit,
    newdata: Frame | None = None,
    *,
    draws: int | None = None,
    groups: str = "fitted",
    seed: int | None = None,
) -> xr.DataArray:
    """Responses simulated from the posterior, one data set a draw.

    Parameters
    ----------
    fit
        A fitted model.
    newdata
        Rows with the predictors, and with the trials of counts out of trials, as `predict` takes them. By default the
        rows that were fitted.
    draws
        Number of draws of the posterior, evenly spread; all by default.
    groups
        ``"fitted"``: the same levels observed again, with their own effects. ``"new"``: as many other levels, with
        effects from the distribution of the group. ``"typical"``: all group effects at 0.
    seed
        The same seed gives the same data; by default that of the fit.

    Returns
    -------
    xarray.DataArray
        Dims `draw`, `row`; `row` has the labels of `fit.data`, or of `newdata`. For a binomial response numbers of
        successes out of the row's own trials, for a censored row what would be observed without its bound, for
        categories their numbers from 1 in the order of ``fit.design.response.categories``, for a row that misses a
        predictor nan.

    Raises
    ------
    UnknownColumnError, DataError
        `newdata` lacks a column, or has a level that is not known.
    ArgumentError
        `groups` is not known, or the array would not fit into 2 GiB.

    Examples
    --------
    >>> dict(bm.posterior_predict(fit, draws=100).std("row").sizes)
    {'draw': 100}
    """
    groups, seed = one_of(groups, GROUPS, argument="groups"), a_seed(seed, fit)
    positions = spread_draws(n_draws_of(fit), None if draws is None else a_count(draws, argument="draws"))
    rows = rows_asked(fit.design, newdata, groups=groups, with_trials=True)
    refuse_too_many(len(rows.index), len(positions))
    simulated = replicates(model_at(fit, rows, groups=groups, seed=seed, draws=positions), seed=seed)
    return xr.DataArray(
        rows.of_all(simulated).T,
        dims=("draw", "row"),
        coords={"draw": positions, "row": rows.index.to_numpy()},
        name=fit.design.response.name,
    )


def replicates(model: RowModel, *, seed: int) -> Floats:
    """Simulated responses (n_obs, n_draws)."""
    rng, values = np.random.default_rng([seed, model.n_obs]), np.empty((model.n_obs, model.n_draws))
    for rows in stretches(model.n_obs, VALUES_AT_ONCE // model.n_draws):
        values[rows] = model.draw(rows, model.predictor(rows), rng)
    return values


@dataclass(frozen=True)
class Replicated:
    """The observed response beside replicates of it, without rows that have no trials; `used` (n_obs,) are the others.

    `values` (n_rows,) and `replicates` (n_rows, n_draws): counts, numbers, or successes out of `trials` (n_rows,).
    `moments`: mean and variance of the response on the scale of its expectation.
    """

    used: Flags
    values: Floats
    replicates: Floats
    trials: Floats | None
    moments: RowMoments

    @property
    def n_draws(self) -> int:
        return self.replicates.shape[1]

    @property
    def shown(self) -> Floats:
        """Observed values on the scale of their expectation, (n_rows, 1)."""
        return (self.values if self.trials is None else self.values / self.trials)[:, None]

    @property
    def shown_replicates(self) -> Floats:
        """Replicates on the scale of their expectation."""
        return self.replicates if self.trials is None else self.replicates / self.trials[:, None]


def replicated(fit: Fit, *, draws: int = DRAWS, groups: str = "fitted", seed: int) -> Replicated:
    """Replicates of the fitted rows from `draws` draws, or from fewer for a very long table.

    Raises
    ------
    ArgumentError
        Rows are censored: what a replicate would be compared with was not observed.
    """
    _refuse_censored(fit)
    most = max(_FEWEST_DRAWS, _MOST_VALUES // fit.design.n_obs)
    positions = spread_draws(n_draws_of(fit), min(draws, most))
    model = row_model(fit, draws=positions, groups=groups, seed=seed)
    trials = fit.design.response.trials
    used = np.ones(model.n_obs, dtype=bool) if trials is None else trials > 0
    everything = slice(0, model.n_obs)
    simulated, moments = replicates(model, seed=seed), model.moments(everything, model.predictor(everything))
    return Replicated(
        used=used,
        values=fit.design.response.values[used],
        replicates=simulated[used],
        trials=None if trials is None else trials[used],
        moments=RowMoments(moments.mean[used], moments.variance[used]),
    )


def _refuse_censored(fit: Fit) -> None:
    response = fit.design.response
    if response.censoring is not None:
        n_censored = int((response.censoring != 0).sum())
        raise ArgumentError(
            f"{response.name} is censored in {n_censored} of {len(response.values)} rows, where replicates have "
            "nothing to be compared with, and the other rows alone are a selection. See plot_qq(fit) and "
            'residuals(fit, kind="quantile"), which draw a censored row within its tail.'
        )
