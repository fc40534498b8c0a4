"""What is left of y beside all columns at once, where that is so little that sums of squares would lose it.

y = A anchor + r, with A all columns but those of block 0, and r small once block 0 is projected off too: sums over
what a model leaves of y start from r and never hold a large number. Any anchor near the least-squares fit will do.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats

SMALL = 1e-6
"""Share of y's sum of squares below which what is left is taken from the rows anew."""

_DEPENDENT = 1e-10  # of the largest eigenvalue, columns of unit size
_RIDGE = 1e-9
_ROUNDS = 2


@dataclass(frozen=True)
class Anchor:
    """`anchor` (m + p,): coefficients of [Z_others, X]; `rest` (m + p + 1,): products of [Z_others, X, r] with r.

    `null` (m + p, n_null): orthonormal directions without effect on what block 0 leaves of the rows. All are empty
    where the sum of squares that is left, `left`, is a large part of y's. `rank` of [Z_others, X] beside block 0, where
    that is empty at most.
    """

    anchor: Floats
    rest: Floats
    null: Floats
    left: float
    rank: int


@dataclass(frozen=True)
class Residual:
    """Of y, weighted: `left` of its sum of squares `total` when all columns, also those of groups, are fitted to it.

    `total` is what the columns of X leave. `rounding`: the sum of squares that rounding of y may leave where nothing
    else does. `rank` of all columns together, at most.
    """

    left: float
    total: float
    rounding: float
    rank: int

    @property
    def is_rounding(self) -> bool:
        return self.left <= self.rounding


def find_anchor(remainder: Floats, squares: Floats, rest_of: Callable[[Floats], Floats]) -> Anchor:
    """Fit all columns to y by least squares.

    Parameters
    ----------
    remainder
        Products of [Z_others, X, y] less their share along block 0, shape (m + p + 1, m + p + 1), lower triangle.
    squares
        Sums of squares of the same columns as they were, shape (m + p + 1,).
    rest_of
        `rest` of an anchor (m + p,), from the rows.
    """
    width = len(remainder) - 1
    lower = np.tril(remainder)
    whole = lower + np.tril(lower, -1).T
    inner, outer = whole[:width, :width], whole[:width, width]
    size = np.sqrt(np.where(squares[:width] > 0, squares[:width], 1.0))
    unit = inner / size / size[:, None]
    left = float(whole[width, width])
    if width:
        half = np.linalg.solve(np.linalg.cholesky(unit + _RIDGE * np.eye(width)), outer / size)
        left -= float(half @ half)
    if not left < SMALL * squares[width]:
        return Anchor(np.zeros(0), np.zeros(0), np.zeros((0, 0)), left, width)
    values, vectors = np.linalg.eigh(unit)
    seen = values > _DEPENDENT * max(1.0, values.max(initial=0.0))
    anchor, rest = np.zeros(width), np.append(outer, whole[width, width])
    for _ in range(_ROUNDS):
        along = vectors[:, seen].T @ (rest[:width] / size)
        anchor = anchor + vectors[:, seen] @ (along / values[seen]) / size
        rest = rest_of(anchor)
    null = np.linalg.qr(vectors[:, ~seen] / size[:, None])[0] if not seen.all() else np.zeros((width, 0))
    return Anchor(anchor, rest, null, float(rest[width]), int(seen.sum()))
