"""Variance of one observation given its expected value, by family."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """What a variance may depend on besides the mean; each broadcasts against it.

    `sigma`: residual standard deviation, nan where the family has none. `weights`: of the observations.
    `trials`: of binomial proportions.
    """

    sigma: Floats | float = np.nan
    weights: Floats | float = 1.0
    trials: Floats | float = 1.0


def _gaussian(mean: Floats, spread: Spread) -> Floats:
    """sigma^2 / weight."""
    return np.broadcast_to(spread.sigma**2 / spread.weights, mean.shape)


def _binomial_proportion(mean: Floats, spread: Spread) -> Floats:
    """p (1 - p) / n, the variance of a proportion out of n."""
    return mean * (1 - mean) / spread.trials


def _bernoulli(mean: Floats, _: Spread) -> Floats:
    return mean * (1 - mean)


def _poisson(mean: Floats, _: Spread) -> Floats:
    return mean


VARIANCES: dict[str, Callable[[Floats, Spread], Floats]] = {
    "gaussian": _gaussian,
    "binomial": _binomial_proportion,
    "bernoulli": _bernoulli,
    "poisson": _poisson,
}
