"""Coordinates for the search: one vector of numbers of order one for the coefficients and all of Lambda.

Coefficients belong to orthogonal columns, a term's effects too, so that neither units nor the origin of a covariate
matter; each number is in units of what the data tell about it, roughly a standard error.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.reml_coordinates import packed_triangles, triangles, unit_bases
from bayesmix.numerics.laplace.criterion import Laplace, Slope, laplace_at, slope_of
from bayesmix.numerics.laplace.modes import Counts

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """`turn` (p, p): the coefficients are `turn` times the first p numbers. `bases`, one U (k, k) a term: its effects
    are U L u with L from the other numbers, lower triangle after lower triangle, each times its `units` (n_theta,).
    """

    counts: Counts
    turn: Floats
    bases: tuple[Floats, ...]
    units: Floats

    @property
    def p(self) -> int:
        return len(self.turn)

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(basis) for basis in self.bases)

    def coefficients(self, x: Floats) -> Floats:
        """beta (p,)."""
        return self.turn @ x[: self.p]

    def triangles(self, x: Floats) -> tuple[Floats, ...]:
        """L (k, k) of every term, in its basis."""
        return triangles(x[self.p :] * self.units, self.sizes)

    def with_triangles(self, x: Floats, factors: tuple[Floats, ...]) -> Floats:
        """The same coefficients with other L."""
        return np.concatenate([x[: self.p], packed_triangles(factors) / self.units])

    def at(self, x: Floats, start: Floats) -> Laplace:
        """The approximation at x; the search for the modes begins at `start` (q,)."""
        layout, width = self.counts.incidence.layout, self.counts.incidence.rows.z.shape[1]
        factors = np.zeros((len(layout.block_k), width, width))
        for place, basis, L in zip(layout.places, self.bases, self.triangles(x), strict=True):
            own = slice(place.first, place.first + place.k)
            factors[place.block, own, own] = basis @ L
        return laplace_at(self.counts, self.coefficients(x), factors, start)

    def gradient(self, at: Laplace) -> Floats:
        """Of the criterion by x, at a point where it is finite."""
        slope = slope_of(self.counts, at)
        return np.concatenate([self.turn.T @ slope.coefficients, self._by_theta(slope) * self.units])

    def _by_theta(self, slope: Slope) -> Floats:
        by_term = []
        for place, basis in zip(self.counts.incidence.layout.places, self.bases, strict=True):
            own = slice(place.first, place.first + place.k)
            by_term.append(basis.T @ slope.factors[place.block, own, own])
        return packed_triangles(tuple(by_term))

    def turned(self, x: Floats) -> tuple["Frame", tuple[Floats, ...]]:
        """Bases in which every term's covariance is diagonal, and its sds (k,) there, largest first."""
        turns = [np.linalg.svd(L)[:2] for L in self.triangles(x)]
        bases = tuple(basis @ directions for basis, (directions, _) in zip(self.bases, turns, strict=True))
        return replace(self, bases=bases), tuple(sds for _, sds in turns)


def frame_of(counts: Counts, terms: tuple[GroupColumns, ...], weights: Floats) -> Frame:
    """Coordinates for `terms`, in the order of the data; `weights` (n_obs,) as they are without group effects."""
    turn = np.zeros((0, 0))
    if counts.X.shape[1]:
        one_group = GroupColumns(np.zeros(len(counts.X), dtype=np.int64), counts.X, 1)
        turn = unit_bases((one_group,))[0] / np.sqrt(2 * max(float(weights.sum()), 1.0))
    units = [np.full(term.k * (term.k + 1) // 2, 1 / np.sqrt(2 * max(term.n_levels, 1))) for term in terms]
    return Frame(counts, turn, unit_bases(terms), np.concatenate([np.empty(0), *units]))
