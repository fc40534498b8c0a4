"""Which value of a column each row has: the cells or levels that a question looks at apart."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.errors import ArgumentError, listing


def column_levels(data: pd.DataFrame, name: str, *, argument: str) -> tuple[NDArray[np.intp], tuple[object, ...]]:
    """The level of each row, (n_obs,), and the levels in their order, of a Categorical in that of its categories.

    Raises
    ------
    ArgumentError
        Rows have no value there, or the values have no order.
    """
    column = data[name]
    n_missing = int(column.isna().sum())
    if n_missing:
        raise ArgumentError(
            f"{argument}={name!r} is missing in {n_missing} of {len(column)} rows; name a column that every row has."
        )
    try:
        codes, levels = column.factorize(sort=True)
    except TypeError as error:
        kinds = listing(sorted({type(value).__name__ for value in column}))
        raise ArgumentError(
            f"{argument}={name!r} has values without an order ({kinds}); make it a column of texts or numbers."
        ) from error
    return codes.astype(np.intp), tuple(levels)
