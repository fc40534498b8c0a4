"""The distribution of a parameter over many loci, from draws of each under a prior that is not this distribution."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from bayesmix.arrays import Flags, Floats


@dataclass(frozen=True)
class PooledPrior:
    """Arguments (n_args,) of a distribution over loci.

    `gain`: by how much it raises the log evidence of a locus, in the mean, over the prior of the draws. `effective`
    (n_loci,): how many draws of a locus stand for its posterior under the distribution.
    """

    args: Floats
    gain: float
    effective: Floats


def mean_gain(log_ratios: Floats) -> float:
    """By how much priors raise the log evidence of a locus, in the mean, from their log ratios (n_loci, n_draws)."""
    return float(np.mean(logsumexp(log_ratios, axis=1))) - float(np.log(log_ratios.shape[1]))


def pooled_prior(
    draws: Floats,
    log_prior: Floats,
    log_density: Callable[[Floats, Floats], Floats],
    start: Floats,
    positive: Flags,
    spread: Callable[[Floats], float],
) -> PooledPrior:
    """Estimate the arguments of a distribution over loci by maximum marginal likelihood times its spread.

    The likelihood alone may be greatest where all loci are the same, though many spreads are nearly as likely; a prior
    from there would leave each locus nothing of its own. The factor is a gamma distribution of shape 2 and rate
    towards 0 for the spread, keeps it from 0, and moves it by less than its standard error.

    Parameters
    ----------
    draws, log_prior
        Shape (n_loci, n_draws): draws of the parameter of each locus, and the log density of the prior that they were
        drawn with.
    log_density
        Log density of draws given the arguments (n_args,).
    start, positive
        Shape (n_args,): where the search begins, and which of the arguments must be above 0.
    spread
        How far loci differ under the distribution, given the arguments: a standard deviation, of positive parameters
        one of the logarithm.

    Notes
    -----
    The evidence of a locus under the distribution, over that under the prior of its draws, is the mean of the ratio of
    the two densities over its draws. Where the distribution is much narrower than the posteriors, or elsewhere, few
    draws bear the mean, which `effective` tells.

    References
    ----------
    Casella (1985), doi:10.1080/00031305.1985.10479400; Chung et al. (2013), doi:10.1007/s11336-013-9328-2
    """
    n_loci = len(draws)

    def arguments(point: Floats) -> Floats:
        return np.where(positive, np.exp(np.clip(point, -50, 50)), point)

    def log_ratios(point: Floats) -> Floats:
        return log_density(draws, arguments(point)) - log_prior

    def loss(point: Floats) -> float:
        width = max(spread(arguments(point)), 1e-300)
        value = -mean_gain(log_ratios(point)) - float(np.log(width)) / n_loci
        return value if np.isfinite(value) else 1e10

    begin = np.where(positive, np.log(np.where(positive, start, 1.0)), start)
    found = minimize(loss, begin, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-7, "maxiter": 1000})
    ratios = log_ratios(found.x)
    effective = np.exp(2 * logsumexp(ratios, axis=1) - logsumexp(2 * ratios, axis=1))
    return PooledPrior(arguments(found.x), mean_gain(ratios), effective)
