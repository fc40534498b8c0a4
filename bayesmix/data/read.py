"""A data file in, a data frame out: comma and tab separated text, gzipped or not, and parquet.

pandas alone fills short lines with missing values and renames doubled columns without a word;
here the file is checked first, and what is wrong is said with the line.
"""

import csv
import gzip
import os
import zlib
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import IO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bayesmix.data.typed import EXACT, typed
from bayesmix.errors import DataError, listing

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_PARQUET = ".parquet"
_ENDINGS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", _PARQUET)


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """The table in a file.

    Parameters
    ----------
    path
        A file ending in ``.csv``, ``.tsv`` (each also with ``.gz``) or ``.parquet``. Text is UTF-8, its first
        line the column names; every line has as many fields as the first, blank lines are skipped.

    Returns
    -------
    pandas.DataFrame
        Columns of numbers are numbers, of true and false truth values; others stay text, dates too. A missing value is
        written ``NA``, as R writes it, or is an empty field, as pandas writes it; among numbers ``NaN`` is one too.
        ``None``, ``null`` or ``n/a`` among texts are levels like others. What a number would not keep stays text:
        identifiers with zeros in front (``007``), whole numbers beyond 64 bits, numbers beyond 1e308, and different
        texts such as ``1E5`` and ``10E4`` that are one number. A column without a name is called as pandas calls it,
        ``Unnamed: 0``. A named index that was stored in a parquet file becomes a column.

    Raises
    ------
    DataError
        There is no such file (the message lists the near matches in its folder), it is a folder, it is empty,
        its ending is not known, or it cannot be read; the message names the line where one is at fault.
    """
    if not isinstance(path, str | os.PathLike):
        raise DataError(f"A data file is named by its path, a text; got {type(path).__name__}.")
    file = Path(path).expanduser()
    ending = _ending_of_file(file)
    try:
        data = _read_parquet(file) if ending == _PARQUET else _read_text(file, _SEPARATORS[ending])
    except OSError as error:
        raise DataError(f"{str(file)!r} cannot be read: {error.strerror or _one_line(error)}.") from error
    if data.empty:
        raise DataError(f"{str(file)!r} has {len(data.columns)} columns and no rows of data.")
    return data


def _ending_of_file(file: Path) -> str:
    """The ending of a file that is there, without ``.gz``."""
    if os.path.isdir(file):
        tables = _tables_in(file)
        inside = f" Name a file in it: {listing(tables)}." if tables else " It holds no file that can be read."
        raise DataError(f"{str(file)!r} is a folder, not a file.{inside}")
    if not os.path.exists(file):
        raise DataError(f"There is no file {str(file)!r}.{_near_matches(file)}")
    if not os.path.isfile(file):
        raise DataError(f"{str(file)!r} is not a regular file.")
    lower = file.name.lower()
    ending = next((known for known in _ENDINGS if lower.endswith(known)), None)
    if ending is None:
        raise DataError(f"{str(file)!r} cannot be read by its ending; known are {listing(_ENDINGS)}.")
    return ending.removesuffix(".gz")


def _near_matches(file: Path) -> str:
    folder = file.parent
    if not os.path.isdir(folder):
        return f" Neither is there a folder {str(folder)!r}."
    # Compared without their endings: these would make any two short names alike.
    by_stem = {_stem(name): name for name in _tables_in(folder)}
    matches = get_close_matches(_stem(file.name), list(by_stem), n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(by_stem[match]) for match in matches)}?" if matches else ""


def _stem(name: str) -> str:
    return name.lower().partition(".")[0]


def _tables_in(folder: Path) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [name for name in names if name.lower().endswith(_ENDINGS) and os.path.isfile(folder / name)]


def _read_text(file: Path, separator: str) -> pd.DataFrame:
    try:
        with _opened(file) as lines:
            _check_lines(file, lines, separator)
        texts = pd.read_csv(file, sep=separator, encoding="utf-8-sig", dtype=str, na_filter=False)
        return pd.DataFrame({name: typed(column) for name, column in texts.items()})
    except UnicodeDecodeError:
        raise DataError(f"{str(file)!r} is not UTF-8 text{_undecodable_line(file)}. Save it as UTF-8.") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{str(file)!r} cannot be unpacked: {_one_line(error)}.") from error
    except pd.errors.ParserError as error:
        raise DataError(f"{str(file)!r} cannot be read: {_one_line(error)}.") from error


def _opened(file: Path) -> IO[str]:
    # utf-8-sig: spreadsheets write a byte order mark, which would become part of the first column's name.
    if file.name.lower().endswith(".gz"):
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="")
    return open(file, encoding="utf-8-sig", newline="")


def _check_lines(file: Path, lines: IO[str], separator: str) -> None:
    """Refuse a file whose lines differ in their number of fields, or whose header cannot be right."""
    records = _records(file, lines, separator)
    _, header = next(records, (0, None))
    if header is None:
        raise DataError(f"{str(file)!r} is empty.")
    _check_header(file, header, separator)
    for number, (line, fields) in enumerate(records):
        if len(fields) != len(header):
            row_names = number == 0 and len(fields) == len(header) + 1
            why = (
                "Are these row names of R's write.table? Write with row.names = FALSE, or give them a name"
                if row_names
                else "Fields that hold the separator are written in double quotes"
            )
            raise DataError(
                f"{str(file)!r}, line {line}: {len(fields)} fields, but the header has {len(header)}. {why}."
            )


def _records(file: Path, lines: IO[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """The fields of each record and the number of the line on which it starts; blank lines are left out."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
    line = 1
    try:
        for fields in reader:
            if "\0" in "".join(fields):
                raise DataError(f"{str(file)!r}, line {line}: a null character; this is no UTF-8 text table.")
            if len(fields) > 1 or (fields and fields[0].strip()):
                yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{str(file)!r}, the record starting on line {line}: {error}. Is a double quote not closed?"
        ) from error


def _check_header(file: Path, header: list[str], separator: str) -> None:
    twice = [name for name, times in Counter(header).items() if times > 1 and name]
    if twice:
        raise DataError(f"{str(file)!r} has more than one column called {listing(map(repr, twice))}.")
    other = next((mark for mark in (",", ";", "\t") if mark != separator and mark in header[0]), None)
    if len(header) == 1 and other:
        raise DataError(
            f"{str(file)!r} has one column, {header[0]!r}: its fields seem to be separated by {other!r}. "
            "A .csv file is read with commas, a .tsv file with tabs."
        )


def _undecodable_line(file: Path) -> str:
    """Where the first line is that is not UTF-8; decoding in blocks does not tell."""
    opener = gzip.open if file.name.lower().endswith(".gz") else open
    with opener(file, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return f" (line {number}, byte 0x{line[error.start]:02x})"
    return ""


def _read_parquet(file: Path) -> pd.DataFrame:
    if os.path.getsize(file) == 0:
        raise DataError(f"{str(file)!r} is empty.")
    try:
        data = _with_whole_numbers(pd.read_parquet(file, engine="pyarrow"), file)
        unnamed = all(name is None for name in data.index.names)
        return data.reset_index(drop=unnamed)
    except (pa.ArrowException, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{str(file)!r} cannot be read as parquet: {_one_line(error)}.") from error


def _with_whole_numbers(data: pd.DataFrame, file: Path) -> pd.DataFrame:
    """`data` with whole numbers whole: beside missing values pandas makes them floating-point, which end at 2^53."""
    whole = {field.name for field in pq.read_schema(file) if pa.types.is_integer(field.type)}
    lossy = [
        name
        for name, column in data.items()
        if name in whole and pd.api.types.is_float_dtype(column.dtype) and column.abs().max() >= EXACT
    ]
    if not lossy:
        return data
    exact = pd.read_parquet(file, engine="pyarrow", columns=lossy, dtype_backend="numpy_nullable")
    return data.assign(**{str(name): exact[name].array for name in lossy})


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
