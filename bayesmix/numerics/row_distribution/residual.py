"""Randomised quantile residuals."""

import numpy as np
from scipy.special import ndtri

from bayesmix.numerics.row_distribution.parts import Floats, Predicted, RowDistribution

_SMALLEST = 1e-300  # a tail probability below cannot be told from it


def quantile_residual(distribution: RowDistribution, y: Floats, q: Predicted, u: Floats) -> Floats:
    """The normal quantile of P(Y < y) + u P(Y = y), taken from the smaller tail; `u` between 0 and 1.

    Standard normal under the model where u is uniform. Dunn & Smyth (1996), doi:10.1080/10618600.1996.10474708.
    """
    if distribution.standardised is not None:
        return distribution.standardised(y, q)
    tails = distribution.tails(y, q)
    lower, upper = tails.below + u * tails.at, tails.above + (1 - u) * tails.at
    return np.where(lower < upper, ndtri(np.maximum(lower, _SMALLEST)), -ndtri(np.maximum(upper, _SMALLEST)))
