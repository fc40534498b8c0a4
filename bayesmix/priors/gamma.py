"""The gamma distribution, the exponential as one of them, and the inverse gamma."""

import numpy as np
import scipy
from scipy.special import gammaln, xlogy

from bayesmix.numerics.prior_codes import EXPONENTIAL, GAMMA, INVERSE_GAMMA
from bayesmix.priors.distribution import Argument, Distribution, Floats, over_rate, times_scale

_SHAPE = Argument("shape", "shape", True, "alpha")


def _log_density(x: Floats, shape: float, rate: float) -> Floats:
    inside = np.where(x >= 0, x, 0.0)
    log_density = shape * np.log(rate) - gammaln(shape) + xlogy(shape - 1, inside) - rate * inside
    return np.where(x >= 0, log_density, -np.inf)


def _of_inverse(x: Floats, shape: float, scale: float) -> Floats:
    inside = np.where(x > 0, x, 1.0)
    log_density = shape * np.log(scale) - gammaln(shape) - (shape + 1) * np.log(inside) - scale / inside
    return np.where(x > 0, log_density, -np.inf)


GAMMA_PRIOR = Distribution(
    name="Gamma",
    stan="gamma",
    arguments=(_SHAPE, Argument("rate", "shape / mean", True, "beta")),
    support="positive",
    log_density=_log_density,
    scipy=lambda shape, rate: scipy.stats.gamma(shape, scale=1 / rate),
    size=lambda shape, rate: shape / rate,
    scaled=over_rate,
    sd_kernel=lambda shape, rate: (GAMMA, (shape, rate)),
)

EXPONENTIAL_PRIOR = Distribution(
    name="Exponential",
    stan="exponential",
    arguments=(Argument("rate", "1 / mean", True, "lam"),),
    support="positive",
    log_density=lambda x, rate: _log_density(x, 1.0, rate),
    scipy=lambda rate: scipy.stats.expon(scale=1 / rate),
    size=lambda rate: 1 / rate,
    scaled=over_rate,
    of_sigma=True,
    sd_kernel=lambda rate: (EXPONENTIAL, (rate, 0.0)),
)

INVERSE_GAMMA_PRIOR = Distribution(
    name="InverseGamma",
    stan="inv_gamma",
    arguments=(_SHAPE, Argument("scale", "scale", True, "beta")),
    support="positive",
    log_density=_of_inverse,
    scipy=lambda shape, scale: scipy.stats.invgamma(shape, scale=scale),
    size=lambda shape, scale: 1 / (shape / scale),
    scaled=times_scale,
    sd_kernel=lambda shape, scale: (INVERSE_GAMMA, (shape, scale)),
)
