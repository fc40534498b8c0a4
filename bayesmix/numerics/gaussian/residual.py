"""The residual of y on all columns, when it is so small that sums of squares would lose it.

y = A anchor + r, where A are all columns except those of block 0, and r is small once block 0 is projected off, too.
Sums over the residuals of a model start from r and never hold a large number. Any anchor near the least-squares fit
will do.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats

SMALL = 1e-6
"""If a smaller share of y's sum of squares is left, it is computed from the rows again."""

_DEPENDENT = 1e-10  # of the largest eigenvalue, columns of unit size
_RIDGE = 1e-9
_ROUNDS = 2


@dataclass(frozen=True)
class Anchor:
    """`anchor` (m + p,): coefficients of [Z_others, X]; `rest` (m + p + 1,): products of [Z_others, X, r] with r.

    `null` (m + p, n_null): orthonormal directions without effect on what block 0 leaves of the rows. All three are
    empty if the sum of squares that is left, `left`, is a large part of y's. `rank` is that of [Z_others, X] beside
    block 0, or if they are empty an upper bound of it.
    """

    anchor: Floats
    rest: Floats
    null: Floats
    left: float
    rank: int


@dataclass(frozen=True)
class Residual:
    """Weighted sums of squares: `left` of `total` when all columns, also those of groups, are fitted to y.

    `total` is what the columns of X leave. `rounding` is the sum of squares that the rounding of y alone may leave.
    `rank` is the greatest possible rank of all columns together.
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
        Computes `rest` of an anchor (m + p,) from the rows.
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
