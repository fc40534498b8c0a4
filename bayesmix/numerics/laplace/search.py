"""The search for beta and Lambda together: from one start to an optimum, inside or on the boundary."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmix.numerics.laplace.criterion import Laplace
from bayesmix.numerics.laplace.frame import Frame
from bayesmix.numerics.quasi_newton import minimise

Floats = NDArray[np.float64]

_TOLERANCE = 1e-6
_MOST_ROUNDS = 8
_NEAR_ZERO = 0.05  # sds (columns of unit size) below this are tried at 0
_SAME = 1e-9  # values of the criterion closer than this are the same
_PROBE = 1e-3
_STEP = 1e-3  # of the differences of gradients, in standard errors


class Walker:
    """The criterion as a function of the numbers that vary; every search for the modes begins at the last ones."""

    def __init__(self, frame: Frame, x: Floats, free: NDArray[np.bool_], u: Floats) -> None:
        self.frame, self.base, self.free, self.u = frame, x, free, u

    def whole(self, part: Floats) -> Floats:
        x = self.base.copy()
        x[self.free] = part
        return x

    def at(self, x: Floats) -> Laplace:
        found = self.frame.at(x, self.u)
        if np.isfinite(found.value):
            self.u = found.modes.u
        return found

    def __call__(self, part: Floats) -> tuple[float, Floats]:
        at = self.at(self.whole(part))
        if not np.isfinite(at.value):
            return np.inf, np.zeros(len(part))
        return at.value, self.frame.gradient(at)[self.free]


@dataclass(frozen=True)
class Optimum:
    """Where a search ended.

    `frame`, turned so that every term's covariance is diagonal, and `x` in it; `sds` of every term (k,), largest first,
    exact zeros on the boundary; `u` (q,) the modes. `criterion`; `slope`: greatest element of the gradient by the
    numbers that are not held at 0. `ascent`: the least derivative by a variance that is 0; negative where the
    criterion would fall inwards, infinite where no variance is 0. `inwards`, of every term the direction (k,) in
    which it would fall, or zeros.
    """

    frame: Frame
    x: Floats
    sds: tuple[Floats, ...]
    u: Floats
    criterion: float
    slope: float
    ascent: float
    inwards: tuple[Floats, ...]

    @property
    def gradient_size(self) -> float:
        return max(self.slope, -self.ascent, 0.0)

    @property
    def free(self) -> NDArray[np.bool_]:
        return free_numbers(self.frame, ranks_of(self.sds))


def ranks_of(sds: tuple[Floats, ...]) -> tuple[int, ...]:
    """How many directions of every term have variance."""
    return tuple(int((sd > 0).sum()) for sd in sds)


def free_numbers(frame: Frame, ranks: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which numbers vary: all coefficients, the first columns of each triangle."""
    columns = [np.tril_indices(k)[1] < rank for k, rank in zip(frame.sizes, ranks, strict=True)]
    return np.concatenate([np.ones(frame.p, dtype=bool), *columns])


def search(frame: Frame, x: Floats, u: Floats) -> Optimum:
    """Minimise from `x`, with modes near `u`, in rounds.

    After a round the bases are turned to the directions found, and directions whose sd is nought to all digits of
    the criterion are held at exactly 0: the criterion is even in such a direction, and has no slope there.
    """
    ranks = tuple(int((np.abs(L).max(axis=0, initial=0.0) > 0).sum()) for L in frame.triangles(x))
    for _ in range(_MOST_ROUNDS):
        free = free_numbers(frame, ranks)
        walker = Walker(frame, np.where(free, x, 0.0), free, u)
        found = minimise(walker, x[free], tolerance=_TOLERANCE, max_iterations=50 + 3 * len(x))
        x = walker.whole(found.point)
        frame, sds = frame.turned(x)
        u = _modes_in(frame, x, sds, walker.u)
        sds = _without_noughts(frame, x, sds, u, found.value)
        before, ranks = ranks, ranks_of(sds)
        x = frame.with_triangles(x, tuple(np.diag(sd) for sd in sds))
        if ranks == before and np.abs(found.gradient).max(initial=0.0) <= _TOLERANCE:
            break
    return _judged(frame, x, sds, u)


def _modes_in(frame: Frame, x: Floats, sds: tuple[Floats, ...], u: Floats) -> Floats:
    """The modes at a turned place: the turn has changed what u stands for."""
    at = frame.at(frame.with_triangles(x, tuple(np.diag(sd) for sd in sds)), u)
    return at.modes.u if np.isfinite(at.value) else u


def _without_noughts(
    frame: Frame, x: Floats, sds: tuple[Floats, ...], u: Floats, criterion: float
) -> tuple[Floats, ...]:
    """Small sds at exactly 0 wherever that costs nothing."""
    kept = [sd.copy() for sd in sds]
    for sd in kept:
        for i in range(len(sd) - 1, -1, -1):
            small, sd[i] = sd[i], 0.0
            tried = frame.with_triangles(x, tuple(np.diag(own) for own in kept))
            if small > _NEAR_ZERO or (small > 0.0 and frame.at(tried, u).value > criterion + _SAME):
                sd[i] = small
                break
    return tuple(kept)


def _judged(frame: Frame, x: Floats, sds: tuple[Floats, ...], u: Floats) -> Optimum:
    """Both conditions of an optimum among positive semi-definite covariances S, G = d / dS.

    d / dL = 2 G L: at a diagonal L the free numbers give G S = 0; on the null space of S, where d / dL is 0 whatever
    G may be, G is read from a point a little inside, and must be positive semi-definite.
    """
    at = frame.at(x, u)
    if not np.isfinite(at.value):
        return Optimum(frame, x, sds, u, np.inf, np.inf, np.inf, tuple(np.zeros(len(sd)) for sd in sds))
    free = free_numbers(frame, ranks_of(sds))
    slope = float(np.abs(frame.gradient(at)[free]).max(initial=0.0))
    ascent, inwards = np.inf, [np.zeros(len(sd)) for sd in sds]
    if any((sd == 0).any() for sd in sds):
        inside = frame.with_triangles(x, tuple(np.diag(np.where(sd > 0, sd, _PROBE)) for sd in sds))
        inner = frame.gradient(frame.at(inside, at.modes.u))[frame.p :] / frame.units
        start = 0
        for sd, direction in zip(sds, inwards, strict=True):
            k = len(sd)
            own = slice(start, start + k * (k + 1) // 2)
            start = own.stop
            null = np.flatnonzero(sd == 0)
            square = np.zeros((k, k))
            square[np.tril_indices(k)] = inner[own] / (2 * _PROBE)
            if len(null):
                values, vectors = np.linalg.eigh(square[np.ix_(null, null)])
                ascent = min(ascent, float(values[0]))
                if values[0] < 0:
                    direction[null] = vectors[:, 0]
    return Optimum(frame, x, sds, at.modes.u, at.value, slope, ascent, tuple(inwards))


def from_boundary(optimum: Optimum, small: float) -> Optimum:
    """Go on inwards from a boundary that is no optimum."""
    for _ in range(sum(map(len, optimum.sds))):
        if not optimum.ascent < -small:
            break
        inside = tuple(_inwards(sd, direction) for sd, direction in zip(optimum.sds, optimum.inwards, strict=True))
        other = search(optimum.frame, optimum.frame.with_triangles(optimum.x, inside), optimum.u)
        if not other.criterion < optimum.criterion:
            break
        optimum = other
    return optimum


def _inwards(sd: Floats, direction: Floats) -> Floats:
    """Lower triangle with a sd of 0.1 along `direction`, whose leading numbers are 0 where sd is not."""
    L = np.diag(sd)
    if direction.any():
        L[:, int((sd > 0).sum())] = 0.1 * direction
    return L


def hessian_at(optimum: Optimum) -> Floats:
    """Second derivatives of the criterion by the numbers that vary, from differences of gradients."""
    free = optimum.free
    walker = Walker(optimum.frame, optimum.x, free, optimum.u)
    centre = optimum.x[free]
    columns = []
    for i in range(len(centre)):
        ahead, behind = centre.copy(), centre.copy()
        ahead[i] += _STEP
        behind[i] -= _STEP
        columns.append((walker(ahead)[1] - walker(behind)[1]) / (2 * _STEP))
    hessian = np.array(columns).reshape(len(centre), len(centre))
    return (hessian + hessian.T) / 2
