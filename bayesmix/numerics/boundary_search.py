"""Search for the covariances of group effects, from one start to an optimum inside or on the boundary.

A point x holds numbers that always vary (coefficients, or none) and then the lower triangles L of the terms'
covariances, row after row, in coordinates that can be turned. The criterion is minimised in rounds. After each round
the bases are turned to the principal directions. A direction whose sd makes no difference to the criterion is held at
exactly 0: the criterion is even in it, has no slope there, and would slow every step.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self

import numpy as np

from bayesmix.arrays import Flags, Floats
from bayesmix.numerics.effect_bases import lower, lower_triangle, packed_triangles, triangles
from bayesmix.numerics.quasi_newton import minimise

_SAME = 1e-9  # values of the criterion closer than this are the same
_PROBE = 1e-3
_INWARDS = 0.1


@dataclass(frozen=True)
class Evaluation:
    """The criterion at a point and its gradient (n,) by x; an evaluation nearby may begin with `near`."""

    value: float
    gradient: Floats
    near: Floats


class Coordinates(ABC):
    """A criterion of x, infinite where it cannot be computed, and what the numbers of x mean.

    `bases` (k, k): the effects of every term are its basis times L u. `units` (n_theta,): the numbers of the triangles
    in x, times these, are those of L. `near` is where an evaluation begins, such as the modes of a point nearby; it is
    empty where an evaluation needs nothing.
    """

    bases: tuple[Floats, ...]
    units: Floats

    @property
    def n_coefficients(self) -> int:
        """How many numbers of x precede those of the triangles."""
        return 0

    @property
    def sizes(self) -> tuple[int, ...]:
        """k of every term."""
        return tuple(len(basis) for basis in self.bases)

    def triangles(self, x: Floats) -> tuple[Floats, ...]:
        """L (k, k) of every term, in its basis."""
        return triangles(x[self.n_coefficients :] * self.units, self.sizes)

    def with_triangles(self, x: Floats, factors: tuple[Floats, ...]) -> Floats:
        """The same coefficients with other L."""
        return np.concatenate([x[: self.n_coefficients], packed_triangles(factors) / self.units])

    @abstractmethod
    def turned(self, x: Floats) -> tuple[Self, tuple[Floats, ...]]:
        """Coordinates in which every term's covariance is diagonal, and its sds (k,) there, largest first."""

    @abstractmethod
    def value(self, x: Floats, near: Floats) -> float:
        """The criterion."""

    @abstractmethod
    def evaluate(self, x: Floats, near: Floats) -> Evaluation:
        """The criterion with its gradient; zeros where it is infinite."""

    def settle(self, _x: Floats, near: Floats) -> Floats:
        """Where evaluations near x may begin, in coordinates that have been turned."""
        return near

    def slope(self, gradient: Floats, _sds: tuple[Floats, ...]) -> Floats:
        """The gradient by numbers of order one."""
        return gradient


@dataclass(frozen=True)
class Patience:
    """How far a search goes.

    `tolerance` is that of the gradient's greatest element. A search has up to `rounds`, a round up to `steps` and three
    more for every number of x. Sds below `near_zero` (for columns of unit size) are tried at 0. A round that gains no
    more than `least_gain` is the last: with very many rows the rounding of the gradient exceeds the tolerance. No
    number of x goes beyond `wall`.
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

    In `coordinates` every term's covariance is diagonal, with `x` the point and `sds` (k,) of every term, largest first
    and exactly 0 on the boundary; evaluations there begin with `near`. `slope` is the greatest element of the gradient
    by the numbers that are not held at 0, `ascent` the least derivative by a variance that is 0: negative where the
    criterion falls inwards, infinite where no variance is 0. `inwards` has for every term the direction (k,) in which
    it falls, or zeros.
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
    """The criterion as a function of the numbers that vary. Every evaluation begins where the last one ended."""

    def __init__(self, coordinates: Coordinates, x: Floats, free: Flags, near: Floats, wall: float = np.inf) -> None:
        self.coordinates, self.base, self.free, self.near, self.wall = coordinates, x, free, near, wall

    def whole(self, part: Floats) -> Floats:
        x = self.base.copy()
        x[self.free] = part
        return x

    def __call__(self, part: Floats) -> tuple[float, Floats]:
        if np.abs(part).max(initial=0.0) > self.wall:
            return np.inf, np.zeros(len(part))
        at = self.coordinates.evaluate(self.whole(part), self.near)
        self.near = at.near
        return at.value, at.gradient[self.free]


def ranks_of(sds: tuple[Floats, ...]) -> tuple[int, ...]:
    """How many directions of every term have variance."""
    return tuple(int((sd > 0).sum()) for sd in sds)


def free_numbers(coordinates: Coordinates, ranks: tuple[int, ...]) -> Flags:
    """The numbers that vary: all coefficients and the first columns of each triangle."""
    columns = [lower(k)[1] < rank for k, rank in zip(coordinates.sizes, ranks, strict=True)]
    return np.concatenate([np.ones(coordinates.n_coefficients, dtype=bool), *columns])


def search[Space: Coordinates](coordinates: Space, x: Floats, near: Floats, patience: Patience) -> Optimum[Space]:
    """Minimise in rounds from `x`, where evaluations begin with `near`."""
    ranks = tuple(int((np.abs(L).max(axis=0, initial=0.0) > 0).sum()) for L in coordinates.triangles(x))
    reached = np.inf
    for _ in range(patience.rounds):
        free = free_numbers(coordinates, ranks)
        restricted = Restricted(coordinates, np.where(free, x, 0.0), free, near, patience.wall)
        steps = patience.steps + 3 * len(x)
        minimum = minimise(restricted, x[free], tolerance=patience.tolerance, max_iterations=steps)
        x = restricted.whole(minimum.point)
        coordinates, sds = coordinates.turned(x)
        near = coordinates.settle(_with_sds(coordinates, x, sds), restricted.near)
        sds = _without_noughts(coordinates, x, sds, near, minimum.value, patience.near_zero)
        before, ranks = ranks, ranks_of(sds)
        x = _with_sds(coordinates, x, sds)
        flat = np.abs(minimum.gradient).max(initial=0.0) <= patience.tolerance
        if ranks == before and (flat or reached - minimum.value <= patience.least_gain):
            break
        reached = minimum.value
    return _judged(coordinates, x, sds, near)


def _with_sds(coordinates: Coordinates, x: Floats, sds: tuple[Floats, ...]) -> Floats:
    return coordinates.with_triangles(x, tuple(np.diag(sd) for sd in sds))


def _without_noughts(
    coordinates: Coordinates, x: Floats, sds: tuple[Floats, ...], near: Floats, criterion: float, near_zero: float
) -> tuple[Floats, ...]:
    """The sds, with small ones set to exactly 0 wherever the criterion does not rise."""
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

    d / dL = 2 G L. At a diagonal L the free numbers give G S = 0. On the null space of S d / dL is 0 whatever G is;
    there G is read from a point a little inside, and must be positive semi-definite.
    """
    inwards = tuple(np.zeros(len(sd)) for sd in sds)
    at = coordinates.evaluate(x, near)
    if at.value == np.inf:
        return Optimum(coordinates, x, sds, near, np.inf, np.inf, np.inf, inwards)
    free = free_numbers(coordinates, ranks_of(sds))
    slope = float(np.abs(coordinates.slope(at.gradient, sds)[free]).max(initial=0.0))
    ascent = np.inf
    if any((sd == 0).any() for sd in sds):
        inside = _with_sds(coordinates, x, tuple(np.where(sd > 0, sd, _PROBE) for sd in sds))
        inner = coordinates.evaluate(inside, at.near).gradient[coordinates.n_coefficients :] / coordinates.units
        slopes = triangles(inner / (2 * _PROBE), coordinates.sizes)
        for sd, direction, square in zip(sds, inwards, slopes, strict=True):
            null = np.flatnonzero(sd == 0)
            if len(null):
                values, vectors = np.linalg.eigh(square[np.ix_(null, null)])
                ascent = min(ascent, float(values[0]))
                if values[0] < 0:
                    direction[null] = vectors[:, 0]
    return Optimum(coordinates, x, sds, at.near, at.value, slope, ascent, inwards)


def from_boundary[Space: Coordinates](optimum: Optimum[Space], small: float, patience: Patience) -> Optimum[Space]:
    """Continue inwards from a boundary that is not an optimum, as long as the criterion falls by more than `small`."""
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
    """Lower triangle with a sd of 0.1 along `direction`, whose leading numbers are 0 wherever `sd` is not."""
    L = np.diag(sd)
    if direction.any():
        L[:, int((sd > 0).sum())] = _INWARDS * direction
    return L
