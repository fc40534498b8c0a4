"""Numbers that no model can be calculated with: not finite, or so large or small that their squares are lost."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import DataError

LARGEST, SMALLEST = 1e150, 1e-150
"""Sizes whose squares a computer still holds (up to 1e308, from 1e-308)."""


def refuse_extremes(label: str, values: Floats, columns: Sequence[str], data: pd.DataFrame) -> None:
    """Refuse values (n_obs,) or (n_obs, m) of a term or response, worked out of `columns` of `data`.

    Raises
    ------
    DataError
        With the term, how many rows, and the first of them with the value and what it comes from.
    """
    rows = values.reshape(len(values), -1)
    finite = np.isfinite(rows)
    if not finite.all():
        where = _first(~finite, rows, columns, data)
        raise DataError(f"{label} is not finite in {where}; correct or drop these rows.")
    sizes = np.abs(rows)
    if (sizes > LARGEST).any():
        where = _first(sizes > LARGEST, rows, columns, data)
        raise DataError(
            f"{label} is beyond {LARGEST:g} in size in {where}; its square is beyond the numbers of a computer. Write "
            "missing values as NA, or give the column another unit."
        )
    largest = sizes.max(axis=0, initial=0.0)
    tiny = (largest > 0) & (largest < SMALLEST)
    if tiny.any():
        raise DataError(
            f"{label} is at most {largest[tiny][0]:g} in size, and the square of a number below {SMALLEST:g} is lost; "
            "give it another unit."
        )


def _first(bad: Flags, rows: Floats, columns: Sequence[str], data: pd.DataFrame) -> str:
    at_fault = np.flatnonzero(bad.any(axis=1))
    row = int(at_fault[0])
    value = rows[row][bad[row]][0]
    inputs = [f"{name} = {data[name].iloc[row]}" for name in dict.fromkeys(columns)]
    source = ", ".join(inputs[:4]) if inputs else f"{value:g}"
    return f"{len(at_fault)} of {len(rows)} rows (first in row {data.index[row]}: {source})"
