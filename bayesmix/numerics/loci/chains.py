"""Chains of NUTS for one model of counts in one compiled call: tuning, draws, and what the sampler tells.

The points are those of the buffer, theta = mode + scale x with the scale of the curvature at the mode, so that x is
near a standard normal and a short tuning is enough: a quarter of it finds a step size, half of it the variances of x,
and the rest the step size for these. One chain is tuned for all; it is not kept.
"""

from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.level_quadrature.posterior import log_posterior_at
from bayesmix.numerics.loci.trajectory import GRADIENT, POINT, ROWS, move
from bayesmix.numerics.random_streams import normal, stream_of

_FIRST_STEP = 0.8
_RATE, _DELAY, _FORGETTING = 0.05, 10.0, 0.75  # gamma, t0 and kappa of Hoffman & Gelman (2014), their section 3.2
_MOST_TRIES = 100  # for a starting point with a finite density
DIVERGENCES, LEAVES, ACCEPTANCE, STEP = range(4)
"""Columns of a chain's figures: transitions that diverged, leapfrog steps, mean acceptance, step size after tuning."""


class Averaging(NamedTuple):
    """Nesterov's dual averaging of log step sizes: where it began, mean error, mean of the logs, and their number."""

    centre: float
    error: float
    mean: float
    n_seen: float


@kernel
def begin_averaging(step: float) -> Averaging:
    """Averaging that begins at a step size, and tries longer ones first."""
    return Averaging(log(1.5 * step), 0.0, 0.0, 0.0)


@kernel
def averaged(before: Averaging, acceptance: float, target: float) -> tuple[Averaging, float]:
    """The state after a transition with this `acceptance`, and the next log step size to try."""
    count = before.n_seen + 1.0
    share = 1.0 / (count + _DELAY)
    error = (1.0 - share) * before.error + share * (target - acceptance)
    log_step = before.centre - sqrt(count) / _RATE * error
    forget = count**-_FORGETTING
    return Averaging(before.centre, error, forget * log_step + (1.0 - forget) * before.mean, count), log_step


@kernel
def _start(buffer: Floats, width: float, stream: np.uint64, state: Floats) -> tuple[np.uint64, float]:
    """Fill `state` with a point where density and gradient are finite; the log density there, or -inf."""
    for _ in range(_MOST_TRIES):
        for i in range(state.shape[1]):
            stream, z = normal(stream)
            state[POINT, i] = width * z
        log_density = log_posterior_at(buffer, state[POINT], state[GRADIENT])
        if np.isfinite(log_density) and np.all(np.isfinite(state[GRADIENT])):
            return stream, log_density
    return stream, -np.inf


@kernel
def _tune(
    buffer: Floats, tune: int, target: float, seed: int, state: Floats, variances: Floats, work: Floats
) -> tuple[bool, float]:
    """Find the `variances` of the points and a step size for them with a chain of its own; whether it could start."""
    n = len(variances)
    mean, squares = np.zeros(n), np.zeros(n)
    first, last, seen = tune // 4, tune - tune // 4, 0
    variances[:] = 1.0
    step, averaging = _FIRST_STEP, begin_averaging(_FIRST_STEP)
    stream, log_density = _start(buffer, 1.0, stream_of(seed, 0, 1), state)
    if not np.isfinite(log_density):
        return False, step
    for k in range(tune):
        moved = move(buffer, variances, step, state, log_density, stream, work)
        stream, log_density = moved.stream, moved.log_density
        averaging, log_step = averaged(averaging, moved.acceptance, target)
        step = exp(log_step)
        if first <= k < last:
            seen += 1
            for i in range(n):
                away = state[POINT, i] - mean[i]
                mean[i] += away / seen
                squares[i] += away * (state[POINT, i] - mean[i])
        if k == last - 1 and seen > 1:
            for i in range(n):  # drawn a little towards 1, the variance where the posterior is normal
                variances[i] = (squares[i] + 10.0) / (seen - 1 + 10.0)
            step = exp(averaging.mean)
            averaging = begin_averaging(step)
    return True, exp(averaging.mean) if tune else step


@kernel
def sample_chains(
    buffer: Floats, seed: int, tune: int, warm: int, target: float, width: float, draws: Floats, figures: Floats
) -> bool:
    """Fill `draws` (n_chains, n_draws, n) and `figures` (n_chains, 4); False if a chain found no place to start.

    A chain that is not kept finds step size and variances in `tune` transitions. Chain k then has the random numbers of
    `seed` and k alone, starts at normal numbers of standard deviation `width`, and drops its first `warm` transitions.
    """
    n_chains, n_draws, n = draws.shape
    state, work, variances = np.empty((3, n)), np.empty((ROWS, n)), np.empty(n)
    started, step = _tune(buffer, tune, target, seed, state, variances, work)
    if not started:
        return False
    for chain in range(n_chains):
        stream, log_density = _start(buffer, width, stream_of(seed, chain, 0), state)
        if not np.isfinite(log_density):
            return False
        figures[chain, :] = 0.0
        figures[chain, STEP] = step
        for k in range(-warm, n_draws):
            moved = move(buffer, variances, step, state, log_density, stream, work)
            stream, log_density = moved.stream, moved.log_density
            if k >= 0:
                figures[chain, DIVERGENCES] += moved.diverged
                figures[chain, LEAVES] += moved.n_leaves
                figures[chain, ACCEPTANCE] += moved.acceptance / n_draws
                draws[chain, k] = state[POINT]
    return True
