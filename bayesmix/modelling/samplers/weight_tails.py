"""Whether weights hold what is reported: the 2.5 % and 97.5 % limits of each parameter that was weighted."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.numerics.monte_carlo import pareto_k

GREATEST_TAIL_K = 0.7
"""Pareto k up to which the weights beyond a limit can be trusted."""

GREATEST_Z = 4.5
"""Of two halves: with 11 parameters one fit of 3,000 passes it by chance."""

_PROBABILITY = 0.025
_SINGLE = 0.03  # share of what lies beyond a limit; where no value has more, the shape of their weights is no matter


@dataclass(frozen=True)
class _Tail:
    """Of what lies beyond a limit: effective `size`, Pareto `k`, and `z`, how far both halves of the values differ."""

    size: float
    k: float
    z: float


def tail_trouble(values: Floats, weights: Floats, fewest: float) -> str | None:
    """What is wrong with the tail of a parameter that is worst, in words; None if nothing is.

    Parameters
    ----------
    values
        Of every parameter, shape (n_values, n), in the order in which they were drawn.
    weights
        Normalised, shape (n_values,).
    fewest
        Effective values that a limit needs.
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
    """Below and above the limits of one parameter."""
    order = np.argsort(column)
    below = np.cumsum(weights[order])
    first = int(np.searchsorted(below, _PROBABILITY)) + 1
    last = int(np.searchsorted(below, 1 - _PROBABILITY))
    return _tail(order[:first], weights), _tail(order[last:], weights)


def _tail(beyond: Positions, weights: Floats) -> _Tail:
    inside = weights[beyond]
    share, squares = float(inside.sum()), float(inside @ inside)
    # Binomial draws with the variance of the weighted share.
    size = share * (1 - share) / _variance(share, squares, float(weights @ weights)) if 0 < share < 1 else 0.0
    k = pareto_k(inside) if inside.max() > _SINGLE * share else -np.inf
    return _Tail(size, k, _z_of_halves(beyond, weights))


def _z_of_halves(beyond: Positions, weights: Floats) -> float:
    """How far the shares beyond a limit differ between the first half of the values and the second, in errors."""
    middle, difference, variance = len(weights) // 2, 0.0, 0.0
    for sign, half in ((1.0, slice(None, middle)), (-1.0, slice(middle, None))):
        whole = float(weights[half].sum())
        if whole == 0:
            return np.inf
        own = weights[beyond[(beyond < middle) == (sign > 0)]]
        share = float(own.sum()) / whole
        difference += sign * share
        variance += _variance(share, float(own @ own), float(weights[half] @ weights[half])) / whole**2
    return abs(difference) / np.sqrt(variance) if variance > 0 else 0.0


def _variance(share: float, inside: float, whole: float) -> float:
    """Of a weighted share: `inside`, sum of squared weights beyond the limit; `whole`, of all."""
    return inside * (1 - share) ** 2 + (whole - inside) * share**2
