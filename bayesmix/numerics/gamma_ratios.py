"""Logarithms of Gamma(x + n) / Gamma(x) and their slopes, with all digits however large x is.

As a difference of two log gammas, each x log x, such a logarithm has no digit left at x = 1e15. From Stirling's series,
with c(x) = 1 / (12 x) - 1 / (360 x^3) + ...,

    log Gamma(x + n) - log Gamma(x) = (x - 1/2) log(1 + n / x) + n log(x + n) - n + c(x + n) - c(x)
"""

from math import lgamma, log, log1p

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from bayesmix.numerics.kernels import kernel

Floats = NDArray[np.float64]

_LARGE = 16.0  # from here on the series has 15 digits


@kernel(error_model="numpy")
def log_rise(x: float, n: float) -> float:
    """log Gamma(x + n) - log Gamma(x), for x > 0 and n >= 0."""
    if x < _LARGE:
        return lgamma(x + n) - lgamma(x)
    end = x + n
    return (x - 0.5) * log1p(n / x) + n * (log(end) - 1.0) + _correction(end) - _correction(x)


@kernel(error_model="numpy")
def slope_of_rise(x: float, n: float) -> float:
    """The derivative of `log_rise` by x."""
    if x < _LARGE:
        return digamma(x + n) - digamma(x)
    end = x + n
    return log1p(n / x) + 0.5 * n / (x * end) - _series(end) + _series(x)


def log_rises(x: Floats, n: Floats) -> Floats:
    """`log_rise` for arrays that broadcast."""
    end, large = x + n, np.maximum(x, _LARGE)
    far = large + n
    found = (large - 0.5) * np.log1p(n / large) + n * (np.log(far) - 1.0) + _correction_of(far) - _correction_of(large)
    return np.where(x < _LARGE, gammaln(end) - gammaln(x), found)


@kernel(error_model="numpy")
def digamma(x: float) -> float:
    """The derivative of log Gamma for x > 0: recurrence up to 8, then the asymptotic series."""
    found = 0.0
    while x < 8.0:
        found -= 1.0 / x
        x += 1.0
    return found + log(x) - 0.5 / x - _series(x)


@kernel(error_model="numpy")
def _series(x: float) -> float:
    r = 1.0 / (x * x)
    return r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (5 / 660 - r * (691 / 32760 - r / 12))))))


def _stirling(x):
    r = 1.0 / (x * x)
    return (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - r * (691 / 360360)))))) / x


_correction = kernel(error_model="numpy")(_stirling)
_correction_of = _stirling
