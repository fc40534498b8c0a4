"""Log marginal likelihoods: the density of the data with all parameters integrated out under their priors.

For a model whose effects are integrated out, the integral over theta is taken by importance or bridge sampling. Under
another prior q in place of the fit's p, m_q / m_p is the posterior mean of q(x) / p(x), for which the draws suffice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.modelling.samplers.importance import draw_by_importance
from bayesmix.modelling.samplers.integrated import IntegratedModel
from bayesmix.modelling.samplers.nuts import run_chains
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.samplers.weights import Importance, importance_of
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.numerics.bridge import bridge
from bayesmix.numerics.monte_carlo import mean_ratio
from bayesmix.posterior.layout import fixed_draws
from bayesmix.priors.density import log_prior_density
from bayesmix.priors.prior import Prior

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

N_VALUES = 8000
"""Values of importance sampling, for an error of about 0.005."""

_CHAINS = 4
_SIMPLER = "Give the standard deviations tighter priors (priors=), or simplify the random terms."


@dataclass(frozen=True)
class LogMarginal:
    """A log marginal likelihood.

    Attributes
    ----------
    value : float
        Natural logarithm; nan where it cannot be trusted.
    error : float
        Monte Carlo standard error of `value`; for quadrature the estimated error, near 0.
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


def without_number(method: str, reason: str) -> LogMarginal:
    """A result without a number, and the reason."""
    return LogMarginal(np.nan, np.nan, method, reason)


def from_weights(weights: Importance) -> LogMarginal:
    """The result of importance sampling; no number if the tail of the weights is too long."""
    if not weights.pareto_k <= weights.greatest_k:
        long_tail = f"Pareto k {weights.pareto_k:.2f} > {weights.greatest_k:.2f}: single values decide."
        return without_number("importance", f"{long_tail} {_SIMPLER}")
    return LogMarginal(weights.log_marginal, weights.log_marginal_error, "importance")


def by_importance(model: IntegratedModel, *, n_values: int = N_VALUES, seed: int, cores: int) -> LogMarginal:
    """The mean of the weights of `n_values` values."""
    return from_weights(importance_of(weighted_values(model, n_values=n_values, seed=seed, cores=cores)[1]))


def weighted_values(model: IntegratedModel, *, n_values: int, seed: int, cores: int) -> tuple[Floats, Floats]:
    """Values of theta (n_values, n) and their log weights (n_values,)."""
    at, mode = next(model.approximations())
    settings = SamplerSettings("importance", draws=1, chains=1, cores=cores, seed=seed)
    values = draw_by_importance(at, mode, settings, n_values=n_values).groups["importance"]
    return values["theta"].to_numpy(), values["log_weight"].to_numpy()


def by_bridge(model: IntegratedModel, *, seed: int, cores: int) -> LogMarginal:
    """Bridge sampling over theta, from draws by NUTS."""
    at, mode = next(model.approximations())
    settings = SamplerSettings("nutpie", draws=1000, chains=_CHAINS, cores=cores, seed=seed)
    with SamplingProgress(_CHAINS, shown=False) as bar:
        theta, _ = run_chains(at, mode, settings, bar)
    points = np.linalg.solve(mode.scale, (theta - mode.point).T).T
    buffer = at.buffer(mode.point, mode.scale)

    def log_densities(x: Floats) -> Floats:
        return at.log_densities(buffer, x, cores=cores)

    estimate = bridge(log_densities, settings.by_chain(points), seed=seed)
    if estimate.reason:
        return without_number("bridge", f"{estimate.reason}. {_SIMPLER}")
    return LogMarginal(estimate.log_integral + mode.log_volume, estimate.error, "bridge")


def reweighted(fit: "Fit", evidence: LogMarginal, priors: Mapping[str, Prior]) -> LogMarginal:
    """The log marginal likelihood of `fit` under other priors of its group sds or coefficients, from its draws.

    `evidence` is that under its own priors. There is no number where the draws do not cover the other priors.
    """
    changed = [name for name in priors if priors[name] != fit.priors[name]]
    if evidence.reason or not changed:
        return evidence
    draws = fit.posterior["posterior"].to_dataset()
    of_sigma = any(fit.priors[name].of_sigma for name in changed)
    sigma = draws["sigma"].transpose("chain", "draw").to_numpy() if of_sigma else 1.0
    coefficients = {
        name: values
        for predictor in fit.design.predictors
        for name, values in zip(predictor.fixed.names, np.moveaxis(fixed_draws(draws, predictor), -1, 0), strict=True)
        if name in changed
    }
    log_ratios = np.zeros((draws.sizes["chain"], draws.sizes["draw"]))
    for name in changed:
        values = coefficients[name] if name in coefficients else draws[name].transpose("chain", "draw").to_numpy()
        log_ratios += log_prior_density(priors[name], values, sigma=sigma)
        log_ratios -= log_prior_density(fit.priors[name], values, sigma=sigma)
    ratio = mean_ratio(log_ratios)
    if ratio.reason:
        return without_number(evidence.method, f"{ratio.reason}. Fit with this prior (priors=).")
    return LogMarginal(evidence.value + ratio.log_mean, float(np.hypot(evidence.error, ratio.error)), evidence.method)
