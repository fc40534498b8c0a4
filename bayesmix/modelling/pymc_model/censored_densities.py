"""Distributions of a response of which some rows are censored: there the density is the probability of a tail.

The tails are those of `numerics.row_distribution`, as logarithms that stay exact, with their gradients, far out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesmix.arrays import Positions
from bayesmix.modelling.pymc_model.response_densities import RESPONSE_DENSITIES, Density, ResponseDensity, weibull_scale

_ROOT_2 = np.sqrt(2.0)
_LARGEST = 700.0  # exp of more would overflow
_SMALL = np.log(1e-8)  # 1 - exp(-h) of a hazard h that is smaller is h

Tails = Callable[..., tuple[Any, Any]]


@dataclass(frozen=True)
class _Censorable:
    """A distribution with `log_tails`: of the value and its parameters, log P(Y < y) and log P(Y > y)."""

    whole: ResponseDensity
    log_tails: Tails


def _log_above(z: Any) -> Any:
    """log P(Z > z) of a standard normal Z; the side that is not taken is kept where its gradient is finite.

    PyMC's `normal_lccdf` has a root of 2 in single precision and so 8 digits.
    """
    far = pt.log(pt.erfcx(pt.maximum(z, 0.0) / _ROOT_2) / 2) - 0.5 * z**2
    near = pt.log1p(-pt.erfc(-pt.minimum(z, 0.0) / _ROOT_2) / 2)
    return pt.switch(z > 0, far, near)


def _of_normal(z: Any) -> tuple[Any, Any]:
    return _log_above(-z), _log_above(z)


def _of_log_hazard(log_hazard: Any) -> tuple[Any, Any]:
    """The survival function is exp(-hazard)."""
    hazard = pt.exp(pt.clip(log_hazard, _SMALL, _LARGEST))
    below = pt.switch(log_hazard < _SMALL, log_hazard, pt.log(-pt.expm1(-hazard)))
    return below, -pt.exp(pt.minimum(log_hazard, _LARGEST))


def _weibull_tails(value: Any, mu: Any, shape: Any) -> tuple[Any, Any]:
    return _of_log_hazard(shape * (pt.log(value) - pt.log(weibull_scale(mu, shape))))


_NORMAL = ResponseDensity(
    ("mu", "sigma"),
    lambda value, mu, sigma: pm.logp(pm.Normal.dist(mu=mu, sigma=sigma), value),
    lambda mu, sigma, size: pm.Normal.dist(mu=mu, sigma=sigma, size=size),
)
_LOGNORMAL = ResponseDensity(
    ("mu", "sigma"),
    lambda value, mu, sigma: pm.logp(pm.LogNormal.dist(mu=mu, sigma=sigma), value),
    lambda mu, sigma, size: pm.LogNormal.dist(mu=mu, sigma=sigma, size=size),
)
_EXPONENTIAL = ResponseDensity(
    ("mu",),
    lambda value, mu: pm.logp(pm.Exponential.dist(scale=mu), value),
    lambda mu, size: pm.Exponential.dist(scale=mu, size=size),
)
_CENSORABLE = {
    "CensoredNormal": _Censorable(_NORMAL, lambda value, mu, sigma: _of_normal((value - mu) / sigma)),
    "CensoredLogNormal": _Censorable(_LOGNORMAL, lambda value, mu, sigma: _of_normal((pt.log(value) - mu) / sigma)),
    "CensoredExponential": _Censorable(_EXPONENTIAL, lambda value, mu: _of_log_hazard(pt.log(value) - pt.log(mu))),
    "CensoredWeibull": _Censorable(RESPONSE_DENSITIES["WeibullOfMean"], _weibull_tails),
}
"""By the name that a family's record has for them."""


def censored_density(name: str, censoring: Positions) -> ResponseDensity:
    """The distribution of this name of a response whose rows are censored as `censoring` (n_obs,) says.

    Draws are of the response itself, as if nothing had kept it from being observed.
    """
    censorable = _CENSORABLE[name]
    right, left = censoring > 0, censoring < 0

    def log_density(value: Any, *arguments: Any) -> Any:
        density = censorable.whole.log_density(value, *arguments)
        below, above = censorable.log_tails(value, *arguments)
        if right.any():
            density = pt.switch(right, above, density)
        return pt.switch(left, below, density) if left.any() else density

    density: Density = log_density
    return ResponseDensity(censorable.whole.arguments, density, censorable.whole.draw)
