"""The joint log density of a mixed model for counts with its gradient, compiled once for all models and data.

The parameters q are those of the PyMC model on the whole line, in its order: p coefficients, then term after term the
log standard deviations, the partial correlations (as `numerics.variance_parameters`) and k x n_levels numbers of the
effects, a column after the other. Of a centred term these are the effects b, of another u, independent and standard
normal, with b_j = L u_j for every level.
"""

from math import log, pi

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.buffer import floats, floats_2, integers, integers_2
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.prior_densities import coefficient_prior
from bayesmix.numerics.row_distribution.compiled import row_densities
from bayesmix.numerics.variance_parameters import group_factors, pull_back_groups

_HALF_LOG_2PI = 0.5 * log(2 * pi)

(
    CODE, CONSTANT, Y, TRIALS, OFFSET, CELL, CELLS, LEVELS, COLUMNS, PLAIN,
    KS, N_LEVELS, CENTRED, COEFFICIENT_KINDS, COEFFICIENT_NUMBERS, KINDS, NUMBERS,
) = range(17)  # fmt: skip
"""What the buffer holds first; `modelling.joint.density` fills it."""


@kernel(apart=True, fastmath={"contract"})
def joint_density(buffer: Floats, q: Floats, gradient: Floats) -> float:
    """log p(y, q); fills `gradient` (n,)."""
    ks, n_levels, centred = integers(buffer, KS), integers(buffer, N_LEVELS), integers(buffer, CENTRED)
    kinds, numbers, p = integers(buffer, KINDS), floats_2(buffer, NUMBERS), floats_2(buffer, CELLS).shape[1]
    theta, packed = theta_of(q, p, ks, n_levels), np.empty(int((ks * (ks + 1) // 2).sum()))
    value = floats(buffer, CONSTANT)[0] + group_factors(theta, ks, kinds, numbers, 0.0, packed)
    size = int((ks * n_levels).sum())
    effects, by_effect = np.empty(size), np.zeros(size)
    value += effects_of(q, p, ks, n_levels, centred, packed, effects)
    value += _likelihood(buffer, q, effects, gradient, by_effect)
    by_packed = np.zeros(len(packed))
    _through_effects(q, p, ks, n_levels, centred, packed, effects, by_effect, by_packed, gradient)
    by_theta = np.empty(len(theta))
    pull_back_groups(theta, ks, kinds, numbers, 0.0, by_packed, by_theta)
    _spread_theta(by_theta, p, ks, n_levels, gradient)
    kinds, numbers = integers(buffer, COEFFICIENT_KINDS), floats_2(buffer, COEFFICIENT_NUMBERS)
    for j in range(p):
        density, slope = coefficient_prior(kinds[j], numbers[j, 0], numbers[j, 1], numbers[j, 2], q[j])
        value += density
        gradient[j] += slope
    return value


@kernel
def theta_of(q: Floats, p: int, ks: Integers, n_levels: Integers) -> Floats:
    """The variance parameters, term after term."""
    theta = np.empty(int((ks * (ks + 1) // 2).sum()))
    at, to = p, 0
    for t in range(len(ks)):
        n_own = ks[t] * (ks[t] + 1) // 2
        theta[to : to + n_own] = q[at : at + n_own]
        to += n_own
        at += n_own + ks[t] * n_levels[t]
    return theta


@kernel
def _spread_theta(by_theta: Floats, p: int, ks: Integers, n_levels: Integers, gradient: Floats) -> None:
    at, begin = p, 0
    for t in range(len(ks)):
        n_own = ks[t] * (ks[t] + 1) // 2
        gradient[at : at + n_own] = by_theta[begin : begin + n_own]
        begin += n_own
        at += n_own + ks[t] * n_levels[t]


@kernel(apart=True, fastmath={"contract"})
def effects_of(
    q: Floats, p: int, ks: Integers, n_levels: Integers, centred: Integers, packed: Floats, effects: Floats
) -> float:
    """Fill `effects` with b, term after term, column after column; the log density of the numbers behind them."""
    at, to, first = p, 0, 0
    value = 0.0
    for t in range(len(ks)):
        k, n = ks[t], n_levels[t]
        at += k * (k + 1) // 2
        sampled, b = q[at : at + k * n], effects[to : to + k * n]
        if centred[t]:
            b[:] = sampled
            whitened = np.empty(k * n)
            _whiten(packed[first:], k, n, sampled, whitened)
            value += _standard_normal(whitened)
            for c in range(k):
                value -= n * log(packed[first + c * (c + 1) // 2 + c])
        else:
            value += _standard_normal(sampled)
            for c in range(k):
                scale = packed[first + c * (c + 1) // 2 + c]
                for j in range(n):
                    b[c * n + j] = scale * sampled[c * n + j]
                for r in range(c):
                    scale = packed[first + c * (c + 1) // 2 + r]
                    for j in range(n):
                        b[c * n + j] += scale * sampled[r * n + j]
        at += k * n
        to += k * n
        first += k * (k + 1) // 2
    return value


@kernel
def _whiten(lower: Floats, k: int, n: int, b: Floats, out: Floats) -> None:
    """u of L u = b, column after column."""
    for c in range(k):
        row = c * (c + 1) // 2
        for j in range(n):
            total = b[c * n + j]
            for r in range(c):
                total -= lower[row + r] * out[r * n + j]
            out[c * n + j] = total / lower[row + c]


@kernel
def _standard_normal(values: Floats) -> float:
    total = 0.0
    for value in values:
        total += value * value
    return -0.5 * total - len(values) * _HALF_LOG_2PI


@kernel(apart=True, fastmath={"contract"})
def _likelihood(buffer: Floats, q: Floats, effects: Floats, by_coefficient: Floats, by_effect: Floats) -> float:
    """log p(y | beta, b); fills `by_effect` and the first p of `by_coefficient` with its derivatives."""
    offset, cell, cells = floats(buffer, OFFSET), integers(buffer, CELL), floats_2(buffer, CELLS)
    levels, columns, plain = integers_2(buffer, LEVELS), floats_2(buffer, COLUMNS), integers(buffer, PLAIN)
    ks, n_levels = integers(buffer, KS), integers(buffer, N_LEVELS)
    n, p = len(cell), cells.shape[1]
    in_cell = np.zeros(cells.shape[0])
    for c in range(cells.shape[0]):
        for j in range(p):
            in_cell[c] += cells[c, j] * q[j]
    eta, score = np.empty(n), np.empty(n)
    for i in range(n):
        eta[i] = offset[i] + in_cell[cell[i]]
    column, to = 0, 0
    for t in range(len(ks)):
        for _ in range(ks[t]):
            _add_effects(eta, effects[to : to + n_levels[t]], levels[t], columns[column], plain[column])
            column += 1
            to += n_levels[t]
    value = row_densities(integers(buffer, CODE)[0], eta, floats(buffer, Y), floats(buffer, TRIALS), score)
    in_cell[:] = 0.0
    for i in range(n):
        in_cell[cell[i]] += score[i]
    by_coefficient[:p] = 0.0
    for c in range(cells.shape[0]):
        for j in range(p):
            by_coefficient[j] += cells[c, j] * in_cell[c]
    column, to = 0, 0
    for t in range(len(ks)):
        for _ in range(ks[t]):
            _gather(score, by_effect[to : to + n_levels[t]], levels[t], columns[column], plain[column])
            column += 1
            to += n_levels[t]
    return value


@kernel(fastmath={"contract"})
def _add_effects(eta: Floats, effects: Floats, level: Integers, column: Floats, plain: int) -> None:
    if plain:
        for i in range(len(eta)):
            eta[i] += effects[level[i]]
    else:
        for i in range(len(eta)):
            eta[i] += column[i] * effects[level[i]]


@kernel(fastmath={"contract"})
def _gather(score: Floats, by_effect: Floats, level: Integers, column: Floats, plain: int) -> None:
    if plain:
        for i in range(len(score)):
            by_effect[level[i]] += score[i]
    else:
        for i in range(len(score)):
            by_effect[level[i]] += column[i] * score[i]


@kernel(apart=True, fastmath={"contract"})
def _through_effects(
    q: Floats,
    p: int,
    ks: Integers,
    n_levels: Integers,
    centred: Integers,
    packed: Floats,
    effects: Floats,
    by_effect: Floats,
    by_packed: Floats,
    gradient: Floats,
) -> None:
    """From derivatives by b to those by q and by the numbers of L.

    b = L u:      d / du = L' d / db - u,    d / dL = (d / db) u'
    b sampled:    with u = L^-1 b, v = L^-T u:    d / db - v,    d / dL = v u' - n diag(1 / L)
    """
    at, to, first = p, 0, 0
    for t in range(len(ks)):
        k, n = ks[t], n_levels[t]
        at += k * (k + 1) // 2
        sampled, slopes, out = q[at : at + k * n], by_effect[to : to + k * n], gradient[at : at + k * n]
        if centred[t]:
            u, v = np.empty(k * n), np.empty(k * n)
            _whiten(packed[first:], k, n, effects[to : to + k * n], u)
            for c in range(k - 1, -1, -1):
                diagonal = packed[first + c * (c + 1) // 2 + c]
                for j in range(n):
                    total = u[c * n + j]
                    for r in range(c + 1, k):
                        total -= packed[first + r * (r + 1) // 2 + c] * v[r * n + j]
                    v[c * n + j] = total / diagonal
                    out[c * n + j] = slopes[c * n + j] - v[c * n + j]
            for c in range(k):
                for r in range(c + 1):
                    by_packed[first + c * (c + 1) // 2 + r] = _product(v, c * n, u, r * n, n)
                by_packed[first + c * (c + 1) // 2 + c] -= n / packed[first + c * (c + 1) // 2 + c]
        else:
            for r in range(k):
                for j in range(n):
                    out[r * n + j] = -sampled[r * n + j]
                for c in range(r, k):
                    scale = packed[first + c * (c + 1) // 2 + r]
                    for j in range(n):
                        out[r * n + j] += scale * slopes[c * n + j]
                    by_packed[first + c * (c + 1) // 2 + r] = _product(slopes, c * n, sampled, r * n, n)
        at += k * n
        to += k * n
        first += k * (k + 1) // 2


@kernel
def _product(a: Floats, from_a: int, b: Floats, from_b: int, n: int) -> float:
    total = 0.0
    for j in range(n):
        total += a[from_a + j] * b[from_b + j]
    return total
