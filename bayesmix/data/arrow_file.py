"""Tables that hold their types: parquet, and Arrow's own files (.feather, .arrow)."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bayesmix.data.layout import refuse_doubled
from bayesmix.data.text_file import reason_of
from bayesmix.data.typed import EXACT
from bayesmix.errors import DataError


def read_arrow(file: Path, ending: str) -> pd.DataFrame:
    """The table in a file ending in ``.parquet``, ``.feather`` or ``.arrow``.

    A named index that was stored becomes a column.
    """
    kind = ending.removeprefix(".")
    if file.stat().st_size == 0:
        raise DataError(f"{str(file)!r} is empty.")
    try:
        table = pq.read_table(file) if kind == "parquet" else _of_arrow(file)
        refuse_doubled(file, table.column_names)
        data = _with_whole_numbers(table.to_pandas(), table)
        unnamed = all(name is None for name in data.index.names)
        return data.reset_index(drop=unnamed)
    except (pa.ArrowException, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{str(file)!r} cannot be read as {kind}: {reason_of(error)}.") from error


def _of_arrow(file: Path) -> pa.Table:
    """Arrow's file format, which feather is, or its stream."""
    with pa.OSFile(str(file)) as opened:
        if opened.read(6) == b"ARROW1":
            return pa.ipc.open_file(file.read_bytes()).read_all()
    return pa.ipc.open_stream(file.read_bytes()).read_all()


def _with_whole_numbers(data: pd.DataFrame, table: pa.Table) -> pd.DataFrame:
    """`data` with whole numbers whole: beside missing values pandas makes them floating-point, which end at 2^53."""
    exact = {}
    for field in table.schema:
        if pa.types.is_integer(field.type) and field.name in data.columns:
            column = data[field.name]
            if pd.api.types.is_float_dtype(column.dtype) and column.abs().max() >= EXACT:
                kind = str(field.type).replace("int", "Int").replace("u", "U")  # Int64, which has missing values
                exact[field.name] = pd.array(table.column(field.name).to_pylist(), dtype=kind)
    return data.assign(**exact) if exact else data
