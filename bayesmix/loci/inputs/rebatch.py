"""Blocks of any sizes as blocks of one size."""

from collections.abc import Iterable, Iterator

from bayesmix.loci.block import LociBlock, joined


def rebatched(blocks: Iterable[LociBlock], size: int) -> Iterator[LociBlock]:
    """The same loci in the same order, `size` in a block; the last has what is left."""
    waiting: list[LociBlock] = []
    n_waiting = 0
    for block in blocks:
        first = 0
        while first < len(block):
            last = min(len(block), first + size - n_waiting)
            waiting.append(block.part(first, last))
            n_waiting += last - first
            first = last
            if n_waiting == size:
                yield joined(waiting)
                waiting, n_waiting = [], 0
    if waiting:
        yield joined(waiting)
