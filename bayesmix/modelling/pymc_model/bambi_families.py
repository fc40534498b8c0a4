"""bayesmix's families as Bambi's: the same likelihoods with the parameters' names of `families.auxiliary`.

Bambi calls the precision of a beta distribution `kappa` and the shape of a negative binomial `alpha`, and describes the
zeros of a mixture by `psi`, the probability of the other part. Its family classes translate their parameters for PyMC
in `transform_backend_kwargs` (while a model is built) and `transform_kwargs` (while it predicts). Here these start from
our names, so that the posterior, Bambi's predictions and our tables have the same parameters.

This file relies on (Bambi 0.21): `families.univariate.UnivariateFamily` and `BinomialBaseFamily`, whose
`transform_backend_kwargs` splits successes from trials; `families.likelihood.Likelihood` with `dist`; `Family.link`.
"""

import bambi
import pymc as pm
from bambi.families.likelihood import Likelihood
from bambi.families.univariate import BinomialBaseFamily, UnivariateFamily

from bayesmix.families.family import Family
from bayesmix.families.record import Arguments, PymcRecipe
from bayesmix.modelling.pymc_model.hurdle_counts import HurdleNegativeBinomial, HurdlePoisson

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
