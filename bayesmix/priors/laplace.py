"""Laplace's distribution, the double exponential."""

import numpy as np
import scipy

from bayesmix.numerics.prior_codes import LAPLACE
from bayesmix.priors.distribution import Argument, Distribution, Floats, times_scale


def _log_density(x: Floats, mu: float, b: float) -> Floats:
    return -np.abs(x - mu) / b - np.log(2 * b)


LAPLACE_PRIOR = Distribution(
    name="Laplace",
    stan="double_exponential",
    arguments=(Argument("mu", "location", False, "mu"), Argument("b", "scale", True, "b")),
    support="real",
    log_density=_log_density,
    scipy=lambda mu, b: scipy.stats.laplace(mu, b),
    scaled=times_scale,
    coefficient_kernel=lambda mu, b: (LAPLACE, (mu, b, 1.0)),
)
