"""Which levels of the other terms each level of the eliminated term meets; never a product of all with all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.gaussian.arrangement import Arrangement
from bayesmix.numerics.gaussian.rows import add_pair_products
from bayesmix.numerics.gaussian.small_matrices import project_levels

Chunk = tuple[Integers, Floats, list[tuple[Integers, Floats]], Floats]


_MOST_WAITING = 1 << 20


@dataclass(frozen=True)
class Met:
    """Level j meets the dense columns `column[start[j]:start[j + 1]]`, ascending; `value` (n_met, k) = Q_j' of them."""

    start: Integers
    column: Integers
    value: Floats

    @staticmethod
    def none(n_levels: int, k: int) -> "Met":
        return Met(np.zeros(n_levels + 1, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros((0, k)))


def meet(chunks: Callable[[], Iterator[Chunk]], layout: Arrangement, root: Floats) -> Met:
    """Find the pairs of levels that occur, and their products.

    `chunks()` gives, chunk by chunk of rows, the level and columns of the eliminated term, those of every other
    block, and what this function does not use; `root` (J, k, k) as in `Arrays`.
    """
    n_levels, k = root.shape[:2]
    blocks = range(1, len(layout.block_k))
    pairs: list[Integers] = [np.zeros(0, dtype=np.int64) for _ in blocks]
    waiting: list[list[Integers]] = [[] for _ in blocks]
    for index, _, others, _ in chunks():
        for o, (other_index, _) in enumerate(others):
            waiting[o].append(_distinct(index * layout.block_levels[o + 1] + other_index))
            # Merged only once as many wait as are known: the sorting then grows with the rows, not their square.
            if sum(map(len, waiting[o])) > max(len(pairs[o]), _MOST_WAITING):
                pairs[o], waiting[o] = _distinct(np.concatenate([pairs[o], *waiting[o]])), []
    pairs = [_distinct(np.concatenate([p, *w])) for p, w in zip(pairs, waiting, strict=True)]
    products = [np.zeros((len(p), k, int(layout.block_k[b]))) for p, b in zip(pairs, blocks, strict=True)]
    for index, z, others, _ in chunks():
        for o, (other_index, values) in enumerate(others):
            code = index * layout.block_levels[o + 1] + other_index
            add_pair_products(np.searchsorted(pairs[o], code), z, values, products[o])
    level, column, value = [], [], [np.zeros((0, k))]
    for b, pair, product in zip(blocks, pairs, products, strict=True):
        j, other = np.divmod(pair, layout.block_levels[b])
        width = int(layout.block_k[b])
        level.append(np.repeat(j, width))
        column.append((layout.block_start[b] + other[:, None] * width + np.arange(width)).ravel())
        value.append(project_levels(root, j, product).transpose(0, 2, 1).reshape(-1, k))
    levels, columns = np.concatenate(level), np.concatenate(column)
    order = np.lexsort((columns, levels))
    start = np.concatenate([[0], np.cumsum(np.bincount(levels, minlength=n_levels))])
    return Met(start.astype(np.int64), columns[order].astype(np.int64), np.concatenate(value)[order])


def _distinct(codes: Integers) -> Integers:
    """Sorted, each once."""
    ordered = np.sort(codes)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered
