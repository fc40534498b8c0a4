"""Coordinates of nested random intercepts in which their posterior hardly depends on the variance parameters.

With nested factors, (1 | location/brood), the data determine only the sum of a unit's effects well. How it is shared
depends on the sds, and no fixed linear map unties that for all sds. If the likelihood is replaced by its quadratic
approximation at the rough fit, with weight P and weighted residual h for every unit of the finest factor, the effects
are Gaussian given sds and coefficients, level by level from the coarsest factor to the finest:

    b | a = s^2 (h - P a) / v + s x / sqrt(v),    v = 1 + s^2 P,

with `a` the sum of the effects that hold the level, and P, h sums over its parts j of P_j / v_j and h_j / v_j. So x is
near a standard normal whatever the sds are; sampled it is exact, with the Jacobian of u = b / |s| by x.

A sd that may be 0 has a long tail in log s. If its prior has a finite density at 0, s = scale sinh(t) with t on the
whole line is sampled: a factor that may pass through 0, with the right tail of log s. The sd is |s|.
"""

from math import cosh, log, sinh, sqrt, tanh

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.buffer import floats, floats_2, integers, integers_2
from bayesmix.numerics.joint.density import KINDS, NUMBERS
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.prior_densities import standard_deviation

CHAIN, PARENTS, PRECISION, WEIGHTED, BY_COEFFICIENT, SCALES = range(28, 34)
"""What the buffer holds after the parts of `affine_map`.

`CHAIN` (n_terms, 3), from the coarsest factor to the finest: where the effects of its term begin in q, how many they
are, and the number of its sd among the variance parameters; without rows effects are not transformed. `PARENTS`: for
every level, except those of the coarsest factor, its level of the next coarser one. For the finest factor, `PRECISION`
(n_finest,) is P, and h = `WEIGHTED` (n_finest,) - `BY_COEFFICIENT` (n_finest, p) beta. `SCALES` (n_terms,) of the
factors s; 0 where the log sd is sampled, as in the PyMC model.
"""


@kernel(apart=True)
def nested_point(buffer: Floats, q: Floats) -> float:
    """Replace x by u and t by log |s| in `q`; the log of the Jacobian."""
    chain = integers_2(buffer, CHAIN)
    if chain.shape[0] == 0:
        return 0.0
    P, h, factors, _ = _messages(buffer, q, chain)
    scales, u = floats(buffer, SCALES), _effects(buffer, q, chain, P, h, factors)[0]
    jacobian, at = 0.0, 0
    for depth in range(chain.shape[0]):
        if scales[depth] > 0.0:
            place = chain[depth, 0] - 1
            jacobian -= log(abs(tanh(q[place])))
            q[place] = log(abs(factors[depth]))
    for depth in range(chain.shape[0]):
        s, start, n = factors[depth], chain[depth, 0], chain[depth, 1]
        for j in range(n):
            q[start + j] = u[at + j] if s > 0.0 else -u[at + j]
            jacobian -= 0.5 * log(1.0 + s * s * P[at + j])
        at += n
    return jacobian


@kernel(apart=True)
def nested_slopes(buffer: Floats, x: Floats, by_q: Floats) -> None:
    """Turn derivatives by q into derivatives of value plus log Jacobian by `x`, the argument of `nested_point`."""
    chain = integers_2(buffer, CHAIN)
    if chain.shape[0] == 0:
        return
    P, h, factors, slopes = _messages(buffer, x, chain)
    by_P, by_h, by_s = np.zeros(len(P)), np.zeros(len(P)), np.zeros(len(factors))
    _through_effects(buffer, x, chain, P, h, factors, by_q, by_P, by_h, by_s)
    _through_messages(buffer, chain, P, h, factors, by_P, by_h, by_s)
    scales = floats(buffer, SCALES)
    for depth in range(len(factors)):
        place = chain[depth, 0] - 1
        if scales[depth] > 0.0:
            ratio = tanh(x[place])
            by_q[place] = (by_q[place] - 1.0) / ratio + ratio
        by_q[place] += by_s[depth] * slopes[depth]
    by_coefficient = floats_2(buffer, BY_COEFFICIENT)
    first = len(P) - by_coefficient.shape[0]
    for j in range(by_coefficient.shape[0]):
        for c in range(by_coefficient.shape[1]):
            by_q[c] -= by_h[first + j] * by_coefficient[j, c]


@kernel(apart=True)
def _messages(buffer: Floats, q: Floats, chain: Integers) -> tuple[Floats, Floats, Floats, Floats]:
    """P and h of all levels, the coarsest factor first; the factors s and their derivatives by the sampled numbers."""
    parents, precision, weighted = integers(buffer, PARENTS), floats(buffer, PRECISION), floats(buffer, WEIGHTED)
    by_coefficient, kinds, numbers = (
        floats_2(buffer, BY_COEFFICIENT),
        integers(buffer, KINDS),
        floats_2(buffer, NUMBERS),
    )
    n_terms, n_all, scales = chain.shape[0], int(chain[:, 1].sum()), floats(buffer, SCALES)
    factors, slopes = np.empty(n_terms), np.empty(n_terms)
    for depth in range(n_terms):
        number, t, scale = chain[depth, 2], q[chain[depth, 0] - 1], scales[depth]
        sd, slope, _, _ = standard_deviation(kinds[number], numbers[number, 0], numbers[number, 1], t)
        factors[depth] = scale * sinh(t) if scale > 0.0 else sd
        slopes[depth] = scale * cosh(t) if scale > 0.0 else slope
    P, h = np.zeros(n_all), np.zeros(n_all)
    at, link = n_all - chain[n_terms - 1, 1], len(parents)
    for j in range(len(precision)):
        P[at + j], h[at + j] = precision[j], weighted[j]
        for c in range(by_coefficient.shape[1]):
            h[at + j] -= by_coefficient[j, c] * q[c]
    for depth in range(n_terms - 1, 0, -1):
        n, square = chain[depth, 1], factors[depth] ** 2
        link -= n
        above = at - chain[depth - 1, 1]
        for j in range(n):
            v = 1.0 + square * P[at + j]
            P[above + parents[link + j]] += P[at + j] / v
            h[above + parents[link + j]] += h[at + j] / v
        at = above
    return P, h, factors, slopes


@kernel
def _effects(
    buffer: Floats, x: Floats, chain: Integers, P: Floats, h: Floats, factors: Floats
) -> tuple[Floats, Floats]:
    """b / s of all levels at x, from the coarsest factor to the finest, and the sum of the effects that hold each."""
    parents = integers(buffer, PARENTS)
    u, outer, total = np.empty(len(P)), np.zeros(len(P)), np.empty(len(P))
    at, above, link = 0, 0, 0
    for depth in range(chain.shape[0]):
        s, start, n = factors[depth], chain[depth, 0], chain[depth, 1]
        for j in range(n):
            e = at + j
            if depth > 0:
                outer[e] = total[above + parents[link + j]]
            v = 1.0 + s * s * P[e]
            u[e] = s * (h[e] - P[e] * outer[e]) / v + x[start + j] / sqrt(v)
            total[e] = outer[e] + s * u[e]
        link += n if depth > 0 else 0
        above = at
        at += n
    return u, outer


@kernel
def _through_effects(
    buffer: Floats,
    x: Floats,
    chain: Integers,
    P: Floats,
    h: Floats,
    factors: Floats,
    by_q: Floats,
    by_P: Floats,
    by_h: Floats,
    by_s: Floats,
) -> None:
    """From the finest factor to the coarsest, the reverse of `nested_point`."""
    parents, by_total = integers(buffer, PARENTS), np.zeros(len(P))
    effects, outer = _effects(buffer, x, chain, P, h, factors)
    at, link = len(P), len(parents)
    for depth in range(chain.shape[0] - 1, -1, -1):
        s, start, n = factors[depth], chain[depth, 0], chain[depth, 1]
        at -= n
        above = at - chain[depth - 1, 1] if depth > 0 else 0
        link -= n if depth > 0 else 0
        for j in range(n):
            e = at + j
            v = 1.0 + s * s * P[e]
            rest, root = h[e] - P[e] * outer[e], sqrt(v)
            u = effects[e]
            by_u = (by_q[start + j] if s > 0.0 else -by_q[start + j]) + s * by_total[e]
            by_v = -by_u * (s * rest / (v * v) + 0.5 * x[start + j] / (v * root)) - 0.5 / v
            by_s[depth] += u * by_total[e] + by_u * rest / v + by_v * 2.0 * s * P[e]
            by_h[e] += by_u * s / v
            by_P[e] += by_v * s * s - by_u * s * outer[e] / v
            by_q[start + j] = by_u / root
            if depth > 0:
                by_total[above + parents[link + j]] += by_total[e] - by_u * s * P[e] / v


@kernel
def _through_messages(
    buffer: Floats, chain: Integers, P: Floats, h: Floats, factors: Floats, by_P: Floats, by_h: Floats, by_s: Floats
) -> None:
    """From the coarsest factor to the finest, the reverse of `_messages`."""
    parents = integers(buffer, PARENTS)
    above, at, link = 0, chain[0, 1], 0
    for depth in range(1, chain.shape[0]):
        s, n = factors[depth], chain[depth, 1]
        for j in range(n):
            e, outer = at + j, above + parents[link + j]
            v = 1.0 + s * s * P[e]
            by_v = -(by_P[outer] * P[e] + by_h[outer] * h[e]) / (v * v)
            by_P[e] += by_P[outer] / v + by_v * s * s
            by_h[e] += by_h[outer] / v
            by_s[depth] += by_v * 2.0 * s * P[e]
        link += n
        above = at
        at += n
