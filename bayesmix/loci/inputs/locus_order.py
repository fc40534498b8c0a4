"""The order of loci by their first rows, and rows that are put into it through a file where they are not."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bayesmix.arrays import Integers

_LOCI_OF_A_BUCKET, _MOST_BUCKETS = 20_000, 200
_RECENT = 200_000  # stretches of rows that are remembered before those met before are looked for
_NUMBER = "__number"


@dataclass(frozen=True)
class LocusOrder:
    """`loci`: a hash of each locus, by their first rows; `contiguous`: all rows of a locus stand together."""

    loci: NDArray[Any]
    contiguous: bool

    @cached_property
    def _sorted(self) -> tuple[NDArray[Any], Integers]:
        """Hashes in ascending order, and the place of each among loci."""
        ranks = np.argsort(self.loci)
        return self.loci[ranks], ranks

    @property
    def n_loci(self) -> int:
        """How many loci there are."""
        return len(self.loci)

    def places(self, names: pd.Series) -> Integers:
        """The place of the locus of each row."""
        hashes, ranks = self._sorted
        return ranks[np.searchsorted(hashes, locus_hashes(names))]


class LocusRuns:
    """The loci of a table as they are met, those met before once only."""

    def __init__(self) -> None:
        self._loci: NDArray[Any] = np.empty(0, dtype=np.uint64)
        self._recent: list[NDArray[Any]] = []
        self._n_recent, self._last = 0, None
        self._contiguous = True

    def add(self, names: pd.Series) -> None:
        """The loci of the next rows, of which there is at least one."""
        hashes = locus_hashes(names)
        begins = np.concatenate([[self._last is None or hashes[0] != self._last], np.diff(hashes) != 0])
        self._last = hashes[-1]
        self._recent.append(hashes[begins])
        self._n_recent += int(begins.sum())
        if self._n_recent > max(_RECENT, len(self._loci)):
            self._merge()

    def _merge(self) -> None:
        every = np.concatenate([self._loci, *self._recent])
        _, first = np.unique(every, return_index=True)
        self._contiguous &= len(first) == len(every)
        self._loci, self._recent, self._n_recent = every[np.sort(first)], [], 0

    def order(self) -> LocusOrder:
        """The order of all loci."""
        self._merge()
        return LocusOrder(self._loci, self._contiguous)


def locus_hashes(names: pd.Series) -> NDArray[Any]:
    """A number of 64 bits for each name."""
    return pd.util.hash_array(names.astype(str).to_numpy(dtype=object))


def ordered_chunks(
    chunks: Iterable[pd.DataFrame], by: str, order: LocusOrder, *, in_memory: bool
) -> Iterator[pd.DataFrame]:
    """The same rows, those of a locus together and loci in the order of their first rows.

    Rows that are not together are first written to as many temporary files as there are stretches of loci, each of
    which is then sorted in memory; those of a table that is `in_memory` are sorted there.
    """
    if order.contiguous:
        yield from chunks
        return
    if in_memory:
        rows = pd.concat(chunks, ignore_index=True)
        yield rows.iloc[np.argsort(order.places(rows[by]), kind="stable")].reset_index(drop=True)
        return
    n_buckets = min(_MOST_BUCKETS, -(-order.n_loci // _LOCI_OF_A_BUCKET))
    with tempfile.TemporaryDirectory(prefix="bayesmix-loci-") as folder:
        files = [Path(folder) / f"{number}.parquet" for number in range(n_buckets)]
        _write(chunks, by, order, files)
        for file in files:
            rows = pq.read_table(file).to_pandas()
            rows = rows.sort_values(_NUMBER, kind="stable", ignore_index=True)
            yield rows.drop(columns=_NUMBER)


def _write(chunks: Iterable[pd.DataFrame], by: str, order: LocusOrder, files: list[Path]) -> None:
    """Every row to the file of its stretch of loci."""
    with ExitStack() as stack:
        writers: dict[int, pq.ParquetWriter] = {}
        schema: pa.Schema | None = None
        for chunk in chunks:
            places = order.places(chunk[by])
            buckets = places * len(files) // order.n_loci
            table = pa.Table.from_pandas(chunk.assign(**{_NUMBER: places}), schema=schema, preserve_index=False)
            schema = table.schema
            for bucket in np.unique(buckets).tolist():
                if bucket not in writers:
                    writers[bucket] = stack.enter_context(pq.ParquetWriter(files[bucket], schema))
                writers[bucket].write_table(table.filter(pa.array(buckets == bucket)))
