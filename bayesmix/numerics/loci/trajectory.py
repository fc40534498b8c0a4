"""One transition of NUTS for the density of counts, compiled.

A trajectory of leapfrog steps is doubled forwards or backwards until it turns back on itself, and one of its points is
drawn in proportion to its density: Hoffman & Gelman (2014, jmlr.org/papers/v15/hoffman14a.html) with the multinomial
draw and the criterion of Betancourt (2017, arXiv:1701.02434). Leaves of a doubling are visited one after the other; the
first leaf of every balanced subtree that is not complete is remembered, which takes a row for each doubling and
no recursion.
"""

from math import exp, isfinite, log, log1p, sqrt
from typing import NamedTuple

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.level_quadrature.posterior import log_posterior_at
from bayesmix.numerics.random_streams import normal, uniform

MOST_DOUBLINGS = 8
_DIVERGED = 1000.0  # rise of the energy
POINT, MOMENTUM, GRADIENT = range(3)
_LEFT, _RIGHT, _EDGE, _CHOSEN, _SUMS, _SUBTREE = range(0, 18, 3)  # each has rows for point, momentum and gradient
ROWS = 18 + 2 * MOST_DOUBLINGS
"""The number of rows of the workspace."""


class Transition(NamedTuple):
    """What a transition did: the next random state, the log density where it ended, the mean acceptance probability of
    its leaves, their number, and whether the trajectory left the range of energies.
    """

    stream: np.uint64
    log_density: float
    acceptance: float
    n_leaves: int
    diverged: bool


@kernel
def leapfrog(buffer: Floats, variances: Floats, step: float, state: Floats) -> float:
    """Move `state`, the rows of point, momentum and gradient, by one step; the log density there."""
    n = len(variances)
    for i in range(n):
        state[MOMENTUM, i] += 0.5 * step * state[GRADIENT, i]
        state[POINT, i] += step * variances[i] * state[MOMENTUM, i]
    log_density = log_posterior_at(buffer, state[POINT], state[GRADIENT])
    for i in range(n):
        state[MOMENTUM, i] += 0.5 * step * state[GRADIENT, i]
    return log_density


@kernel
def kinetic_energy(variances: Floats, momentum: Floats) -> float:
    """The energy of a momentum whose precisions are the `variances` of the points."""
    total = 0.0
    for i in range(len(variances)):
        total += variances[i] * momentum[i] * momentum[i]
    return 0.5 * total


@kernel
def turns(variances: Floats, first: Floats, last: Floats, total: Floats) -> bool:
    """Whether a trajectory with these momenta at its ends, and this sum of all its momenta, turns back at an end."""
    at_first, at_last = 0.0, 0.0
    for i in range(len(variances)):
        between = variances[i] * (total[i] - 0.5 * (first[i] + last[i]))
        at_first += first[i] * between
        at_last += last[i] * between
    return at_first <= 0.0 or at_last <= 0.0


@kernel
def _log_sum(a: float, b: float) -> float:
    """log(exp(a) + exp(b))."""
    high, low = max(a, b), min(a, b)
    return high if low == -np.inf else high + log1p(exp(low - high))


@kernel
def closes_a_turn(variances: Floats, leaf: int, momentum: Floats, total: Floats, firsts: Floats) -> bool:
    """Whether a balanced subtree that ends with this leaf turns back; an even leaf is remembered among `firsts`.

    `firsts` (2 x doublings, n) has the momentum of a subtree's first leaf, and the sum of momenta up to it.
    """
    n, depth, rest = len(variances), 0, leaf >> 1
    while rest:
        depth += rest & 1
        rest >>= 1
    if leaf % 2 == 0:
        for i in range(n):
            firsts[2 * depth, i] = momentum[i]
            firsts[2 * depth + 1, i] = total[i]
        return False
    complete, rest = 0, leaf
    while rest & 1:
        complete += 1
        rest >>= 1
    between = np.empty(n)
    for row in range(depth, depth - complete, -1):
        for i in range(n):
            between[i] = total[i] - firsts[2 * row + 1, i] + firsts[2 * row, i]
        if turns(variances, firsts[2 * row], momentum, between):
            return True
    return False


@kernel(apart=True)
def move(
    buffer: Floats, variances: Floats, step: float, state: Floats, log_density: float, stream: np.uint64, work: Floats
) -> Transition:
    """Replace `state`, the rows of point, momentum and gradient, by the next of the chain; `work` (`ROWS`, n)."""
    n = len(variances)
    for i in range(n):
        stream, z = normal(stream)
        state[MOMENTUM, i] = z / sqrt(variances[i])
    start = kinetic_energy(variances, state[MOMENTUM]) - log_density
    work[_LEFT : _LEFT + 3] = state
    work[_RIGHT : _RIGHT + 3] = state
    total, chosen, edge = work[_SUMS], work[_CHOSEN : _CHOSEN + 3], work[_EDGE : _EDGE + 3]
    subtotal, firsts = work[_SUBTREE], work[18:]
    total[:] = state[MOMENTUM]
    log_weight, acceptance, n_leaves = 0.0, 0.0, 0
    for doubling in range(MOST_DOUBLINGS):
        stream, side = uniform(stream)
        at = _RIGHT if side < 0.5 else _LEFT
        signed = step if at == _RIGHT else -step
        edge[:] = work[at : at + 3]
        subtotal[:] = 0.0
        log_subtree, log_chosen, ended = -np.inf, log_density, False
        for leaf in range(1 << doubling):
            value = leapfrog(buffer, variances, signed, edge)
            gain = start - kinetic_energy(variances, edge[MOMENTUM]) + value
            n_leaves += 1
            if not isfinite(gain) or gain < -_DIVERGED:
                return Transition(stream, log_density, acceptance / n_leaves, n_leaves, True)
            acceptance += min(1.0, exp(gain))
            log_subtree = _log_sum(log_subtree, gain)
            stream, lot = uniform(stream)
            if log(lot) < gain - log_subtree:
                chosen[:] = edge
                log_chosen = value
            for i in range(n):
                subtotal[i] += edge[MOMENTUM, i]
            if closes_a_turn(variances, leaf, edge[MOMENTUM], subtotal, firsts):
                ended = True
                break
        if ended:
            break
        stream, lot = uniform(stream)
        if log(lot) < log_subtree - log_weight:
            state[:] = chosen
            log_density = log_chosen
        log_weight = _log_sum(log_weight, log_subtree)
        work[at : at + 3] = edge
        for i in range(n):
            total[i] += subtotal[i]
        if turns(variances, work[_LEFT + MOMENTUM], work[_RIGHT + MOMENTUM], total):
            break
    return Transition(stream, log_density, acceptance / n_leaves, n_leaves, False)
