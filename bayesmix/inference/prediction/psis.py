"""Pareto-smoothed importance sampling of left-out parts: estimates, their reliability and Monte Carlo error."""

from dataclasses import dataclass

import numpy as np
from arviz_stats.base import array_stats
from scipy.special import logsumexp

from bayesmix.arrays import Floats
from bayesmix.modelling.record import Fit
from bayesmix.numerics.monte_carlo import autocorrelation_time

MEND_ABOVE = 0.3
"""Pareto k above which a better estimate is used if there is one. The weights' variance is finite up to 0.5, but from
here on sums over many parts are more optimistic than their stated error allows."""


@dataclass(frozen=True)
class Weighted:
    """Estimates of `n` left-out parts from weighted draws, arrays (n,).

    `elpd`: log predictive density; `pareto_k` of its weights; `in_sample`: the same density with the part in the data.
    `influence` (n, n_draws): how much each draw has moved `elpd`. All parts share the draws, so that the error of a
    sum is that of the summed influences.
    """

    elpd: Floats
    pareto_k: Floats
    in_sample: Floats
    influence: Floats

    @property
    def mcse(self) -> Floats:
        """Monte Carlo standard errors of `elpd`."""
        return np.array([np.sqrt(variance_of(of_row)) for of_row in self.influence])


def psis(likelihoods: Floats, efficiency: float) -> Weighted:
    """Estimates for each row of `likelihoods` (n, n_draws); a row that is equal in all draws needs no weights."""
    n, n_draws = likelihoods.shape
    elpd, k, influence = likelihoods.mean(axis=1), np.zeros(n), np.zeros((n, n_draws))
    vary = np.ptp(likelihoods, axis=1) > 1e-12
    if vary.any():
        log_weights, k[vary] = array_stats.psislw(likelihoods[vary], r_eff=efficiency, axis=-1)
        elpd[vary] = logsumexp(log_weights + likelihoods[vary], axis=1)
        influence[vary] = np.exp(log_weights) * np.expm1(likelihoods[vary] - elpd[vary, None])
    return Weighted(elpd, k, logsumexp(likelihoods, axis=1) - np.log(n_draws), influence)


def variance_of(influence: Floats) -> float:
    """Monte Carlo variance of an estimate that the draws, in their order, have moved by `influence` (n_draws,)."""
    return float(np.sum(influence**2) * autocorrelation_time(influence[None]))


def efficiency_of(fit: Fit) -> float:
    """Effective draws per draw, on average over the parameters; at most 1."""
    effective = fit.diagnostics.parameters["ess_bulk"].mean() / fit.diagnostics.n_total
    return float(min(1.0, effective)) if np.isfinite(effective) else 1.0
