"""Whether data are separated: then the likelihood has no maximum, and estimates are where a search gave up.

Of the coefficients: a direction along which no row becomes less likely. Rows without successes may lose eta along it,
rows without failures (of a Poisson model, none) may gain, all other rows must stay; some row moves. Then the
likelihood rises without end along it, whatever the group effects are. Found by linear programming.

References
----------
Konis (2007), Linear programming algorithms for detecting separated data in binary logistic regression models,
https://ora.ox.ac.uk/objects/uuid:8f9ee0d0-d78e-4101-9ab4-f9cbceed2a2a
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Floats = NDArray[np.float64]

_MOVES = 1e-5  # of columns of unit size, for directions up to 1
_EXACT = 1e-9


@dataclass(frozen=True)
class Separation:
    """`direction` (p,) of the coefficients, `moves` (p,) whether one takes part; `n_rows` that it fits ever better."""

    direction: Floats
    moves: NDArray[np.bool_]
    n_rows: int


def separation(X: Floats, y: Floats, trials: Floats | None) -> Separation | None:
    """The direction in which the coefficients run away, or None.

    Parameters
    ----------
    X
        Shape (n_obs, p).
    y
        Successes or counts, shape (n_obs,).
    trials
        Shape (n_obs,); None for counts without a limit.
    """
    sign = np.where(y == 0, -1.0, 0.0)
    rows = np.ones(len(y), dtype=bool)
    if trials is not None:
        sign = np.where(y == trials, 1.0, sign)
        rows = trials > 0
    if not X.shape[1] or not sign[rows].any():
        return None
    size = np.abs(X).max(axis=0)
    size = np.where(size > 0, size, 1.0)
    distinct, counts = np.unique(np.column_stack([sign, X / size])[rows], axis=0, return_counts=True)
    fixed = distinct[:, 0] == 0
    gains = distinct[~fixed, :1] * distinct[~fixed, 1:]
    found = linprog(
        -gains.sum(axis=0),
        A_ub=-gains,
        b_ub=np.zeros(len(gains)),
        A_eq=distinct[fixed, 1:] if fixed.any() else None,
        b_eq=np.zeros(int(fixed.sum())) if fixed.any() else None,
        bounds=(-1, 1),
        method="highs",
    )
    if not found.success:
        return None
    if not (gains @ found.x > _MOVES).any():
        return None
    way = _sparse(found.x, gains, distinct[fixed, 1:])
    moved = gains @ way > _MOVES
    return Separation(way / size, way != 0, int(counts[~fixed][moved].sum()))


def _sparse(way: Floats, gains: Floats, fixed: Floats) -> Floats:
    """The direction without the coefficients that it does not need: as many rows move, none the wrong way."""
    n_moved = (gains @ way > _MOVES).sum()
    for i in np.argsort(np.abs(way)):
        without = np.where(np.arange(len(way)) == i, 0.0, way)
        ahead = gains @ without
        right = (ahead >= -_EXACT).all() and (np.abs(fixed @ without) <= _EXACT).all()
        if right and (ahead > _MOVES).sum() >= n_moved:
            way = without
    return way


def pure_levels(index: NDArray[np.integer], y: Floats, trials: Floats, n_levels: int) -> bool:
    """Whether every level of a grouping factor has either no success or no failure.

    An intercept that varies by level then fits all rows ever better as its sd grows; where all levels have one trial
    the sd cannot be known at all. Laplace's approximation has a maximum there, at a sd of tens, which means nothing.
    """
    successes = np.bincount(index, weights=y, minlength=n_levels)
    failures = np.bincount(index, weights=trials - y, minlength=n_levels)
    return bool(((successes == 0) | (failures == 0)).all())
