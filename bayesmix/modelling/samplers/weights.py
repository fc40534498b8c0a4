"""What the weights of importance sampling say of themselves."""

from dataclasses import dataclass

import numpy as np
from arviz_stats.base import array_stats

from bayesmix.arrays import Floats
from bayesmix.modelling.samplers.weight_tails import tail_trouble
from bayesmix.modelling.settings import EFFECTIVE_PER_CHAIN
from bayesmix.numerics.importance import weigh
from bayesmix.numerics.monte_carlo import greatest_k

_FEWEST_IN_TAIL = 5


@dataclass(frozen=True)
class Importance:
    """What the weights say of themselves.

    Attributes
    ----------
    n_values : int
        Values drawn from the proposal.
    effective_size : float
        Independent draws from the posterior that the weighted values are worth.
    pareto_k : float
        Shape of the tail of the weights; reliable below 0.7, for N values below 1 - 1 / log10(N).
    log_marginal, log_marginal_error : float
        Log marginal likelihood (natural logarithm) of the model and its Monte Carlo standard error.
    """

    n_values: int
    effective_size: float
    pareto_k: float
    log_marginal: float
    log_marginal_error: float

    @property
    def greatest_k(self) -> float:
        """The limit for `pareto_k`."""
        return greatest_k(self.n_values)


def importance_of(log_weights: Floats) -> Importance:
    """Figures of the weights: `log_weights` (n_values,), whose mean is the marginal likelihood."""
    weighted = weigh(log_weights)
    return Importance(
        n_values=len(log_weights),
        effective_size=weighted.effective_size,
        pareto_k=pareto_k_of(log_weights),
        log_marginal=weighted.log_integral,
        log_marginal_error=weighted.log_integral_error,
    )


def trouble_with(values: Floats, log_weights: Floats, n_chains: int) -> str | None:
    """Why weights cannot be trusted, in words; None if they can.

    Parameters
    ----------
    values
        Of the parameters whose limits are looked at, shape (n_values, n).
    """
    found, fewest = importance_of(log_weights), EFFECTIVE_PER_CHAIN * n_chains
    if not found.pareto_k <= found.greatest_k:
        return f"Pareto k {found.pareto_k:.2f} > {found.greatest_k:.2f}"
    if found.effective_size < fewest:
        return f"effective size {found.effective_size:.0f} < {fewest}"
    return tail_trouble(values, weigh(log_weights).weights, fewest)


def pareto_k_of(log_weights: Floats) -> float:
    """Shape of the tail of the weights, unusable values left out.

    The tail that ArviZ fits is read for its k alone: draws taken by weights that were smoothed with it come short of
    what the greatest weights stand for, by a tenth of the probability of a small sd where k is 0.5. Weights that are
    too few for a tail, or the same in all of it, say nothing: the proposal missed the posterior, and k is infinite.
    """
    usable = log_weights[np.isfinite(log_weights)]
    n_tail = int(3 * np.sqrt(len(usable))) if len(usable) > 225 else len(usable) // 5  # as ArviZ has it
    tail = np.sort(usable)[len(usable) - n_tail :]
    if n_tail < _FEWEST_IN_TAIL or tail[-1] - tail[0] < np.finfo(float).tiny:
        return np.inf
    return float(array_stats.psislw(-usable)[1])
