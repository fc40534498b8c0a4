"""Logarithms of Gamma(x + n) / Gamma(x) and their slopes in compiled code; `stirling` has the formulas."""

from math import lgamma, log, log1p

from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.stirling import LARGE, correction

_correction = kernel(correction)


@kernel
def log_rise(x: float, n: float) -> float:
    """log Gamma(x + n) - log Gamma(x), for x > 0 and n >= 0."""
    if x < LARGE:
        return lgamma(x + n) - lgamma(x)
    end = x + n
    return (x - 0.5) * log1p(n / x) + n * (log(end) - 1.0) + _correction(end) - _correction(x)


@kernel
def slope_of_rise(x: float, n: float) -> float:
    """The derivative of `log_rise` by x."""
    if x < LARGE:
        return digamma(x + n) - digamma(x)
    end = x + n
    return log1p(n / x) + 0.5 * n / (x * end) - _series(end) + _series(x)


@kernel
def digamma(x: float) -> float:
    """The derivative of log Gamma for x > 0: recurrence up to 8, then the asymptotic series."""
    total = 0.0
    while x < 8.0:
        total -= 1.0 / x
        x += 1.0
    return total + log(x) - 0.5 / x - _series(x)


@kernel
def _series(x: float) -> float:
    r = 1.0 / (x * x)
    return r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (5 / 660 - r * (691 / 32760 - r / 12))))))
