"""Draws of one density weighted to stand for another: the ratio of the two integrals, and whether to trust it."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.autocorrelation import autocorrelation_time
from bayesmix.numerics.pareto import greatest_k, pareto_k

_FEWEST_EFFECTIVE = 100


@dataclass(frozen=True)
class MeanRatio:
    """Logarithm of a mean ratio.

    Attributes
    ----------
    log_mean : float
        Natural logarithm; nan where it cannot be trusted.
    error : float
        Monte Carlo standard error of `log_mean`, autocorrelation of the draws included.
    pareto_k : float
        Shape of the tail of the ratios.
    effective_size : float
        Independent draws from the other density that the weighted draws are worth.
    reason : str
        Why it cannot be trusted; empty where it can.
    """

    log_mean: float
    error: float
    pareto_k: float
    effective_size: float
    reason: str = ""


def mean_ratio(log_ratios: Floats) -> MeanRatio:
    """The mean of exp(log_ratios) over draws, shape (n_chains, n_draws), in the order they were drawn.

    References
    ----------
    Vehtari et al. (2024), arXiv:1507.02646, for Pareto k and its limit.
    """
    greatest = log_ratios.max()
    ratios = np.exp(log_ratios - greatest)
    mean, n_draws = ratios.mean(), ratios.size
    independent = n_draws / autocorrelation_time(ratios)
    error = float(ratios.std(ddof=1) / mean / np.sqrt(independent))
    effective = float(mean**2 / np.mean(ratios**2) * independent)
    # Ratios that are bounded, and nearly all at their bound, have no tail to speak of.
    k = pareto_k(ratios.ravel())
    limit = greatest_k(independent)
    reason = ""
    if effective < _FEWEST_EFFECTIVE:
        reason = f"the draws are worth {effective:.0f} under this prior, fewer than {_FEWEST_EFFECTIVE}"
    elif k > limit:
        reason = f"Pareto k {k:.2f} > {limit:.2f}: single draws decide"
    value = np.nan if reason else float(greatest + np.log(mean))
    return MeanRatio(value, np.nan if reason else error, k, effective, reason)
