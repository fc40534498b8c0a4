"""Averaged over all simpler models: which of the random terms are there?"""

from math import log

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.formula.reduce import Reduction, reductions
from bayesmix.formula.terms import Formula
from bayesmix.inference.evidence.comparison import verbal
from bayesmix.inference.evidence.log_marginal import key_of, log_marginals
from bayesmix.inference.shared.question import question
from bayesmix.inference.shared.readable_table import InclusionTable
from bayesmix.modelling.record import Fit
from bayesmix.modelling.routes import why_not_integrated

_MOST_MODELS = 128
_MOST_SAMPLED = 16  # if each is sampled for seconds


@question
def inclusion(fit: Fit) -> InclusionTable:
    """Inclusion Bayes factors: each random term, averaged over all models with any of the other random terms.

    All models that the fitted one contains (a slope stays only with its intercept, if the term has one) have the same
    prior probability.

    Parameters
    ----------
    fit
        A fit; if it has no closed form, by nutpie, with 16 models at most, since each is sampled.

    Returns
    -------
    pandas.DataFrame
        Indexed by `term` as `rand` has it: `log10_bf`, posterior over prior odds of the models with the term, with
        its Monte Carlo error `mcse`, `probability` of these models, `label` in words, `models`, the number of all
        models; `reliable`, and if not the `reason`, with nan for the numbers. `print` shows the models too; they and
        their probabilities are in `.attrs["models"]` and `.attrs["shares"]`.

    Raises
    ------
    ArgumentError
        `fit` is no posterior, or too many models are contained in this one; as `log_marginal`.
    PriorError
        A standard deviation has a prior whose density at 0 is 0 or infinite.
    """
    obstacle = why_not_integrated(fit.model)
    most = _MOST_SAMPLED if obstacle else _MOST_MODELS
    models, parts = _contained(fit.design.written, most)
    if len(models) > most:
        why = f", each to be sampled ({obstacle})" if obstacle else ""
        raise ArgumentError(f"More than {most} models are contained in this one{why}: use rand(fit).")
    evidence = log_marginals(fit, models)
    reasons = (
        f"{model.text}: {of_model.reason}" for model, of_model in zip(models, evidence, strict=True) if of_model.reason
    )
    reason = next(reasons, "")
    values = np.array([of_model.value for of_model in evidence])
    errors = np.array([of_model.error for of_model in evidence])
    posterior = np.exp(values - values.max())
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
        mcse = float(np.sqrt(np.sum((slopes * errors) ** 2))) / log(10)
        rows[part.label] = (log10_bf, mcse, share, verbal(log10_bf), len(models), not reason, reason)
    columns = ["log10_bf", "mcse", "probability", "label", "models", "reliable", "reason"]
    index = pd.Index(list(rows), name="term")
    table = InclusionTable(list(rows.values()), columns=columns, index=index)
    table.attrs |= {"formula": fit.formula, "models": [model.text for model in models], "shares": posterior.tolist()}
    return table


def _contained(formula: Formula, most: int) -> tuple[list[Formula], list[Reduction]]:
    """The formula and all that follow from it by dropping parts, and the parts; the search stops beyond `most`."""
    models, waiting = {key_of(formula): formula}, [formula]
    parts: dict[tuple[str, str], Reduction] = {}
    while waiting and len(models) <= most:
        for part in reductions(waiting.pop(0)):
            parts.setdefault((part.column, part.group), part)
            if key_of(part.formula) not in models:
                models[key_of(part.formula)] = part.formula
                waiting.append(part.formula)
    return list(models.values()), list(parts.values())


def _has(formula: Formula, part: Reduction) -> bool:
    """Whether the part's column still varies by its group in a model."""
    terms = [term for term in formula.random if term.group_label == part.group]
    return any(column.label == part.column for term in terms for column in term.terms)


def _log_sum(values: Floats) -> float:
    greatest = values.max()
    return float(greatest + np.log(np.exp(values - greatest).sum()))
