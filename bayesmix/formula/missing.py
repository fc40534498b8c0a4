"""Rows with missing values: dropped and counted, or refused."""

from collections.abc import Sequence

import pandas as pd

from bayesmix.errors import DataError
from bayesmix.formula.columns import unknown_column
from bayesmix.formula.terms import Formula

NA_CHOICES = ("drop", "error")


def complete_rows(
    formulas: Sequence[Formula], data: pd.DataFrame, *, weights: str | None, na: str
) -> tuple[pd.DataFrame, int, dict[str, int]]:
    """The rows without a missing value in any column that the formulas use; of all but the first their predictors.

    Returns the rows, how many were left out, and how many values each column misses.

    Raises
    ------
    UnknownColumnError
        A column of the formula is not in the data.
    DataError
        The data are empty, no row is complete, or a value is missing under ``na="error"``.
    """
    if na not in NA_CHOICES:
        raise DataError(f'na={na!r} is not known; write na="drop" or na="error".')
    if not isinstance(data, pd.DataFrame):
        raise DataError(f"data is a pandas DataFrame; got {type(data).__name__}.")
    first, *others = formulas
    columns = [*first.columns, *(name for formula in others for name in formula.predictor_columns)]
    names = list(dict.fromkeys(name.name for name in columns)) + ([weights] if weights else [])
    if data.shape[0] == 0:
        raise DataError(f"The data are empty: 0 rows, {data.shape[1]} columns.")
    for name in names:
        if name not in data.columns:
            raise unknown_column(name, data)
    used = data[list(dict.fromkeys(names))]
    is_missing = used.isna()
    counts = {str(name): int(count) for name, count in is_missing.sum().items() if count}
    if not counts:
        return data.copy(), 0, {}
    incomplete = is_missing.any(axis=1)
    n_dropped = int(incomplete.sum())
    by_column = ", ".join(f"{name} {count}" for name, count in counts.items())
    if na == "error":
        raise DataError(
            f'{n_dropped} of {len(data)} rows have missing values ({by_column}); fill them, or write na="drop".'
        )
    if n_dropped == len(data):
        raise DataError(f"All {len(data)} rows have a missing value ({by_column}); no row is left to fit.")
    return data.loc[~incomplete.to_numpy()], n_dropped, counts
