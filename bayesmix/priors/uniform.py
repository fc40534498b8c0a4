"""Constant densities: the uniform distribution between two bounds, and the improper prior of coefficients."""

import numpy as np
import scipy

from bayesmix.numerics.prior_codes import UNIFORM, UNIFORM_SD
from bayesmix.priors.distribution import Argument, Distribution, Floats, Numbers


def _log_density(x: Floats, lower: float, upper: float) -> Floats:
    return np.where((x >= lower) & (x <= upper), -np.log(upper - lower), -np.inf)


def _scaled(args: Numbers, factor: float) -> Numbers:
    return tuple(value * factor for value in args)


UNIFORM_PRIOR = Distribution(
    name="Uniform",
    stan="uniform",
    arguments=(Argument("lower", "lower bound", False, "lower"), Argument("upper", "upper bound", False, "upper")),
    support="interval",
    log_density=_log_density,
    scipy=lambda lower, upper: scipy.stats.uniform(lower, upper - lower),
    scaled=_scaled,
    sd_kernel=lambda lower, upper: (UNIFORM_SD, (lower, upper)),
    coefficient_kernel=lambda lower, upper: (UNIFORM, (lower, upper, 0.0)),
)

FLAT_PRIOR = Distribution(
    name="Flat",
    arguments=(),
    support="real",
    proper=False,
    log_density=np.zeros_like,
    scipy=None,
)
