"""The data frame at the door: a pandas one, each used column there once, and one number or text in each cell."""

import datetime
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Protocol

import numpy as np
import pandas as pd

from bayesmix.errors import DataError, counted, one_line
from bayesmix.formula.columns import unknown_column
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
_FRAMES = {
    "dict": "write pandas.DataFrame(data)",
    "list": "write pandas.DataFrame(data)",
    "ndarray": "write pandas.DataFrame(data, columns=[...]) with the names of its columns",
    "Series": "write data.to_frame()",
    "LazyFrame": "write data.collect()",
    "str": "the name of a set is for load_data, that of a file for read_table",
    "PosixPath": "read the file with read_table",
    "NoneType": "the data stand after the formula",
}


class OtherFrame(Protocol):
    """A table of another library, such as polars, that turns itself into one of pandas."""

    def to_pandas(self) -> Any: ...


type Frame = pd.DataFrame | OtherFrame
"""What may be given as data."""


def checked_frame(data: Any, names: Sequence[str]) -> pd.DataFrame:
    """`data` with dictionary columns of Arrow as Categoricals; all else is as it was given.

    Parameters
    ----------
    data
        A DataFrame of pandas, or of another library (polars, Arrow, narwhals): one that has `to_pandas`, or with
        pandas 3 Arrow's interface, `__arrow_c_stream__`.
    names
        The columns that are used; the cells of others are not looked at.

    Raises
    ------
    DataError
        It is no DataFrame or empty, its columns have several levels, a used column is there twice or holds
        what is neither a number nor a text; the message names the first row.
    UnknownColumnError
        A used column is not there.
    """
    if not isinstance(data, pd.DataFrame):
        data = _of_pandas(data)
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
    data = _with_categoricals(data)
    for name in dict.fromkeys(names):
        _refuse_cells(data[name])
    return data


def _of_pandas(data: Any) -> pd.DataFrame:
    """A table of another library as one of pandas; what is none is refused."""
    kind = type(data).__name__
    if kind not in _FRAMES:
        convert = _conversion(data)
        try:
            converted = convert(data) if convert else None
        except Exception as error:  # other libraries raise what they like, of a missing pyarrow for instance
            raise DataError(
                f"data of type {kind} cannot be made a pandas DataFrame: {one_line(str(error))}."
            ) from error
        if isinstance(converted, pd.DataFrame):
            return converted
    instead = f": {_FRAMES[kind]}" if kind in _FRAMES else ""
    raise DataError(f"data is a DataFrame of pandas or polars; got {kind}{instead}.")


def _conversion(data: Any) -> Callable[[Any], Any] | None:
    if callable(getattr(type(data), "to_pandas", None)):
        return lambda frame: frame.to_pandas()
    if hasattr(type(data), "__arrow_c_stream__") and hasattr(pd.DataFrame, "from_arrow"):  # from pandas 3 on
        return pd.DataFrame.from_arrow
    return None


def _with_categoricals(data: pd.DataFrame) -> pd.DataFrame:
    """Dictionary columns of Arrow as Categoricals, with their levels and the order of these."""
    places = [
        place
        for place, kind in enumerate(data.dtypes)
        if isinstance(kind, pd.ArrowDtype) and str(kind.pyarrow_dtype).startswith("dictionary<")
    ]
    if places:
        data = data.copy(deep=False)
    for place in places:
        data.isetitem(place, data.iloc[:, place].array.__arrow_array__().to_pandas().array)
    return data


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
    what = "complex" if issubclass(kind, complex | np.complexfloating) else kind.__name__
    instead = _INSTEAD.get(what, "a cell is a number or a text; write data[{name!r}].astype(str)").format(name=name)
    return f"Column {name!r} holds a value of type {what} {where}; {instead}."
