"""Diagnostics of the weights of importance sampling: as a whole, and at the limits of each weighted parameter."""

from dataclasses import dataclass

import numpy as np
from arviz_stats.base import array_stats

from bayesmix.arrays import Floats, Positions
from bayesmix.modelling.settings import EFFECTIVE_PER_CHAIN
from bayesmix.numerics.importance import weigh
from bayesmix.numerics.monte_carlo import greatest_k, pareto_k

GREATEST_TAIL_K = 0.7
"""Pareto k up to which the weights beyond a limit can be trusted."""

GREATEST_Z = 4.5
"""The greatest difference of two halves in errors; one of 3,000 fits with 11 parameters exceeds it by chance."""

_FEWEST_IN_TAIL = 5
_PROBABILITY = 0.025
_SINGLE = 0.03  # share of the weights beyond a limit up to which no single value matters, nor their shape


@dataclass(frozen=True)
class Importance:
    """Diagnostics of the weights.

    Attributes
    ----------
    n_values : int
        Values drawn from the proposal.
    effective_size : float
        Number of independent draws from the posterior that the weighted values are worth.
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
    """Diagnostics of `log_weights` (n_values,), whose mean is the marginal likelihood."""
    weighted = weigh(log_weights)
    return Importance(
        n_values=len(log_weights),
        effective_size=weighted.effective_size,
        pareto_k=pareto_k_of(log_weights),
        log_marginal=weighted.log_integral,
        log_marginal_error=weighted.log_integral_error,
    )


def trouble_with(values: Floats, log_weights: Floats, n_chains: int) -> str | None:
    """Why weights cannot be trusted, in words; None if they can. `values` (n_values, n) have limits to be held."""
    importance, fewest = importance_of(log_weights), EFFECTIVE_PER_CHAIN * n_chains
    if not importance.pareto_k <= importance.greatest_k:
        return f"Pareto k {importance.pareto_k:.2f} > {importance.greatest_k:.2f}"
    if importance.effective_size < fewest:
        return f"effective size {importance.effective_size:.0f} < {fewest}"
    return tail_trouble(values, weigh(log_weights).weights, fewest)


def pareto_k_of(log_weights: Floats) -> float:
    """Shape of the tail of the finite weights.

    Only k is taken from the tail that ArviZ fits. Draws by weights smoothed with that tail would miss part of what the
    greatest weights stand for: at k = 0.5, a tenth of the probability of a small sd. If the weights are too few for a
    tail, or all the same in it, the proposal missed the posterior, and k is infinite.
    """
    usable = log_weights[np.isfinite(log_weights)]
    n_tail = int(3 * np.sqrt(len(usable))) if len(usable) > 225 else len(usable) // 5  # as ArviZ has it
    tail = np.sort(usable)[len(usable) - n_tail :]
    if n_tail < _FEWEST_IN_TAIL or tail[-1] - tail[0] < np.finfo(float).tiny:
        return np.inf
    return float(array_stats.psislw(-usable)[1])


@dataclass(frozen=True)
class _Tail:
    """The values beyond a limit: their effective `size`, Pareto `k`, and the difference `z` of two halves in errors."""

    size: float
    k: float
    z: float


def tail_trouble(values: Floats, weights: Floats, fewest: float) -> str | None:
    """What is wrong with the worst tail of a parameter, in words; None if nothing is.

    `values` (n_values, n) stand in the order in which they were drawn, with normalised `weights` (n_values,). A limit
    needs at least `fewest` effective values.
    """
    tails = [tail for column in values.T for tail in _tails(column, weights)]
    if not tails:
        return None
    smallest, k, z = min(tail.size for tail in tails), max(tail.k for tail in tails), max(tail.z for tail in tails)
    if smallest < fewest:
        return f"effective size {smallest:.0f} < {fewest:.0f} of a 2.5 % limit"
    if k > GREATEST_TAIL_K:
        return f"Pareto k {k:.2f} > {GREATEST_TAIL_K:.2f} of a 2.5 % limit"
    if z > GREATEST_Z:
        return f"halves of the values differ by {z:.1f} > {GREATEST_Z:.1f} standard errors at a 2.5 % limit"
    return None


def _tails(column: Floats, weights: Floats) -> tuple[_Tail, _Tail]:
    """The tails below and above the limits of one parameter."""
    order = np.argsort(column)
    below = np.cumsum(weights[order])
    first = int(np.searchsorted(below, _PROBABILITY)) + 1
    last = int(np.searchsorted(below, 1 - _PROBABILITY))
    return _tail(order[:first], weights), _tail(order[last:], weights)


def _tail(beyond: Positions, weights: Floats) -> _Tail:
    inside = weights[beyond]
    share, squares = float(inside.sum()), float(inside @ inside)
    # The number of binomial draws whose share has the variance of the weighted one.
    size = share * (1 - share) / _variance(share, squares, float(weights @ weights)) if 0 < share < 1 else 0.0
    k = pareto_k(inside) if inside.max() > _SINGLE * share else -np.inf
    return _Tail(size, k, _z_of_halves(beyond, weights))


def _z_of_halves(beyond: Positions, weights: Floats) -> float:
    """The difference of the shares beyond a limit in both halves of the values, in standard errors."""
    middle, difference, variance = len(weights) // 2, 0.0, 0.0
    for sign, half in ((1.0, slice(None, middle)), (-1.0, slice(middle, None))):
        whole = float(weights[half].sum())
        if whole == 0:
            return np.inf
        inside = weights[beyond[(beyond < middle) == (sign > 0)]]
        share = float(inside.sum()) / whole
        difference += sign * share
        variance += _variance(share, float(inside @ inside), float(weights[half] @ weights[half])) / whole**2
    return abs(difference) / np.sqrt(variance) if variance > 0 else 0.0


def _variance(share: float, inside: float, whole: float) -> float:
    """Variance of a weighted share from the sums of squared weights beyond the limit, `inside`, and of all, `whole`."""
    return inside * (1 - share) ** 2 + (whole - inside) * share**2
