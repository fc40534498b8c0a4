"""Averaged over all simpler models: which of the random terms are there?"""

from math import log

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix import modelling
from bayesmix.errors import ArgumentError
from bayesmix.formula.reduce import Reduction, reductions
from bayesmix.formula.terms import Formula
from bayesmix.inference.bayes_factor import require_usable_at_zero, verbal
from bayesmix.inference.log_marginal import require_closed_form
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import reduced_model

_MOST_MODELS = 128


def inclusion(fit: Fit) -> pd.DataFrame:
    """Inclusion Bayes factors: each random term, averaged over what else may be in the model.

    All models that the fitted one contains, with any of its random terms (a slope only with its intercept where the
    term has one), equally probable beforehand.

    Parameters
    ----------
    fit
        A Gaussian model with identity link.

    Returns
    -------
    pandas.DataFrame
        Indexed by `term` as `rand` has it: `log10_bf`, posterior over prior odds of the models that have the term, with
        its Monte Carlo error `mcse`, `probability` of these models, `label` in words, and `models`, how many there are.

    Raises
    ------
    ArgumentError
        The model has no closed form, or too many models are contained in it.
    PriorError
        A standard deviation has a prior whose density at 0 is 0 or infinite.
    """
    require_closed_form(fit)
    models, parts = _contained(fit.design.formula)
    if len(models) > _MOST_MODELS:
        raise ArgumentError(f"{len(models)} models are contained in this one, more than {_MOST_MODELS}: use rand(fit).")
    found = []
    for formula in models:
        smaller = reduced_model(fit, formula)
        for name in smaller.tested:
            require_usable_at_zero(fit, name)
        weights = fit.diagnostics.importance if formula.random == fit.design.formula.random else None
        found.append(
            modelling.log_marginal.log_marginal_of(
                smaller.design, smaller.priors, seed=fit.sampling.seed, cores=fit.sampling.cores, weights=weights
            )
        )
    values = np.array([one.value for one in found])
    errors = np.array([one.error for one in found])
    posterior = np.exp(values - np.nanmax(values))
    posterior /= posterior.sum()
    rows = {}
    for part in parts:
        has = np.array([_has(formula, part) for formula in models])
        share, before = float(posterior[has].sum()), float(has.mean())
        with_it, without = _log_sum(values[has]), _log_sum(values[~has])
        log_odds = with_it - without
        # Each model's error counts by its share among those with the term, or among those without.
        slopes = np.exp(values - np.where(has, with_it, without))
        log10_bf = (log_odds - log(before / (1 - before))) / log(10)
        rows[part.label] = {
            "log10_bf": log10_bf,
            "mcse": float(np.sqrt(np.sum((slopes * errors) ** 2))) / log(10),
            "probability": share,
            "label": verbal(log10_bf),
            "models": len(models),
        }
    columns = ["log10_bf", "mcse", "probability", "label", "models"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("term")


def _contained(formula: Formula) -> tuple[list[Formula], list[Reduction]]:
    """The formula and all that follow from it by dropping parts, each once; and the parts, each once."""
    models, waiting = {_key(formula): formula}, [formula]
    parts: dict[tuple[str, str], Reduction] = {}
    while waiting and len(models) <= _MOST_MODELS:
        for part in reductions(waiting.pop(0)):
            parts.setdefault((part.column, part.group), part)
            if _key(part.formula) not in models:
                models[_key(part.formula)] = part.formula
                waiting.append(part.formula)
    return list(models.values()), list(parts.values())


def _key(formula: Formula) -> tuple[str, ...]:
    return tuple(sorted(term.label for term in formula.random))


def _has(formula: Formula, part: Reduction) -> bool:
    """Whether in a model the part's column still varies by its group."""
    own = [term for term in formula.random if term.group_label == part.group]
    return any(column.label == part.column for term in own for column in term.terms)


def _log_sum(values: NDArray[np.float64]) -> float:
    greatest = values.max()
    return float(greatest + np.log(np.exp(values - greatest).sum()))
