"""Student's t and Cauchy distributions, their positive halves, and the unit-free one for a ratio of sds."""

from dataclasses import replace

import numpy as np
import scipy
from scipy.special import gammaln

from bayesmix.numerics.prior_codes import HALF_STUDENT_T, STUDENT_T
from bayesmix.priors.distribution import Argument, Distribution, Floats, half, last, times_scale

_NU = Argument("nu", "degrees of freedom", True, "nu")
_SIGMA = Argument("sigma", "scale", True, "sigma")


def _log_density(x: Floats, nu: float, mu: float, sigma: float) -> Floats:
    constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi) - np.log(sigma)
    return constant - (nu + 1) / 2 * np.log1p(((x - mu) / sigma) ** 2 / nu)


def _cauchy(x: Floats, mu: float, sigma: float) -> Floats:
    return _log_density(x, 1.0, mu, sigma)


STUDENT_T_PRIOR = Distribution(
    name="StudentT",
    stan="student_t",
    arguments=(_NU, Argument("mu", "location", False, "mu"), _SIGMA),
    support="real",
    log_density=_log_density,
    scipy=lambda nu, mu, sigma: scipy.stats.t(nu, mu, sigma),
    scaled=times_scale,
    coefficient_kernel=lambda nu, mu, sigma: (STUDENT_T, (mu, sigma, nu)),
)

CAUCHY_PRIOR = replace(
    STUDENT_T_PRIOR,
    name="Cauchy",
    stan="cauchy",
    arguments=(Argument("mu", "location", False, "alpha"), Argument("sigma", "scale", True, "beta")),
    log_density=_cauchy,
    scipy=lambda mu, sigma: scipy.stats.cauchy(mu, sigma),
    coefficient_kernel=lambda mu, sigma: (STUDENT_T, (mu, sigma, 1.0)),
)

HALF_STUDENT_T_PRIOR = Distribution(
    name="HalfStudentT",
    stan="student_t",
    arguments=(_NU, _SIGMA),
    support="positive",
    log_density=half(_log_density),
    scipy=lambda nu, sigma: scipy.stats.t(nu, 0, sigma),
    folded=True,
    size=last,
    scaled=times_scale,
    of_sigma=True,
    sd_kernel=lambda nu, sigma: (HALF_STUDENT_T, (nu, sigma)),
)

HALF_CAUCHY_PRIOR = replace(
    HALF_STUDENT_T_PRIOR,
    name="HalfCauchy",
    stan="cauchy",
    arguments=(Argument("scale", "scale", True, "beta"),),
    log_density=half(_cauchy),
    scipy=lambda scale: scipy.stats.cauchy(0, scale),
    sd_kernel=lambda scale: (HALF_STUDENT_T, (1.0, scale)),
)

# Written for the sd of a column z and read as HalfCauchy(r / sd(z)) * sigma, before anything is sampled.
SCALE_FREE_PRIOR = replace(
    HALF_CAUCHY_PRIOR,
    name="ScaleFree",
    arguments=(Argument("r", "median of sd(z) sd / sigma", True, ""),),
    scaled=None,
    of_sigma=False,
    per_column_sd="HalfCauchy",
    sd_kernel=None,
)
