"""Two fits that are compared: whether they are of the same rows, and what each is called."""

from collections.abc import Sequence

import numpy as np

from bayesmix.errors import ArgumentError, listing
from bayesmix.formula.response import measure_of
from bayesmix.inference.evidence.nested import equal_numbers
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import ReducedModel


def joined(formulas: Sequence[str]) -> str:
    """The formulas of one model in a line."""
    return "; ".join(formulas)


def told_apart(fit: Fit, other: Fit) -> tuple[str, str]:
    """Two models by all their formulas, by families and weights if they differ, and if nothing else does by priors."""
    names = dict.fromkeys((*fit.priors, *other.priors))
    changed = [name for name in names if fit.priors.get(name) != other.priors.get(name)]
    texts, priors = [], []
    for model in (fit, other):
        text = joined(model.formulas)
        if fit.family != other.family:
            text += f", {model.family}"
        if fit.design.weights_column != other.design.weights_column:
            text += f", weights {model.design.weights_column or 'none'}"
        texts.append(text)
        priors.append(listing(f"{name} ~ {model.priors[name]}" for name in changed if name in model.priors))
    if texts[0] == texts[1]:
        texts = [f"{text}, {prior}" if prior else text for text, prior in zip(texts, priors, strict=True)]
    return texts[0], texts[1]


def require_same_rows(fit: Fit, other: Fit) -> None:
    """Refuse fits whose marginal likelihoods are of different data."""
    first, second = fit.design, other.design
    if measure_of(fit.family.response) != measure_of(other.family.response):
        raise ArgumentError(
            f"Densities and probabilities cannot be compared: the families are {fit.family} and {other.family}."
        )
    if first.n_obs != second.n_obs:
        raise ArgumentError(
            f"The fits are of different rows ({first.n_obs} and {second.n_obs}): their marginal likelihoods cannot be "
            "compared. Fit both to the rows that are complete for both."
        )
    # An offset is a part of a Gaussian response, but a part of the model for counts.
    shift = fit.family.is_gaussian_identity and other.family.is_gaussian_identity
    values, other_values = (design.response.values - shift * design.offset for design in (first, second))
    same_trials = equal_numbers(first.response.trials, second.response.trials)
    same_bounds = np.array_equal(first.response.censoring, second.response.censoring)  # type: ignore[arg-type]
    if not (np.array_equal(values, other_values) and same_trials and same_bounds):
        raise ArgumentError(
            f"The fits have different responses ({first.response.name} and {second.response.name}, or other rows): "
            "their marginal likelihoods cannot be compared."
        )


def contained_in(fit: Fit, other: Fit) -> ReducedModel | None:
    """`other` as a model that lacks some parameters of `fit` and has the same priors for all else; None if it is none.

    The intercept of a further parameter's formula, `sigma_Intercept`, takes the place of the parameter itself.
    """
    own = [name for name in other.priors if name not in fit.priors]
    in_place = {f"{name}_Intercept" for name in own}
    tested = tuple(name for name in fit.priors if name not in other.priors and name not in in_place)
    shared = [name for name in other.priors if name in fit.priors]
    same = all(str(fit.priors[name]) == str(other.priors[name]) for name in shared)
    contained = same and in_place <= set(fit.priors) and fit.family == other.family
    return ReducedModel(other.design, dict(other.priors), tested) if tested and contained else None
