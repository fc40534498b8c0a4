"""The sites of many files, each in order, as blocks in one order: what is in memory are pieces of the files."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmix.arrays import Integers
from bayesmix.loci.block import LociBlock
from bayesmix.loci.inputs.caller_file import CallerFile
from bayesmix.loci.inputs.ordered_sites import Run, joined_runs, ordered_sites, places_of


def merged_sites(files: Sequence[CallerFile], ranks: Mapping[str, int]) -> Iterator[LociBlock]:
    """Blocks of sites with the counts of each file, of which the number is the sample.

    Parameters
    ----------
    files
        One of each sample.
    ranks
        The number of each chromosome, in the order of all files.
    """
    chromosomes = np.array(list(ranks), dtype=object)
    cursors = [_Cursor(file, ranks) for file in files]
    while True:
        for cursor in cursors:
            cursor.fill()
        ends = [cursor.last for cursor in cursors if not cursor.at_end]
        limit = min(ends) if ends else None
        taken = [cursor.take(limit) for cursor in cursors]
        if any(len(run.keys) for run in taken):
            yield _block(taken, chromosomes)
        if limit is None:
            return


class _Cursor:
    """A place in a file: the piece of it that is waiting."""

    def __init__(self, file: CallerFile, ranks: Mapping[str, int]) -> None:
        self._runs = (run for run, _ in ordered_sites(file, ranks))
        self._waiting = Run(*(np.empty(0, dtype=np.int64),) * 3)
        self.at_end = False

    def fill(self) -> None:
        """Read on until something is waiting, or the file ends."""
        while not len(self._waiting.keys) and not self.at_end:
            run = next(self._runs, None)
            if run is None:
                self.at_end = True
            else:
                self._waiting = joined_runs(self._waiting, run)

    @property
    def last(self) -> int:
        """The key of the last site that is waiting."""
        return int(self._waiting.keys[-1])

    def take(self, limit: int | None) -> Run:
        """The sites up to, and with, `limit`."""
        n = len(self._waiting.keys)
        end = n if limit is None else int(np.searchsorted(self._waiting.keys, limit, side="right"))
        taken, self._waiting = self._waiting.part(0, end), self._waiting.part(end, n)
        return taken


def _block(taken: Sequence[Run], chromosomes: NDArray[Any]) -> LociBlock:
    keys = np.concatenate([run.keys for run in taken])
    samples = np.repeat(np.arange(len(taken), dtype=np.int64), [len(run.keys) for run in taken])
    order = np.argsort(keys, kind="stable")  # samples stay in their order within a site
    unique, starts = np.unique(keys[order], return_index=True)
    methylated: Integers = np.concatenate([run.methylated for run in taken])[order]
    total = np.concatenate([run.total for run in taken])[order]
    numbers, positions = places_of(unique)
    names = chromosomes[numbers]
    return LociBlock(
        tuple(f"{name}:{position}" for name, position in zip(names, positions.tolist(), strict=True)),
        np.append(starts, len(order)).astype(np.int64),
        samples[order],
        {"methylated": methylated, "unmethylated": total - methylated},
        {"chr": names.astype(str).astype(object), "pos": positions},
    )
