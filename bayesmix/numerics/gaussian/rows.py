"""Sums of products over the rows, a chunk of rows at a time, and which levels occur together.

Levels of other terms are looked up among the pairs that occur; nothing has the size of all levels times all levels.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.gaussian.arrangement import Arrangement
from bayesmix.numerics.gaussian.small_matrices import project_levels, project_on_root, semidefinite_root
from bayesmix.numerics.kernels import kernel


@kernel
def add_moments(columns: Floats, shift: Floats, total: Floats, squares: Floats) -> None:
    """Add sum and sum of squares of `columns` - `shift`, column by column."""
    for i in range(columns.shape[0]):
        for c in range(columns.shape[1]):
            value = columns[i, c] - shift[c]
            total[c] += value
            squares[c] += value * value


@kernel
def add_level_products(index: Integers, z: Floats, d: Floats, zz: Floats, zd: Floats) -> None:
    """Add each level's Z'Z (n_levels, k, k), lower triangle, and Z'D (n_levels, k, columns of d)."""
    k, width = z.shape[1], d.shape[1]
    for i in range(z.shape[0]):
        j = index[i]
        for r in range(k):
            for c in range(r + 1):
                zz[j, r, c] += z[i, r] * z[i, c]
            for c in range(width):
                zd[j, r, c] += z[i, r] * d[i, c]


@kernel
def root_levels(zz: Floats, zd: Floats, root: Floats, coordinates: Floats, coefficients: Floats) -> None:
    """Level by level: Z = Q root, Q'D, and the coefficients of D's projection on Z."""
    n_levels, k, _ = zz.shape
    for j in range(n_levels):
        for r in range(k):
            for c in range(r):
                zz[j, c, r] = zz[j, r, c]
        semidefinite_root(zz[j], root[j], 0.0)
        project_on_root(root[j], zd[j], coordinates[j], coefficients[j])


@kernel
def add_pair_products(row_pair: Integers, z: Floats, other: Floats, products: Floats) -> None:
    """Add Z_j'Z_o (k, k_o) of the pair of levels that each row belongs to."""
    for i in range(z.shape[0]):
        pair = row_pair[i]
        for r in range(z.shape[1]):
            for c in range(other.shape[1]):
                products[pair, r, c] += z[i, r] * other[i, c]


@kernel
def add_remainders(
    index: Integers,
    z: Floats,
    d: Floats,
    coefficients: Floats,
    other_columns: Integers,
    other_values: Floats,
    remainder: Floats,
) -> None:
    """Add to the lower triangle of `remainder` the products of [Z_others, D] with D projected off Z.

    `other_columns`, `other_values` (rows, sum of k_o): dense column and value of the other terms in each row.
    """
    k, width, m = z.shape[1], d.shape[1], remainder.shape[0] - d.shape[1]
    left = np.empty(width)
    for i in range(d.shape[0]):
        for c in range(width):
            left[c] = d[i, c]
        if k > 0:
            j = index[i]
            for r in range(k):
                for c in range(width):
                    left[c] -= z[i, r] * coefficients[j, r, c]
        for a in range(other_values.shape[1]):
            column, value = other_columns[i, a], other_values[i, a]
            for b in range(a + 1):
                remainder[column, other_columns[i, b]] += value * other_values[i, b]
            for c in range(width):
                remainder[m + c, column] += value * left[c]
        for c in range(width):
            for b in range(c + 1):
                remainder[m + c, m + b] += left[c] * left[b]


@kernel
def subtract_met(met_start: Integers, met_column: Integers, met_value: Floats, remainder: Floats) -> None:
    """Subtract from the lower triangle of `remainder` what the eliminated term explains of the other terms."""
    for j in range(met_start.shape[0] - 1):
        for a in range(met_start[j], met_start[j + 1]):
            for b in range(met_start[j], a + 1):
                total = 0.0
                for r in range(met_value.shape[1]):
                    total += met_value[a, r] * met_value[b, r]
                remainder[met_column[a], met_column[b]] -= total


Chunk = tuple[Integers, Floats, list[tuple[Integers, Floats]], Floats]


_MOST_WAITING = 1 << 20


@dataclass(frozen=True)
class Met:
    """Level j meets dense columns `column[start[j]:start[j + 1]]`, ascending; `value` (n_met, k) is Q_j' of them."""

    start: Integers
    column: Integers
    value: Floats

    @staticmethod
    def none(n_levels: int, k: int) -> "Met":
        return Met(np.zeros(n_levels + 1, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros((0, k)))


def meet(chunks: Callable[[], Iterator[Chunk]], layout: Arrangement, root: Floats) -> Met:
    """Find the pairs of levels that occur, and their products.

    `chunks()` yields, for every chunk of rows, level and columns of the eliminated term, those of every other block,
    and something that is not used here; `root` (J, k, k) is that of `Arrays`.
    """
    n_levels, k = root.shape[:2]
    blocks = range(1, len(layout.row_k))
    pairs: list[Integers] = [np.zeros(0, dtype=np.int64) for _ in blocks]
    waiting: list[list[Integers]] = [[] for _ in blocks]
    for index, _, others, _ in chunks():
        for o, (other_index, _) in enumerate(others):
            waiting[o].append(_distinct(index * layout.row_levels[o + 1] + other_index))
            # Merged only once as many wait as are known: the sorting then grows with the rows, not their square.
            if sum(map(len, waiting[o])) > max(len(pairs[o]), _MOST_WAITING):
                pairs[o], waiting[o] = _distinct(np.concatenate([pairs[o], *waiting[o]])), []
    pairs = [_distinct(np.concatenate([p, *w])) for p, w in zip(pairs, waiting, strict=True)]
    products = [np.zeros((len(p), k, int(layout.row_k[b]))) for p, b in zip(pairs, blocks, strict=True)]
    for index, z, others, _ in chunks():
        for o, (other_index, values) in enumerate(others):
            code = index * layout.row_levels[o + 1] + other_index
            add_pair_products(np.searchsorted(pairs[o], code), z, values, products[o])
    level, column, value = [], [], [np.zeros((0, k))]
    for b, pair, product in zip(blocks, pairs, products, strict=True):
        j, other = np.divmod(pair, layout.row_levels[b])
        width = int(layout.row_k[b])
        level.append(np.repeat(j, width))
        column.append((layout.block_start[b] + other[:, None] * width + np.arange(width)).ravel())
        value.append(project_levels(root, j, product).transpose(0, 2, 1).reshape(-1, k))
    levels, columns = np.concatenate(level), np.concatenate(column)
    order = np.lexsort((columns, levels))
    start = np.concatenate([[0], np.cumsum(np.bincount(levels, minlength=n_levels))])
    return Met(start.astype(np.int64), columns[order].astype(np.int64), np.concatenate(value)[order])


def _distinct(codes: Integers) -> Integers:
    """Distinct codes in ascending order."""
    ordered = np.sort(codes)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered
