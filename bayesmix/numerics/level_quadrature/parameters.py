"""The parameters that are left, each a number x on the whole line, with their priors, compiled.

Coefficients stand for themselves in units of their columns (a uniform prior: by the logistic function). The sd is
folded: x may have either sign and |x| is meant, for the density of the counts is even in it. Unlike its logarithm x has
no long tail where the sd may be 0. A prior that is 0, infinite or not smooth there, and a uniform one, keep the
logarithm or the logistic function, as does the family's own parameter.
"""

from math import lgamma, log, log1p, pi

from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.prior_codes import HALF_NORMAL, HALF_STUDENT_T, NORMAL, STUDENT_T, UNIFORM
from bayesmix.numerics.prior_densities import log_logistic, logistic, standard_deviation

COEFFICIENT, FOLDED, POSITIVE = range(3)
"""What a parameter is."""

FOLDABLE = (HALF_NORMAL, HALF_STUDENT_T)
"""Kinds of prior of a sd that is folded: even functions, smooth at 0."""


@kernel
def parameter(
    role: int, kind: int, first: float, second: float, third: float, unit: float, x: float
) -> tuple[float, float, float, float]:
    """The value at x, its slope by x, the log density of x (of |x| where folded), and its slope."""
    if role == COEFFICIENT:
        return _coefficient(kind, first, second, third, unit, x)
    if role == FOLDED:
        density, slope = _half(kind, first, second, abs(x))
        return abs(x), 1.0 if x >= 0.0 else -1.0, density, slope if x >= 0.0 else -slope
    return standard_deviation(kind, first, second, x)


@kernel
def _coefficient(
    kind: int, first: float, second: float, third: float, unit: float, x: float
) -> tuple[float, float, float, float]:
    if kind == UNIFORM:
        share = logistic(x)
        density = log_logistic(x) + log_logistic(-x)
        return first + (second - first) * share, (second - first) * share * logistic(-x), density, 1.0 - 2.0 * share
    value = unit * x
    if kind == NORMAL:
        distance = (value - first) / second
        density = -0.5 * log(2.0 * pi) - log(second / unit) - 0.5 * distance * distance
        return value, unit, density, -distance * unit / second
    distance = (value - first) / second
    if kind == STUDENT_T:
        constant = lgamma((third + 1) / 2) - lgamma(third / 2) - 0.5 * log(third * pi) - log(second / unit)
        square = distance * distance / third
        slope = -(third + 1) * distance / (third * (1.0 + square)) * unit / second
        return value, unit, constant - 0.5 * (third + 1) * log1p(square), slope
    sign = 1.0 if distance >= 0.0 else -1.0
    return value, unit, -abs(distance) - log(2.0 * second / unit), -sign * unit / second


@kernel
def _half(kind: int, first: float, second: float, sd: float) -> tuple[float, float]:
    """Log density of a sd and its slope, for the kinds of `FOLDABLE`."""
    if kind == HALF_NORMAL:
        return 0.5 * log(2.0 / pi) - log(first) - 0.5 * (sd / first) ** 2, -sd / (first * first)
    ratio = (sd / second) ** 2 / first
    constant = log(2.0) + lgamma((first + 1) / 2) - lgamma(first / 2) - 0.5 * log(first * pi) - log(second)
    slope = -(first + 1) * sd / (first * second * second * (1.0 + ratio))
    return constant - 0.5 * (first + 1) * log1p(ratio), slope
