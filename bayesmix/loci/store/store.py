"""A store of results: chunks of rows, each a whole file, and in the end `loci.parquet` with all rows in order.

`rows-000000000040-000000000060.parquet` has the loci from the 41st to the 60th of the source. Chunks may come in any
order and size; what is missing is what no file has. The final table depends on the rows alone, to the byte.
"""

import os
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from operator import itemgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bayesmix.disk import write_whole
from bayesmix.errors import OutputError
from bayesmix.loci.store.manifest import Manifest, read_manifest

FINAL, DRAWS = "loci.parquet", "draws.parquet"
_CHUNK = re.compile(r"(rows|draws)-(\d{12})-(\d{12})\.parquet")
_ROWS_OF_GROUP = 10_000


@dataclass(frozen=True)
class Store:
    """A folder of results, which one process at a time writes to."""

    folder: Path

    @property
    def finished(self) -> bool:
        """Whether the final table is there."""
        return (self.folder / FINAL).exists()

    def done(self) -> list[tuple[int, int]]:
        """First locus and the one after the last of each chunk, in order."""
        return sorted(place for kind, place in self._chunks() if kind == "rows")

    def table(self) -> pa.Table | None:
        """All rows so far, in order; None if there are none."""
        if self.finished:
            return pq.read_table(self.folder / FINAL)
        tables = [pq.read_table(self._path("rows", place)) for place in self.done()]
        return pa.concat_tables(tables) if tables else None

    def draws(self) -> pa.Table | None:
        """The draws that were kept, in the order of the loci."""
        if (self.folder / DRAWS).exists():
            return pq.read_table(self.folder / DRAWS)
        tables = [pq.read_table(self._path(kind, place)) for kind, place in sorted(self._chunks()) if kind == "draws"]
        return pa.concat_tables(tables) if tables else None

    def begin(self, manifest: Manifest) -> None:
        """Make the folder with its manifest, or recognise the one that is there.

        Raises
        ------
        OutputError
            The folder has other files, or is the store of another run.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            before = read_manifest(self.folder)
            if before is not None:
                manifest.require_same(before, self.folder)
                return
            others = sorted(name for name in os.listdir(self.folder) if not name.startswith("."))
            if others:
                raise OutputError(
                    f"The folder {str(self.folder)!r} is no store of loci, but has {others[0]!r}; give another store=."
                )
            manifest.write(self.folder)
        except OSError as error:
            raise self._refused(error) from None

    def add(self, first: int, table: pa.Table, draws: pa.Table | None) -> None:
        """Keep the rows of the loci from number `first` on, as a whole or not at all.

        Raises
        ------
        OutputError
            The disk refuses; what was kept before stays.
        """
        place = (first, first + table.num_rows)
        try:
            if draws is not None:
                write_whole(self._path("draws", place), _as_bytes(draws))
            write_whole(self._path("rows", place), _as_bytes(table))
        except OSError as error:
            raise self._refused(error) from None

    def finish(self) -> None:
        """Write the final table, and remove the chunks that it was made of."""
        try:
            chunks = sorted(self._chunks())
            for kind, name in (("draws", DRAWS), ("rows", FINAL)):
                places = [place for of, place in chunks if of == kind]
                if places:
                    self.write_together(name, (pq.read_table(self._path(kind, place)) for place in places))
            for kind, place in chunks:
                self._path(kind, place).unlink(missing_ok=True)
        except OSError as error:
            raise self._refused(error) from None

    def write_together(self, name: str, tables: Iterator[pa.Table]) -> None:
        """One file of all rows, in groups that do not depend on the chunks."""
        unfinished = self.folder / f".{name}.unfinished"
        writer, waiting = None, None
        try:
            for table in tables:
                waiting = table if waiting is None else pa.concat_tables([waiting, table])
                writer = writer or pq.ParquetWriter(unfinished, table.schema)
                while waiting.num_rows >= _ROWS_OF_GROUP:
                    writer.write_table(_whole(waiting.slice(0, _ROWS_OF_GROUP)), row_group_size=_ROWS_OF_GROUP)
                    waiting = waiting.slice(_ROWS_OF_GROUP)
            if writer is not None and waiting is not None and waiting.num_rows:
                writer.write_table(_whole(waiting), row_group_size=_ROWS_OF_GROUP)
        finally:
            if writer is not None:
                writer.close()
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, self.folder / name)

    def _chunks(self) -> Iterator[tuple[str, tuple[int, int]]]:
        for name in os.listdir(self.folder) if self.folder.exists() else ():
            match = _CHUNK.fullmatch(name)
            if match:
                yield match[1], (int(match[2]), int(match[3]))

    def _path(self, kind: str, place: tuple[int, int]) -> Path:
        return self.folder / f"{kind}-{place[0]:012d}-{place[1]:012d}.parquet"

    def _refused(self, error: OSError) -> OutputError:
        return OutputError(
            f"The store {str(self.folder)!r} cannot be written: {error.strerror or error}. What was done is kept; "
            "call again to go on."
        )


def _whole(table: pa.Table) -> pa.Table:
    """The same rows in one piece, so that their file does not depend on how they came."""
    return table.combine_chunks()


def _as_bytes(table: pa.Table) -> memoryview:
    buffer = BytesIO()
    pq.write_table(table, buffer)
    return buffer.getbuffer()


def missing(done: list[tuple[int, int]], first: int, last: int) -> Iterator[tuple[int, int]]:
    """The stretches of the loci from `first` up to `last` that no chunk has; `done` is in order."""
    for number in range(bisect_right(done, first, key=itemgetter(1)), len(done)):
        begin, end = done[number]
        if begin >= last:
            break
        if begin > first:
            yield first, begin
        first = max(first, end)
    if first < last:
        yield first, last
