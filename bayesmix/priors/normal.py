"""The normal distribution, its positive half and the inverse of that, the log-normal, and Laplace's distribution."""

import numpy as np
import scipy

from bayesmix.numerics.prior_codes import HALF_NORMAL, INVERSE_HALF_NORMAL, LAPLACE, LOG_NORMAL, NORMAL
from bayesmix.priors.distribution import Argument, Distribution, Floats, Numbers, half, last, times_scale

_SIGMA = Argument("sigma", "scale", True, "sigma")


def _log_density(x: Floats, mu: float, sigma: float) -> Floats:
    return -0.5 * ((x - mu) / sigma) ** 2 - np.log(sigma) - 0.5 * np.log(2 * np.pi)


def _of_logarithm(x: Floats, mu: float, sigma: float) -> Floats:
    log_x = np.log(np.where(x > 0, x, 1.0))
    return np.where(x > 0, _log_density(log_x, mu, sigma) - log_x, -np.inf)


def _of_inverse_half(x: Floats, scale: float) -> Floats:
    inside = np.where(x > 0, x, 1.0)
    with np.errstate(over="ignore"):  # near 0 the density is 0
        square = (scale / inside) ** 2
    log_density = 0.5 * np.log(2 / np.pi) + np.log(scale) - 2 * np.log(inside) - 0.5 * square
    return np.where(x > 0, log_density, -np.inf)


def _scaled_logarithm(args: Numbers, factor: float) -> Numbers:
    return args[0] + float(np.log(factor)), args[1]


NORMAL_PRIOR = Distribution(
    name="Normal",
    stan="normal",
    arguments=(Argument("mu", "location", False, "mu"), _SIGMA),
    support="real",
    log_density=_log_density,
    scipy=lambda mu, sigma: scipy.stats.norm(mu, sigma),
    scaled=times_scale,
    coefficient_kernel=lambda mu, sigma: (NORMAL, (mu, sigma, 1.0)),
)

HALF_NORMAL_PRIOR = Distribution(
    name="HalfNormal",
    stan="normal",
    arguments=(_SIGMA,),
    support="positive",
    log_density=half(_log_density),
    scipy=lambda sigma: scipy.stats.norm(0, sigma),
    folded=True,
    size=last,
    scaled=times_scale,
    of_sigma=True,
    sd_kernel=lambda sigma: (HALF_NORMAL, (sigma, 0.0)),
)

# scale / |Z| with Z standard normal. Its square is InverseGamma(1/2, scale^2 / 2), so that effects with this sd are
# together multivariate Cauchy: the prior of Zellner & Siow, and of Rouder et al. (2012) for every effect.
INVERSE_HALF_NORMAL_PRIOR = Distribution(
    name="InverseHalfNormal",
    arguments=(Argument("scale", "scale", True, "scale"),),
    support="positive",
    log_density=_of_inverse_half,
    scipy=lambda scale: scipy.stats.gengamma(0.5, -2.0, scale=scale / np.sqrt(2)),
    size=last,
    scaled=times_scale,
    of_sigma=True,
    sd_kernel=lambda scale: (INVERSE_HALF_NORMAL, (scale, 0.0)),
)

LOG_NORMAL_PRIOR = Distribution(
    name="LogNormal",
    stan="lognormal",
    arguments=(Argument("mu", "mean of the log", False, "mu"), Argument("sigma", "sd of the log", True, "sigma")),
    support="positive",
    log_density=_of_logarithm,
    scipy=lambda mu, sigma: scipy.stats.lognorm(sigma, scale=np.exp(mu)),
    size=lambda mu, _: float(np.exp(mu)),
    scaled=_scaled_logarithm,
    sd_kernel=lambda mu, sigma: (LOG_NORMAL, (mu, sigma)),
)


def _of_laplace(x: Floats, mu: float, b: float) -> Floats:
    return -np.abs(x - mu) / b - np.log(2 * b)


LAPLACE_PRIOR = Distribution(
    name="Laplace",
    stan="double_exponential",
    arguments=(Argument("mu", "location", False, "mu"), Argument("b", "scale", True, "b")),
    support="real",
    log_density=_of_laplace,
    scipy=lambda mu, b: scipy.stats.laplace(mu, b),
    scaled=times_scale,
    coefficient_kernel=lambda mu, b: (LAPLACE, (mu, b, 1.0)),
)
