"""Estimates of the models that a fitted one contains, on the same rows and by the same criterion."""

from functools import singledispatch

from bayesmix.estimates.laplace.fit_design import fit_laplace
from bayesmix.estimates.least_squares.lm import least_squares
from bayesmix.estimates.reml.fit_design import fit_reml
from bayesmix.formula.contrasts import contrasts_of
from bayesmix.formula.design import Design
from bayesmix.formula.matrices import build_design
from bayesmix.formula.terms import Formula
from bayesmix.modelling.kinds import LaplaceFit, LmFit, RemlFit, no_answer


@singledispatch
def reduced_fit(fit: object, formula: Formula) -> RemlFit | LaplaceFit | LmFit:
    """The fit of a smaller model.

    Raises
    ------
    DesignError
        The smaller model has nothing to estimate.
    """
    raise no_answer(reduced_fit, fit, question="reduced_fit")


@reduced_fit.register
def reduced_reml(fit: RemlFit, formula: Formula) -> RemlFit:
    """By REML or by maximum likelihood, as `fit`."""
    return fit_reml(_design(fit, formula, "real"), reml=fit.reml)


@reduced_fit.register
def reduced_laplace(fit: LaplaceFit, formula: Formula) -> LaplaceFit:
    """With the family of `fit`; it may have no maximum."""
    return fit_laplace(_design(fit, formula, fit.family.response), fit.family)


@reduced_fit.register
def _reduced_lm(fit: LmFit, formula: Formula) -> LmFit:
    return least_squares(_design(fit, formula, "real"))


def _design(fit: RemlFit | LaplaceFit | LmFit, formula: Formula, response: str) -> Design:
    return build_design(
        formula,
        fit.data,
        response=response,
        weights=fit.design.weights_column,
        functions=fit.design.functions,
        contrasts=contrasts_of(fit.design, [formula]),
    )
