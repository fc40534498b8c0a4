"""How a table is written in a file: its separator, decimal mark, encoding, marks of missing values, sheet, object."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bayesmix.errors import DataError, listing, shown

UTF8 = "utf-8-sig"
"""UTF-8; a byte order mark, which spreadsheets write, would else become part of the first column's name."""

NAMED = {";": "semicolons", ",": "commas", "\t": "tabs", " ": "blanks", "|": "bars"}


@dataclass(frozen=True)
class Layout:
    """What the user says about a file; None stands for what its ending says.

    `missing`: texts that stand for a missing value beside ``NA`` and the empty cell.
    """

    separator: str | None = None
    decimal: str = "."
    encoding: str | None = None
    missing: tuple[str, ...] = ()
    sheet: str | None = None
    object: str | None = None


def read_layout(*, sep: Any, decimal: Any, encoding: Any, na_values: Any, sheet: Any, object: Any) -> Layout:
    """The layout that the arguments of `read_table` describe.

    Raises
    ------
    DataError
        An argument is of another type, the separator is no single mark, or the encoding is not known.
    """
    is_mark = isinstance(sep, str) and len(sep) == 1 and sep.isascii() and not sep.isalnum() and sep not in "\"'\r\n.+-"
    if sep is not None and not is_mark:
        raise DataError(f'sep is the one character between two fields, such as ";" or "\\t"; got {shown(sep)}.')
    if not isinstance(decimal, str) or decimal not in (".", ","):
        raise DataError(f'decimal is the mark before the decimals, "." or ","; got {shown(decimal)}.')
    if sheet is not None and not isinstance(sheet, str):
        raise DataError(f"sheet is the name of a sheet, a text; got {shown(sheet)}.")
    if object is not None and not isinstance(object, str):
        raise DataError(f"object is the name of a data frame in an .RData file, a text; got {shown(object)}.")
    return Layout(sep, decimal, _encoding(encoding), _marks(na_values), sheet, object)


def _encoding(encoding: Any) -> str | None:
    if encoding is None:
        return None
    try:
        b"".decode(encoding)
        "".encode(encoding)
    except (LookupError, TypeError, ValueError):
        raise DataError(
            f'encoding={shown(encoding)} is not known; such as "utf-8", "latin-1", "cp1252" (Windows) or "utf-16".'
        ) from None
    return UTF8 if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else str(encoding)


def _marks(na_values: Any) -> tuple[str, ...]:
    given = [na_values] if isinstance(na_values, str | int | float) else na_values
    is_list = isinstance(given, Sequence) and not isinstance(given, bytes)
    if not is_list or any(isinstance(mark, bool) or not isinstance(mark, str | int | float) for mark in given):
        raise DataError(f'na_values are texts, such as [".", "-99"]; got {shown(na_values)}.')
    return tuple(str(mark).strip() for mark in given)


def refuse_doubled(file: Path, names: Iterable[str]) -> None:
    """Refuse a table in which two columns have one name; columns without a name may be several.

    Raises
    ------
    DataError
        With the names that are there twice.
    """
    twice = [name for name, times in Counter(names).items() if times > 1 and name]
    if twice:
        raise DataError(f"{str(file)!r} has more than one column called {listing(map(repr, twice))}.")


def require_default(layout: Layout, names: Sequence[str], *, kind: str) -> None:
    """Refuse what says nothing of a file of this `kind`.

    Parameters
    ----------
    names
        The attributes of `Layout` that mean nothing there.
    """
    plain = Layout()
    called = {"separator": "sep", "missing": "na_values"}
    for name in names:
        if getattr(layout, name) != getattr(plain, name):
            raise DataError(f"{called.get(name, name)}= says nothing of {kind}; leave it out.")


def argument(name: str, value: str) -> str:
    """How an argument of `read_table` is written, in Python and at a shell, for a message."""
    text = value.replace("\t", "\\t")
    return f'{name}="{text}" (at a shell: --{name} "{text}")'
