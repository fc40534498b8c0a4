"""Rows with missing values: dropped and counted, or refused."""

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from bayesmix.errors import DataError, shown
from bayesmix.formula.frame import Frame, checked_frame
from bayesmix.formula.model_arguments import check_weights_name
from bayesmix.formula.terms import Formula
from bayesmix.formula.tokens import unprintable

type MissingRows = Literal["drop", "error"]
"""What is done with rows that miss a value."""

NA_CHOICES: tuple[MissingRows, ...] = ("drop", "error")


def complete_rows(
    formulas: Sequence[Formula], data: Frame, *, weights: str | None, na: str
) -> tuple[pd.DataFrame, int, dict[str, int]]:
    """The rows without a missing value in any column that the formulas use; of all but the first their predictors.

    Returns the rows, how many were left out, and how many values each column misses.

    Raises
    ------
    UnknownColumnError
        A column of the formula is not in the data.
    ArgumentError
        `weights` is no name of a column.
    DataError
        The data are empty, no row is complete, or a value is missing under ``na="error"``.
    """
    if not isinstance(na, str) or na not in NA_CHOICES:
        raise DataError(
            f'na={shown(na)} is not known; write na="drop" or na="error". What stands for a missing value in a file is '
            "said as it is read, by na_values= (at a shell: --na-values)."
        )
    check_weights_name(weights)
    if weights is not None and unprintable(weights):
        raise DataError(f"The column {weights!r} has a control character in its name; rename it.")
    first, *others = formulas
    columns = [*first.columns, *(name for formula in others for name in formula.predictor_columns)]
    names = list(dict.fromkeys(name.name for name in columns)) + ([weights] if weights is not None else [])
    data = checked_frame(data, names)
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
