"""Bases of a term's effects, and the lower triangles of their covariances L L' in them.

With b = U c, where U (k, k) is the basis of a term, its columns become Z U; any basis gives the same model. Orthogonal
columns of unit size make L of order one whatever the unit and the origin of a covariate are. Bases are turned so that
the covariance is diagonal with the largest variance first; an effect without variance is then a last column of zeros.
"""

from functools import cache

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.numerics.gaussian.arrangement import GroupColumns

_CHUNK = 1 << 15
_DEPENDENT = 1e-10


def unit_bases(terms: tuple[GroupColumns, ...], typical_weight: float = 1.0) -> tuple[Floats, ...]:
    """For every term a U (k, k) with columns Z U orthogonal and of mean square 1; dependent columns are only scaled.

    The mean square is 1 after multiplication by the root of `typical_weight`: sigma is in units of that root, and theta
    would be, too.
    """
    root_weight = np.sqrt(typical_weight)
    bases = []
    for term in terms:
        triangle, scale = np.zeros((0, term.k)), _root_mean_square(term.columns)
        for start in range(0, len(term.columns), _CHUNK):
            part = np.asarray(term.columns[start : start + _CHUNK], dtype=float) / scale
            triangle = np.linalg.qr(np.vstack([triangle, part]), mode="r")
        triangle = triangle / np.sqrt(max(len(term.columns), 1))
        independent = triangle.shape[0] == term.k and np.abs(np.diag(triangle)).min() > _DEPENDENT
        turn = np.linalg.inv(triangle) if independent else np.eye(term.k)
        bases.append(turn / scale[:, None] / root_weight)
    return tuple(bases)


def _root_mean_square(columns: Floats) -> Floats:
    largest = np.abs(columns).max(axis=0, initial=0.0).astype(float)
    largest[largest == 0] = 1.0
    squares = sum(
        (np.square(columns[start : start + _CHUNK] / largest).sum(axis=0) for start in range(0, len(columns), _CHUNK)),
        start=np.zeros(columns.shape[1]),
    )
    size = largest * np.sqrt(squares / max(len(columns), 1))
    return np.where(size > 0, size, 1.0)


def turned_bases(
    bases: tuple[Floats, ...], factors: tuple[Floats, ...]
) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """Bases in which every term's covariance is diagonal, and its sds (k,) there, largest first."""
    turned, sds = [], []
    for basis, factor in zip(bases, factors, strict=True):
        directions, lengths, _ = np.linalg.svd(factor)
        turned.append(basis @ directions)
        sds.append(lengths)
    return tuple(turned), tuple(sds)


@cache
def lower(k: int) -> tuple[Positions, Positions]:
    """Rows and columns of the packed numbers of one triangle (k, k)."""
    rows, columns = np.tril_indices(k)
    return rows, columns


def triangles(theta: Floats, sizes: tuple[int, ...]) -> tuple[Floats, ...]:
    """Lower triangles (k, k) of the packed numbers, row after row, for terms of `sizes` k."""
    factors, start = [], 0
    for k in sizes:
        factor = np.zeros((k, k))
        factor[lower(k)] = theta[start : start + k * (k + 1) // 2]
        factors.append(factor)
        start += k * (k + 1) // 2
    return tuple(factors)


def packed_triangles(factors: tuple[Floats, ...]) -> Floats:
    """The reverse of `triangles`."""
    none = np.empty(0)
    return np.concatenate([none, *(factor[lower(len(factor))] for factor in factors)])


def lower_triangle(columns: Floats, units: Floats) -> Floats:
    """Lower triangular L (k, k), diagonal >= 0, with L L' = columns columns'; columns (k, rank).

    A row that depends on earlier ones has an exact 0 on the diagonal, a row without length is exactly 0. `units` (k,)
    are the lengths that rows are compared with.
    """
    k, rank = columns.shape
    L, axes = np.zeros((k, k)), np.zeros((rank, 0))
    pivots: list[int] = []
    for i, row in enumerate(columns):
        length = float(np.linalg.norm(row))
        if not length > 1e-9 * units[i]:
            continue
        along = axes.T @ row
        rest = row - axes @ along
        again = axes.T @ rest
        along, rest = along + again, rest - axes @ again
        L[i, pivots] = along
        left = float(np.linalg.norm(rest))
        # With full rank nothing depends on anything, however near it comes.
        if len(pivots) < rank and (rank == k or left > 1e-9 * length):
            L[i, i] = left
            axes, pivots = np.column_stack([axes, rest / left]), [*pivots, i]
    return L


def typical_weight(weights: Floats | None) -> float:
    """The median weight, 1 without weights: sigma is the residual sd of such a row, times the root of its weight.

    A mean would be ruled by rows with next to no weight, or with nearly all of it.
    """
    return 1.0 if weights is None else float(np.median(weights))
