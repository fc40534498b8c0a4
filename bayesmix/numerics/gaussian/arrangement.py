"""The layout of the random terms: which are eliminated level by level, and where the others are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmix.arrays import Floats, Integers


@dataclass(frozen=True)
class GroupColumns:
    """One random term: the level `index` (n_obs,) of each row, `columns` (n_obs, k), `n_levels` with empty ones.

    Of a `spread` term every row is in all levels: `columns` (n_obs, n_levels) are how much of each, and `index` is 0.
    """

    index: NDArray[np.integer]
    columns: Floats
    n_levels: int
    spread: bool = False

    @property
    def k(self) -> int:
        return 1 if self.spread else self.columns.shape[1]


def spread_over(columns: Floats) -> GroupColumns:
    """A term of `columns` (n_obs, m) whose m effects are independent and have one standard deviation."""
    n_obs, m = columns.shape
    return GroupColumns(np.zeros(n_obs, dtype=np.int64), columns, m, spread=True)


@dataclass(frozen=True)
class Place:
    """The place of a term: `k` columns of `block` from column `first` on, with `n_levels` levels."""

    block: int
    first: int
    k: int
    n_levels: int

    @property
    def columns(self) -> slice:
        """Its columns in the block."""
        return slice(self.first, self.first + self.k)


@dataclass(frozen=True)
class Arrangement:
    """Terms of one grouping factor form one block; block 0 is eliminated level by level, the rest is dense.

    `places`, one per term; `block_terms`, the terms of each block; `block_k`, `block_levels`, `block_start`
    (n_blocks,): columns, levels, and where the block begins on the dense side (-1 for block 0); `row_k`, `row_levels`
    (n_blocks,): how rows meet the block, which of a spread term is one level of all columns;
    `n_dense`, columns of the dense side without X. `entries` (n_theta, 3): block, row and column of every number
    of the packed lower triangles (term after term, row after row).
    """

    places: tuple[Place, ...]
    block_terms: tuple[tuple[int, ...], ...]
    block_k: Integers
    block_levels: Integers
    block_start: Integers
    row_k: Integers
    row_levels: Integers
    n_dense: int
    entries: Integers


def arrange(terms: tuple[GroupColumns, ...]) -> Arrangement:
    """Lay out the terms; the block with the most effects comes first, spread terms are all on the dense side.

    Independent terms of one factor, ``(1 | g) + (0 + x | g)``, share a block whose factor is block-diagonal. Otherwise
    one of them would be on the dense side with all its levels.
    """
    blocks: list[list[int]] = []
    for number, term in enumerate(terms):
        for block in blocks:
            other = terms[block[0]]
            apart = term.spread or other.spread
            if not apart and other.n_levels == term.n_levels and np.array_equal(other.index, term.index):
                block.append(number)
                break
        else:
            blocks.append([number])
    spread = [block for block in blocks if terms[block[0]].spread]
    blocks = [block for block in blocks if block not in spread] or [[]]
    blocks.sort(key=lambda block: -sum(terms[t].k * terms[t].n_levels for t in block))
    blocks += spread
    block_k = np.array([sum(terms[t].k for t in block) for block in blocks], dtype=np.int64)
    block_levels = np.array([terms[block[0]].n_levels if block else 0 for block in blocks], dtype=np.int64)
    is_spread = np.array([block in spread for block in blocks])
    sizes = (block_k * block_levels)[1:]
    block_start = np.concatenate([[-1], np.cumsum(sizes) - sizes]).astype(np.int64)
    places: dict[int, Place] = {}
    for block_number, block in enumerate(blocks):
        first = 0
        for t in block:
            places[t] = Place(block_number, first, terms[t].k, terms[t].n_levels)
            first += terms[t].k
    ordered = tuple(places[t] for t in range(len(terms)))
    entries = [
        (place.block, place.first + row, place.first + column)
        for place in ordered
        for row in range(place.k)
        for column in range(row + 1)
    ]
    return Arrangement(
        places=ordered,
        block_terms=tuple(tuple(block) for block in blocks),
        block_k=block_k,
        block_levels=block_levels,
        block_start=block_start,
        row_k=np.where(is_spread, block_levels, block_k),
        row_levels=np.where(is_spread, 1, block_levels),
        n_dense=int(sizes.sum()),
        entries=np.array(entries, dtype=np.int64).reshape(-1, 3),
    )


def pack(L: tuple[Floats, ...], sigma: float) -> Floats:
    """Lower triangles of every L_t, row after row, then log sigma: the argument of the compiled functions."""
    triangles = [np.asarray(factor, dtype=float)[np.tril_indices(len(factor))] for factor in L]
    return np.concatenate([*triangles, [np.log(sigma)]])


def dense_columns(arrangement: Arrangement, place: Place) -> Integers:
    """Positions (n_levels, k) of a term's effects on the dense side; its block is not block 0."""
    width = int(arrangement.block_k[place.block])
    first = arrangement.block_start[place.block] + place.first
    return first + np.arange(place.n_levels)[:, None] * width + np.arange(place.k)


def effect_positions(arrangement: Arrangement, place: Place) -> Integers:
    """Positions (n_levels, k) of a term's effects in a vector with block 0 first, level after level."""
    width = int(arrangement.block_k[0])
    if place.block == 0:
        return np.arange(place.n_levels)[:, None] * width + place.first + np.arange(place.k)
    return width * int(arrangement.block_levels[0]) + dense_columns(arrangement, place)


def effect_blocks(arrangement: Arrangement, place: Place, levels: Floats, dense: Floats) -> Floats:
    """Blocks (n_levels, k, k) of a term, from `levels` (J, k, k) of block 0 and the matrix `dense` (m, m)."""
    if place.block == 0:
        return levels[:, place.columns, place.columns]
    columns = dense_columns(arrangement, place)
    return dense[columns[:, :, None], columns[:, None, :]]
