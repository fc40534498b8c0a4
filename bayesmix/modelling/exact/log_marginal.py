"""The log marginal likelihood of a Gaussian mixed model: the density of the data with all parameters integrated out.

Coefficients and group effects go in closed form; one or two variance parameters by quadrature, more by importance
sampling from the same values that the posterior is drawn from, or, where their weights cannot be trusted, by bridge
sampling over the variance parameters alone.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from scipy.special import expit

from bayesmix.arrays import Floats
from bayesmix.modelling.exact.dense_draws import dense_draws
from bayesmix.modelling.exact.integrated import integrated_gaussian
from bayesmix.modelling.exact.mode import mode_of
from bayesmix.modelling.exact.model import Marginal, marginalise
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.samplers.evidence import N_VALUES, by_bridge, by_importance, weighted_values
from bayesmix.modelling.samplers.log_marginal import LogMarginal, from_weights, without_number
from bayesmix.modelling.samplers.weights import Importance, importance_of
from bayesmix.numerics.quadrature import integrate
from bayesmix.posterior.layout import theta_names
from bayesmix.priors.density import log_prior_density
from bayesmix.priors.prior import Prior

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

MOST_BY_QUADRATURE = 2
"""Variance parameters up to which quadrature is cheap."""

MOST_DENSE = {"importance": 2500, "nutpie": 400}
"""Effects outside the largest factor, of which a density takes the third power: up to here importance sampling is the
faster (docs/exact_path.md has the curve), and NUTS, which takes some thirty times as many gradients."""

_FEWEST_EFFECTIVE = 2000


def log_marginal_of(model: MixedModel, *, seed: int, cores: int, weights: Importance | None = None) -> LogMarginal:
    """By quadrature where that is cheap, else by importance sampling; by bridge sampling where its weights fail.

    Parameters
    ----------
    weights
        Of a fit of this very model; when they can be trusted they are the answer.
    """
    if len(theta_names(model.design)) <= MOST_BY_QUADRATURE:
        return by_quadrature(marginalise(model))
    if weights is not None and from_weights(weights).reliable:
        return from_weights(weights)
    integrated = integrated_gaussian(model)
    found = by_importance(integrated, seed=seed, cores=cores)
    if found.reason and integrated.model.products.arrangement.n_dense <= MOST_DENSE["nutpie"]:
        return by_bridge(integrated, seed=seed, cores=cores)
    return found


def with_other_priors(fit: "Fit", own: LogMarginal, priors: Mapping[str, Prior], *, anew: bool = True) -> LogMarginal:
    """Of a fitted model with other priors for its group sds or coefficients, without sampling where that can be.

    For other priors of sds the values that the fit was drawn from are weighted by the ratio of the priors; when that
    leaves too few, and for coefficients, which were integrated out under theirs, new ones are drawn.

    Parameters
    ----------
    own
        That under the priors of the fit.
    anew
        Whether values may be drawn; False: what those of the fit do not reach has no number.
    """
    names = theta_names(fit.design)
    changed = [name for name in priors if priors[name] != fit.priors[name]]
    if not changed:
        return own
    same_map = all(name in names for name in changed) and all(
        "Uniform" not in (priors[name].name, fit.priors[name].name) for name in changed
    )
    if len(names) > MOST_BY_QUADRATURE and same_map:
        theta, log_weights = _values(fit, anew=anew)
        sigma = _sigma_at(theta[:, -1], fit.priors["sigma"])
        for name in changed:
            sd = np.exp(theta[:, names.index(name)])
            log_weights = log_weights + log_prior_density(priors[name], sd, sigma=sigma)
            log_weights = log_weights - log_prior_density(fit.priors[name], sd, sigma=sigma)
        weights = importance_of(log_weights) if len(log_weights) else None
        if weights and from_weights(weights).reliable and (not anew or weights.effective_size > _FEWEST_EFFECTIVE):
            return from_weights(weights)
    if not anew and len(names) > MOST_BY_QUADRATURE:
        reason = "The values that the fit was drawn from do not reach this prior; fit with it."
        return without_number("importance", reason)
    other = replace(fit.model, priors=dict(priors))
    return log_marginal_of(other, seed=fit.sampling.seed, cores=fit.sampling.cores)


_DRAWN: "WeakKeyDictionary[Fit, tuple[Floats, Floats]]" = WeakKeyDictionary()


def _values(fit: "Fit", *, anew: bool) -> tuple[Floats, Floats]:
    """theta (n_values, n) and log weights (n_values,): the fit's, or if these are few, drawn once for all priors."""
    kept = fit.posterior.children.get("importance")
    if kept is not None and (not anew or kept.sizes["value"] >= N_VALUES):
        return kept["theta"].to_numpy(), kept["log_weight"].to_numpy()
    if not anew:
        return np.empty((0, len(theta_names(fit.design)))), np.empty(0)
    if fit not in _DRAWN:
        model = integrated_gaussian(fit.model)
        _DRAWN[fit] = weighted_values(model, n_values=N_VALUES, seed=fit.sampling.seed, cores=fit.sampling.cores)
    return _DRAWN[fit]


def _sigma_at(x: Floats, prior: Prior) -> Floats:
    if prior.name != "Uniform":
        return np.exp(x)
    lower, upper = prior.args
    return lower + (upper - lower) * expit(x)


def by_quadrature(model: Marginal) -> LogMarginal:
    """For one or two variance parameters."""
    mode = mode_of(model)
    buffer = model.buffer(mode.point, mode.scale)

    def log_densities(points: Floats) -> Floats:
        found = dense_draws(model, buffer, points, copies=0, seed=0, cores=1).log_densities
        return np.where(np.isfinite(found), found, -np.inf)

    found = integrate(log_densities, len(model.start))
    return LogMarginal(found.log_value + mode.log_volume, found.log_error, "quadrature")
