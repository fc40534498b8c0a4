"""The log prior density of each draw, prior by prior."""

from collections.abc import Mapping

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.inference.shared.draws import (
    auxiliary,
    constant_parameters,
    correlations,
    fixed,
    joined,
    standard_deviations,
    thresholds,
)
from bayesmix.modelling.record import Fit
from bayesmix.numerics.links import LINKS
from bayesmix.numerics.row_distribution.ordinal import category_probabilities
from bayesmix.numerics.row_distribution.parts import OrderedCategories
from bayesmix.posterior.layout import THRESHOLD, corr_name, sd_names
from bayesmix.priors.density import log_prior_density
from bayesmix.priors.prior import Prior


def log_priors(fit: Fit, priors: Mapping[str, Prior] | None = None) -> dict[str, Floats]:
    """Of every prior its log density in each draw, (n_draws,), chains joined; normalising constants may lack.

    Not among them: the distribution of the group effects, which is part of the model.

    Parameters
    ----------
    fit
        A fitted model.
    priors
        Priors to take instead of those of the fit, by parameter.
    """
    found: dict[str, Floats] = {}
    settled = {**fit.priors, **(priors or {})}
    sigma = joined(auxiliary(fit, "sigma")) if "sigma" in constant_parameters(fit) else np.ones(1)
    for predictor in fit.design.predictors:
        found |= _of_coefficients(fit, predictor, settled)
        for term in predictor.random:
            draws = joined(standard_deviations(fit, term))
            for name, values in zip(sd_names(term), draws, strict=True):
                found[name] = log_prior_density(settled[name], values, sigma=sigma)
            if term.k > 1:
                name = corr_name(term, predictor.random)
                found[name] = (settled[name].args[0] - 1) * _log_determinant(fit, term)
    for name in constant_parameters(fit):
        found[name] = log_prior_density(settled[name], joined(auxiliary(fit, name)))
    if fit.family.record.categories:
        found[THRESHOLD] = _of_thresholds(fit, fit.family.record.categories, settled[THRESHOLD])
    return found


def _of_coefficients(fit: Fit, predictor: Design, priors: Mapping[str, Prior]) -> dict[str, Floats]:
    """The prior of the intercept is at the predictors' means."""
    names, draws = predictor.fixed.names, joined(fixed(fit, predictor))
    found = {}
    for name, values in zip(names, draws, strict=True):
        at = predictor.fixed.matrix.mean(axis=0) @ draws if name == predictor.fixed.intercept else values
        found[name] = log_prior_density(priors[name], at)
    return found


def _log_determinant(fit: Fit, term: GroupTerm) -> Floats:
    """Of the correlation matrix: the density of LKJ(eta) is proportional to its power eta - 1."""
    values = joined(correlations(fit, term)).T
    matrices = np.broadcast_to(np.eye(term.k), (len(values), term.k, term.k)).copy()
    row, column = np.tril_indices(term.k, -1)
    matrices[:, row, column] = matrices[:, column, row] = values
    return np.log(np.maximum(np.linalg.det(matrices), 1e-300))


def _of_thresholds(fit: Fit, categories: OrderedCategories, prior: Prior) -> Floats:
    """Dirichlet, of the probabilities of the categories at the predictors' means."""
    eta = (fit.design.fixed.matrix.mean(axis=0) @ joined(fixed(fit)))[None]
    inverse = LINKS[fit.family.link].inverse
    shares = category_probabilities(categories, inverse, eta, joined(thresholds(fit)))[0]
    return (prior.args[0] - 1) * np.log(np.maximum(shares, 1e-300)).sum(axis=0)
