"""The log marginal likelihood of a Gaussian mixed model: the density of the data with all parameters integrated out.

Coefficients and group effects go in closed form; one or two variance parameters by quadrature, more by importance
sampling from the same values that the posterior is drawn from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from bayesmix.formula.design import Design
from bayesmix.modelling.dense_draws import dense_draws
from bayesmix.modelling.importance_theta import Importance, draw_by_importance, importance_of
from bayesmix.modelling.layout import theta_names
from bayesmix.modelling.marginal import Marginal, marginalise
from bayesmix.modelling.mode_theta import mode_of
from bayesmix.modelling.prior_density import log_prior_density
from bayesmix.modelling.priors import Prior
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
    """By quadrature where that is cheap, else by importance sampling.

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
    return by_importance(marginalise(design, priors), n_values=N_VALUES, seed=seed, cores=cores)


def with_other_priors(fit: "Fit", priors: Mapping[str, Prior]) -> LogMarginal:
    """Of a fitted model with other priors for its variance parameters, without sampling where that can be.

    The values that the fit was drawn from are weighted by the ratio of the priors; when that leaves too few, new ones
    are drawn.
    """
    names = theta_names(fit.design)
    changed = [name for name in names if name in priors and priors[name] != fit.priors[name]]
    same_map = all("Uniform" not in (priors[name].name, fit.priors[name].name) for name in changed)
    if len(names) > MOST_BY_QUADRATURE and "importance" in fit.posterior.children and same_map:
        kept = fit.posterior["importance"]
        log_weights = kept["log_weight"].to_numpy().copy()
        theta = kept["theta"].to_numpy()
        sigma = _sigma_at(theta[:, -1], fit.priors["sigma"])
        for name in changed:
            sd = np.exp(theta[:, names.index(name)])
            log_weights += log_prior_density(priors[name], sd, sigma=sigma)
            log_weights -= log_prior_density(fit.priors[name], sd, sigma=sigma)
        weights = importance_of(log_weights)
        if from_weights(weights).reliable and weights.effective_size > _FEWEST_EFFECTIVE:
            return from_weights(weights)
    return log_marginal_of(fit.design, priors, seed=fit.sampling.seed, cores=fit.sampling.cores)


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
    found = draw_by_importance(
        model, mode_of(model), n_values=n_values, draws=1, chains=1, seed=seed, cores=cores, advance=None
    )
    return from_weights(importance_of(found.groups["importance"]["log_weight"].to_numpy()))


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
