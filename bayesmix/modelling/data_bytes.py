"""A data frame as bytes and back, with every column's type; nothing is executed when it is read.

Parquet keeps numbers, texts and dates. What it loses, the categories of a Categorical, goes along as JSON; the column
itself is stored as positions in them.
"""

import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from bayesmix.errors import StoredFitError, listing

_PLAIN = (str, int, float, bool)


def to_bytes(data: pd.DataFrame) -> NDArray[np.uint8]:
    """The frame as bytes, shape (n_bytes,).

    Raises
    ------
    StoredFitError
        A column holds values of several types or of a type that cannot be stored; the message names it.
    """
    twice = sorted({str(name) for name in data.columns[data.columns.duplicated()]})
    if twice:
        raise StoredFitError(
            f"The data have several columns named {listing(twice)}; rename all but one before the fit."
        )
    named = data.rename(columns=str)
    categories = {}
    stored = {}
    for name, column in named.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            values = [value.item() if isinstance(value, np.generic) else value for value in column.cat.categories]
            plain = all(isinstance(value, _PLAIN) for value in values)
            categories[str(name)] = {
                "values": values if plain else [str(value) for value in values],
                "ordered": bool(column.cat.ordered),
            }
            stored[name] = pd.Series(column.cat.codes.to_numpy().astype(np.int64), index=named.index)
        else:
            stored[name] = column
    frame = pd.DataFrame(stored, index=named.index)
    bad = [str(name) for name in frame.columns if not _can_be_stored(frame[[name]])]
    if bad:
        raise StoredFitError(
            f"The data cannot be stored: columns with values of several types, or of a type without a place in Parquet "
            f"({listing(bad)}). Give each column one type, or leave it out of the data before the fit."
        )
    head = json.dumps(categories).encode()
    body = _parquet(frame)
    return np.frombuffer(len(head).to_bytes(8, "little") + head + body, dtype=np.uint8)


def from_bytes(stored: NDArray[np.uint8]) -> pd.DataFrame:
    """The frame that `to_bytes` wrote."""
    content = stored.tobytes()
    size = int.from_bytes(content[:8], "little")
    categories = json.loads(content[8 : 8 + size])
    data = pd.read_parquet(io.BytesIO(content[8 + size :]))
    for name, kept in categories.items():
        data[name] = pd.Categorical.from_codes(
            data[name].to_numpy(), categories=pd.Index(kept["values"]), ordered=kept["ordered"]
        )
    return data


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def _can_be_stored(column: pd.DataFrame) -> bool:
    try:
        _parquet(column)
    except (pa.ArrowException, ValueError, TypeError):
        return False
    return True
