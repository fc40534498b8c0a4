"""Columns of texts, as a file holds them, as the numbers, truth values or texts that they are.

A column is what all its cells are, `NA` aside. What a number could not keep stays text: identifiers with zeros in
front (007), whole numbers beyond 64 bits, numbers beyond the largest of a computer, and different texts such as 1E5
and 10E4 that are one number.
"""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

MISSING = "NA"
"""The text of a missing value; an empty cell is one too."""

_WHOLE = r"[+-]?\d+"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_NOT_FINITE = r"[+-]?(?:[Ii]nf(?:inity)?|NaN|nan)"
_ZEROS_IN_FRONT = r"0\d+"
_LIKE_AN_IDENTIFIER = r"\d+[eE]\d+"
_TRUTH = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}
EXACT = 2**53
"""Whole numbers up to which floating-point numbers tell neighbours apart."""


@dataclass(frozen=True)
class Marks:
    """How the cells of a file are written: `missing` beside ``NA`` and the empty cell, and the `decimal` mark."""

    missing: tuple[str, ...] = ()
    decimal: str = "."

    @cached_property
    def missing_numbers(self) -> tuple[float, ...]:
        """The marks that are numbers: a column of numbers may write them in another way, -99.0 for -99."""
        written = [mark.replace(self.decimal, ".") for mark in self.missing]
        return tuple(float(mark) for mark in written if re.fullmatch(_NUMBER, mark))

    def with_points(self, cells: pd.Series) -> pd.Series:
        """The cells of numbers with a point before their decimals; a point that stood there makes a cell a text."""
        if self.decimal == ".":
            return cells
        swapped = cells.str.replace(self.decimal, ".", regex=False)
        return swapped.where(~cells.str.contains(".", regex=False), "")


def typed(texts: pd.Series, marks: Marks | None = None) -> pd.Series:
    """A column of `texts`, none of them missing, as numbers, truth values or texts.

    Returns
    -------
    pandas.Series
        Of whole numbers ``int64``, with missing values ``float64``, or ``Int64`` where that would not keep them all;
        of other numbers ``float64``; of truth values ``bool``, or objects where some are missing; else texts.
    """
    marks = marks or Marks()
    stripped = texts.str.strip()
    missing = stripped.isin(["", MISSING, *marks.missing])
    cells = stripped[~missing]
    if cells.empty:
        return pd.Series(np.nan, index=texts.index, name=texts.name)
    numbers = _as_numbers(marks.with_points(cells))
    if numbers is not None:
        return _spread(numbers[~numbers.isin(marks.missing_numbers)], texts)
    if cells.isin(list(_TRUTH)).all():
        truth = cells.map(_TRUTH).astype(bool)
        return truth if not missing.any() else truth.astype(object).reindex(texts.index)
    return texts.mask(texts.isin(["", MISSING]) | stripped.isin(marks.missing))


def _as_numbers(cells: pd.Series) -> pd.Series | None:
    """The cells as numbers, or None where one is none or would not be kept."""
    whole = cells.str.fullmatch(_WHOLE)
    if whole.all():
        return None if cells.str.fullmatch(_ZEROS_IN_FRONT).any() else _whole_numbers(cells)
    plain = cells.str.fullmatch(_NUMBER)
    if not (plain | cells.str.fullmatch(_NOT_FINITE)).all() or not plain.any():
        return None
    if cells[whole].str.fullmatch(_ZEROS_IN_FRONT).any():
        return None
    numbers = cells.astype(object).astype(float)
    if np.isinf(numbers[plain]).any():
        return None
    alike = cells[cells.str.fullmatch(_LIKE_AN_IDENTIFIER)].drop_duplicates()
    return None if numbers[alike.index].duplicated().any() else numbers


def _whole_numbers(cells: pd.Series) -> pd.Series | None:
    if cells.str.len().max() < 19:  # of any sign below 2^63
        return cells.astype(object).astype(np.int64)
    values = [int(cell) for cell in cells]
    lowest, highest = min(values), max(values)
    if lowest >= -(2**63) and highest < 2**63:
        return pd.Series(values, index=cells.index, name=cells.name, dtype=np.int64)
    return None


def _spread(numbers: pd.Series, texts: pd.Series) -> pd.Series:
    """The numbers in their rows, the others missing."""
    if len(numbers) == len(texts):
        return numbers
    if numbers.dtype == np.int64 and (numbers.max() > EXACT or numbers.min() < -EXACT):
        return numbers.astype("Int64").reindex(texts.index)
    return numbers.astype(np.float64).reindex(texts.index)
