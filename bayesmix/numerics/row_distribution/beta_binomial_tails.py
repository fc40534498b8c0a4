"""Tail probabilities of the beta-binomial distribution, in a time that does not grow with the number of trials.

A tail is a sum of probabilities, taken from its near end outwards. A few terms are added one by one, each computed from
the one before. Many terms are added in blocks, by Gauss's quadrature for sums: at the nodes of the discrete (Gram)
polynomials, `n_nodes` values give the sum over a block of any polynomial of degree 2 n_nodes - 1. Within a block
probabilities fall by e^8 at most, and the poles of the gamma functions are far away.

References
----------
Golub & Welsch (1969), doi:10.1090/S0025-5718-69-99647-1; NIST Digital Library of Mathematical Functions, 18.22, for the
recurrence of the discrete Chebyshev polynomials.
"""

from functools import cache
from math import exp, log, sqrt

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.gamma_ratios import log_rise
from bayesmix.numerics.kernels import kernel

_SHORTEST = 256  # terms of a block; fewer are added one by one
_N_BLOCKS = 44
_N_NODES = 10
_MOST_FALL = 8.0
_WIDEST = 4.0
_NOUGHT = 1e-17
_SMALL = 0.1  # a tail below is not taken as what the other leaves of 1


def beta_binomial_tails(y: Floats, trials: Floats, a: Floats, b: Floats, at: Floats) -> tuple[Floats, Floats]:
    """P(Y < y) and P(Y > y) where the probability of a success is Beta(a, b).

    Parameters
    ----------
    y, trials
        Successes and trials; whole numbers.
    a, b
        Parameters of the beta distribution, positive.
    at
        P(Y = y). All broadcast against one another.
    """
    arrays = np.broadcast_arrays(y, trials, a, b, at)
    given = [np.ascontiguousarray(array, dtype=np.float64).ravel() for array in arrays]
    below, above = np.zeros_like(given[0]), np.zeros_like(given[0])
    _fill_tails(*given, *_rules(), below, above)
    return below.reshape(arrays[0].shape), above.reshape(arrays[0].shape)


@cache
def _rules() -> tuple[Floats, Floats]:
    """Nodes, counted from a block's first term, and weights for blocks of 256, 512, ... terms, (n_blocks, n_nodes)."""
    nodes, weights = np.empty((_N_BLOCKS, _N_NODES)), np.empty((_N_BLOCKS, _N_NODES))
    k = np.arange(1.0, _N_NODES)
    for row in range(_N_BLOCKS):
        length = float(_SHORTEST) * 2.0**row
        beside = np.sqrt(k**2 * (length**2 - k**2) / (4 * (4 * k**2 - 1))) / length
        values, vectors = np.linalg.eigh(np.diag(beside, 1) + np.diag(beside, -1))
        nodes[row] = (length - 1) / 2 + length * values
        weights[row] = length * vectors[0] ** 2
    return nodes, weights


@kernel
def _fill_tails(
    y: Floats, n: Floats, a: Floats, b: Floats, at: Floats, nodes: Floats, weights: Floats, below: Floats, above: Floats
) -> None:
    for i in range(y.shape[0]):
        if not (y[i] >= 0.0 and y[i] <= n[i]):
            continue
        down, up = _step(y[i], n[i], a[i], b[i]), _step(n[i] - y[i], n[i], b[i], a[i])
        if down > 1.0 and up < 1.0:
            above[i] = _lower_tail(n[i] - y[i], n[i], b[i], a[i], at[i], nodes, weights)
            below[i] = max(1.0 - at[i] - above[i], 0.0)
            if below[i] < _SMALL:
                below[i] = _lower_tail(y[i], n[i], a[i], b[i], at[i], nodes, weights)
            continue
        below[i] = _lower_tail(y[i], n[i], a[i], b[i], at[i], nodes, weights)
        above[i] = max(1.0 - at[i] - below[i], 0.0)
        if above[i] < _SMALL or not up > 1.0:
            above[i] = _lower_tail(n[i] - y[i], n[i], b[i], a[i], at[i], nodes, weights)


@kernel
def _step(k: float, n: float, a: float, b: float) -> float:
    """P(k - 1) / P(k)."""
    return k * (b + n - k) / ((n - k + 1.0) * (a + k - 1.0)) if k > 0.0 else 0.0


@kernel
def _lower_tail(y: float, n: float, a: float, b: float, at: float, nodes: Floats, weights: Floats) -> float:
    """P(Y < y) from P(Y = y), summed downwards."""
    k, term, total = y - 1.0, at * _step(y, n, a, b), 0.0
    one_peak = a >= 1.0 or b >= 1.0  # else the probabilities may rise again
    while k >= 0.0:
        step = _step(k, n, a, b)
        if one_peak and step < 1.0 and term < _NOUGHT * (1.0 - step) * total:
            break
        row = _longest_block(k, n, a, b, step)
        if row < 0:
            for _ in range(int(min(float(_SHORTEST), k + 1.0))):
                total += term
                term *= _step(k, n, a, b)
                k -= 1.0
            continue
        length, share = float(_SHORTEST) * 2.0**row, 0.0
        for j in range(nodes.shape[1]):
            share += weights[row, j] * exp(_log_ratio(k, nodes[row, j], n, a, b))
        total += term * share
        term *= exp(_log_ratio(k, length, n, a, b)) if k - length >= 0.0 else 0.0
        k -= length
    return total


@kernel
def _longest_block(k: float, n: float, a: float, b: float, step: float) -> int:
    """Row of the rule for the terms k, k - 1, ...; -1 if they are too few or change too much."""
    if k < 2.0 * _SHORTEST:
        return -1
    bend = abs(1.0 / k - 1.0 / (b + n - k) + 1.0 / (n - k + 1.0) - 1.0 / (a + k - 1.0))
    longest = min(0.5 * k, 2.0 * (n - k + min(1.0, b)))
    longest = min(longest, _MOST_FALL / max(abs(log(step)), 1e-300), _WIDEST / sqrt(max(bend, 1e-300)))
    if longest < _SHORTEST:
        return -1
    row = 0
    while row < _N_BLOCKS - 1 and longest >= 2.0 * _SHORTEST * 2.0**row:
        row += 1
    return row


@kernel
def _log_ratio(k: float, d: float, n: float, a: float, b: float) -> float:
    """log P(k - d) - log P(k); d need not be whole."""
    low = k - d
    return log_rise(low + 1.0, d) - log_rise(low + a, d) + log_rise(n - k + b, d) - log_rise(n - k + 1.0, d)
