"""The sheet of samples: one row for each, under names that are there once."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bayesmix.data.read import read_table
from bayesmix.errors import ArgumentError, DataError, did_you_mean, listing, shown
from bayesmix.formula.frame import checked_frame
from bayesmix.formula.frame_kinds import as_pandas


def read_sheet(sheet: Any, sample: Any) -> tuple[pd.DataFrame, Path]:
    """A sheet with a column of samples, and the folder to which paths in it are relative.

    Parameters
    ----------
    sheet
        A frame, or the path of a file that `read_table` reads.
    sample
        The name of the column of samples.

    Raises
    ------
    DataError
        It is no table, has no such column, or a sample is missing or there twice.
    """
    folder = Path()
    if isinstance(sheet, str | os.PathLike):
        folder = Path(sheet).expanduser().parent
        sheet = read_table(sheet)
    frame = as_pandas(sheet).reset_index(drop=True)
    if not len(frame):
        raise DataError("The sample sheet has no rows.")
    column(frame, sample, "sample")
    frame = checked_frame(frame, [sample])
    names = frame[sample]
    if names.isna().any():
        raise DataError(f"The sample sheet has no {sample} in row {int(names.isna().to_numpy().argmax()) + 1}.")
    twice = names[names.duplicated()].unique()
    if len(twice):
        raise DataError(f"The sample sheet has {listing(twice)} twice in {sample!r}; a sample has one row.")
    return frame, folder


def column(frame: pd.DataFrame, name: Any, argument: str) -> pd.Series:
    """A column of the sheet that an argument names."""
    if not isinstance(name, str) or name not in frame.columns:
        hint = did_you_mean(name, frame.columns) if isinstance(name, str) else ""
        raise ArgumentError(
            f"{argument}={shown(name)} is no column of the sample sheet.{hint} It has {listing(frame.columns)}."
        )
    return frame[name]


def require_same_samples(sheet: Sequence[Any], matrix: Sequence[Any], what: str) -> None:
    """Refuse a matrix whose columns are not the samples of the sheet.

    Raises
    ------
    DataError
        With the samples that one of them lacks, and near matches.
    """
    names, columns = [str(name) for name in sheet], [str(name) for name in matrix]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise DataError(f"{what} has {listing(twice)} twice among its columns.")
    missing = [name for name in names if name not in columns]
    further = [name for name in columns if name not in names]
    if missing:
        hint = did_you_mean(missing[0], further)
        raise DataError(f"{what} has no column {listing(map(repr, missing))}, which the sheet has.{hint}")
    if further:
        raise DataError(f"{what} has columns {listing(map(repr, further))} that are no samples of the sheet.")
