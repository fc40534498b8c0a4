"""The log marginal likelihood of a Gaussian mixed model: the density of the data with all parameters integrated out.

Coefficients and group effects are integrated out in closed form, one or two variance parameters by quadrature. More
variance parameters take importance sampling, with the values that the posterior is drawn from, or bridge sampling over
the variance parameters where the weights cannot be trusted.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from scipy.special import expit

from bayesmix.arrays import Floats
from bayesmix.modelling.exact.integrated import IntegratedGaussian, integrated_gaussian, mode_of
from bayesmix.modelling.exact.model import Marginal, dense_draws, marginalise
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.samplers.log_marginal import (
    N_VALUES,
    LogMarginal,
    by_bridge,
    by_importance,
    from_weights,
    weighted_values,
    without_number,
)
from bayesmix.modelling.samplers.weights import Importance, importance_of
from bayesmix.numerics.mode import Mode
from bayesmix.numerics.quadrature import integrate
from bayesmix.numerics.remembered import Remembered
from bayesmix.posterior.layout import theta_names
from bayesmix.priors.density import log_prior_density
from bayesmix.priors.prior import Prior

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

MOST_BY_QUADRATURE = 2
"""Quadrature is cheap up to this number of variance parameters."""

MOST_DENSE = {"importance": 2500, "nutpie": 400}
"""Effects outside the largest factor up to which the exact route is faster than the joint one, by sampler.

A density takes the third power of this number, and NUTS takes some thirty times as many gradients as importance
sampling takes values; docs/exact_path.md has the curve."""

FEWEST_EFFECTIVE = 2000
"""Values that must count under a prior for which they were not drawn."""


def log_marginal_of(model: MixedModel, *, seed: int, cores: int, weights: Importance | None = None) -> LogMarginal:
    """The evidence by quadrature if that is cheap, else by importance sampling, or by bridge sampling if weights fail.

    Reliable `weights` of a fit of this very model are the answer.
    """
    if len(theta_names(model.design)) <= MOST_BY_QUADRATURE:
        return by_quadrature(marginalise(model))
    if weights is not None and from_weights(weights).reliable:
        return from_weights(weights)
    integrated = integrated_gaussian(model)
    weighted = by_importance(integrated, seed=seed, cores=cores)
    return weighted if weighted.reliable else bridged_if_cheap(integrated, weighted, seed=seed, cores=cores)


def bridged_if_cheap(integrated: IntegratedGaussian, weighted: LogMarginal, *, seed: int, cores: int) -> LogMarginal:
    """Bridge sampling in the place of weights that cannot be trusted, where gradients are not too dear."""
    if integrated.model.products.arrangement.n_dense <= MOST_DENSE["nutpie"]:
        return by_bridge(integrated, seed=seed, cores=cores)
    return weighted


def with_other_priors(
    fit: "Fit", evidence: LogMarginal, priors: Mapping[str, Prior], *, anew: bool = True
) -> LogMarginal:
    """The evidence under other priors, as `Route.with_other_priors`.

    For other priors of sds, quadrature takes the density of the data, computed once per fit, times each prior; the
    values that the fit was drawn from are weighted by the ratio of the priors. New values are drawn if too few of these
    remain, and for other priors of coefficients, which were integrated out.
    """
    names = theta_names(fit.design)
    changed = [name for name in priors if priors[name] != fit.priors[name]]
    if not changed:
        return evidence
    same_map = all(name in names for name in changed) and all(
        "Uniform" not in (priors[name].name, fit.priors[name].name) for name in changed
    )
    if len(names) <= MOST_BY_QUADRATURE:
        if same_map and fit.priors["sigma"].name != "Uniform":
            return _by_quadrature_under(priors, fit)
    elif same_map:
        theta, log_weights = _values(fit, anew=anew)
        sigma = sigma_at(theta[:, -1], fit.priors["sigma"])
        for name in changed:
            sd = np.exp(theta[:, names.index(name)])
            log_weights = log_weights + log_prior_density(priors[name], sd, sigma=sigma)
            log_weights = log_weights - log_prior_density(fit.priors[name], sd, sigma=sigma)
        weights = importance_of(log_weights) if len(log_weights) else None
        if weights and from_weights(weights).reliable and (not anew or weights.effective_size > FEWEST_EFFECTIVE):
            return from_weights(weights)
    if not anew and len(names) > MOST_BY_QUADRATURE:
        reason = "The values that the fit was drawn from do not reach this prior; fit with it."
        return without_number("importance", reason)
    other = replace(fit.model, priors=dict(priors))
    return log_marginal_of(other, seed=fit.sampling.seed, cores=fit.sampling.cores)


_LIKELIHOODS: "WeakKeyDictionary[Fit, tuple[Mode, Remembered]]" = WeakKeyDictionary()


def _by_quadrature_under(priors: Mapping[str, Prior], fit: "Fit") -> LogMarginal:
    """The integral with the variance parameters under other `priors`, none of them uniform.

    All priors share the points about the mode of the fit, at which the density of the data is computed once.
    """
    names = theta_names(fit.design)
    if fit not in _LIKELIHOODS:
        mode = mode_of(marginalise(fit.model))
        _LIKELIHOODS[fit] = mode, Remembered(_log_likelihood(fit.model, mode, names))
    mode, log_likelihood = _LIKELIHOODS[fit]

    def log_densities(points: Floats) -> Floats:
        with np.errstate(over="ignore", invalid="ignore"):  # far away a standard deviation may be infinite
            values = log_likelihood(points) + _log_prior(mode, points, {name: priors[name] for name in names})
        return np.where(np.isfinite(values), values, -np.inf)

    integral = integrate(log_densities, len(names))
    return LogMarginal(integral.log_value + mode.log_volume, integral.log_error, "quadrature")


def _log_likelihood(model: MixedModel, mode: Mode, names: tuple[str, ...]) -> Callable[[Floats], Floats]:
    """The log density of the data, with the Jacobian of theta, at points about `mode`.

    It is that under Cauchy priors less these, which fall so slowly that no digits are lost.
    """
    cauchy = dict.fromkeys(names, Prior("HalfStudentT", (1.0, 1.0)))
    other = marginalise(replace(model, priors=dict(model.priors) | cauchy))
    buffer = other.buffer(mode.point, mode.scale)

    def log_likelihood(points: Floats) -> Floats:
        return dense_draws(other, buffer, points, cores=1).log_densities - _log_prior(mode, points, cauchy)

    return log_likelihood


def _log_prior(mode: Mode, points: Floats, priors: Mapping[str, Prior]) -> Floats:
    """The log density of the priors of the standard deviations, sigma last, at points about `mode`."""
    sds = np.exp(mode.point + points @ mode.scale.T)
    pairs = zip(priors.values(), sds.T, strict=True)
    return np.sum([log_prior_density(prior, sd, sigma=sds[:, -1]) for prior, sd in pairs], axis=0)


_DRAWN: "WeakKeyDictionary[Fit, tuple[Floats, Floats]]" = WeakKeyDictionary()


def _values(fit: "Fit", *, anew: bool) -> tuple[Floats, Floats]:
    """theta (n_values, n) and log weights (n_values,) of the fit; if they are few, new ones, drawn once per fit."""
    kept = fit.posterior.children.get("importance")
    if kept is not None and (not anew or kept.sizes["value"] >= N_VALUES):
        return kept["theta"].to_numpy(), kept["log_weight"].to_numpy()
    if not anew:
        return np.empty((0, len(theta_names(fit.design)))), np.empty(0)
    if fit not in _DRAWN:
        model = integrated_gaussian(fit.model)
        _DRAWN[fit] = weighted_values(model, n_values=N_VALUES, seed=fit.sampling.seed, cores=fit.sampling.cores)
    return _DRAWN[fit]


def sigma_at(x: Floats, prior: Prior) -> Floats:
    """The residual sd at numbers x on the whole line, under its prior's map."""
    if prior.name != "Uniform":
        return np.exp(x)
    lower, upper = prior.args
    return lower + (upper - lower) * expit(x)


def by_quadrature(model: Marginal) -> LogMarginal:
    """The integral over one or two variance parameters."""
    mode = mode_of(model)
    buffer = model.buffer(mode.point, mode.scale)

    def log_densities(points: Floats) -> Floats:
        values = dense_draws(model, buffer, points, cores=1).log_densities
        return np.where(np.isfinite(values), values, -np.inf)

    integral = integrate(log_densities, len(model.start))
    return LogMarginal(integral.log_value + mode.log_volume, integral.log_error, "quadrature")
