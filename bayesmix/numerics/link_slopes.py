"""Derivatives of inverse links by the linear predictor, and means over a normal linear predictor."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from bayesmix.arrays import Floats
from bayesmix.numerics.links import LINKS

_LARGEST = 700.0  # exp of more would overflow


def _complementary_log_log(predictor: ArrayLike) -> Floats:
    eta = np.minimum(predictor, _LARGEST)
    return np.exp(eta - np.exp(eta))


SLOPES: dict[str, Callable[[ArrayLike], Floats]] = {
    "identity": lambda predictor: np.ones(np.shape(predictor)),
    "log": lambda predictor: np.exp(predictor),
    "logit": lambda predictor: expit(predictor) * expit(-np.asarray(predictor)),
    "probit": lambda predictor: np.exp(-0.5 * np.square(predictor)) / np.sqrt(2 * np.pi),
    "cloglog": _complementary_log_log,
}
"""By link."""

# The trapezoidal rule: for functions without a kink its error falls faster than any power of the step.
_NODES = np.linspace(-8.5, 8.5, 341)
_WEIGHTS = np.exp(-0.5 * _NODES**2) / np.exp(-0.5 * _NODES**2).sum()
_AT_ONCE = 2**12


def normal_moments(link: str, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the inverse link of eta ~ N(mean, sd^2), each (n,).

    Of a log link they are in closed form: the integrand lies by the sd, or twice the sd, above the middle.
    """
    if link == "log":
        with np.errstate(over="ignore"):
            mean_response = np.exp(mean + sd**2 / 2)
            return mean_response, mean_response * np.sqrt(np.expm1(sd**2))
    expected, spread = np.empty_like(mean), np.empty_like(mean)
    for start in range(0, len(mean), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        values = LINKS[link].inverse(mean[part, None] + sd[part, None] * _NODES)
        expected[part] = values @ _WEIGHTS
        spread[part] = np.sqrt((values - expected[part, None]) ** 2 @ _WEIGHTS)
    return expected, spread
