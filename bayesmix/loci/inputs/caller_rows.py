"""The rows of one caller's file, line by line: what is wrong with one, and which line it is."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn, cast

import pyarrow as pa

from bayesmix.errors import DataError, counted, shown
from bayesmix.loci.inputs.caller_formats import Layout

COUNTS = ("methylated", "unmethylated", "total", "canonical")
"""Columns of counts that are read of a file where it has them."""
_GZIP = b"\x1f\x8b"
DAMAGES = (OSError, EOFError, zlib.error)
"""What is raised of a file that cannot be read or unpacked."""


def is_gzip(path: Path) -> bool:
    """Whether a file is compressed by gzip or bgzip, by its first bytes."""
    with path.open("rb") as opened:
        return opened.read(2) == _GZIP


def opened_lines(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked where they are compressed."""
    return cast(IO[bytes], gzip.open(path)) if is_gzip(path) else path.open("rb")


def rows_of(path: Path, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """The fields of each row, and the number of its line."""
    with opened_lines(path) as lines:
        for number, line in enumerate(lines, start=1):
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if number > layout.header and text:
                fields = text.split(layout.separator)
                if layout.mixed:
                    fields = [*fields[:9], *" ".join(fields[9:]).split(" ")]
                wrong = len(fields) != len(layout.form.columns)
                if wrong:
                    expected = f"{layout.form.name} has {len(layout.form.columns)}"
                    raise DataError(f"{str(path)!r}, line {number}: {counted(len(fields), 'field')}, where {expected}.")
                yield number, fields


def wrong_counts(layout: Layout, fields: list[str]) -> str:
    """What is wrong with the numbers of a row, or an empty text."""
    row = dict(zip(layout.form.columns, fields, strict=True))
    numbers = {}
    for name in ("pos", *COUNTS):
        if name in row:
            try:
                numbers[name] = int(row[name])
            except ValueError:
                return f"{_MEANING[name]} is {shown(row[name])}, which is no whole number"
            if abs(numbers[name]) >= 2**62:
                return f"{_MEANING[name]} is {row[name]}, which is beyond any count"
            if numbers[name] < 0:
                return f"{_MEANING[name]} is {row[name]}, below 0"
    if numbers["pos"] < layout.form.counted_from:
        return f"position {numbers['pos']}, where {layout.form.name} counts from {layout.form.counted_from}"
    total = numbers.get("total")
    if total is not None and numbers["methylated"] > total:
        return f"{numbers['methylated']} reads are methylated, of {total} in all"
    if total is not None and numbers.get("canonical", 0) > total:
        return f"{numbers['canonical']} reads are canonical, of {total} in all"
    return ""


_MEANING = {
    "pos": "the position",
    "methylated": "the count of methylated reads",
    "unmethylated": "the count of unmethylated reads",
    "total": "the count of all reads",
    "canonical": "the count of canonical reads",
}


def reason_of(error: BaseException) -> str:
    strerror = getattr(error, "strerror", None)
    return str(strerror or error).rstrip(".") or type(error).__name__


@contextmanager
def damage_told(path: Path, layout: Layout) -> Iterator[None]:
    """What Arrow says of a damaged file in one line that names the place."""
    try:
        yield
    except pa.ArrowInvalid:
        for number, fields in rows_of(path, layout):
            wrong = wrong_counts(layout, fields)
            if wrong:
                raise DataError(f"{str(path)!r}, line {number}: {wrong}.") from None
        raise DataError(f"{str(path)!r} cannot be read as {layout.form.name}.") from None
    except DAMAGES as error:
        raise DataError(f"{str(path)!r} cannot be read to its end: {reason_of(error)}. Copy it anew.") from error


def refuse_row(path: Path, layout: Layout, row: int, why: str | None = None) -> NoReturn:
    """Refuse the row of this number, from 0, for a reason, or for what is wrong with its counts."""
    for number, fields in rows_of(path, layout):
        if row == 0:
            raise DataError(f"{str(path)!r}, line {number}: {why or wrong_counts(layout, fields)}.")
        row -= 1
    raise DataError(f"{str(path)!r} was changed while it was read.")
