"""Tables that are read piece by piece: text files, Parquet files, and frames, which are in memory already."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from bayesmix.errors import DataError, listing, shown
from bayesmix.formula.columns import unknown_column
from bayesmix.formula.frame import checked_frame
from bayesmix.formula.frame_kinds import as_pandas
from bayesmix.loci.inputs.caller_rows import DAMAGES, is_gzip, reason_of

_BLOCK, _ROWS = 2**20, 50_000  # bytes of a text, rows of other tables
_SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}


@dataclass(frozen=True)
class ChunkedTable:
    """A table with columns of `names`. `text`: its cells are texts, whatever they hold."""

    names: tuple[str, ...]
    path: Path | None = None
    separator: str | None = None
    frame: pd.DataFrame | None = None

    @property
    def text(self) -> bool:
        return self.separator is not None

    @property
    def told(self) -> str:
        """What messages call it."""
        return "The table" if self.path is None else repr(str(self.path))

    @property
    def _whole(self) -> pd.DataFrame:
        return pd.DataFrame() if self.frame is None else self.frame

    def chunks(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """These columns of all rows, in pieces.

        Raises
        ------
        DataError
            The file is damaged, or has a line with another number of fields.
        """
        if self.frame is not None:
            chosen = self.frame[list(columns)]
            for first in range(0, len(chosen), _ROWS):
                yield chosen.iloc[first : first + _ROWS].reset_index(drop=True)
            return
        try:
            for batch in self._batches(list(columns)):
                yield batch.to_pandas()
        except pa.ArrowInvalid as error:
            raise DataError(f"{self.told} cannot be read: {_reason(error)}.") from None
        except DAMAGES as error:
            raise DataError(f"{self.told} cannot be read to its end: {reason_of(error)}.") from error

    def _batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        if self.separator is None:
            with pq.ParquetFile(self.path) as file:
                yield from file.iter_batches(_ROWS, columns=columns)
            return
        with pa.input_stream(str(self.path), compression=_compression(self.path)) as stream:
            yield from pyarrow.csv.open_csv(
                stream,
                read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=_BLOCK),
                parse_options=pyarrow.csv.ParseOptions(delimiter=self.separator),
                convert_options=pyarrow.csv.ConvertOptions(
                    include_columns=columns,
                    column_types=dict.fromkeys(self.names, pa.string()),
                    null_values=["", "NA"],
                    strings_can_be_null=True,
                ),
            )

    def checked(self, columns: Sequence[str]) -> "ChunkedTable":
        """The same table, if it has the columns and each of their cells is one number or one text.

        Raises
        ------
        UnknownColumnError, DataError
            It has not; the message names the column, and the row of a frame.
        """
        for name in columns:
            if name not in self.names:
                raise unknown_column(name, pd.DataFrame(columns=list(self.names)))
        return self if self.frame is None else replace(self, frame=checked_frame(self.frame, columns))

    def digest(self, columns: Sequence[str]) -> str:
        """What tells the content of these columns from others; of a file, all its bytes."""
        found = blake2b(digest_size=16)
        if self.path is not None:
            with self.path.open("rb") as opened:
                while piece := opened.read(_BLOCK):
                    found.update(piece)
        for name in columns if self.path is None else ():
            values = self._whole[name]
            found.update(f"{name}\x1f{values.dtype}\x1f".encode("utf-8", "surrogatepass"))
            found.update(pd.util.hash_pandas_object(values, index=False).to_numpy().tobytes())
        return found.hexdigest()


def chunked_table(data: Any, what: str) -> ChunkedTable:
    """A table by its path, or a frame of pandas, polars or Arrow.

    Raises
    ------
    DataError
        There is no such file, or it cannot be read; it is no table; two columns have one name.
    """
    if isinstance(data, str | os.PathLike):
        table = _of_file(Path(data).expanduser())
    else:
        frame = as_pandas(data).reset_index(drop=True)
        table = ChunkedTable(
            tuple(map(str, frame.columns)), frame=frame.set_axis(list(map(str, frame.columns)), axis=1)
        )
        if not len(frame):
            raise DataError(f"{what} has no rows.")
    twice = sorted({name for name in table.names if table.names.count(name) > 1})
    if twice:
        raise DataError(f"{table.told} has several columns {listing(map(repr, twice))}; rename all but one.")
    return table


def _of_file(path: Path) -> ChunkedTable:
    if not os.path.isfile(path):
        raise DataError(f"There is no file {str(path)!r}.")
    ending = Path(path.stem).suffix.lower() if path.suffix.lower() in (".gz", ".bgz") else path.suffix.lower()
    try:
        if ending in (".parquet", ".pq"):
            return ChunkedTable(tuple(pq.read_schema(path).names), path)
        if ending not in _SEPARATORS:
            raise DataError(
                f"{str(path)!r} cannot be read by its ending; known are {', '.join([*_SEPARATORS, '.parquet'])}, "
                "the first of them also with .gz."
            )
        table = ChunkedTable((), path, _SEPARATORS[ending])
        with pa.input_stream(str(path), compression=_compression(path)) as stream:
            options = pyarrow.csv.ParseOptions(delimiter=table.separator)
            # By one thread: with several, a row that is refused has no number.
            alone = pyarrow.csv.ReadOptions(use_threads=False)
            names = pyarrow.csv.open_csv(stream, alone, options).schema.names
    except pa.ArrowInvalid as error:
        empty = "Empty" in str(error)
        raise DataError(f"{str(path)!r} {'is empty' if empty else 'cannot be read: ' + _reason(error)}.") from None
    except DAMAGES as error:
        raise DataError(f"{str(path)!r} cannot be read: {reason_of(error)}.") from error
    return ChunkedTable(tuple(names), path, _SEPARATORS[ending])


def _compression(path: Path | None) -> str | None:
    return "gzip" if path is not None and is_gzip(path) else None


def _reason(error: pa.ArrowInvalid) -> str:
    text = " ".join(str(error).split())
    found = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", text)
    if found:
        line, expected, got = found.groups()
        return f"line {line} has {got} fields, the header {expected}"
    return text.removeprefix("CSV parse error: ")[:200]


def as_numbers(values: pd.Series) -> tuple[np.ndarray[Any, np.dtype[np.float64]], Any]:
    """The values of a column as numbers, missing ones nan; and the first that is none, or None."""
    numbers = pd.to_numeric(values, errors="coerce")
    bad = numbers.isna() & values.notna()
    first = values[bad].iloc[0] if bad.any() else None
    return numbers.to_numpy(dtype=float, na_value=np.nan), first if first is None else shown(first)
