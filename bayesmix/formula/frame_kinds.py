"""Frames of other libraries as frames of pandas, and back: those that narwhals knows, and dicts of columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.exceptions import DuplicateError
from narwhals.typing import IntoDataFrame

from bayesmix.errors import DataError, listing, one_line, shown

type Frame = pd.DataFrame | IntoDataFrame | Mapping[str, Any]
"""What may be given as data: a frame of pandas, polars, Arrow, or another that narwhals knows; or a dict of columns."""

_PANDAS_LIKE = (nw.Implementation.PANDAS, nw.Implementation.MODIN, nw.Implementation.CUDF)
_COLLECT = {
    nw.Implementation.DASK: "data.compute()",
    nw.Implementation.DUCKDB: "data.df()",
    nw.Implementation.IBIS: "data.to_pandas()",
    nw.Implementation.PYSPARK: "data.toPandas()",
    nw.Implementation.PYSPARK_CONNECT: "data.toPandas()",
    nw.Implementation.SQLFRAME: "data.toPandas()",
}
_WITH_MISSING = {
    "bool": "boolean",
    **{f"int{bits}": f"Int{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"UInt{bits}" for bits in (8, 16, 32, 64)},
}
"""Arrow's types that pandas would make another type of beside missing values, and pandas' own that are the same."""
_INSTEAD = {
    "Dataset": "write data.to_dataframe()",
    "list": "write pandas.DataFrame(data)",
    "ndarray": "write pandas.DataFrame(data, columns=[...]) with the names of its columns",
    **dict.fromkeys(("Series", "Index"), "write data.to_frame()"),
    "str": "the name of a set is for load_data, that of a file for read_table",
    "PosixPath": "read the file with read_table",
    "WindowsPath": "read the file with read_table",
    "ChunkedArray": "write pyarrow.table({...}) with the names of its columns",
    "NoneType": "the data stand after the formula",
}


@dataclass(frozen=True)
class FrameKind:
    """The kind of frame that was given: its `library`, None for a dict of columns.

    `types` are those of its columns, of a library other than pandas; `wrapped`: it came as narwhals' own.
    """

    library: nw.Implementation | None = nw.Implementation.PANDAS
    types: Mapping[str, Any] = field(default_factory=dict)
    wrapped: bool = False


def frame_kind(data: Any) -> FrameKind:
    """What `data` is, so that rows may be given back as they came; what no library knows comes back as pandas'."""
    if isinstance(data, pd.DataFrame):
        return FrameKind()
    if isinstance(data, Mapping):
        return FrameKind(None)
    frame = nw.from_native(data, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        return FrameKind()
    return FrameKind(frame.implementation, dict(frame.schema), wrapped=isinstance(data, nw.DataFrame))


def as_pandas(data: Any) -> pd.DataFrame:
    """A frame of another library, or a dict of columns, with all its columns and in its order of rows.

    Raises
    ------
    DataError
        It is no frame, a lazy one, or has two columns of one name; columns of a dict differ in their length.
    """
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, Mapping) and not hasattr(type(data), "to_dataframe"):  # as xarray's has, of arrays
        return _of_columns(data)
    try:
        frame = nw.from_native(data, pass_through=True)
        if isinstance(frame, nw.LazyFrame):
            collect = _COLLECT.get(frame.implementation, "data.collect()")
            raise DataError(f"data is a lazy frame, a {_type(data)}, whose rows are not there yet; write {collect}.")
        if not isinstance(frame, nw.DataFrame) and _is_stream(data):
            frame = nw.from_arrow(data, backend="pyarrow")
        if isinstance(frame, nw.DataFrame):
            return _of_frame(frame)
    except DuplicateError as error:
        raise DataError(f"The data have columns of one name; rename all but one. {one_line(str(error))}") from error
    except DataError:
        raise
    except Exception as error:  # other libraries raise what they like, of a missing pyarrow for instance
        raise DataError(f"data, a {_type(data)}, cannot be made a pandas DataFrame: {one_line(str(error))}.") from error
    raise _no_frame(data)


def as_given(table: pd.DataFrame, kind: FrameKind) -> Any:
    """`table` as a frame of `kind`, its columns of their first types where these can hold them."""
    library = kind.library
    if library is None:
        return {str(name): column.to_numpy() for name, column in table.items()}
    if library is nw.Implementation.PANDAS and not kind.wrapped:
        return table
    if library in _PANDAS_LIKE:
        frame = nw.from_native(library.to_native_namespace().DataFrame(pd.DataFrame(table)))
    else:
        arrow = nw.from_native(pd.DataFrame(table.reset_index(drop=True))).to_arrow()
        frame = nw.from_arrow(arrow, backend=library)  # type: ignore[arg-type]
        first, now = kind.types, frame.schema
        lost = [name for name in first if name in now and _is_lost(now[name], first[name])]
        frame = frame.with_columns(nw.col(name).cast(first[name]) for name in lost)
    return frame if kind.wrapped else frame.to_native()


def _is_lost(now: Any, first: Any) -> bool:
    return now != first and first != nw.Unknown and not first.is_nested()


def _is_stream(data: Any) -> bool:
    """Whether Arrow can read rows from it: a batch, a reader, the answer of a query; a Series is no frame."""
    return hasattr(type(data), "__arrow_c_stream__") and type(data).__name__ not in _INSTEAD


def _no_frame(data: Any) -> DataError:
    kind = type(data).__name__
    instead = _INSTEAD.get(kind) or ("write data.to_pandas()" if hasattr(type(data), "to_pandas") else "")
    return DataError(
        f"data is a frame of pandas, polars or Arrow, or a dict of columns; got {kind}{instead and f': {instead}'}."
    )


def _type(data: Any) -> str:
    return f"{type(data).__name__} of {type(data).__module__.partition('.')[0]}"


def _of_frame(frame: nw.DataFrame[Any]) -> pd.DataFrame:
    if frame.implementation in _PANDAS_LIKE:
        return frame.to_pandas()
    if frame.implementation is nw.Implementation.POLARS:
        # A Categorical of polars has no order of levels but that of its texts; an Enum has.
        frame = frame.with_columns(
            nw.col(n).cast(nw.String) for n, kind in frame.schema.items() if kind == nw.Categorical
        )
    return _of_arrow(frame.to_arrow())


def _of_arrow(table: Any) -> pd.DataFrame:
    """A table of Arrow, whose own columns count and not the index that pandas may have noted beside them."""
    data = table.to_pandas(ignore_metadata=True)
    for place, column in enumerate(table.columns):
        kind = _WITH_MISSING.get(str(column.type))
        if kind is not None and column.null_count:
            pandas_type = pd.api.types.pandas_dtype(kind)
            data.isetitem(place, column.to_pandas(types_mapper=lambda _, pandas_type=pandas_type: pandas_type))
    return data


def _of_columns(columns: Mapping[Any, Any]) -> pd.DataFrame:
    series = {name: _of_column(name, values) for name, values in columns.items()}
    lengths = {name: len(column) for name, column in series.items()}
    if len(set(lengths.values())) > 1:
        parts = listing((f"{shown(name)} {length}" for name, length in lengths.items()), at_most=6)
        raise DataError(f"The columns of data differ in their numbers of rows: {parts}.")
    indexed = {name: values for name, values in columns.items() if isinstance(values, pd.Series)}
    rows = next((values.index for values in indexed.values()), None)
    for name, values in indexed.items():
        if not values.index.equals(rows):
            raise DataError(
                f"Columns {shown(next(iter(indexed)))} and {shown(name)} of data are Series with different indexes; "
                "write pandas.DataFrame(data), which matches rows by their index, or take .to_numpy() of each."
            )
    # As arrays: pandas would match the rows of a list with those of a Series by their names.
    data = pd.DataFrame({place: column.array for place, column in enumerate(series.values())}, index=rows)
    return data.set_axis(pd.Index(list(series), tupleize_cols=False), axis=1)


def _of_column(name: Any, values: Any) -> pd.Series:
    if isinstance(values, pd.Series):
        return values
    column = nw.from_native(values, pass_through=True, allow_series=True)
    if isinstance(column, nw.Series):
        return _of_frame(column.alias("column").to_frame())["column"]
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise DataError(
            f"Column {shown(name)} of data is an array of shape {values.shape}; a column is one number or text a row."
        )
    is_list = isinstance(values, Sequence) and not isinstance(values, str | bytes)
    if is_list and pd.api.types.infer_dtype(values, skipna=True) == "integer":
        return pd.Series(values, dtype="Int64" if None in values else None)  # beside None pandas makes them floating
    if is_list or isinstance(values, np.ndarray | pd.Index | pd.api.extensions.ExtensionArray):
        return pd.Series(values)
    raise DataError(
        f"Column {shown(name)} of data is of type {type(values).__name__}; each value of a dict is a column, a list or "
        "an array with a number or text a row."
    )
