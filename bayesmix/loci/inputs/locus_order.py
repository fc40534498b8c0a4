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
_NUMBER = "__number"


@dataclass(frozen=True)
class LocusOrder:
    """`runs`: a hash of the locus of each stretch of rows of one locus, in the order of the table."""

    runs: NDArray[Any]

    @cached_property
    def _first(self) -> tuple[NDArray[Any], Integers]:
        """Distinct hashes in ascending order, and the place of each among loci by their first rows."""
        hashes, first = np.unique(self.runs, return_index=True)
        ranks = np.empty(len(hashes), dtype=np.int64)
        ranks[np.argsort(first)] = np.arange(len(hashes))
        return hashes, ranks

    @property
    def n_loci(self) -> int:
        """How many loci there are."""
        return len(self._first[0])

    @property
    def contiguous(self) -> bool:
        """Whether all rows of a locus stand together."""
        return len(self.runs) == self.n_loci

    def places(self, names: pd.Series) -> Integers:
        """The place of the locus of each row."""
        hashes, ranks = self._first
        return ranks[np.searchsorted(hashes, locus_hashes(names))]


def locus_hashes(names: pd.Series) -> NDArray[Any]:
    """A number of 64 bits for each name."""
    return pd.util.hash_array(names.astype(str).to_numpy(dtype=object))


def ordered_chunks(chunks: Iterable[pd.DataFrame], by: str, order: LocusOrder) -> Iterator[pd.DataFrame]:
    """The same rows, those of a locus together and loci in the order of their first rows.

    Rows that are not together are first written to as many temporary files as there are stretches of loci, each of
    which is then sorted in memory.
    """
    if order.contiguous:
        yield from chunks
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
