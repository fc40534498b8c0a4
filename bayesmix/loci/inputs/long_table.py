"""A long table, a row for each locus and sample, as loci: read in pieces, sorted by locus where it is not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.arrays import Integers
from bayesmix.data.typed import typed
from bayesmix.errors import ArgumentError, DataError, shown
from bayesmix.loci.block import LociBlock
from bayesmix.loci.inputs.chunked_table import ChunkedTable, as_numbers
from bayesmix.loci.inputs.count_matrices import CHROMOSOMES, PLACES
from bayesmix.loci.inputs.locus_order import LocusOrder, LocusRuns, ordered_chunks
from bayesmix.loci.inputs.rebatch import rebatched


class LongTable:
    """The loci of a long table, a `LociSource` that `open_loci` makes.

    `sheet` has the distinct combinations of the covariates, in the order in which they first come; blocks have the
    columns of the response.
    """

    def __init__(
        self,
        table: ChunkedTable,
        *,
        by: str,
        covariates: Sequence[str],
        responses: Sequence[str],
        places: Sequence[str],
    ) -> None:
        self.places = tuple(places)
        self._table, self._by = table, by
        self._covariates, self._responses = tuple(covariates), tuple(responses)
        numbers = (*self._responses, *(name for name in self.places if name not in CHROMOSOMES))
        self._scan = _scanned(table, by, self._covariates, numbers)
        self.sheet = self._scan.sheet

    @property
    def n_loci(self) -> int:
        """How many loci there are."""
        return self._scan.order.n_loci

    @cached_property
    def digest(self) -> str:
        """What tells these data, read in this way, from others."""
        columns = [self._by, *self._covariates, *self._responses, *self.places]
        text = "\x1f".join([self._table.digest(columns), *columns])
        return blake2b(text.encode(), digest_size=16).hexdigest()

    @property
    def report(self) -> pd.DataFrame:
        """How many rows and loci there are, and whether they had to be sorted."""
        rows = [("rows", self._scan.n_rows), ("loci", self.n_loci), ("rows without a locus", self._scan.n_nameless)]
        rows += [("loci whose rows were put together", 0 if self._scan.order.contiguous else self.n_loci)]
        return pd.DataFrame([(what, "all", n) for what, n in rows], columns=["what", "sample", "n"])

    def __repr__(self) -> str:
        lines = [f"{self.n_loci:,} loci in {self._scan.n_rows:,} rows of a long table", ""]
        lines += [f"{row.n:>12,}  {row.what}" for row in self.report.itertuples()]
        return "\n".join(
            [*lines, "", f"{len(self.sheet):,} combinations of {', '.join(self._covariates) or 'nothing'}"]
        )

    def blocks(self, size: int = 1000) -> Iterator[LociBlock]:
        """All loci, `size` in a block, in the order of their first rows; the last has what is left."""
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise ArgumentError(f"size is a whole number from 1; got {shown(size)}.")
        return rebatched(self._blocks(), size)

    def _blocks(self) -> Iterator[LociBlock]:
        columns = list(dict.fromkeys([self._by, *self._covariates, *self._responses, *self.places]))
        chunks = (chunk[chunk[self._by].notna()] for chunk in self._table.chunks(columns))
        held: pd.DataFrame | None = None
        in_memory = self._table.frame is not None
        for chunk in ordered_chunks(chunks, self._by, self._scan.order, in_memory=in_memory):
            rows = chunk if held is None else pd.concat([held, chunk], ignore_index=True)
            starts = _starts(rows[self._by])
            # The last locus of a piece may go on in the next one.
            done, held = rows.iloc[: starts[-1]], rows.iloc[starts[-1] :]
            if len(done):
                yield self._block(done, starts)
        if held is not None and len(held):
            yield self._block(held, np.array([0, len(held)], dtype=np.int64))

    def _block(self, rows: pd.DataFrame, starts: Integers) -> LociBlock:
        first = rows.iloc[starts[:-1]]
        return LociBlock(
            tuple(first[self._by].astype(str)),
            starts,
            self._scan.samples(rows),
            {name: self._scan.values(rows[name]) for name in self._responses},
            {name: self._scan.values(first[name]) for name in self.places},
        )


@dataclass(frozen=True)
class _Scan:
    """What a first pass finds: the sheet, and as texts too, the kinds of responses, the order of loci."""

    sheet: pd.DataFrame
    raw: pd.DataFrame
    kinds: Mapping[str, str]
    order: LocusOrder
    n_rows: int
    n_nameless: int

    @cached_property
    def _levels(self) -> tuple[pd.Index, ...]:
        return tuple(pd.Index(self.raw[name].unique()) for name in self.raw.columns)

    @cached_property
    def _sheet_codes(self) -> tuple[NDArray[Any], Integers]:
        codes = self._codes(self.raw)
        order = np.argsort(codes)
        return codes[order], order.astype(np.int64)

    def _codes(self, rows: pd.DataFrame) -> Integers:
        """One number for each combination of covariates."""
        codes = np.zeros(len(rows), dtype=np.int64)
        for name, levels in zip(self.raw.columns, self._levels, strict=True):
            codes = codes * (len(levels) + 1) + levels.get_indexer(pd.Index(rows[name])) + 1
        return codes

    def samples(self, rows: pd.DataFrame) -> Integers:
        """The row of the sheet of each row."""
        if not len(self.raw.columns):
            return np.zeros(len(rows), dtype=np.int64)
        known, order = self._sheet_codes
        return order[np.searchsorted(known, self._codes(rows))]

    def values(self, column: pd.Series) -> NDArray[Any]:
        """A column of the response, or of places: numbers, or where some of it is no number, cells as they are."""
        kind = self.kinds.get(str(column.name), "cells")
        if kind == "cells" and column.name in CHROMOSOMES:
            return column.astype(str).to_numpy(dtype=object)
        if kind == "cells":
            return np.array([_cell(value) for value in column], dtype=object)
        numbers, _ = as_numbers(column)
        return numbers.astype(np.int64) if kind == "whole" else numbers


def _cell(value: Any) -> Any:
    """A text that is a number as that number."""
    if not isinstance(value, str):
        return value
    found = pd.to_numeric(pd.Series([value]), errors="coerce").iloc[0]
    return value if pd.isna(found) else found.item()


def _scanned(table: ChunkedTable, by: str, covariates: tuple[str, ...], responses: tuple[str, ...]) -> _Scan:
    combinations: pd.DataFrame | None = None
    kinds = dict.fromkeys(responses, "whole")
    runs, n_rows, n_nameless = LocusRuns(), 0, 0
    columns = list(dict.fromkeys([by, *covariates, *responses]))
    for chunk in table.chunks(columns):
        n_rows += len(chunk)
        named = chunk[chunk[by].notna()]
        n_nameless += len(chunk) - len(named)
        if not len(named):
            continue
        runs.add(named[by])
        distinct = named[list(covariates)].drop_duplicates()
        both = [distinct] if combinations is None else [combinations, distinct]
        combinations = _together(both).drop_duplicates(ignore_index=True)
        for name in responses:
            kinds[name] = _kind(named[name], kinds[name])
    if combinations is None:
        raise DataError(f"{table.told} has no rows with a locus in {by!r}.")
    sheet = combinations
    if table.text:
        sheet = pd.DataFrame({name: _typed(combinations[name]) for name in covariates}, index=combinations.index)
    if not covariates:
        combinations, sheet = combinations.iloc[:0], pd.DataFrame(index=range(1))
    return _Scan(sheet, combinations, kinds, runs.order(), n_rows, n_nameless)


def _typed(texts: pd.Series) -> pd.Series:
    return typed(texts.astype(object).where(texts.notna(), "").astype(str))


def _together(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Rows of several frames; factors keep their levels."""
    if len(frames) == 1:
        return frames[0].reset_index(drop=True)
    columns = {}
    for name in frames[0].columns:
        parts = [frame[name] for frame in frames]
        if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
            columns[name] = pd.Series(pd.api.types.union_categoricals(parts))
        else:
            columns[name] = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(columns)


def _kind(values: pd.Series, so_far: str) -> str:
    """``whole`` numbers, ``numbers`` or ``cells``, the last that any piece needs."""
    if so_far == "cells":
        return so_far
    numbers, bad = as_numbers(values)
    if bad is not None:
        return "cells"
    whole = bool((numbers == np.floor(numbers)).all() and (np.abs(numbers) < 2**53).all())
    return so_far if whole else "numbers"


def _starts(names: pd.Series) -> Integers:
    """Where each locus begins, and the last once more as the end of the others."""
    values = names.to_numpy()
    change = np.flatnonzero(values[1:] != values[:-1]) + 1
    return np.concatenate([[0], change]).astype(np.int64)


def place_columns(table: ChunkedTable, used: Sequence[str]) -> tuple[str, ...]:
    """The columns of a table that say where a locus is, without those that the model uses."""
    return tuple(name for name in PLACES if name in table.names and name not in used)
