"""A data frame as bytes and back, with every column's type; nothing is executed when it is read.

Parquet keeps numbers, texts and dates. It loses the categories of a Categorical, which are stored as JSON; the column
itself is stored as positions in them.
"""

import io
import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bayesmix.errors import StoredFitError, listing
from bayesmix.visible import is_unicode

_PLAIN = (str, int, float, bool)
_HEAD = 8  # bytes with the length of the JSON
_LARGEST = 2**30  # bytes that rows may take in memory, however small the file is
_EXPANSION = 100  # beyond that, they may take so many times their size in the file


def to_bytes(data: pd.DataFrame) -> NDArray[np.uint8]:
    """The frame as bytes, shape (n_bytes,).

    Raises
    ------
    StoredFitError
        A column has values of several types, or of a type that Parquet does not give back; the message names it.
    """
    names = [str(name) for name in data.columns]
    halves = [repr(name) for name in names if not is_unicode(name)]
    if halves:
        raise StoredFitError(f"The data have columns with half a character in their names ({listing(halves)}).")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StoredFitError(
            f"The data have several columns named {listing(twice)}; rename all but one before the fit."
        )
    named = data.set_axis(names, axis=1)
    if not _comes_back(pd.DataFrame({"row": 0}, index=named.index)):
        raise StoredFitError(
            "The data cannot be stored: their index has values of several types, or of a type that Parquet does not "
            "give back; call data.reset_index(drop=True) before the fit."
        )
    categories, stored = {}, {}
    for name, column in named.items():
        column = _without_dictionary(column)
        if isinstance(column.dtype, pd.CategoricalDtype):
            categories[str(name)] = _categories_of(column)
            column = pd.Series(column.cat.codes.to_numpy().astype(np.int64), index=named.index)
        stored[name] = column
    frame = pd.DataFrame(stored, index=named.index)
    bad = [str(name) for name in frame.columns if not _comes_back(frame[[name]])]
    if bad:
        shown = listing(name if name.isprintable() else repr(name) for name in bad)
        raise StoredFitError(
            "The data cannot be stored: columns with values of several types, or of a type that Parquet does not give "
            f"back ({shown}). Give each column one type, or leave it out of the data before the fit."
        )
    head = json.dumps(categories).encode()
    return np.frombuffer(len(head).to_bytes(_HEAD, "little") + head + _parquet(frame), dtype=np.uint8)


def from_bytes(stored: NDArray[np.uint8]) -> pd.DataFrame:
    """The frame that `to_bytes` wrote.

    Raises
    ------
    StoredFitError
        The bytes are damaged, or the rows would take far more memory than the file.
    """
    content = stored.tobytes()
    start = _HEAD + int.from_bytes(content[:_HEAD], "little")
    try:
        categories = json.loads(content[_HEAD:start])
        _refuse_expansion(content[start:])
        data = pd.read_parquet(io.BytesIO(content[start:]))
        for name, kept in categories.items():
            data[name] = _categorical(data[name], kept)
    except StoredFitError:
        raise
    except Exception as error:  # damaged bytes: Arrow and pandas raise errors of many kinds
        raise StoredFitError("its rows of data are damaged.") from error
    return data


def _categories_of(column: pd.Series) -> dict[str, Any]:
    values = [value.item() if isinstance(value, np.generic) else value for value in column.cat.categories]
    plain = all(isinstance(value, _PLAIN) for value in values)
    return {"values": values if plain else [str(value) for value in values], "ordered": bool(column.cat.ordered)}


def _categorical(codes: pd.Series, kept: dict[str, Any]) -> pd.Categorical:
    if not all(isinstance(value, _PLAIN) for value in kept["values"]):
        raise TypeError("categories are texts, numbers, or true and false")
    return pd.Categorical.from_codes(codes.to_numpy(), categories=pd.Index(kept["values"]), ordered=kept["ordered"])


def _without_dictionary(column: pd.Series) -> pd.Series:
    """The column with plain values in place of Arrow's positions in a dictionary, which pandas cannot read back."""
    kind = getattr(column.dtype, "pyarrow_dtype", None)
    if kind is not None and pa.types.is_dictionary(kind):
        return column.astype(pd.ArrowDtype(kind.value_type))
    return column


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def _comes_back(frame: pd.DataFrame) -> bool:
    """Whether Parquet keeps the index and the columns of a frame with their values."""
    try:
        again = pd.read_parquet(io.BytesIO(_parquet(frame)))
        if not again.index.equals(frame.index):
            return False
        return all(_are_equal(again[name], frame[name]) for name in frame.columns)
    except (pa.ArrowException, ValueError, TypeError, ArithmeticError, RuntimeError):
        return False


def _are_equal(again: pd.Series, column: pd.Series) -> bool:
    missing = column.isna().to_numpy()
    if not np.array_equal(again.isna().to_numpy(), missing):
        return False
    if column.dtype != object:
        return bool((again[~missing] == column[~missing]).all())
    pairs = zip(again[~missing], column[~missing], strict=True)
    return all((before == after) is True for after, before in pairs)


def _refuse_expansion(parquet: bytes) -> None:
    """Refuse rows that are too large for memory before they are read: one stored value may stand for a billion rows."""
    most = max(_LARGEST, _EXPANSION * len(parquet))
    for size_of in (_size_of_numbers, _size_of_texts):
        size = size_of(parquet)
        if size > most:
            raise StoredFitError(f"its rows of data take {size} bytes in memory and {len(parquet)} in the file.")


def _size_of_numbers(parquet: bytes) -> int:
    about = pq.ParquetFile(io.BytesIO(parquet)).metadata
    groups = [about.row_group(number) for number in range(about.num_row_groups)]
    n_values = sum(group.column(number).num_values for group in groups for number in range(group.num_columns))
    return max(n_values, about.num_rows) * np.dtype(np.float64).itemsize


def _size_of_texts(parquet: bytes) -> int:
    schema = pq.ParquetFile(io.BytesIO(parquet)).schema_arrow
    names = [field.name for field in schema if _is_text(field.type)]
    if not names:
        return 0
    texts = pq.read_table(io.BytesIO(parquet), columns=names, read_dictionary=names)
    parts = [part for column in texts.columns for part in column.chunks]
    lengths = [pc.sum(pc.take(pc.binary_length(part.dictionary), part.indices)).as_py() or 0 for part in parts]
    return sum(lengths)


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)
