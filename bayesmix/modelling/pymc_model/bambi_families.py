"""bayesmix's families as Bambi's: the same likelihoods with the parameters' names of `families.auxiliary`.

Bambi calls the precision of a beta distribution `kappa` and the shape of a negative binomial `alpha`, and describes the
zeros of a mixture by `psi`, the probability of the other part. Its family classes translate their parameters for PyMC
in `transform_backend_kwargs` (while a model is built) and `transform_kwargs` (while it predicts). Here these start from
our names, so that the posterior, Bambi's predictions and our tables have the same parameters.

Counts past a hurdle are 0 with probability 1 - psi, else a Poisson or negative binomial count without its zeros. PyMC's
own distributions truncate by rejection, which fails if a count is seldom above 0, and take the probability of a count
above 0 from an incomplete gamma or beta function, which is slow to compile. It has a closed form, and draws need no
rejection: take the count as arrivals during [0, 1]. The first of them comes at t with P(t > s) = P(none in [0, s]),
here given t <= 1, and the number of later ones follows from t,

    Poisson(mu)                P(t > s) = exp(-mu s)                          1 + Poisson(mu (1 - t))
    negative binomial          P(t > s) = (1 + mu s / alpha)^-alpha           1 + Poisson(rate (1 - t)),
                                                                              rate ~ Gamma(alpha + 1, alpha / mu + t)

This file relies on (Bambi 0.21): `families.univariate.UnivariateFamily` and `BinomialBaseFamily`, whose
`transform_backend_kwargs` splits successes from trials; `families.likelihood.Likelihood` with `dist`; `Family.link`.
"""

from typing import Any

import bambi
import pymc as pm
import pytensor.tensor as pt
from bambi.families.likelihood import Likelihood
from bambi.families.univariate import BinomialBaseFamily, UnivariateFamily
from pytensor.tensor import TensorVariable

from bayesmix.families.family import Family
from bayesmix.families.record import Arguments, PymcRecipe


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


class HurdlePoisson:
    """`psi`: probability of a count above 0; `mu`: mean of the Poisson count whose zeros are left out."""

    def __new__(cls, name: str, psi: Any, mu: Any, **settings: Any) -> Any:
        return pm.CustomDist(name, psi, mu, logp=_poisson, dist=_draw_poisson, **settings)

    @classmethod
    def dist(cls, psi: Any, mu: Any, **settings: Any) -> Any:
        return pm.CustomDist.dist(psi, mu, logp=_poisson, dist=_draw_poisson, **settings)


class HurdleNegativeBinomial:
    """`psi`: probability of a count above 0; `mu` and `alpha`: mean and shape of the count whose zeros are left out."""

    def __new__(cls, name: str, psi: Any, mu: Any, alpha: Any, **settings: Any) -> Any:
        settings |= {"logp": _negative_binomial, "dist": _draw_negative_binomial}
        return pm.CustomDist(name, psi, mu, alpha, **settings)

    @classmethod
    def dist(cls, psi: Any, mu: Any, alpha: Any, **settings: Any) -> Any:
        settings |= {"logp": _negative_binomial, "dist": _draw_negative_binomial}
        return pm.CustomDist.dist(psi, mu, alpha, **settings)


_LINKS = ["identity", "log", "logit", "probit", "cloglog"]
_OWN = {"HurdlePoisson": HurdlePoisson, "HurdleNegativeBinomial": HurdleNegativeBinomial}
"""Distributions that PyMC has too, written here in closed form."""


class _Renamed(UnivariateFamily):
    """A family of Bambi whose parameters have our names."""

    SUPPORTED_LINKS = _LINKS

    def __init__(self, name: str, likelihood: Likelihood, link: dict[str, str], recipe: PymcRecipe):
        super().__init__(name, likelihood, link)
        self.recipe = recipe

    def transform_backend_kwargs(self, kwargs: Arguments) -> Arguments:
        return self.recipe.in_pymc(kwargs)

    def transform_kwargs(self, kwargs: Arguments) -> Arguments:
        return self.recipe.in_pymc(kwargs)


class _RenamedOfTrials(_Renamed, BinomialBaseFamily):
    """The same for counts out of trials."""

    def transform_backend_kwargs(self, kwargs: Arguments) -> Arguments:
        return BinomialBaseFamily.transform_backend_kwargs(self.recipe.in_pymc(kwargs))


def bambi_family(family: Family, *, has_trials: bool) -> str | bambi.Family:
    """The family that `bambi.Model` takes; its link is that of `family`."""
    recipe = family.record.in_pymc
    if isinstance(recipe, str):
        return "bernoulli" if family.name == "binomial" and not has_trials else recipe
    distribution = _OWN.get(recipe.distribution) or getattr(pm, recipe.distribution)
    likelihood = Likelihood(f"bayesmix_{family.name}", [recipe.parent, *family.auxiliary], recipe.parent, distribution)
    links = {recipe.parent: family.link} | {parameter.name: parameter.link for parameter in family.record.auxiliary}
    made = _RenamedOfTrials if recipe.of_trials else _Renamed
    return made(family.name, likelihood, links, recipe)
