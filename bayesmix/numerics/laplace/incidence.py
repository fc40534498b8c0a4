"""The effects of every row, with rows sorted by the level of the largest grouping factor.

Effects are in blocks, one a grouping factor (`gaussian.arrangement`). Block 0 is eliminated level by level; the
effects of the others, the m dense ones, follow it in u, and each level of block 0 meets few of them.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.gaussian.arrangement import Arrangement, GroupColumns, arrange


class Rows(NamedTuple):
    """The arrays of the kernels: n_obs rows in the order of block 0's levels, K columns over all blocks.

    `z` (n_obs, K): the columns that vary by level, block after block. `first` (n_blocks + 1,): where a block's columns
    begin. `start` (J + 1,): level j has the rows `start[j]:start[j + 1]`. `column` (n_obs, n_blocks - 1): first
    dense effect of the row's level in every other block. Level j meets the dense effects
    `met[met_start[j]:met_start[j + 1]]`, ascending; `place` (n_obs, n_blocks - 1): where among them `column` stands.
    `n_dense` (1,): m.
    """

    z: Floats
    first: Integers
    start: Integers
    column: Integers
    met_start: Integers
    met: Integers
    place: Integers
    n_dense: Integers


@dataclass(frozen=True)
class Incidence:
    """`rows` for the kernels, the data's row at each place of them, `order` (n_obs,), and the `layout` of the terms."""

    rows: Rows
    order: Integers
    layout: Arrangement

    @property
    def n_effects(self) -> int:
        """q."""
        return int((self.layout.block_k * self.layout.block_levels).sum())


def incidence(terms: tuple[GroupColumns, ...], n_obs: int) -> Incidence:
    """Sort the rows and find the pairs of levels that occur."""
    layout = arrange(terms)
    levels = [np.asarray(terms[block[0]].index, dtype=np.int64) for block in layout.block_terms if block]
    n_levels = int(layout.block_levels[0])
    order = np.argsort(levels[0], kind="stable") if levels else np.arange(n_obs)
    columns = [terms[t].columns for block in layout.block_terms for t in block]
    z = np.concatenate([np.empty((n_obs, 0)), *columns], axis=1)[order]
    level = [index[order] for index in levels]
    counts = np.bincount(level[0], minlength=n_levels) if levels else np.zeros(0, dtype=np.int64)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    column = np.empty((n_obs, max(len(levels) - 1, 0)), dtype=np.int64)
    met_start, met, place = np.zeros(n_levels + 1, dtype=np.int64), np.empty(0, dtype=np.int64), column.copy()
    if len(levels) > 1:
        for o in range(1, len(levels)):
            column[:, o - 1] = layout.block_start[o] + level[o] * layout.block_k[o]
        met_start, met, place = _meet(level[0], column, layout)
    first = np.concatenate([[0], np.cumsum(layout.block_k)]).astype(np.int64)
    rows = Rows(
        np.ascontiguousarray(z, dtype=float),
        first,
        start,
        column,
        met_start,
        met,
        place,
        np.array([layout.n_dense], dtype=np.int64),
    )
    return Incidence(rows, order.astype(np.int64), layout)


def _meet(level: Integers, column: Integers, layout: Arrangement) -> tuple[Integers, Integers, Integers]:
    """`met_start`, `met` and `place` of `Rows`."""
    widths = layout.block_k[1:]
    codes = [level * layout.n_dense + column[:, o] for o in range(len(widths))]
    kinds = [np.unique(code) for code in codes]
    effects = np.sort(
        np.concatenate([(kind[:, None] + np.arange(w)).ravel() for kind, w in zip(kinds, widths, strict=True)])
    )
    owner, met = np.divmod(effects, layout.n_dense)
    counts = np.bincount(owner, minlength=int(layout.block_levels[0]))
    met_start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    place = np.column_stack([np.searchsorted(effects, code) for code in codes]) - met_start[level][:, None]
    return met_start, met.astype(np.int64), np.ascontiguousarray(place, dtype=np.int64)
