"""Whether data are separated: if so, the likelihood has no maximum, and estimates lie where a search gave up.

Coefficients are separated if there is a direction along which no row becomes less likely and some row moves. Along it
rows without successes may lose eta, rows without failures (there are none in a model of counts) may gain, and all other
rows must stay. Then the likelihood rises without end, whatever the group effects are. The rows that must stay leave a
space of directions, often only a point; a direction in it is found by linear programming.

References
----------
Albert & Anderson (1984), doi:10.1093/biomet/71.1.1; Konis (2007), Linear programming algorithms for detecting separated
data in binary logistic regression models, https://ora.ox.ac.uk/objects/uuid:8f9ee0d0-d78e-4101-9ab4-f9cbceed2a2a;
Geyer (2009), doi:10.1214/08-EJS349, for the coefficients that have no finite estimate.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

from bayesmix.arrays import Flags, Floats, Positions

_MOVES = 1e-5  # of columns of unit size, for directions up to 1
_EXACT = 1e-9
_MOVED = 0.5  # of a direction that is long enough to give all rows that can gain 1
# HiGHS's presolve compares rows in time that grows faster than they do, a hundredfold of the search with one predictor
# and 60,000 rows, and with 2 to 15 columns gains next to nothing.
_PLAIN = {"presolve": False}
_FARTHEST = 1e5  # a gap between rows narrower than the inverse is none


@dataclass(frozen=True)
class Separation:
    """A `direction` (p,), its largest element 1 for columns of unit size; `rows` (n_obs,) that fit ever better."""

    direction: Floats
    rows: Flags


@dataclass(frozen=True)
class Runaway:
    """The `coefficients` (p,) without a finite estimate, and the `signs` (p,) of where they go; 0 if either way."""

    coefficients: Flags
    signs: NDArray[np.int8]


@dataclass(frozen=True)
class _Rows:
    """Distinct rows in columns that suit the search: counted from their middle, of unit size.

    `X` (m, p); the coefficients are `turn` (p, p) times those of `X`, and `size` (p,) is their unit. `side` (m,): -1
    may lose eta, 1 may gain, 0 must stay. `place` (n_obs,) is the position of each row among the distinct ones.
    """

    X: Floats
    turn: Floats
    size: Floats
    side: NDArray[np.int8]
    place: Positions


def can_move(X: Floats, side: NDArray[np.int8]) -> bool:
    """Whether the rows that must stay leave any direction. That is known soon, and rarely so without separation."""
    if not X.size:
        return False
    rows = _distinct(X, side)
    return bool(_null_space(rows.X[rows.side == 0]).shape[1])


def separation(X: Floats, side: NDArray[np.int8], *, apart: Flags | None = None) -> Separation | None:
    """A direction in which the coefficients run away, or None.

    Parameters
    ----------
    X
        Shape (n_obs, p); rows without a trial left out.
    side
        Where eta of each row may go, shape (n_obs,): -1 down (no success), 1 up (no failure), 0 nowhere.
    apart
        Rows, shape (n_obs,), that are known to be separated: the direction must move others, too.
    """
    if not X.shape[1] or not side.any():
        return None
    rows = _distinct(X, side)
    basis = _null_space(rows.X[rows.side == 0])
    free = np.flatnonzero(rows.side)
    gains = rows.side[free, None] * (rows.X[free] @ basis)
    wanted = np.ones(len(free), dtype=bool)
    if apart is not None:
        wanted[np.isin(free, rows.place[apart])] = False
    can_move = np.abs(gains).max(axis=1, initial=0.0) > _EXACT
    free, gains, wanted = free[can_move], gains[can_move], wanted[can_move]
    if not wanted.any() or not _some_move(gains, wanted):
        return None
    way, moved = _most_move(gains, wanted)
    direction = _sparse(rows.turn @ basis @ way, rows, free, wanted)
    of_distinct = np.zeros(len(rows.X), dtype=bool)
    of_distinct[free[moved]] = True
    return Separation(direction / np.abs(direction * rows.size).max(), of_distinct[rows.place])


def runaway(X: Floats, side: NDArray[np.int8], moved: Flags) -> Runaway:
    """The coefficients that the staying rows do not determine, and where they go.

    Parameters
    ----------
    X
        Shape (n_obs, p); rows without a trial left out, the columns may then depend on each other.
    side
        As for `separation`.
    moved
        All rows that fit ever better along some direction, shape (n_obs,).

    Notes
    -----
    Along directions that move all of `moved`, the likelihood tends to that of the other rows alone. A coefficient is
    finite if it is a combination of their predictors. Otherwise its sign is that of all directions of separation, if
    they agree.
    """
    rows = _distinct(X, side)
    still = np.ones(len(rows.X), dtype=bool)
    still[rows.place[moved]] = False
    basis = _null_space(rows.X[still])
    parts = rows.turn @ basis * rows.size[:, None]
    free = np.abs(parts).max(axis=1, initial=0.0) > _EXACT * max(1.0, np.abs(rows.turn * rows.size[:, None]).max())
    gains = rows.side[~still, None] * (rows.X[~still] @ basis)
    signs = np.zeros(X.shape[1], dtype=np.int8)
    for j in np.flatnonzero(free):
        along = parts[j] / np.abs(parts[j]).max()
        down, up = (_farthest(gains, way * along) > _MOVES for way in (-1.0, 1.0))
        signs[j] = int(up) - int(down)
    return Runaway(free, signs)


def _distinct(X: Floats, side: NDArray[np.int8]) -> _Rows:
    """Merge rows with the same predictors; those with different sides must stay."""
    columns, turn, size = _suited(X)
    # A sum with random weights tells rows apart, much sooner than their order does.
    weights = np.random.default_rng(0).uniform(1, 2, X.shape[1])
    _, first, place = np.unique((columns * weights).sum(axis=1), return_index=True, return_inverse=True)
    if not np.array_equal(columns[first][place], columns):
        _, first, place = np.unique(columns, axis=0, return_index=True, return_inverse=True)
    lowest, highest = np.full(len(first), 2), np.full(len(first), -2)
    np.minimum.at(lowest, place, side)
    np.maximum.at(highest, place, side)
    return _Rows(columns[first], turn, size, np.where(lowest == highest, lowest, 0).astype(np.int8), place)


def _suited(X: Floats) -> tuple[Floats, Floats, Floats]:
    """X with columns of unit size, counted from their middle if there is an intercept; `turn`; the sizes.

    A year as predictor would differ too little from the intercept. Columns that reach 0, as those of a factor do, stay
    as they are.
    """
    low, high = X.min(axis=0), X.max(axis=0)
    constant = np.flatnonzero((low == high) & (low != 0))
    middle = np.zeros(X.shape[1])
    if len(constant):
        middle = np.where((low != high) & (low * high > 0), (low + high) / 2, 0.0)
    columns = X - middle
    size = np.abs(columns).max(axis=0)
    size = np.where(size > 0, size, 1.0)
    turn = np.diag(1 / size)
    if len(constant):
        turn[constant[0]] -= middle / size / low[constant[0]]
    return columns / size, turn, size


def _null_space(X: Floats) -> Floats:
    """Orthonormal directions (p, r) along which no row of X (m, p) moves."""
    p = X.shape[1]
    if len(X) > p:
        X = np.linalg.qr(X, mode="r")
    _, values, directions = np.linalg.svd(X, full_matrices=True)
    rank = int((values > _EXACT * max(1.0, values.max(initial=0.0))).sum())
    return directions[rank:].T


def _some_move(gains: Floats, wanted: Flags) -> bool:
    """Whether some wanted row can gain while no row loses; `gains` (m, r) by each coordinate of the direction."""
    if gains.shape[1] == 1:
        return bool(((gains >= 0).all() or (gains <= 0).all()) and (np.abs(gains[wanted]) > _MOVES).any())
    optimum = linprog(
        -gains[wanted].sum(axis=0),
        A_ub=-gains,
        b_ub=np.zeros(len(gains)),
        bounds=(-1, 1),
        method="highs",
        options=_PLAIN,
    )
    return bool(optimum.success and (gains[wanted] @ optimum.x > _MOVES).any())


def _most_move(gains: Floats, wanted: Flags) -> tuple[Floats, Flags]:
    """A direction (r,) along which all wanted rows gain that can gain at all, and which rows (m,) do.

    The sum of all gains, each capped at 1, is greatest when all rows gain that can: directions can be added and
    lengthened.
    """
    m, r = gains.shape
    if r == 1:
        way = np.ones(1) if (gains >= 0).all() else -np.ones(1)
        moved = gains @ way > _MOVES
        return way / (gains @ way)[moved].min(), moved
    n = int(wanted.sum())
    optimum = linprog(
        np.concatenate([np.zeros(r), -np.ones(n)]),
        A_ub=vstack(
            [
                hstack([csr_array(-gains[wanted]), eye_array(n)]),
                hstack([csr_array(-gains[~wanted]), csr_array((m - n, n))]),
            ]
        ),
        b_ub=np.zeros(m),
        bounds=[(-_FARTHEST, _FARTHEST)] * r + [(0, 1)] * n,
        method="highs",
        options=_PLAIN,
    )
    ahead = gains @ optimum.x[:r]
    return optimum.x[:r], ahead > _MOVED


def _sparse(way: Floats, rows: _Rows, free: Positions, wanted: Flags) -> Floats:
    """The direction (p,) without coefficients that it does not need: as many rows move, none the wrong way."""
    gains, fixed = rows.side[free, None] * rows.X[free], rows.X[rows.side == 0]
    back = np.linalg.inv(rows.turn)
    n_moved = (gains[wanted] @ back @ way > _MOVED / 2).sum()
    for i in np.argsort(np.abs(way * rows.size), kind="stable"):
        without = np.where(np.arange(len(way)) == i, 0.0, way)
        suited = back @ without
        exact = _EXACT * max(1.0, np.abs(suited).max())
        ahead = gains @ suited
        right = (ahead >= -exact).all() and (np.abs(fixed @ suited) <= exact).all()
        if right and (ahead[wanted] > _MOVED / 100).sum() >= n_moved:
            way = without
    return way


def _farthest(gains: Floats, along: Floats) -> float:
    """How far directions along which no row loses reach in the direction `along` (r,), within a box."""
    if gains.shape[1] == 1:
        ways = [way for way in (-1.0, 1.0) if (gains * way >= -_EXACT).all()]
        return max((float(along[0] * way) for way in ways), default=0.0)
    if not len(gains):
        return float(np.abs(along).sum())
    optimum = linprog(-along, A_ub=-gains, b_ub=np.zeros(len(gains)), bounds=(-1, 1), method="highs", options=_PLAIN)
    return -float(optimum.fun) if optimum.success else 0.0


def pure_levels(index: NDArray[np.integer], y: Floats, trials: Floats, n_levels: int) -> bool:
    """Whether every level of a grouping factor has either no success or no failure.

    Then an intercept that varies by level fits all rows ever better as its sd grows; if every level has one trial, the
    data tell nothing about the sd. Laplace's approximation still has a maximum, at a sd of tens, which means nothing.
    """
    successes = np.bincount(index, weights=y, minlength=n_levels)
    failures = np.bincount(index, weights=trials - y, minlength=n_levels)
    return bool(((successes == 0) | (failures == 0)).all())
