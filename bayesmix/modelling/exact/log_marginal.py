"""The log marginal likelihood of a Gaussian mixed model: the density of the data with all parameters integrated out.

Coefficients and group effects go in closed form; one or two variance parameters by quadrature, more by importance
sampling from the same values that the posterior is drawn from, or, where their weights cannot be trusted, by bridge
sampling over the variance parameters alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from bayesmix import modelling
from bayesmix.formula.design import Design
from bayesmix.modelling.exact.dense_draws import dense_draws
from bayesmix.modelling.exact.importance import Importance, draw_by_importance, importance_of
from bayesmix.modelling.exact.mode import mode_of
from bayesmix.modelling.exact.model import Marginal, marginalise
from bayesmix.modelling.layout import theta_names
from bayesmix.modelling.method import MOST_DENSE
from bayesmix.modelling.prior_density import log_prior_density
from bayesmix.modelling.priors import Prior
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.numerics.bridge import bridge
from bayesmix.numerics.gaussian.cost import value_cost
from bayesmix.numerics.mode import Mode
from bayesmix.numerics.quadrature import integrate

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

Floats = NDArray[np.float64]

MOST_BY_QUADRATURE = 2
"""Variance parameters up to which quadrature is cheap."""

N_VALUES = 8000
"""Of importance sampling: an error of about 0.005."""

_FEWEST_EFFECTIVE = 2000
_CHAINS = 4


@dataclass(frozen=True)
class LogMarginal:
    """A log marginal likelihood.

    Attributes
    ----------
    value : float
        Natural logarithm; nan where it cannot be trusted.
    error : float
        Monte Carlo standard error of `value`; of quadrature the estimated error, near 0.
    method : str
        ``"quadrature"``, ``"importance"`` or ``"bridge"``.
    reason : str
        Why it cannot be trusted and what to do; empty where it can.
    """

    value: float
    error: float
    method: str
    reason: str = ""

    @property
    def reliable(self) -> bool:
        return not self.reason


def log_marginal_of(
    design: Design, priors: Mapping[str, Prior], *, seed: int, cores: int, weights: Importance | None = None
) -> LogMarginal:
    """By quadrature where that is cheap, else by importance sampling; by bridge sampling where its weights fail.

    Parameters
    ----------
    weights
        Of a fit of this very model; when they can be trusted they are the answer.
    """
    n = sum(term.k * (term.k + 1) // 2 for term in design.random) + 1
    if n <= MOST_BY_QUADRATURE:
        return by_quadrature(marginalise(design, priors))
    if weights is not None and from_weights(weights).reliable:
        return from_weights(weights)
    model = marginalise(design, priors)
    found = by_importance(model, n_values=N_VALUES, seed=seed, cores=cores)
    if found.reason and model.products.arrangement.n_dense <= MOST_DENSE["nutpie"]:
        return by_bridge(model, seed=seed, cores=cores)
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
        return LogMarginal(np.nan, np.nan, "importance", reason)
    return log_marginal_of(fit.design, priors, seed=fit.sampling.seed, cores=fit.sampling.cores)


def seconds_anew(fit: "Fit") -> float:
    """What drawing values anew takes on one core, roughly."""
    return N_VALUES * value_cost(marginalise(fit.design, fit.priors).products.arrays)


_DRAWN: "WeakKeyDictionary[Fit, tuple[Floats, Floats]]" = WeakKeyDictionary()


def _values(fit: "Fit", *, anew: bool) -> tuple[Floats, Floats]:
    """theta (n_values, n) and log weights (n_values,): the fit's, or if these are few, drawn once for all priors."""
    kept = fit.posterior.children.get("importance")
    if kept is not None and (not anew or kept.sizes["value"] >= N_VALUES):
        return kept["theta"].to_numpy(), kept["log_weight"].to_numpy()
    if not anew:
        return np.empty((0, len(theta_names(fit.design)))), np.empty(0)
    if fit not in _DRAWN:
        model = marginalise(fit.design, fit.priors)
        _DRAWN[fit] = _weighted_values(model, n_values=N_VALUES, seed=fit.sampling.seed, cores=fit.sampling.cores)
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
    return LogMarginal(found.log_value + _log_jacobian(mode), found.log_error, "quadrature")


def by_importance(model: Marginal, *, n_values: int, seed: int, cores: int) -> LogMarginal:
    """For any number of variance parameters."""
    return from_weights(importance_of(_weighted_values(model, n_values=n_values, seed=seed, cores=cores)[1]))


def by_bridge(model: Marginal, *, seed: int, cores: int) -> LogMarginal:
    """From draws of the variance parameters by NUTS, as often as importance sampling does not suffice."""
    mode = mode_of(model)
    with SamplingProgress(_CHAINS, shown=False) as bar:
        drawn = modelling.nuts_theta.draw_by_nuts(
            model, mode, draws=1000, tune=200, chains=_CHAINS, seed=seed, cores=cores, target_accept=0.9, bar=bar
        )
    buffer = model.buffer(mode.point, mode.scale)
    points = np.linalg.solve(mode.scale, (drawn.theta - mode.point).T).T

    def log_densities(at: Floats) -> Floats:
        return dense_draws(model, buffer, at, copies=0, seed=0, cores=cores).log_densities

    found = bridge(log_densities, points.reshape(_CHAINS, -1, len(mode.point)), seed=seed)
    if found.reason:
        reason = f"{found.reason}. Give the standard deviations tighter priors (priors=), or simplify the random terms."
        return LogMarginal(np.nan, np.nan, "bridge", reason)
    return LogMarginal(found.log_integral + _log_jacobian(mode), found.error, "bridge")


def _weighted_values(model: Marginal, *, n_values: int, seed: int, cores: int) -> tuple[Floats, Floats]:
    found = draw_by_importance(
        model, mode_of(model), n_values=n_values, draws=1, chains=1, seed=seed, cores=cores, advance=None
    )
    values = found.groups["importance"]
    return values["theta"].to_numpy(), values["log_weight"].to_numpy()


def from_weights(weights: Importance) -> LogMarginal:
    """What the weights of importance sampling give; no number where their tail is too long."""
    if not weights.pareto_k <= weights.greatest_k:
        reason = (
            f"Pareto k {weights.pareto_k:.2f} > {weights.greatest_k:.2f}: single values decide. Give the standard "
            "deviations tighter priors (priors=), or simplify the random terms."
        )
        return LogMarginal(np.nan, np.nan, "importance", reason)
    return LogMarginal(weights.log_marginal, weights.log_marginal_error, "importance")


def _log_jacobian(mode: Mode) -> float:
    return float(np.sum(np.log(np.diag(mode.scale))))
