"""The variance of a row about its linear predictor, on the scale of that predictor.

References
----------
Nakagawa, Johnson & Schielzeth (2017), doi:10.1098/rsif.2017.0213, tables 1 and 2.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import polygamma

from bayesmix.arrays import Floats
from bayesmix.numerics.row_distribution.parts import Parameters

APPROXIMATIONS = ("lognormal", "trigamma")
"""Of the variance of the logarithm of a count or time with this mean: as if it were lognormal, or gamma."""


@dataclass(frozen=True)
class Latent:
    """What the variance depends on: the `link`, the family's parameters by name, and one of `APPROXIMATIONS`.

    `mean` gives the expected response, averaged over rows, in each draw, (n_draws,).
    """

    link: str
    parameters: Parameters
    mean: Callable[[], Floats]
    approximation: str


LatentVariance = Callable[[Latent], Floats]

_OF_LINKS = {"logit": np.pi**2 / 3, "probit": 1.0, "cloglog": np.pi**2 / 6}


def of_link(latent: Latent) -> Floats:
    """That of the standard distribution that the link is the quantile of."""
    return np.array(_OF_LINKS[latent.link])


def of_normal_logarithm(latent: Latent) -> Floats:
    """The logarithm is normal itself."""
    return latent.parameters["sigma"] ** 2 / latent.parameters["weights"]


def _of_logarithm(squared_variation: Floats, approximation: str) -> Floats:
    """From the squared coefficient of variation: log(1 + v^2), or trigamma(1 / v^2)."""
    if approximation == "lognormal":
        return np.log1p(squared_variation)
    return polygamma(1, 1 / squared_variation)


def of_poisson(latent: Latent) -> Floats:
    return _of_logarithm(1 / latent.mean(), latent.approximation)


def of_negative_binomial(latent: Latent) -> Floats:
    return _of_logarithm(1 / latent.mean() + 1 / latent.parameters["shape"], latent.approximation)


def of_gamma(latent: Latent) -> Floats:
    return _of_logarithm(1 / latent.parameters["shape"], latent.approximation)


def of_weibull(latent: Latent) -> Floats:
    """The logarithm is a Gumbel variable over the shape: exact."""
    return np.pi**2 / 6 / latent.parameters["shape"] ** 2


def of_exponential(_: Latent) -> Floats:
    """As Weibull's of shape 1."""
    return np.array(np.pi**2 / 6)
