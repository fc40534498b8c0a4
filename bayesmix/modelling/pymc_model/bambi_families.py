"""bayesmix's families as Bambi's: the same likelihoods, with the parameters under the names of `families.AUXILIARY`.

Bambi calls the precision of a beta distribution `kappa` and the shape of a negative binomial `alpha`, and counts the
zeros of a mixture by the probability of the other part, `psi`. Its family classes translate their parameters for PyMC
in `transform_backend_kwargs` (while a model is built) and `transform_kwargs` (while it predicts); here these start from
our names, so that the posterior, Bambi's predictions and our tables all speak of the same parameters.

Leans on (Bambi 0.21): `families.univariate.UnivariateFamily` and `BinomialBaseFamily`, whose `transform_backend_kwargs`
splits successes from trials; `families.likelihood.Likelihood` with `dist`; `Family.link`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bambi
import pymc as pm
from bambi.families.likelihood import Likelihood
from bambi.families.univariate import BinomialBaseFamily, UnivariateFamily

from bayesmix.modelling.families import AUXILIARY, Family
from bayesmix.modelling.pymc_model.hurdle_counts import HurdleNegativeBinomial, HurdlePoisson

Arguments = dict[str, Any]

_LINKS = ["identity", "log", "logit", "probit", "cloglog"]


def _beta(arguments: Arguments) -> Arguments:
    mean, phi = arguments.pop("mu"), arguments.pop("phi")
    return arguments | {"alpha": mean * phi, "beta": (1 - mean) * phi}


def _gamma(arguments: Arguments) -> Arguments:
    mean, shape = arguments.pop("mu"), arguments.pop("shape")
    return arguments | {"alpha": shape, "beta": shape / mean}


def _negative_binomial(arguments: Arguments) -> Arguments:
    return arguments | {"alpha": arguments.pop("shape")}


def _as_is(arguments: Arguments) -> Arguments:
    return arguments


def _with_zeros(in_pymc: Callable[[Arguments], Arguments], zero: str) -> Callable[[Arguments], Arguments]:
    """PyMC's `psi` is the probability of the part that `in_pymc` is for."""
    return lambda arguments: in_pymc(arguments | {"psi": 1 - arguments.pop(zero)})


@dataclass(frozen=True)
class _Recipe:
    """`parent` is the parameter that the formula is of, `in_pymc` takes our names to those of `distribution`."""

    distribution: Any
    in_pymc: Callable[[Arguments], Arguments]
    parent: str = "mu"
    of_trials: bool = False


_RECIPES = {
    "student_t": _Recipe(pm.StudentT, _as_is),
    "gamma": _Recipe(pm.Gamma, _gamma),
    "beta": _Recipe(pm.Beta, _beta),
    "beta_binomial": _Recipe(pm.BetaBinomial, _beta, of_trials=True),
    "negative_binomial": _Recipe(pm.NegativeBinomial, _negative_binomial),
    "zero_inflated_binomial": _Recipe(pm.ZeroInflatedBinomial, _with_zeros(_as_is, "zi"), parent="p", of_trials=True),
    "zero_inflated_poisson": _Recipe(pm.ZeroInflatedPoisson, _with_zeros(_as_is, "zi")),
    "zero_inflated_negative_binomial": _Recipe(pm.ZeroInflatedNegativeBinomial, _with_zeros(_negative_binomial, "zi")),
    "hurdle_poisson": _Recipe(HurdlePoisson, _with_zeros(_as_is, "hu")),
    "hurdle_negative_binomial": _Recipe(HurdleNegativeBinomial, _with_zeros(_negative_binomial, "hu")),
    "hurdle_gamma": _Recipe(pm.HurdleGamma, _with_zeros(_gamma, "hu")),
    "hurdle_lognormal": _Recipe(pm.HurdleLogNormal, _with_zeros(_as_is, "hu")),
}


class _Renamed(UnivariateFamily):
    """A family of Bambi's whose parameters have our names."""

    SUPPORTED_LINKS = _LINKS

    def __init__(self, name: str, likelihood: Likelihood, link: dict[str, str], recipe: _Recipe):
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
    """What `bambi.Model` takes as family; its link is that of `family`."""
    recipe = _RECIPES.get(family.name)
    if recipe is None:
        name = "bernoulli" if family.name == "binomial" and not has_trials else family.name
        return {"stopping_ratio": "sratio"}.get(name, name)
    likelihood = Likelihood(
        f"bayesmix_{family.name}", [recipe.parent, *family.auxiliary], recipe.parent, recipe.distribution
    )
    links = {recipe.parent: family.link} | {name: AUXILIARY[name].link for name in family.auxiliary}
    made = _RenamedOfTrials if recipe.of_trials else _Renamed
    return made(family.name, likelihood, links, recipe)
