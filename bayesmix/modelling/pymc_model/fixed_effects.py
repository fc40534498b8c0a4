"""Fixed effects of a PyMC model, whose intercept is sampled at the predictors' means."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayesmix.formula.design import FixedEffects, TermColumns
from bayesmix.modelling.pymc_model.priors import pymc_keywords, to_pymc
from bayesmix.posterior import layout
from bayesmix.priors.prior import Prior

AT_MEANS = "_at_means"


@dataclass(frozen=True)
class FixedPart:
    """`predictor` is X beta (n_obs,), or 0.0 without fixed effects; if there are thresholds, they take up `at_means`,
    X beta at the predictors' means, which is 0.0 otherwise."""

    predictor: TensorVariable | float
    at_means: TensorVariable | float = 0.0


def add_fixed_effects(fixed: FixedEffects, priors: Mapping[str, Prior]) -> FixedPart:
    """Add the fixed effects to the current PyMC model.

    `priors` hold every coefficient's prior; that of `Intercept` is for the intercept at the predictors' means. With an
    intercept and predictors the free variable is `Intercept_at_means`, and `Intercept`, at predictors equal to 0,
    follows from it. The thresholds of an ordinal response are sampled at the predictors' means too.
    """
    others, intercept = [term for term in fixed.terms if term.kind != "intercept"], fixed.intercept
    if not others:
        constant = to_pymc(priors[intercept], intercept) + np.zeros(len(fixed.matrix)) if intercept else 0.0
        return FixedPart(constant)
    coefficients = pt.concatenate([pt.atleast_1d(_coefficients(term, fixed, priors)) for term in others])
    matrix = fixed.matrix[:, [column for term in others for column in term.columns]]
    if not fixed.is_centred:
        return FixedPart(pt.dot(matrix, coefficients))
    means = matrix.mean(axis=0)
    centred, at_means = pt.dot(matrix - means, coefficients), pt.dot(means, coefficients)
    if not intercept:
        return FixedPart(centred, at_means)
    free = to_pymc(priors[intercept], f"{intercept}{AT_MEANS}")
    pm.Deterministic(intercept, free - at_means)
    return FixedPart(free + centred)


def _coefficients(term: TermColumns, fixed: FixedEffects, priors: Mapping[str, Prior]) -> TensorVariable:
    names = [fixed.names[column] for column in term.columns]
    if not layout.is_vector(term):
        return to_pymc(priors[names[0]], layout.fixed_variable(term))
    dim = layout.fixed_dim(term)
    pm.modelcontext(None).add_coord(dim, layout.column_coords(term, fixed.names))
    term_priors = [priors[name] for name in names]
    if len({prior.name for prior in term_priors}) == 1:
        keywords = pymc_keywords(term_priors[0], np.array([prior.args for prior in term_priors]).T)
        return getattr(pm, term_priors[0].name)(layout.fixed_variable(term), **keywords, dims=dim)
    separate = [to_pymc(priors[name], layout.without_slash(name)) for name in names]
    return pm.Deterministic(layout.fixed_variable(term), pt.stack(separate), dims=dim)
