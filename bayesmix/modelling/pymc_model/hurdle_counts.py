"""Counts past a hurdle: 0 with probability 1 - psi, else a Poisson or negative binomial count without its zeros.

PyMC's own distributions truncate by rejection, which fails if a count is seldom above 0, and take the probability of a
count above 0 from an incomplete gamma or beta function, which is slow to compile. It has a closed form, and draws need
no rejection: take the count as arrivals during [0, 1]. The first of them comes at t with P(t > s) = P(none in [0, s]),
here given t <= 1, and the number of later ones follows from t,

    Poisson(mu)                P(t > s) = exp(-mu s)                          1 + Poisson(mu (1 - t))
    negative binomial          P(t > s) = (1 + mu s / alpha)^-alpha           1 + Poisson(rate (1 - t)),
                                                                              rate ~ Gamma(alpha + 1, alpha / mu + t)
"""

from typing import Any

import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayesmix.modelling.pymc_model.response_densities import ResponseDensity


def _past(value: TensorVariable, psi: TensorVariable, log_mass: TensorVariable, log_zero: TensorVariable) -> Any:
    """log P(value) from the log probabilities of the count whose zeros are left out."""
    return pt.switch(pt.eq(value, 0), pt.log1p(-psi), pt.log(psi) + log_mass - pt.log1mexp(log_zero))


def _poisson(value: TensorVariable, psi: TensorVariable, mu: TensorVariable) -> Any:
    return _past(value, psi, pm.logp(pm.Poisson.dist(mu=mu), value), -mu)


def _negative_binomial(value: TensorVariable, psi: TensorVariable, mu: TensorVariable, alpha: TensorVariable) -> Any:
    log_mass = pm.logp(pm.NegativeBinomial.dist(mu=mu, alpha=alpha), value)
    return _past(value, psi, log_mass, -alpha * pt.log1p(mu / alpha))


def _some(log_zero: TensorVariable, size: Any) -> Any:
    """log P(t > first arrival), where the probability is uniform between 1 and P(0)."""
    return pt.log1p(pm.Uniform.dist(0, 1, size=size) * pt.expm1(log_zero))


def _draw_poisson(psi: TensorVariable, mu: TensorVariable, size: Any) -> Any:
    left = mu + _some(-mu, size)
    return pm.Bernoulli.dist(psi, size=size) * (1 + pm.Poisson.dist(pt.maximum(left, 0), size=size))


def _draw_negative_binomial(psi: TensorVariable, mu: TensorVariable, alpha: TensorVariable, size: Any) -> Any:
    first = alpha / mu * pt.expm1(-_some(-alpha * pt.log1p(mu / alpha), size) / alpha)
    rate = pm.Gamma.dist(alpha=alpha + 1, beta=alpha / mu + first, size=size)
    return pm.Bernoulli.dist(psi, size=size) * (1 + pm.Poisson.dist(rate * pt.maximum(1 - first, 0), size=size))


HURDLE_COUNTS = {
    "HurdlePoisson": ResponseDensity(("psi", "mu"), _poisson, _draw_poisson),
    "HurdleNegativeBinomial": ResponseDensity(("psi", "mu", "alpha"), _negative_binomial, _draw_negative_binomial),
}
"""By PyMC's names; `psi` is the probability of a count above 0, and the others describe the count whose zeros are left
out."""
