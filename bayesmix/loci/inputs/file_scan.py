"""A first pass over a file: its chromosomes in order, its numbers of reads, and what is left out of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import DataError, listing
from bayesmix.loci.inputs.caller_file import CallerFile
from bayesmix.loci.inputs.ordered_sites import ordered_sites


@dataclass(frozen=True)
class FileScan:
    """`chromosomes` as the file has them; `reads`: how many sites have that many reads; counts of rows and sites."""

    chromosomes: tuple[str, ...]
    reads: Mapping[int, int]
    n_rows: int
    n_context: int
    n_code: int
    n_sites: int

    def quantile(self, share: float) -> float:
        """A quantile of the number of reads, over sites with any, between neighbours on a straight line."""
        values = np.array(sorted(value for value in self.reads if value > 0), dtype=float)
        if not len(values):
            return np.inf
        upto = np.cumsum([self.reads[int(value)] for value in values])
        return float(_between(values, upto, share * (upto[-1] - 1)))


def _between(values: Floats, upto: Floats, place: float) -> float:
    low, high = (values[np.searchsorted(upto, np.floor(place) + step, side="right")] for step in (0, place % 1 > 0))
    return low + (place % 1) * (high - low)


def scanned(file: CallerFile) -> FileScan:
    """Read a whole file once, with all that is wrong with it told."""
    chromosomes: dict[str, None] = {}
    reads: Counter[int] = Counter()
    n_rows = n_context = n_code = n_sites = 0
    for run, sites in ordered_sites(file):
        present, first = np.unique(sites.codes, return_index=True)
        chromosomes |= dict.fromkeys(sites.chromosomes[code] for code in present[np.argsort(first)])
        values, counts = np.unique(run.total, return_counts=True)
        reads.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        n_rows, n_context, n_code = n_rows + sites.n_rows, n_context + sites.n_context, n_code + sites.n_code
        n_sites += len(run.keys)
    if not n_sites:
        why = f"code {file.reading.code!r}" if n_code else f"context {file.reading.context!r}"
        raise DataError(f"{str(file.path)!r} has {n_rows:,} rows, and none of {why}.")
    return FileScan(tuple(chromosomes), reads, n_rows, n_context, n_code, n_sites)


def chromosome_order(orders: Sequence[Sequence[str]], files: Sequence[str]) -> tuple[str, ...]:
    """One order of all chromosomes that each of the files follows; where they leave a choice, that of the first file.

    Raises
    ------
    DataError
        Two files have two chromosomes in different orders.
    """
    left = [list(order) for order in orders]
    merged: list[str] = []
    while any(left):
        heads = [order[0] for order in left if order]
        free = next((head for head in heads if not any(head in order[1:] for order in left)), None)
        if free is None:
            first = next(number for number, order in enumerate(left) if order)
            second = next(number for number, order in enumerate(left) if left[first][0] in order[1:])
            raise DataError(
                f"{files[first]!r} and {files[second]!r} have their chromosomes in different orders "
                f"({listing(orders[first], 6)}; {listing(orders[second], 6)}); sort all files in one way."
            )
        merged.append(free)
        for order in left:
            if order and order[0] == free:
                order.pop(0)
    return tuple(merged)
