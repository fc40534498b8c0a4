"""Priors of variance parameters on the whole line, and of coefficients, with derivatives, in compiled code.

A standard deviation or correlation is sampled as a number x on the whole line. Each function returns the parameter, the
normalised log density of x (the prior's with the Jacobian of the map), and the derivatives of both by x.
"""

from math import exp, lgamma, log, log1p, pi

from bayesmix.numerics import prior_codes as codes
from bayesmix.numerics.kernels import kernel


@kernel
def standard_deviation(kind: int, first: float, second: float, x: float) -> tuple[float, float, float, float]:
    """`sd`, d sd / dx, log density of x, its derivative.

    The map is sd = exp(x), or for a uniform prior sd = lower + (upper - lower) / (1 + exp(-x)).
    """
    if kind == codes.UNIFORM_SD:
        share = logistic(x)
        slope = share * logistic(-x)
        sd = first + (second - first) * share
        return sd, (second - first) * slope, log_logistic(x) + log_logistic(-x), 1.0 - 2.0 * share
    sd = exp(x)
    if kind == codes.HALF_NORMAL:
        square = (sd / first) ** 2
        return sd, sd, 0.5 * log(2.0 / pi) - log(first) - 0.5 * square + x, 1.0 - square
    if kind == codes.HALF_STUDENT_T:
        ratio = (sd / second) ** 2 / first
        constant = log(2.0) + lgamma((first + 1) / 2) - lgamma(first / 2) - 0.5 * log(first * pi) - log(second)
        # ratio / (1 + ratio), which stays finite when ratio overflows
        share = 1.0 / (1.0 + 1.0 / ratio) if ratio > 0.0 else 0.0
        return sd, sd, constant - 0.5 * (first + 1) * log1p(ratio) + x, 1.0 - (first + 1) * share
    if kind == codes.EXPONENTIAL:
        return sd, sd, log(first) - first * sd + x, 1.0 - first * sd
    if kind == codes.GAMMA:
        return sd, sd, first * log(second) - lgamma(first) + first * x - second * sd, first - second * sd
    if kind == codes.INVERSE_GAMMA:
        return sd, sd, first * log(second) - lgamma(first) - first * x - second / sd, second / sd - first
    if kind == codes.INVERSE_HALF_NORMAL:
        square = (first / sd) ** 2
        return sd, sd, 0.5 * log(2.0 / pi) + log(first) - 0.5 * square - x, square - 1.0
    distance = (x - first) / second  # log-normal
    return sd, sd, -0.5 * log(2.0 * pi) - log(second) - 0.5 * distance**2, -distance / second


@kernel
def group_sd(
    kind: int, first: float, second: float, x: float, log_sigma: float
) -> tuple[float, float, float, float, float]:
    """`sd`, d sd / dx, log density of x given sigma, and its derivatives with respect to x and to log sigma.

    With `OF_SIGMA` added to `kind` the prior is one of sd / sigma. Its logarithm is x - log sigma, so that the map has
    no Jacobian.
    """
    if kind < codes.OF_SIGMA:
        sd, slope, density, score = standard_deviation(kind, first, second, x)
        return sd, slope, density, score, 0.0
    _, _, density, score = standard_deviation(kind - codes.OF_SIGMA, first, second, x - log_sigma)
    sd = exp(x)
    return sd, sd, density, score, -score


@kernel
def partial_correlation(shape: float, x: float) -> tuple[float, float, float, float, float]:
    """`z`, 1 - z^2, dz / dx, log density of x, its derivative; (1 + z) / 2 = 1 / (1 + exp(-x)) ~ Beta(shape, shape)."""
    up, down = logistic(x), logistic(-x)
    density = shape * (log_logistic(x) + log_logistic(-x)) + lgamma(2 * shape) - 2 * lgamma(shape)
    return up - down, 4.0 * up * down, 2.0 * up * down, density, shape * (down - up)


@kernel
def logistic(x: float) -> float:
    return 1.0 / (1.0 + exp(-x)) if x >= 0.0 else exp(x) / (1.0 + exp(x))


@kernel
def log_logistic(x: float) -> float:
    return -log1p(exp(-x)) if x >= 0.0 else x - log1p(exp(x))


@kernel
def coefficient_prior(kind: int, location: float, scale: float, freedom: float, x: float) -> tuple[float, float]:
    """Log density of a coefficient at x and its derivative; `freedom` is for Student's t alone (Cauchy: 1)."""
    distance = (x - location) / scale
    if kind == codes.NORMAL:
        return -0.5 * distance * distance - log(scale) - 0.5 * log(2.0 * pi), -distance / scale
    if kind == codes.LAPLACE:
        sign = 1.0 if distance > 0.0 else -1.0
        return -abs(distance) - log(2.0 * scale), -sign / scale
    square = distance * distance / freedom
    constant = lgamma((freedom + 1.0) / 2.0) - lgamma(freedom / 2.0) - 0.5 * log(freedom * pi) - log(scale)
    return constant - 0.5 * (freedom + 1.0) * log1p(square), -(freedom + 1.0) * distance / (freedom * scale) / (
        1.0 + square
    )
