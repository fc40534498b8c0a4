"""A fitted model without some of its terms: the same rows, and the same priors for the other parameters."""

from dataclasses import dataclass

from bayesmix.formula.contrasts import contrasts_of
from bayesmix.formula.design import Design
from bayesmix.formula.matrices import build_design
from bayesmix.formula.terms import Formula
from bayesmix.modelling.record import Fit
from bayesmix.priors.default_priors import default_priors
from bayesmix.priors.prior import Prior


@dataclass(frozen=True)
class ReducedModel:
    """`design` and `priors` of the smaller model; `tested` are the parameters of the larger one that it lacks."""

    design: Design
    priors: dict[str, Prior]
    tested: tuple[str, ...]


def reduced_model(fit: Fit, formula: Formula) -> ReducedModel:
    """The model of `formula`, which has fewer terms than `fit`, on the rows that `fit` used."""
    parts = fit.design.own_formulas
    design = build_design(
        formula,
        fit.data,
        response=fit.family.response,
        weights=fit.design.weights_column,
        functions=fit.design.functions,
        parts=parts,
        contrasts=contrasts_of(fit.design, [formula, *parts.values()]),
    )
    kept = default_priors(design, fit.family)
    priors = {name: fit.priors.get(name, prior) for name, prior in kept.items()}
    return ReducedModel(design, priors, tuple(name for name in fit.priors if name not in kept))
