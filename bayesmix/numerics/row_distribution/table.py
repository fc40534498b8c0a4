"""The distribution of each family, and randomised quantile residuals."""

import numpy as np
from scipy.special import ndtri

from bayesmix.numerics.row_distribution import continuous, counts, ordinal, zeros
from bayesmix.numerics.row_distribution.parts import Floats, Predicted, RowDistribution

_SMALLEST = 1e-300  # a tail probability below cannot be told from it

ROW_DISTRIBUTIONS: dict[str, RowDistribution] = {
    "gaussian": continuous.GAUSSIAN,
    "student_t": continuous.STUDENT_T,
    "lognormal": continuous.LOGNORMAL,
    "gamma": continuous.GAMMA,
    "beta": continuous.BETA,
    "bernoulli": counts.BINOMIAL,
    "binomial": counts.BINOMIAL,
    "beta_binomial": counts.BETA_BINOMIAL,
    "poisson": counts.POISSON,
    "negative_binomial": counts.NEGATIVE_BINOMIAL,
    "cumulative": ordinal.CUMULATIVE,
    "stopping_ratio": ordinal.STOPPING_RATIO,
    "zero_inflated_binomial": zeros.inflated(counts.BINOMIAL),
    "zero_inflated_poisson": zeros.inflated(counts.POISSON),
    "zero_inflated_negative_binomial": zeros.inflated(counts.NEGATIVE_BINOMIAL),
    "hurdle_poisson": zeros.HURDLE_POISSON,
    "hurdle_negative_binomial": zeros.HURDLE_NEGATIVE_BINOMIAL,
    "hurdle_gamma": zeros.HURDLE_GAMMA,
    "hurdle_lognormal": zeros.HURDLE_LOGNORMAL,
}
"""By name of the family."""


def quantile_residual(family: str, y: Floats, q: Predicted, u: Floats) -> Floats:
    """The normal quantile of P(Y < y) + u P(Y = y), taken from the smaller tail; `u` between 0 and 1.

    Standard normal under the model where u is uniform. Dunn & Smyth (1996), doi:10.1080/10618600.1996.10474708.
    """
    distribution = ROW_DISTRIBUTIONS[family]
    if distribution.standardised is not None:
        return distribution.standardised(y, q)
    tails = distribution.tails(y, q)
    lower, upper = tails.below + u * tails.at, tails.above + (1 - u) * tails.at
    return np.where(lower < upper, ndtri(np.maximum(lower, _SMALLEST)), -ndtri(np.maximum(upper, _SMALLEST)))
