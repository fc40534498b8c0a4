"""Workbooks (.xlsx): the cells of a sheet as texts, which become what the cells of a text file would be."""

import datetime
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from bayesmix.data.layout import Layout, refuse_doubled
from bayesmix.data.text_file import reason_of
from bayesmix.data.typed import Marks, typed
from bayesmix.errors import DataError, did_you_mean, listing


def read_workbook(file: Path, layout: Layout) -> pd.DataFrame:
    """The table of a sheet: column names in its first row, values from the second on, blank rows skipped.

    Raises
    ------
    DataError
        openpyxl is not installed, the file is no workbook, it has several sheets and none is named, or the first row
        of the sheet is no header.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of what openpyxl would not write back
            sheets = pd.read_excel(file, sheet_name=None, header=None, dtype=object, na_filter=False, engine="openpyxl")
    except ImportError:
        raise DataError(
            f'{str(file)!r}: workbooks are read with openpyxl; run pip install "bayesmix[excel]", or save the sheet as '
            "CSV."
        ) from None
    except OSError:
        raise
    except Exception as error:  # of a damaged file openpyxl, zipfile and the XML parser raise what they like
        raise DataError(f"{str(file)!r} cannot be read as a workbook: {reason_of(error)}.") from error
    cells = _sheet(file, {str(name): sheet for name, sheet in sheets.items()}, layout.sheet)
    cells = cells.map(lambda value: _as_text(value, layout.decimal))
    cells = cells.loc[(cells != "").any(axis=1), (cells != "").any(axis=0)]
    header, rows = _header(file, cells), cells.iloc[1:]
    marks = Marks(layout.missing, layout.decimal)
    return pd.DataFrame({name: typed(rows[place].reset_index(drop=True), marks) for place, name in header.items()})


def _sheet(file: Path, sheets: dict[str, pd.DataFrame], name: str | None) -> pd.DataFrame:
    if name is not None and name not in sheets:
        raise DataError(f"{str(file)!r} has no sheet {name!r}.{did_you_mean(name, sheets)} Sheets: {listing(sheets)}.")
    full = {title: sheet for title, sheet in sheets.items() if not sheet.empty}
    if name is None and len(full) > 1:
        first = next(iter(full))
        raise DataError(
            f'{str(file)!r} has {len(full)} sheets ({listing(full)}); name one: sheet="{first}" (at a shell: --sheet).'
        )
    if not full or (name is not None and name not in full):
        raise DataError(f"{str(file)!r}{f', sheet {name!r},' if name is not None else ''} is empty.")
    return full[name] if name is not None else next(iter(full.values()))


def _header(file: Path, cells: pd.DataFrame) -> dict[int, str]:
    """The names of the columns by their places."""
    names = cells.iloc[0]
    if len(names) > 1 and (names != "").sum() == 1:
        title = names[names != ""].iloc[0]
        raise DataError(
            f"{str(file)!r}: the first row has {title!r} alone, for {len(names)} columns. Is it a title? Delete the "
            "rows above the names of the columns."
        )
    refuse_doubled(file, names)
    return {place: name or f"Unnamed: {number}" for number, (place, name) in enumerate(names.items())}


def _as_text(value: Any, decimal: str) -> str:
    """A cell as a text file with this decimal mark has it."""
    if isinstance(value, str):
        return value
    if value is None or value is pd.NaT:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value).replace(".", decimal)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)
