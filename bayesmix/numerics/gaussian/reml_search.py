"""The search for theta: from one start to an optimum, inside or on the boundary, and whether it is one."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bayesmix.numerics.gaussian.reml_coordinates import (
    Coordinates,
    gradient_at,
    lower,
    packed_triangles,
    sizes_of,
    turned,
    value_at,
)
from bayesmix.numerics.quasi_newton import minimise

Floats = NDArray[np.float64]

_TOLERANCE = 1e-7
_MOST_ROUNDS = 12
_NEAR_ZERO = 0.03  # sds (in units of sigma, columns of unit size) below this are tried at 0
_SAME = 1e-9  # values of the criterion closer than this are the same
_PROBE = 1e-3
_WALL = 1e7  # no sd, in units of sigma and for columns of unit size, is sought beyond: the residual is nought there


@dataclass(frozen=True)
class Optimum:
    """Where a search ended.

    `coordinates`, turned so that every term's covariance is diagonal; `sds`, of every term (k,), largest first, in
    units of sigma; exact zeros on the boundary. `criterion` there. `slope`: greatest element of the gradient by the
    theta that are not 0, times the term's greatest sd where that exceeds 1. `ascent`: the least derivative by a
    variance that is 0; negative where the criterion would fall inwards, infinite where no variance is 0.
    `inwards`, of every term the direction (k,) in which it would fall, or zeros.
    """

    coordinates: Coordinates
    sds: tuple[Floats, ...]
    criterion: float
    slope: float
    ascent: float
    inwards: tuple[Floats, ...]

    @property
    def gradient_size(self) -> float:
        return max(self.slope, -self.ascent, 0.0)


def search(coordinates: Coordinates, factors: tuple[Floats, ...]) -> Optimum:
    """Minimise from `factors`, one lower triangle (k, k) a term, in rounds.

    After a round the bases are turned to the directions found, and directions whose sd is nought to all digits of
    the criterion are held at exactly 0: theta there has no curvature and would slow every step.
    """
    theta, sizes = packed_triangles(factors), sizes_of(coordinates)
    ranks = tuple(int((np.abs(factor).max(axis=0, initial=0.0) > 0).sum()) for factor in factors)
    reached = np.inf
    for _ in range(_MOST_ROUNDS):
        free = _free(sizes, ranks)
        theta = np.where(free, theta, 0.0)
        found = minimise(
            partial(_restricted_gradient, coordinates, theta.copy(), free),
            theta[free],
            tolerance=_TOLERANCE,
            max_iterations=25 + 3 * len(theta),
        )
        theta[free] = found.point
        coordinates, sds = turned(coordinates, theta)
        kept = _without_noughts(coordinates, sds, found.value)
        before, ranks = ranks, tuple(int((sd > 0).sum()) for sd in kept)
        theta = packed_triangles(tuple(np.diag(sd) for sd in kept))
        # With very many rows the gradient's own rounding exceeds the tolerance: a round that gains nothing is the last.
        settled = np.abs(found.gradient).max(initial=0.0) <= _TOLERANCE or reached - found.value <= _SAME
        if ranks == before and settled:
            break
        reached = found.value
    return _judged(coordinates, kept)


def _free(sizes: tuple[int, ...], ranks: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which packed numbers vary: the first columns of each triangle."""
    columns = [lower(k)[1] < rank for k, rank in zip(sizes, ranks, strict=True)]
    return np.concatenate([np.empty(0, dtype=bool), *columns])


def _restricted_gradient(
    coordinates: Coordinates, base: Floats, free: NDArray[np.bool_], x: Floats
) -> tuple[float, Floats]:
    if np.abs(x).max(initial=0.0) > _WALL:
        return np.inf, np.zeros(len(x))
    theta = base.copy()
    theta[free] = x
    value, gradient = gradient_at(coordinates, theta)
    return value, gradient[free]


def _without_noughts(coordinates: Coordinates, sds: tuple[Floats, ...], criterion: float) -> tuple[Floats, ...]:
    """Small sds at exactly 0 wherever that costs nothing."""
    kept = [sd.copy() for sd in sds]
    for sd in kept:
        for i in range(len(sd) - 1, -1, -1):
            small, sd[i] = sd[i], 0.0
            if small > _NEAR_ZERO or (
                small > 0.0
                and value_at(coordinates, packed_triangles(tuple(np.diag(own) for own in kept)))[0] > criterion + _SAME
            ):
                sd[i] = small
                break
    return tuple(kept)


def _judged(coordinates: Coordinates, sds: tuple[Floats, ...]) -> Optimum:
    """Both conditions of an optimum among positive semi-definite covariances S of relative size, G = d / dS.

    d / dL = 2 G L: at a diagonal L the free theta give G S = 0; on the null space of S, where d / dL is 0 whatever
    G may be, G is read from a point a little inside, and must be positive semi-definite.
    """
    theta = packed_triangles(tuple(np.diag(sd) for sd in sds))
    criterion, gradient = gradient_at(coordinates, theta)
    slope, ascent, inwards = 0.0, np.inf, [np.zeros(len(sd)) for sd in sds]
    inside = packed_triangles(tuple(np.diag(np.where(sd > 0, sd, _PROBE)) for sd in sds))
    inner = gradient_at(coordinates, inside)[1] if np.any(inside != theta) else gradient
    start = 0
    for sd, direction in zip(sds, inwards, strict=True):
        k = len(sd)
        own = slice(start, start + k * (k + 1) // 2)
        start = own.stop
        free = _free((k,), (int((sd > 0).sum()),))
        slope = max(slope, float(np.abs(gradient[own][free]).max(initial=0.0)) * max(1.0, float(sd.max(initial=0.0))))
        null = np.flatnonzero(sd == 0)
        if len(null):
            square = np.zeros((k, k))
            square[lower(k)] = inner[own] / (2 * _PROBE)
            values, vectors = np.linalg.eigh(square[np.ix_(null, null)])
            if values[0] < ascent:
                ascent = float(values[0])
            if values[0] < 0:
                direction[null] = vectors[:, 0]
    return Optimum(coordinates, sds, criterion, slope, ascent, tuple(inwards))
