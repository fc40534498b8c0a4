"""The log prior density of each draw, prior by prior."""

from collections.abc import Mapping

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.inference.shared import draws
from bayesmix.modelling.record import Fit
from bayesmix.numerics.links import LINKS
from bayesmix.numerics.row_distribution.ordinal import category_probabilities
from bayesmix.numerics.row_distribution.parts import OrderedCategories
from bayesmix.posterior.layout import THRESHOLD, corr_name, sd_names
from bayesmix.priors.density import log_prior_density
from bayesmix.priors.prior import Prior


def log_priors(fit: Fit, priors: Mapping[str, Prior] | None = None) -> dict[str, Floats]:
    """The log density of every prior in each draw, (n_draws,), up to a constant, chains joined.

    The distribution of the group effects is not among them, since it is part of the model. `priors`, by parameter,
    replace those of the fit.
    """
    densities: dict[str, Floats] = {}
    settled = {**fit.priors, **(priors or {})}
    sigma = draws.joined(draws.auxiliary(fit, "sigma")) if "sigma" in draws.constant_parameters(fit) else np.ones(1)
    for predictor in fit.design.predictors:
        densities |= _of_coefficients(fit, predictor, settled)
        for term in predictor.random:
            sds = draws.joined(draws.standard_deviations(fit, term))
            for name, values in zip(sd_names(term), sds, strict=True):
                densities[name] = log_prior_density(settled[name], values, sigma=sigma)
            if term.k > 1:
                name = corr_name(term, predictor.random)
                densities[name] = (settled[name].args[0] - 1) * _log_determinant(fit, term)
    for name in draws.constant_parameters(fit):
        densities[name] = log_prior_density(settled[name], draws.joined(draws.auxiliary(fit, name)))
    if fit.family.record.ordered_categories:
        densities[THRESHOLD] = _of_thresholds(fit, fit.family.record.ordered_categories, settled[THRESHOLD])
    return densities


def _of_coefficients(fit: Fit, predictor: Design, priors: Mapping[str, Prior]) -> dict[str, Floats]:
    """The prior of the intercept is at the predictors' means."""
    coefficients = draws.joined(draws.fixed(fit, predictor))
    values = dict(zip(predictor.fixed.names, coefficients, strict=True))
    if predictor.fixed.intercept in values:
        values[predictor.fixed.intercept] = predictor.fixed.matrix.mean(axis=0) @ coefficients
    return {name: log_prior_density(priors[name], own) for name, own in values.items()}


def _log_determinant(fit: Fit, term: GroupTerm) -> Floats:
    """Log determinant of the correlation matrix, to whose power eta - 1 the density of LKJ(eta) is proportional."""
    values = draws.joined(draws.correlations(fit, term)).T
    matrices = np.broadcast_to(np.eye(term.k), (len(values), term.k, term.k)).copy()
    row, column = np.tril_indices(term.k, -1)
    matrices[:, row, column] = matrices[:, column, row] = values
    return np.log(np.maximum(np.linalg.det(matrices), 1e-300))


def _of_thresholds(fit: Fit, categories: OrderedCategories, prior: Prior) -> Floats:
    """The Dirichlet prior of the probabilities of the categories at the predictors' means."""
    eta = (fit.design.fixed.matrix.mean(axis=0) @ draws.joined(draws.fixed(fit)))[None]
    inverse = LINKS[fit.family.link].inverse
    shares = category_probabilities(categories, inverse, eta, draws.joined(draws.thresholds(fit)))[0]
    return (prior.args[0] - 1) * np.log(np.maximum(shares, 1e-300)).sum(axis=0)
