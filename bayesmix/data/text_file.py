"""Separated text: each line is checked before pandas reads it, which would fill short lines without a word."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pandas as pd

from bayesmix.data.compressed import DAMAGES, opened, opened_text
from bayesmix.data.layout import NAMED, UTF8, Layout, argument, refuse_doubled
from bayesmix.data.typed import Marks, typed
from bayesmix.errors import DataError, counted, listing

_WITH_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")
_SEPARATORS = "\t;,| "
_ROWS_LOOKED_AT = 50


def read_text(file: Path, layout: Layout, separator: str) -> pd.DataFrame:
    """The table in a file whose fields are separated by `separator`.

    Raises
    ------
    DataError
        With the line that is at fault, and the argument that would read it.
    """
    encoding = layout.encoding or UTF8
    if separator == layout.decimal:
        raise DataError(f"{str(file)!r}: fields and decimals cannot both be marked by {separator!r}; give sep=.")
    try:
        with opened_text(file, encoding) as lines:
            _refuse_other_separator(file, lines, separator)
        with opened_text(file, encoding) as lines:
            _check_lines(file, lines, separator)
        with opened_text(file, encoding) as lines:
            texts = pd.read_csv(lines, sep=separator, dtype=str, na_filter=False)
        marks = Marks(layout.missing, layout.decimal)
        return pd.DataFrame({name: typed(column, marks) for name, column in texts.items()})
    except UnicodeError:
        raise _not_decoded(file, encoding) from None
    except DAMAGES as error:
        raise _not_unpacked(file, error) from error
    except OSError as error:
        if error.errno is None:  # as bz2 says of damaged bytes; of the system's errors each has a number
            raise _not_unpacked(file, error) from error
        raise
    except pd.errors.ParserError as error:
        raise DataError(f"{str(file)!r} cannot be read: {reason_of(error)}.") from error


def _not_unpacked(file: Path, error: Exception) -> DataError:
    return DataError(f"{str(file)!r} cannot be unpacked: {reason_of(error)}.")


def _check_lines(file: Path, lines: IO[str], separator: str) -> None:
    """Refuse a file whose lines differ in their number of fields, or whose header cannot be right."""
    records = _records(file, lines, separator)
    _, header = next(records, (0, None))
    if header is None:
        raise DataError(f"{str(file)!r} is empty.")
    refuse_doubled(file, header)
    for number, (line, fields) in enumerate(records):
        if len(fields) != len(header):
            one_more = number == 0 and len(fields) == len(header) + 1
            why = (
                _why_one_more([fields, *(further for _, further in records)], header)
                if one_more
                else "Fields that hold the separator are written in double quotes"
            )
            n_fields = counted(len(fields), "field")
            raise DataError(f"{str(file)!r}, line {line}: {n_fields}, but the header has {len(header)}. {why}.")


def _why_one_more(rows: list[list[str]], header: list[str]) -> str:
    """Why the first line after the header has a field more than that."""
    if any(len(fields) != len(header) + 1 for fields in rows):
        return "Fields that hold the separator are written in double quotes"
    if all(fields[-1].strip() == "" for fields in rows):
        return "Each line ends with a separator: take it away, or end the header with one too"
    names = [fields[0] for fields in rows]
    if len(set(names)) < len(names):
        return "So it is in all lines: a name is missing in the header"
    few = listing(map(repr, names), at_most=3)
    return (
        f"These are row names as R's write.table writes them ({few}), or a name is missing in the header. Write "
        "with row.names = FALSE, or give the first column a name, such as row, in the header"
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


def _refuse_other_separator(file: Path, lines: IO[str], separator: str) -> None:
    """Refuse a file whose header does not have `separator`, but another one outside of quotes."""
    first = [line for line, _ in zip(lines, range(_ROWS_LOOKED_AT), strict=False) if line.strip()]
    if not first or separator in first[0]:
        return
    for other in _SEPARATORS:
        try:
            rows = list(csv.reader(first, delimiter=other))
        except csv.Error:  # a field of more than 131,072 characters, which no separator mends
            return
        n_fields = len(rows[0])
        # Blanks stand within names too: they separate only where all lines have as many, or as row names one more.
        if n_fields > 1 and (other != " " or {len(row) for row in rows[1:]} in ({n_fields}, {n_fields + 1})):
            decimal = other != "," and any(_WITH_COMMA.fullmatch(cell) for row in rows[1:] for cell in row)
            also = f" and {argument('decimal', ',')}" if decimal else ""
            raise DataError(
                f"{str(file)!r} is read with {NAMED.get(separator, repr(separator))} between its fields, which seem to "
                f"be separated by {NAMED[other]}. Give {argument('sep', other)}{also}."
            )


def _not_decoded(file: Path, encoding: str) -> DataError:
    """The message about a file that is not in this encoding."""
    if encoding != UTF8:
        return DataError(f"{str(file)!r} is not {encoding} text; give another encoding=.")
    where, likely = "", "cp1252"
    with opened(file) as lines:
        for number, line in enumerate(lines, start=1):
            if number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
                likely = "utf-16"
            try:  # decoding in blocks does not tell the line
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                where = f" (line {number}, byte 0x{line[error.start]:02x})"
                break
    whose = "UTF-16" if likely == "utf-16" else "Windows and Excel"
    return DataError(
        f"{str(file)!r} is not UTF-8 text{where}. If it is of {whose}, give {argument('encoding', likely)}; or save it "
        "as UTF-8."
    )


def reason_of(error: BaseException) -> str:
    """The text of an error that was not ours, on one line without its full stop."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
