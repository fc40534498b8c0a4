"""Distributions of the response that PyMC lacks, or has in other parameters than ours, or not in all their tails.

Their formulas are those of `numerics.row_distribution`, against which the tests compare them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.distributions.dist_math import normal_lcdf

from bayesmix.modelling.pymc_model import tweedie_density

_HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)
_ROOT_2 = np.sqrt(2.0)

Density = Callable[..., Any]


@dataclass(frozen=True)
class ResponseDensity:
    """A distribution by its log density and draws, which PyMC and Bambi use as one of PyMC's own.

    `arguments` are its parameters in the order in which `log_density` and `draw` take them, after the value and before
    the size.
    """

    arguments: tuple[str, ...]
    log_density: Density
    draw: Density

    def __call__(self, name: str, **settings: Any) -> Any:
        """Add a variable to the current PyMC model."""
        values = [settings.pop(argument) for argument in self.arguments]
        return pm.CustomDist(name, *values, logp=self.log_density, dist=self.draw, **settings)

    def dist(self, **settings: Any) -> Any:
        """A variable that belongs to no model."""
        values = [settings.pop(argument) for argument in self.arguments]
        return pm.CustomDist.dist(*values, logp=self.log_density, dist=self.draw, **settings)


def weibull_scale(mu: Any, shape: Any) -> Any:
    """The time by which all but exp(-1) have had the event."""
    return mu / pt.exp(pt.gammaln(1 + 1 / shape))


def _weibull(value: Any, mu: Any, shape: Any) -> Any:
    return pm.logp(pm.Weibull.dist(alpha=shape, beta=weibull_scale(mu, shape)), value)


def _draw_weibull(mu: Any, shape: Any, size: Any) -> Any:
    return pm.Weibull.dist(alpha=shape, beta=weibull_scale(mu, shape), size=size)


def _shifted_lognormal(value: Any, mu: Any, sigma: Any, ndt: Any) -> Any:
    return pm.logp(pm.LogNormal.dist(mu=mu, sigma=sigma), value - ndt)


def _draw_shifted_lognormal(mu: Any, sigma: Any, ndt: Any, size: Any) -> Any:
    return ndt + pm.LogNormal.dist(mu=mu, sigma=sigma, size=size)


def _slanted(mu: Any, sigma: Any, alpha: Any) -> tuple[Any, Any, Any]:
    """Location and scale of a skew normal with this mean and sd, and its delta."""
    delta = alpha / pt.sqrt(1 + alpha**2)
    scale = sigma / pt.sqrt(1 - 2 * delta**2 / np.pi)
    return mu - scale * delta * np.sqrt(2 / np.pi), scale, delta


def _skew_normal(value: Any, mu: Any, sigma: Any, alpha: Any) -> Any:
    location, scale, _ = _slanted(mu, sigma, alpha)
    z = (value - location) / scale
    return np.log(2) - pt.log(scale) - _HALF_LOG_2PI - 0.5 * z**2 + normal_lcdf(0.0, 1.0, alpha * z)


def _draw_skew_normal(mu: Any, sigma: Any, alpha: Any, size: Any) -> Any:
    location, scale, delta = _slanted(mu, sigma, alpha)
    above, other = pm.HalfNormal.dist(1.0, size=size), pm.Normal.dist(0.0, 1.0, size=size)
    return location + scale * (delta * above + pt.sqrt(1 - delta**2) * other)


def _exgaussian(value: Any, mu: Any, sigma: Any, beta: Any) -> Any:
    z, ratio = (value - mu + beta) / sigma, sigma / beta
    w = z - ratio
    near = ratio**2 / 2 - ratio * z + pt.log1p(-pt.erfc(pt.maximum(w, 0.0) / _ROOT_2) / 2)
    # Where the exponential part is short, ratio^2 / 2 and log Phi are large and cancel.
    far = -0.5 * z**2 + pt.log(pt.erfcx(-pt.minimum(w, 0.0) / _ROOT_2) / 2)
    return pt.switch(w < 0, far, near) - pt.log(beta)


def _draw_exgaussian(mu: Any, sigma: Any, beta: Any, size: Any) -> Any:
    return mu - beta + sigma * pm.Normal.dist(0.0, 1.0, size=size) + beta * pm.Exponential.dist(1.0, size=size)


def _with_ends(value: Any, mu: Any, phi: Any, zero: Any, between: Any, one: Any) -> Any:
    """Log density of a share from log probabilities of its ends and of what is between, there a beta distribution."""
    inside = pt.switch(pt.or_(pt.le(value, 0), pt.ge(value, 1)), 0.5, value)
    of_beta = pm.logp(pm.Beta.dist(alpha=mu * phi, beta=(1 - mu) * phi), inside)
    return pt.switch(pt.eq(value, 0), zero, pt.switch(pt.eq(value, 1), one, between + of_beta))


def _draw_with_ends(mu: Any, phi: Any, zero: Any, one: Any, size: Any) -> Any:
    u = pm.Uniform.dist(0, 1, size=size)
    share = pm.Beta.dist(alpha=mu * phi, beta=(1 - mu) * phi, size=size)
    return pt.switch(u < zero, 0.0, pt.switch(u > 1 - one, 1.0, share))


def _zero_one_inflated_beta(value: Any, mu: Any, phi: Any, zoi: Any, coi: Any) -> Any:
    return _with_ends(value, mu, phi, pt.log(zoi) + pt.log1p(-coi), pt.log1p(-zoi), pt.log(zoi) + pt.log(coi))


def _draw_zero_one_inflated_beta(mu: Any, phi: Any, zoi: Any, coi: Any, size: Any) -> Any:
    return _draw_with_ends(mu, phi, zoi * (1 - coi), zoi * coi, size)


def _ordered_beta(value: Any, mu: Any, phi: Any, cutzero: Any, cutwidth: Any) -> Any:
    eta = pt.log(mu) - pt.log1p(-mu)
    between = pt.log(pt.sigmoid(eta - cutzero)) + pt.log(pt.sigmoid(cutzero + cutwidth - eta))
    zero, one = pt.log(pt.sigmoid(cutzero - eta)), pt.log(pt.sigmoid(eta - cutzero - cutwidth))
    return _with_ends(value, mu, phi, zero, between + pt.log1mexp(-cutwidth), one)


def _draw_ordered_beta(mu: Any, phi: Any, cutzero: Any, cutwidth: Any, size: Any) -> Any:
    eta = pt.log(mu) - pt.log1p(-mu)
    return _draw_with_ends(mu, phi, pt.sigmoid(cutzero - eta), pt.sigmoid(eta - cutzero - cutwidth), size)


RESPONSE_DENSITIES = {
    "WeibullOfMean": ResponseDensity(("mu", "shape"), _weibull, _draw_weibull),
    "ShiftedLogNormal": ResponseDensity(("mu", "sigma", "ndt"), _shifted_lognormal, _draw_shifted_lognormal),
    "SkewNormalOfMean": ResponseDensity(("mu", "sigma", "alpha"), _skew_normal, _draw_skew_normal),
    "ExGaussianOfMean": ResponseDensity(("mu", "sigma", "beta"), _exgaussian, _draw_exgaussian),
    "ZeroOneInflatedBeta": ResponseDensity(
        ("mu", "phi", "zoi", "coi"), _zero_one_inflated_beta, _draw_zero_one_inflated_beta
    ),
    "Tweedie": ResponseDensity(("mu", "dispersion", "power"), tweedie_density.log_density, tweedie_density.draw),
    "OrderedBeta": ResponseDensity(("mu", "phi", "cutzero", "cutwidth"), _ordered_beta, _draw_ordered_beta),
}
"""The densities by the names in the families' recipes."""
