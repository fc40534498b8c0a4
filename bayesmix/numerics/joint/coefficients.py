"""Priors of coefficients on the whole line, compiled."""

from math import lgamma, log, log1p, pi

from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.prior_codes import LAPLACE, NORMAL


@kernel
def coefficient_prior(kind: int, location: float, scale: float, freedom: float, x: float) -> tuple[float, float]:
    """Log density at x and its derivative; `freedom`, degrees of freedom, is for Student's t alone (Cauchy: 1)."""
    distance = (x - location) / scale
    if kind == NORMAL:
        return -0.5 * distance * distance - log(scale) - 0.5 * log(2.0 * pi), -distance / scale
    if kind == LAPLACE:
        sign = 1.0 if distance > 0.0 else -1.0
        return -abs(distance) - log(2.0 * scale), -sign / scale
    square = distance * distance / freedom
    constant = lgamma((freedom + 1.0) / 2.0) - lgamma(freedom / 2.0) - 0.5 * log(freedom * pi) - log(scale)
    return constant - 0.5 * (freedom + 1.0) * log1p(square), -(freedom + 1.0) * distance / (freedom * scale) / (
        1.0 + square
    )
