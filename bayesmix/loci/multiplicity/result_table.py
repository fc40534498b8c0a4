"""The table of results of many loci, as `fit_loci` gives and stores it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bayesmix.errors import ArgumentError, DataError, UnknownTermError, did_you_mean, listing, shown
from bayesmix.formula.frame import checked_frame
from bayesmix.formula.frame_kinds import as_pandas
from bayesmix.loci.store.manifest import NAME as MANIFEST
from bayesmix.loci.store.store import Store


@dataclass(frozen=True)
class ResultTable:
    """`frame`: a row for each locus. `n_draws`: the draws of each, None where it is not known."""

    frame: pd.DataFrame
    n_draws: int | None


def result_table(loci: Any, columns: Sequence[str]) -> ResultTable:
    """These columns of a table of results: a record with a `table`, a frame, a store, or a Parquet file or folder.

    A store may have a run in it that goes on: its rows so far are read.
    """
    table = getattr(loci, "table", loci)
    if isinstance(table, str | os.PathLike):
        path = Path(table).expanduser()
        if not os.path.exists(path):
            raise DataError(f"There is no file or folder {str(path)!r}.")
        if (path / MANIFEST).exists():
            return _of_store(path, columns)
        try:
            names = pq.ParquetDataset(path).schema.names
            table = pq.read_table(path, columns=[name for name in columns if name in names] or None)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{str(path)!r} holds no table of results: {str(error).splitlines()[0]}.") from None
    if isinstance(table, pa.Table):
        metadata = table.schema.metadata or {}
        told = metadata.get(b"n_draws")
        return ResultTable(table.to_pandas(), None if told is None else int(told))
    frame = as_pandas(table)
    told = frame.attrs.get("n_draws")
    return ResultTable(frame, None if told is None else int(told))


def _of_store(folder: Path, columns: Sequence[str]) -> ResultTable:
    table = Store(folder).table()
    if table is None:
        raise DataError(f"The store {str(folder)!r} has no rows yet.")
    return result_table(table.select([name for name in columns if name in table.column_names]), columns)


def effect_columns(effect: Any) -> tuple[str, str, str]:
    """The columns with mean, sd and probability below 0 of an effect."""
    if not isinstance(effect, str):
        raise ArgumentError(f'effect is a coefficient or contrast, such as "treatment[trt]"; got {shown(effect)}.')
    return f"{effect}_mean", f"{effect}_sd", f"{effect}_p_below"


def checked_effect(frame: pd.DataFrame, effect: str) -> pd.DataFrame:
    """The table, if it has the columns of an effect with a number or nothing in each cell.

    Raises
    ------
    UnknownTermError
        With those that it has.
    """
    require_effect([str(name) for name in frame.columns], effect)
    return checked_frame(frame, effect_columns(effect))


def require_effect(columns: Sequence[str], effect: str) -> None:
    """Refuse an effect of which a table with these columns tells nothing.

    Raises
    ------
    UnknownTermError
        With those that it has.
    """
    known = [name.removesuffix("_p_below") for name in columns if name.endswith("_p_below")]
    missing = [name for name in effect_columns(effect) if name not in columns]
    if missing:
        raise UnknownTermError(
            f"The loci have no effect {effect!r}.{did_you_mean(effect, known)} They have {listing(known) or 'none'}."
        )
