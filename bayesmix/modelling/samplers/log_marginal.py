"""A log marginal likelihood: the density of the data with all parameters integrated out under their priors."""

from dataclasses import dataclass

import numpy as np

from bayesmix.modelling.samplers.weights import Importance


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


def without_number(method: str, reason: str) -> LogMarginal:
    """No number, and why."""
    return LogMarginal(np.nan, np.nan, method, reason)


def from_weights(weights: Importance) -> LogMarginal:
    """What the weights of importance sampling give; no number where their tail is too long."""
    if not weights.pareto_k <= weights.greatest_k:
        return without_number(
            "importance",
            f"Pareto k {weights.pareto_k:.2f} > {weights.greatest_k:.2f}: single values decide. Give the standard "
            "deviations tighter priors (priors=), or simplify the random terms.",
        )
    return LogMarginal(weights.log_marginal, weights.log_marginal_error, "importance")
