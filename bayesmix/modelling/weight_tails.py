"""Whether weights hold what is reported: the 2.5 % and 97.5 % limits of each parameter that was weighted."""

import numpy as np
from numpy.typing import NDArray

from bayesmix.modelling.convergence import TAIL
from bayesmix.numerics.pareto import pareto_k

Floats = NDArray[np.float64]

GREATEST_TAIL_K = 0.7
"""Pareto k up to which the weights beyond a limit can be trusted."""

_PROBABILITY = 0.025


def tail_trouble(values: Floats, weights: Floats, fewest: float) -> str | None:
    """What is wrong with the tail of a parameter that is worst, in words; None if nothing is.

    Parameters
    ----------
    values
        Of every parameter, shape (n_values, n).
    weights
        Normalised, shape (n_values,).
    fewest
        Effective values that a limit needs.
    """
    worst_k, smallest = -np.inf, np.inf
    for column in values.T:
        order = np.argsort(column)
        below = np.cumsum(weights[order])
        first = int(np.searchsorted(below, _PROBABILITY)) + 1
        last = int(np.searchsorted(below, 1 - _PROBABILITY))
        for tail in (order[:first], order[last:]):
            worst_k = max(worst_k, pareto_k(weights[tail]))
            smallest = min(smallest, _size(weights[tail], weights))
    if smallest < fewest:
        return f"effective size {smallest:.0f} < {fewest:.0f} of a 2.5 % limit"
    if worst_k > GREATEST_TAIL_K:
        return f"Pareto k {worst_k:.2f} > {GREATEST_TAIL_K:.2f} of a 2.5 % limit"
    return None


def smallest_tail_size(draws: Floats, weights: Floats) -> float:
    """Independent draws that would tell the probabilities beyond the 5 % and 95 % quantiles as precisely.

    Parameters
    ----------
    draws
        Resampled by weight; any shape.
    weights
        Of the value that each draw is a copy of, normalised over all values; as `draws`.
    """
    if not np.isfinite(draws).all():
        return np.nan
    low, high = np.quantile(draws, TAIL)
    # A value has as many copies as its weight says: a sum over values of w^2 is a mean over draws of w.
    sizes = [_by_copies(inside, weights) for inside in (draws <= low, draws >= high)]
    return min(sizes)


def _by_copies(inside: NDArray[np.bool_], weights: Floats) -> float:
    share, whole = float(inside.mean()), float(weights.mean())
    return _worth(share, float((weights * inside).mean()), whole)


def _size(tail: Floats, weights: Floats) -> float:
    return _worth(float(tail.sum()), float(tail @ tail), float(weights @ weights))


def _worth(share: float, inside: float, whole: float) -> float:
    """Binomial draws with the variance of a weighted share: `inside`, sum of squared weights; `whole`, of all."""
    if not 0 < share < 1:
        return np.nan if share else 0.0
    return share * (1 - share) / (inside * (1 - share) ** 2 + (whole - inside) * share**2)
