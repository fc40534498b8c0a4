"""bayesmix's families as Bambi's: the same likelihoods with the parameters' names of `families.auxiliary`.

Bambi calls the precision of a beta distribution `kappa` and the shape of a negative binomial `alpha`, and describes the
zeros of a mixture by `psi`, the probability of the other part. Its family classes translate their parameters for PyMC
in `transform_backend_kwargs` (while a model is built) and `transform_kwargs` (while it predicts). Here these start from
our names, so that the posterior, Bambi's predictions and our tables have the same parameters.

The file needs (Bambi 0.21): `families.univariate.UnivariateFamily` and `BinomialBaseFamily`, whose
`transform_backend_kwargs` splits successes from trials, and `StoppingRatio`; `families.likelihood.Likelihood` with
`dist`; `Family.link`; `utils.get_aliased_name`.
"""

from typing import Any

import bambi
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from bambi.families.likelihood import Likelihood
from bambi.families.univariate import BinomialBaseFamily, StoppingRatio, UnivariateFamily
from bambi.utils import get_aliased_name
from pytensor.tensor.special import softmax

from bayesmix.families.family import Family
from bayesmix.families.record import Arguments, PymcRecipe
from bayesmix.formula.design import Response
from bayesmix.formula.nominal_response import category_parameters
from bayesmix.modelling.pymc_model.censored_densities import censored_density
from bayesmix.modelling.pymc_model.hurdle_counts import HURDLE_COUNTS
from bayesmix.modelling.pymc_model.response_densities import RESPONSE_DENSITIES
from bayesmix.modelling.pymc_model.softmax import softmax_density
from bayesmix.posterior import layout

_LINKS = ["identity", "log", "logit", "probit", "cloglog"]
_OWN = HURDLE_COUNTS | RESPONSE_DENSITIES
"""Distributions that PyMC lacks, or has in other parameters, or not in closed form."""


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


class _AdjacentCategory(StoppingRatio):
    """P(y = k given y = k or k + 1) = F(threshold_k - eta): Bambi treats ordinal families alike, by their class."""

    @staticmethod
    def transform_backend_kwargs(kwargs: Arguments) -> Arguments:
        share = kwargs.pop("p")
        log_odds = pt.cumsum(pt.log1p(-share) - pt.log(share), axis=-1)
        logs = pt.concatenate([pt.zeros_like(log_odds[..., :1]), log_odds], axis=-1)
        return {name: value for name, value in kwargs.items() if name != "threshold"} | {"p": softmax(logs, axis=-1)}

    @staticmethod
    def transform_mean(model: bambi.Model, mean: xr.DataArray) -> xr.DataArray:
        """The probabilities of the categories, as last dimension."""
        borders, categories = layout.THRESHOLD_DIM, f"{get_aliased_name(model.response_term)}_dim"
        steps = xr.ufuncs.log1p(-mean) - xr.ufuncs.log(mean)
        log_odds = steps.cumsum(borders).rename({borders: categories})
        logs = log_odds.pad({categories: (1, 0)}, constant_values=0.0).assign_coords(
            {categories: list(model.response_term.levels)}
        )
        relative = xr.ufuncs.exp(logs - logs.max(categories))
        return (relative / relative.sum(categories)).transpose(..., categories)


_ORDINAL = {"AdjacentCategory": _AdjacentCategory}
"""Ordinal families that Bambi lacks, by the name that a family's recipe has for them."""


def bambi_family(family: Family, response: Response) -> str | bambi.Family:
    """The family that `bambi.Model` takes; its link is that of `family`."""
    recipe = family.record.in_pymc
    if response.censoring is not None:
        name = family.record.censored
        return _made(family, PymcRecipe(name), censored_density(name, response.censoring))
    if isinstance(recipe, str):
        return "bernoulli" if family.name == "binomial" and response.trials is None else recipe
    if recipe.distribution in _ORDINAL:
        likelihood = Likelihood("StoppingRatio", ["p", "threshold"], "p", pm.Categorical)
        links = {"p": family.link, "threshold": "identity"}
        ordinal = _ORDINAL[recipe.distribution](family.name, likelihood, links)
        ordinal.set_default_priors({"threshold": "Normal"})  # Bambi asks for one; ours is in `thresholds`
        return ordinal
    if family.record.has_category_predictors:
        names = list(category_parameters(response))
        likelihood = Likelihood(f"bayesmix_{family.name}", names, names[0], softmax_density(names))
        return _Renamed(family.name, likelihood, dict.fromkeys(names, "identity"), recipe)
    return _made(family, recipe, _OWN.get(recipe.distribution) or getattr(pm, recipe.distribution))


def _made(family: Family, recipe: PymcRecipe, distribution: Any) -> _Renamed:
    """The family by its distribution in PyMC."""
    likelihood = Likelihood(f"bayesmix_{family.name}", [recipe.parent, *family.auxiliary], recipe.parent, distribution)
    links = {recipe.parent: family.link} | {parameter.name: parameter.link for parameter in family.record.auxiliary}
    made = _RenamedOfTrials if recipe.of_trials else _Renamed
    return made(family.name, likelihood, links, recipe)
