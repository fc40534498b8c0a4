"""The observed response beside replicates of it, on one scale: what posterior predictive checks look at."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import ArgumentError
from bayesmix.inference.prediction.posterior_predict import replicates
from bayesmix.inference.shared.draws import n_draws_of
from bayesmix.inference.shared.row_model import RowModel, row_model, spread_draws
from bayesmix.modelling.record import Fit
from bayesmix.numerics.predictive_statistics import RowMoments

DRAWS = 1000
"""Replicates by default; 1000 give a p value within 0.03."""

_MOST_VALUES = 2**26  # replicated responses held at once, 512 MiB
_FEWEST_DRAWS = 100


@dataclass(frozen=True)
class Replicated:
    """Rows with something to observe: `used` (n_obs,) says which of the design's; all arrays have those rows alone.

    `values` (n_rows,) and `replicates` (n_rows, n_draws): counts, numbers, or of a binomial response successes, out of
    `trials` (n_rows,). `moments`: of the response on the scale of its expectation. `n_draws` used.
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
    """Replicates of the fitted rows from `draws` draws, of a very long table from fewer.

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
    simulated, moments = replicates(model, seed=seed), _moments(model)
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


def _moments(model: RowModel) -> RowMoments:
    everything = slice(0, model.n_obs)
    return model.moments(everything, model.predictor(everything))
