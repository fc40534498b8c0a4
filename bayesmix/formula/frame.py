"""The data frame at the door: a pandas one, each used column there once, and one number or text in each cell."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.errors import DataError, counted
from bayesmix.formula.columns import unknown_column
from bayesmix.formula.frame_kinds import Frame, as_pandas
from bayesmix.visible import is_unicode

_CELLS = (
    *(str, int, float, bool, Decimal, type(None), type(pd.NA), type(pd.NaT)),
    *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta),
    *(pd.Timestamp, pd.Timedelta, pd.Period, pd.Interval),
)
_NUMPY_CELLS = (np.number, np.bool_, np.str_, np.datetime64, np.timedelta64)
_ROUNDING = 2**1023
"""Whole numbers from here on have no floating-point number."""

_SEVERAL = "a cell is one number or one text. Give each part a column, or each value a row (DataFrame.explode)"
_INSTEAD = {
    **dict.fromkeys(("list", "tuple", "dict", "set", "frozenset", "ndarray", "Series", "Index", "DataFrame"), _SEVERAL),
    "bytes": "a level is a text; write data[{name!r}].str.decode('utf-8')",
    "complex": "a number is a real one; take its real part or its size",
    "Fraction": "write data[{name!r}].astype(float)",
}


def checked_frame(data: Frame, names: Sequence[str]) -> pd.DataFrame:
    """`data` as a frame of pandas; one of pandas is handed on as it is, but for columns that would not be equal to
    those of other frames: dictionaries of Arrow become Categoricals, true/false with missing values ``boolean``, and
    NaN in used columns of nullable numbers missing.

    Parameters
    ----------
    data
        A frame of pandas or of another library that narwhals knows (polars, Arrow, modin), or a dict of columns.
    names
        The columns that are used; the cells of others are not looked at.

    Raises
    ------
    DataError
        It is no frame, a lazy one or empty, its columns have several levels, a used column is there twice or holds
        what is neither a number nor a text; the message names the first row.
    UnknownColumnError
        A used column is not there.
    """
    data = as_pandas(data)
    if isinstance(data.columns, pd.MultiIndex):
        raise DataError(
            f"The columns of the data have {data.columns.nlevels} levels; give them one name each, such as "
            'data.columns = ["_".join(name) for name in data.columns].'
        )
    if data.shape[0] == 0:
        raise DataError(f"The data are empty: 0 rows, {counted(data.shape[1], 'column')}.")
    for name in dict.fromkeys(names):
        if name not in data.columns:
            raise unknown_column(name, data)
        same = int((data.columns == name).sum())
        if same > 1:
            raise DataError(f"The data have {same} columns named {name!r}; rename all but one.")
    dictionaries = [place for place, kind in enumerate(data.dtypes) if _is_dictionary(kind)]
    data = _with(data, {place: _categorical(data.iloc[:, place]) for place in dictionaries})
    places = [data.columns.get_loc(name) for name in dict.fromkeys(names)]
    for place in places:
        _refuse_cells(data.iloc[:, place])
    return _with(data, {place: _with_missing(data.iloc[:, place]) for place in places})


def _with(data: pd.DataFrame, columns: Mapping[Any, Any]) -> pd.DataFrame:
    """`data` with other `columns`, by their places, where they are not None; the caller's frame stays as it is."""
    others = {place: column for place, column in columns.items() if column is not None}
    if others:
        data = data.copy(deep=False)
    for place, column in others.items():
        data.isetitem(place, column)
    return data


def _is_dictionary(kind: Any) -> bool:
    return isinstance(kind, pd.ArrowDtype) and str(kind.pyarrow_dtype).startswith("dictionary<")


def _categorical(column: pd.Series) -> Any:
    """A dictionary column of Arrow as a Categorical with its levels in order."""
    return column.array.__arrow_array__().to_pandas().array


def _with_missing(column: pd.Series) -> Any:
    """The column as its like in other frames is, or None where that is so already.

    NaN among nullable numbers and Arrow's is missing, and true and false beside a missing value are still these.
    """
    kind = column.dtype
    if pd.api.types.is_object_dtype(kind):
        is_truth = column.isna().any() and pd.api.types.infer_dtype(column, skipna=True) == "boolean"
        return column.astype("boolean").array if is_truth else None
    if isinstance(kind, pd.ArrowDtype) and str(kind.pyarrow_dtype).startswith("timestamp"):
        return column.array.__arrow_array__().to_pandas().array  # pandas 2 looks Arrow's times up at wrong places
    if isinstance(kind, np.dtype) or not pd.api.types.is_float_dtype(kind):
        return None
    no_number = np.isnan(column.to_numpy(dtype=float, na_value=np.nan)) & ~column.isna().to_numpy()
    return column.mask(no_number).array if no_number.any() else None


def _refuse_cells(column: pd.Series) -> None:
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        categories = kind.categories.to_series(index=range(len(kind.categories)))
        if pd.api.types.is_object_dtype(categories.dtype) or pd.api.types.is_complex_dtype(categories.dtype):
            _refuse_values(column.name, categories, "as level number")
    elif isinstance(kind, pd.ArrowDtype):
        first = column.first_valid_index()
        if first is not None and not _is_cell(kind.type):
            raise DataError(_refusal(column.name, kind.type, f"in row {first}"))
    elif pd.api.types.is_object_dtype(kind) or pd.api.types.is_complex_dtype(kind):
        _refuse_values(column.name, column, "in row")


def _refuse_values(name: Any, values: pd.Series, where: str) -> None:
    bad = {kind for kind in set(map(type, values.array)) if not _is_cell(kind)}
    for label, value in zip(values.index, values.array, strict=True):
        kind = type(value)
        if kind in bad:
            raise DataError(_refusal(name, kind, f"{where} {label}"))
        if kind is str and not (value.isascii() or is_unicode(value)):
            raise DataError(
                f"Column {name!r} holds {value!r} {where} {label}, with half of a surrogate pair, which is no "
                "character; correct the text."
            )
        if kind is int and abs(value) >= _ROUNDING:
            raise DataError(
                f"Column {name!r} holds a whole number of {value.bit_length()} binary digits {where} {label}, "
                "beyond the numbers that can be calculated with; write a missing value as NA, an identifier as a text."
            )
        if kind is Decimal and value.is_snan():
            raise DataError(f"Column {name!r} holds a signaling NaN {where} {label}; write None or numpy.nan there.")


def _is_cell(kind: type) -> bool:
    return kind in _CELLS or (issubclass(kind, _NUMPY_CELLS) and not issubclass(kind, np.complexfloating))


def _refusal(name: Any, kind: type, where: str) -> str:
    type_name = "complex" if issubclass(kind, complex | np.complexfloating) else kind.__name__
    instead = _INSTEAD.get(type_name, "a cell is a number or a text; write data[{name!r}].astype(str)").format(
        name=name
    )
    return f"Column {name!r} holds a value of type {type_name} {where}; {instead}."
