"""Coordinates of the search: one vector of numbers of order one for the coefficients and all of Lambda.

Coefficients and the effects of a term belong to orthogonal columns, so that neither the unit nor the origin of a
covariate matters. The unit of each number is roughly a standard error.
"""

from dataclasses import dataclass, replace

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.boundary_search import Coordinates, Evaluation
from bayesmix.numerics.effect_bases import packed_triangles, turned_bases, unit_bases
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.laplace.criterion import Counts, Laplace, Slope, laplace_at, slope_of
from bayesmix.numerics.laplace.curvature import solve, times_effects, times_rows


@dataclass(frozen=True)
class Frame(Coordinates):
    """The coefficients are `turn` (p, p) times the first p numbers. The effects of a term are U L u with U (k, k) its
    entry of `bases` and L from the other numbers, lower triangle after lower triangle, times their `units` (n_theta,).
    """

    counts: Counts
    turn: Floats
    bases: tuple[Floats, ...]
    units: Floats

    @property
    def n_coefficients(self) -> int:
        return len(self.turn)

    def coefficients(self, x: Floats) -> Floats:
        """beta (p,)."""
        return self.turn @ x[: self.n_coefficients]

    def at(self, x: Floats, start: Floats) -> Laplace:
        """The approximation at x; the search for the modes begins at `start` (q,)."""
        layout, width = self.counts.incidence.layout, self.counts.incidence.rows.z.shape[1]
        factors = np.zeros((len(layout.block_k), width, width))
        for place, basis, L in zip(layout.places, self.bases, self.triangles(x), strict=True):
            factors[place.block, place.columns, place.columns] = basis @ L
        return laplace_at(self.counts, self.coefficients(x), factors, start)

    def value(self, x: Floats, near: Floats) -> float:
        return self.at(x, near).value

    def evaluate(self, x: Floats, near: Floats) -> Evaluation:
        at = self.at(x, near)
        if not np.isfinite(at.value):
            return Evaluation(np.inf, np.zeros(len(x)), near)
        slope = slope_of(self.counts, at)
        gradient = np.concatenate([self.turn.T @ slope.coefficients, self._by_theta(slope) * self.units])
        return Evaluation(at.value, gradient, at.modes.u)

    def settle(self, x: Floats, near: Floats) -> Floats:
        """The modes at the turned point: the turn has changed the meaning of u."""
        at = self.at(x, near)
        return at.modes.u if np.isfinite(at.value) else near

    def _by_theta(self, slope: Slope) -> Floats:
        places = self.counts.incidence.layout.places
        return packed_triangles(
            tuple(
                basis.T @ slope.factors[place.block, place.columns, place.columns]
                for place, basis in zip(places, self.bases, strict=True)
            )
        )

    def turned(self, x: Floats) -> tuple["Frame", tuple[Floats, ...]]:
        bases, sds = turned_bases(self.bases, self.triangles(x))
        return replace(self, bases=bases), sds


def frame_of(counts: Counts, terms: tuple[GroupColumns, ...], coefficients: Floats) -> tuple[Frame, Floats]:
    """Coordinates for `terms`, in the order of the data, and x at `coefficients` (p,) with every L the identity."""
    turn = np.zeros((0, 0))
    if counts.X.shape[1]:
        turn = unit_bases((GroupColumns(np.zeros(len(counts.X), dtype=np.int64), counts.X, 1),))[0]
    units = [np.full(term.k * (term.k + 1) // 2, 1 / np.sqrt(2 * max(term.n_levels, 1))) for term in terms]
    frame = Frame(counts, turn, unit_bases(terms), np.concatenate([np.empty(0), *units]))
    x = np.concatenate([np.linalg.solve(turn, coefficients), np.zeros(len(frame.units))])
    x = frame.with_triangles(x, tuple(np.eye(k) for k in frame.sizes))
    information = _information(frame, frame.at(x, np.zeros(counts.incidence.n_effects)))
    values, vectors = np.linalg.eigh(information)
    if len(values) and np.isfinite(values).all() and values[-1] > 0:
        # A direction that the data hardly tell, as in separated data, is not made longer than a thousandth allows.
        shrink = vectors / np.sqrt(2 * np.maximum(values, 1e-6 * values[-1]))
        frame = replace(frame, turn=turn @ shrink)
        x[: frame.n_coefficients] = np.linalg.solve(shrink, x[: frame.n_coefficients])
    return frame, x


def _information(frame: Frame, at: Laplace) -> Floats:
    """Information (p, p) on the numbers behind beta, group effects allowed for: X'(W - W V H^-1 V'W)X."""
    rows, weights = frame.counts.incidence.rows, at.modes.terms.expected
    columns = frame.counts.X @ frame.turn
    weighted = columns * weights[:, None]
    information = np.empty((frame.n_coefficients, frame.n_coefficients))
    for i in range(frame.n_coefficients):
        effects = solve(rows, at.curvature, times_rows(rows, at.scaled, np.ascontiguousarray(weighted[:, i])))
        information[i] = weighted.T @ (columns[:, i] - times_effects(rows, at.scaled, effects))
    return (information + information.T) / 2
