"""A data file in, a data frame out: separated text, compressed or not, workbooks, parquet, Arrow's and R's own files.

pandas alone fills short lines with missing values and renames doubled columns without a word;
here the file is checked first, and what is wrong is said with the line.
"""

import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

import pandas as pd

from bayesmix.data.arrow_file import read_arrow
from bayesmix.data.compressed import COMPRESSIONS
from bayesmix.data.layout import Layout, read_layout, require_default
from bayesmix.data.r_file import read_r
from bayesmix.data.text_file import read_text, reason_of
from bayesmix.data.workbook import read_workbook
from bayesmix.errors import DataError, counted, listing
from bayesmix.hints import with_hints

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
_WORKBOOK = ".xlsx"
_ARROW = (".parquet", ".feather", ".arrow")
_R = (".rds", ".rdata", ".rda")
_TEXTS = (*_SEPARATORS, *(f"{ending}{compression}" for ending in _SEPARATORS for compression in COMPRESSIONS))
_ENDINGS = (*_TEXTS, _WORKBOOK, *_ARROW, *_R)
_KNOWN = ".csv, .tsv and .txt (each also with .gz, .bz2, .xz or .zip), .xlsx, .parquet, .feather, .arrow, .rds, .RData"
_SAVED_OTHERWISE = {
    **dict.fromkeys((".xls", ".ods", ".numbers"), "Save the sheet as .xlsx or .csv."),
    **dict.fromkeys(
        (".sav", ".dta", ".sas7bdat"), "Read it with pandas, such as pandas.read_stata, and give the frame."
    ),
    **dict.fromkeys(COMPRESSIONS, "Name it by what it holds too, such as data.csv.gz."),
}


@with_hints
def read_table(
    path: str | os.PathLike[str],
    *,
    sep: str | None = None,
    decimal: Literal[".", ","] = ".",
    encoding: str | None = None,
    na_values: str | float | Sequence[str | float] = (),
    sheet: str | None = None,
    object: str | None = None,
) -> pd.DataFrame:
    """The table in a file.

    Parameters
    ----------
    path
        A file ending in ``.csv`` (fields separated by commas), ``.tsv`` or ``.txt`` (by tabs), each also with ``.gz``,
        ``.bz2``, ``.xz`` or ``.zip``; ``.xlsx``, ``.parquet``, ``.feather`` or ``.arrow``; or R's ``.rds``, ``.RData``
        or ``.rda``. The first line of a text or sheet has the column names; every line of a text has as many fields as
        the first, blank lines are skipped.
    sep
        The character between two fields, where it is another one: ``";"``, ``" "``.
    decimal
        The mark before the decimals: with ``","`` a cell ``1,5`` is a number and ``1.5`` a text.
    encoding
        Of a text, or of a file of R that does not say its own; UTF-8 unless given. Files of Windows are ``"cp1252"``,
        ``"latin-1"`` or ``"utf-16"``.
    na_values
        What stands for a missing value in the file beside ``NA`` and an empty cell, in all columns:
        ``[".", "*", "-99"]``. A number stands for all cells that are that number.
    sheet
        The name of a workbook's sheet, where it has several.
    object
        The name of the data frame in an ``.RData`` file, where it has several.

    Returns
    -------
    pandas.DataFrame
        Columns of numbers are numbers, of true and false truth values; others stay text, dates too. A missing value is
        written ``NA``, as R writes it, or is an empty field, as pandas writes it; among numbers ``NaN`` is one too.
        ``None``, ``null`` or ``n/a`` among texts are levels like others. What a number would not keep stays text:
        identifiers with zeros in front (``007``), whole numbers beyond 64 bits, numbers beyond 1e308, and different
        texts such as ``1E5`` and ``10E4`` that are one number. A column without a name is called as pandas calls it,
        ``Unnamed: 0``. A named index that was stored in a parquet or Arrow file becomes a column. Factors of R are
        Categoricals with their levels in order, dates are dates, and row names that are no mere numbers the index.

    Raises
    ------
    DataError
        There is no such file (the message lists the near matches in its folder), it is a folder, it is empty,
        its ending is not known, or it cannot be read; the message names the line where one is at fault, and the
        argument that reads it where there is one. Workbooks need openpyxl, ``pip install "bayesmix[excel]"``, R's files
        rdata, ``pip install "bayesmix[r]"``.
    """
    if not isinstance(path, str | os.PathLike):
        raise DataError(f"A data file is named by its path, a text; got {type(path).__name__}.")
    layout = read_layout(sep=sep, decimal=decimal, encoding=encoding, na_values=na_values, sheet=sheet, object=object)
    try:
        file = Path(path).expanduser()
    except RuntimeError as error:
        raise DataError(f"{str(path)!r} cannot be read: {str(error).rstrip('.')}.") from None
    ending = _ending_of_file(file)
    try:
        data = _read(file, ending, layout)
    except OSError as error:
        raise DataError(f"{str(file)!r} cannot be read: {error.strerror or reason_of(error)}.") from error
    if data.empty:
        raise DataError(f"{str(file)!r} has {counted(len(data.columns), 'column')} and no rows of data.")
    return data


def _read(file: Path, ending: str, layout: Layout) -> pd.DataFrame:
    if ending in _ARROW:
        names = ("separator", "decimal", "encoding", "missing", "sheet", "object")
        require_default(layout, names, kind=f"a {ending} file, which holds its types")
        return read_arrow(file, ending)
    if ending in _R:
        require_default(layout, ("separator", "decimal", "missing", "sheet"), kind="a file of R, which holds its types")
        return read_r(file, layout, ending)
    require_default(layout, ("object",), kind=f"a {ending} file; it names a data frame in an .RData file")
    if ending == _WORKBOOK:
        require_default(layout, ("separator", "encoding"), kind="a workbook")
        return read_workbook(file, layout)
    require_default(layout, ("sheet",), kind="a text file")
    return read_text(file, layout, layout.separator or _SEPARATORS[ending])


def _ending_of_file(file: Path) -> str:
    """The ending of a file that is there, without that of its compression."""
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
        instead = _SAVED_OTHERWISE.get(file.suffix.lower(), "")
        raise DataError(
            f"{str(file)!r} cannot be read by its ending; known are {_KNOWN}.{' ' * bool(instead)}{instead}"
        )
    return next((kind for kind in _SEPARATORS if ending.startswith(kind)), ending)


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
