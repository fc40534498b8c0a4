"""Columns of a data frame: which are factors, which are numbers, and what their levels are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.errors import DataError, UnknownColumnError, did_you_mean, listing


@dataclass(frozen=True)
class Factor:
    """`codes` (n_obs,) positions in `levels`; -1 where the value is none of them. `is_ordered`: levels are steps of a
    scale, as of a Categorical with an order."""

    codes: NDArray[np.intp]
    levels: tuple[str, ...]
    is_ordered: bool = False


def unknown_column(name: str, data: pd.DataFrame) -> UnknownColumnError:
    columns = [str(column) for column in data.columns]
    if name in data.index.names:
        return UnknownColumnError(f"{name!r} is no column of the data but in their index; write data.reset_index().")
    if not columns:
        return UnknownColumnError(f"{name!r} is no column of the data, which have no columns.")
    if name in columns:
        kind = type(data.columns[columns.index(name)]).__name__
        return UnknownColumnError(
            f"{name!r} is a text in the formula, but of type {kind} in the data; write data.columns = "
            "data.columns.map(str)."
        )
    return UnknownColumnError(
        f"{name!r} is no column of the data.{did_you_mean(name, columns)} Columns: {listing(columns)}."
    )


def is_categorical(column: pd.Series) -> bool:
    """Whether a column is a factor by its type: text, Categorical or true/false; numbers kept as objects are not."""
    kind = column.dtype
    if pd.api.types.is_object_dtype(kind):
        return not _holds_numbers(column)
    return (
        isinstance(kind, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(kind) or pd.api.types.is_string_dtype(kind)
    )


def is_ordered(column: pd.Series) -> bool:
    """Whether the levels of a column are steps of a scale: of a Categorical with an order."""
    return isinstance(column.dtype, pd.CategoricalDtype) and bool(column.dtype.ordered)


def is_numeric(column: pd.Series) -> bool:
    """Whether a column can be calculated with; true/false count as 1 and 0."""
    kind = column.dtype
    if pd.api.types.is_object_dtype(kind):
        return _holds_numbers(column)
    return bool(
        (pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_complex_dtype(kind))
        or pd.api.types.is_bool_dtype(kind)
    )


def _holds_numbers(column: pd.Series) -> bool:
    kinds = ("integer", "floating", "mixed-integer-float", "decimal")
    return pd.api.types.infer_dtype(column, skipna=True) in kinds


def describe_type(column: pd.Series) -> str:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "a factor"
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return "a date"
    return "text" if is_categorical(column) else f"of type {column.dtype}"


def level_texts(column: pd.Series) -> tuple[pd.Index, list[str]]:
    """The values that occur, in order, and how they are printed."""
    present = _of_known_size(column.dropna())
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = set(present.unique())
        values = pd.Index([value for value in column.cat.categories if value in used])
    else:
        distinct = present.unique()
        try:
            values = pd.Index(sorted(distinct))
        except TypeError:  # numbers and texts mixed
            values = pd.Index(sorted(distinct, key=str))
    return values, [_level_text(value) for value in values]


def _of_known_size(column: pd.Series) -> pd.Series:
    """Numbers of 16 or more than 64 bits as those of 64, which alone can be looked up."""
    is_odd = isinstance(column.dtype, np.dtype) and column.dtype in (np.float16, np.longdouble)
    return column.astype(np.float64) if is_odd else column


def distinct_levels(column: pd.Series) -> tuple[str, ...]:
    """The levels of a column as texts; different values that are written alike are refused."""
    if pd.api.types.is_float_dtype(column.dtype):
        _refuse_lost_digits(column)
    levels = tuple(level_texts(column)[1])
    null = next((level for level in levels if "\0" in level), None)
    if null is not None:
        raise DataError(
            f"'{column.name}' has a level {null!r} with a null character, which can neither be printed nor stored; "
            "correct the text."
        )
    if len(set(levels)) < len(levels):
        alike = sorted({level for level in levels if levels.count(level) > 1})
        raise DataError(
            f"'{column.name}' has different values that are written alike ({listing(alike)}), such as the number 1 and "
            "the text '1'; give the column one type."
        )
    return levels


def _refuse_lost_digits(column: pd.Series) -> None:
    """Identifiers of 17 digits that became floating-point numbers, where several of them are one."""
    kind = column.dtype if isinstance(column.dtype, np.dtype) else np.dtype(float)
    digits = min(np.finfo(kind).nmant, np.finfo(float).nmant) + 1
    values = column.to_numpy(dtype=float, na_value=np.nan)
    lost = np.isfinite(values) & (np.abs(values) > 2.0**digits)
    if lost.any():
        raise DataError(
            f"'{column.name}' has floating-point numbers such as {values[lost][0]:.0f} as levels, beyond 2^{digits}, "
            "where neighbouring whole numbers are one; read identifiers as text, or as Int64."
        )


def _level_text(value: Any) -> str:
    is_whole = isinstance(value, float | np.floating) and np.isfinite(value) and float(value).is_integer()
    return str(int(value)) if is_whole else str(value)


def coded(column: pd.Series, levels: tuple[str, ...]) -> Factor:
    """The column's codes in `levels`; a value that is none of them is -1."""
    values, texts = level_texts(column)
    position = {level: code for code, level in enumerate(levels)}
    to_code = np.array([position.get(text, -1) for text in texts] + [-1], dtype=np.intp)
    return Factor(to_code[values.get_indexer(pd.Index(_of_known_size(column)))], levels)
