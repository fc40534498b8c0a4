"""Rows of which only a bound is known: their log density is that of the tail behind the bound.

`censoring` is 1 where the response is above y, -1 where it is below, 0 where it is y; it broadcasts like y.
"""

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.numerics.row_distribution.parts import (
    LogTails,
    Predicted,
    RowDistribution,
    Tails,
    quantile_residual,
    within,
)


def censored_log_density(distribution: RowDistribution, y: Floats, q: Predicted, censoring: Positions | None) -> Floats:
    """Log density of what was observed, log probability of the tail where only a bound was."""
    observed = distribution.log_density(y, q)
    if censoring is None or distribution.log_tails is None:
        return observed
    tails: LogTails = distribution.log_tails(y, q)
    return np.where(censoring > 0, tails.above, np.where(censoring < 0, tails.below, observed))


def censored_quantile_residual(
    distribution: RowDistribution, y: Floats, q: Predicted, u: Floats, censoring: Positions | None
) -> Floats:
    """Randomised quantile residuals; of a censored row `u` picks a place in the tail behind the bound."""
    observed = quantile_residual(distribution, y, q, u)
    if censoring is None:
        return observed
    tails = distribution.tails(y, q)
    nothing = np.zeros_like(tails.below)
    above = within(Tails(tails.below, tails.above, nothing), u)
    below = within(Tails(nothing, tails.below, tails.above), u)
    return np.where(censoring > 0, above, np.where(censoring < 0, below, observed))
