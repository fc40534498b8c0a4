"""The search for the covariances of group effects: from one start to an optimum, inside or on the boundary.

A point is a vector x: numbers that always vary (coefficients, or none), then the lower triangles L of the terms'
covariances, row after row, in coordinates that can turn. The criterion is minimised in rounds. After a round the bases
are turned to the directions found, and directions whose sd is nought to all digits of the criterion are held at exactly
0: the criterion is even in such a direction, has no slope there, and would slow every step.
"""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from bayesmix.arrays import Flags, Floats
from bayesmix.numerics.effect_bases import lower, lower_triangle, triangles
from bayesmix.numerics.quasi_newton import minimise

_SAME = 1e-9  # values of the criterion closer than this are the same
_PROBE = 1e-3
_INWARDS = 0.1


@dataclass(frozen=True)
class Evaluation:
    """The criterion at a point, and its gradient (n,) by x; `near`: what an evaluation nearby may begin with."""

    value: float
    gradient: Floats
    near: Floats


class Coordinates(Protocol):
    """A criterion of x, infinite where it cannot be computed, and what its triangles mean.

    `near` is what an evaluation begins with, such as the modes of a point nearby; empty where it needs nothing.
    """

    @property
    def n_coefficients(self) -> int:
        """Numbers of x before the triangles'."""

    @property
    def bases(self) -> tuple[Floats, ...]:
        """Basis (k, k) of every term's effects."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """k of every term."""

    @property
    def units(self) -> Floats:
        """What the triangles' numbers (n_theta,) in x are times, to be those of L."""

    def triangles(self, x: Floats, /) -> tuple[Floats, ...]:
        """L (k, k) of every term."""

    def with_triangles(self, x: Floats, factors: tuple[Floats, ...], /) -> Floats:
        """The same coefficients with other L."""

    def turned(self, x: Floats, /) -> tuple[Self, tuple[Floats, ...]]:
        """Coordinates in which every term's covariance is diagonal, and its sds (k,) there, largest first."""

    def value(self, x: Floats, near: Floats, /) -> float:
        """The criterion."""

    def evaluate(self, x: Floats, near: Floats, /) -> Evaluation:
        """The criterion with its gradient; zeros where it is infinite."""

    def settle(self, x: Floats, near: Floats, /) -> Floats:
        """What evaluations near x may begin with, in coordinates that have been turned."""

    def slope(self, gradient: Floats, sds: tuple[Floats, ...], /) -> Floats:
        """The gradient by numbers of order one."""


@dataclass(frozen=True)
class Patience:
    """How far a search goes.

    `tolerance` of the gradient's greatest element; a round has up to `steps` and three more for every number of x, a
    search up to `rounds`. `near_zero`: sds (columns of unit size) below it are tried at 0. `least_gain`: a round that
    gains no more is the last, since with very many rows the gradient's own rounding exceeds the tolerance. `wall`: no
    number of x is sought beyond.
    """

    tolerance: float
    rounds: int
    steps: int
    near_zero: float
    least_gain: float = -np.inf
    wall: float = np.inf


@dataclass(frozen=True)
class Optimum[Space: Coordinates]:
    """Where a search ended.

    `coordinates`, turned so that every term's covariance is diagonal, and `x` in them; `sds` of every term (k,),
    largest first, exact zeros on the boundary; `near` for evaluations there. `criterion`; `slope`: greatest element of
    the gradient by the numbers that are not held at 0. `ascent`: the least derivative by a variance that is 0; negative
    where the criterion would fall inwards, infinite where no variance is 0. `inwards`, of every term the direction
    (k,) in which it would fall, or zeros.
    """

    coordinates: Space
    x: Floats
    sds: tuple[Floats, ...]
    near: Floats
    criterion: float
    slope: float
    ascent: float
    inwards: tuple[Floats, ...]

    @property
    def gradient_size(self) -> float:
        return max(self.slope, -self.ascent, 0.0)

    @property
    def ranks(self) -> tuple[int, ...]:
        return ranks_of(self.sds)

    @property
    def free(self) -> Flags:
        return free_numbers(self.coordinates, self.ranks)

    @property
    def factors(self) -> tuple[Floats, ...]:
        """L (k, k) of every term for its columns as given, lower triangular with a diagonal >= 0."""
        return tuple(
            lower_triangle(basis[:, :rank] * sd[:rank], np.abs(basis).max(axis=1, initial=0.0))
            for basis, sd, rank in zip(self.coordinates.bases, self.sds, self.ranks, strict=True)
        )


class Restricted:
    """The criterion as a function of the numbers that vary; every evaluation begins where the last one ended."""

    def __init__(self, coordinates: Coordinates, x: Floats, free: Flags, near: Floats, wall: float = np.inf) -> None:
        self.coordinates, self.base, self.free, self.near, self.wall = coordinates, x, free, near, wall

    def whole(self, part: Floats) -> Floats:
        x = self.base.copy()
        x[self.free] = part
        return x

    def __call__(self, part: Floats) -> tuple[float, Floats]:
        if np.abs(part).max(initial=0.0) > self.wall:
            return np.inf, np.zeros(len(part))
        found = self.coordinates.evaluate(self.whole(part), self.near)
        self.near = found.near
        return found.value, found.gradient[self.free]


def ranks_of(sds: tuple[Floats, ...]) -> tuple[int, ...]:
    """How many directions of every term have variance."""
    return tuple(int((sd > 0).sum()) for sd in sds)


def free_numbers(coordinates: Coordinates, ranks: tuple[int, ...]) -> Flags:
    """Which numbers vary: all coefficients, the first columns of each triangle."""
    columns = [lower(k)[1] < rank for k, rank in zip(coordinates.sizes, ranks, strict=True)]
    return np.concatenate([np.ones(coordinates.n_coefficients, dtype=bool), *columns])


def search[Space: Coordinates](coordinates: Space, x: Floats, near: Floats, patience: Patience) -> Optimum[Space]:
    """Minimise from `x`, evaluations beginning with `near`, in rounds."""
    ranks = tuple(int((np.abs(L).max(axis=0, initial=0.0) > 0).sum()) for L in coordinates.triangles(x))
    reached = np.inf
    for _ in range(patience.rounds):
        free = free_numbers(coordinates, ranks)
        restricted = Restricted(coordinates, np.where(free, x, 0.0), free, near, patience.wall)
        steps = patience.steps + 3 * len(x)
        found = minimise(restricted, x[free], tolerance=patience.tolerance, max_iterations=steps)
        x = restricted.whole(found.point)
        coordinates, sds = coordinates.turned(x)
        near = coordinates.settle(_with_sds(coordinates, x, sds), restricted.near)
        sds = _without_noughts(coordinates, x, sds, near, found.value, patience.near_zero)
        before, ranks = ranks, ranks_of(sds)
        x = _with_sds(coordinates, x, sds)
        flat = np.abs(found.gradient).max(initial=0.0) <= patience.tolerance
        if ranks == before and (flat or reached - found.value <= patience.least_gain):
            break
        reached = found.value
    return _judged(coordinates, x, sds, near)


def _with_sds(coordinates: Coordinates, x: Floats, sds: tuple[Floats, ...]) -> Floats:
    return coordinates.with_triangles(x, tuple(np.diag(sd) for sd in sds))


def _without_noughts(
    coordinates: Coordinates, x: Floats, sds: tuple[Floats, ...], near: Floats, criterion: float, near_zero: float
) -> tuple[Floats, ...]:
    """Small sds at exactly 0 wherever that costs nothing."""
    kept = [sd.copy() for sd in sds]
    for sd in kept:
        for i in range(len(sd) - 1, -1, -1):
            small, sd[i] = sd[i], 0.0
            if small > near_zero or (
                small > 0.0 and coordinates.value(_with_sds(coordinates, x, tuple(kept)), near) > criterion + _SAME
            ):
                sd[i] = small
                break
    return tuple(kept)


def _judged[Space: Coordinates](coordinates: Space, x: Floats, sds: tuple[Floats, ...], near: Floats) -> Optimum[Space]:
    """Both conditions of an optimum among positive semi-definite covariances S, G = d / dS.

    d / dL = 2 G L: at a diagonal L the free numbers give G S = 0; on the null space of S, where d / dL is 0 whatever
    G may be, G is read from a point a little inside, and must be positive semi-definite.
    """
    inwards = tuple(np.zeros(len(sd)) for sd in sds)
    found = coordinates.evaluate(x, near)
    if found.value == np.inf:
        return Optimum(coordinates, x, sds, near, np.inf, np.inf, np.inf, inwards)
    free = free_numbers(coordinates, ranks_of(sds))
    slope = float(np.abs(coordinates.slope(found.gradient, sds)[free]).max(initial=0.0))
    ascent = np.inf
    if any((sd == 0).any() for sd in sds):
        inside = _with_sds(coordinates, x, tuple(np.where(sd > 0, sd, _PROBE) for sd in sds))
        inner = coordinates.evaluate(inside, found.near).gradient[coordinates.n_coefficients :] / coordinates.units
        slopes = triangles(inner / (2 * _PROBE), coordinates.sizes)
        for sd, direction, square in zip(sds, inwards, slopes, strict=True):
            null = np.flatnonzero(sd == 0)
            if len(null):
                values, vectors = np.linalg.eigh(square[np.ix_(null, null)])
                ascent = min(ascent, float(values[0]))
                if values[0] < 0:
                    direction[null] = vectors[:, 0]
    return Optimum(coordinates, x, sds, found.near, found.value, slope, ascent, inwards)


def from_boundary[Space: Coordinates](optimum: Optimum[Space], small: float, patience: Patience) -> Optimum[Space]:
    """Go on inwards from a boundary that is no optimum, as long as the criterion falls by more than `small`."""
    for _ in range(sum(map(len, optimum.sds))):
        if not optimum.ascent < -small:
            break
        inside = tuple(_inwards(sd, direction) for sd, direction in zip(optimum.sds, optimum.inwards, strict=True))
        start = optimum.coordinates.with_triangles(optimum.x, inside)
        other = search(optimum.coordinates, start, optimum.near, patience)
        if not other.criterion < optimum.criterion:
            break
        optimum = other
    return optimum


def _inwards(sd: Floats, direction: Floats) -> Floats:
    """Lower triangle with a sd of 0.1 along `direction`, whose leading numbers are 0 where sd is not."""
    L = np.diag(sd)
    if direction.any():
        L[:, int((sd > 0).sum())] = _INWARDS * direction
    return L
