"""Answers as data frames that print whole: no column and no sentence is left out for want of width."""

from collections.abc import Callable
from functools import wraps

import pandas as pd

from bayesmix.display import Printed


class ReadableTable(Printed, pd.DataFrame):
    """A data frame like any other, but for the way it is shown; what is taken from it is shown in the same way.

    Numbers have as many digits as their standard deviation or error allows, the values all of theirs. Columns beyond
    the width of the terminal stand below the others, long texts below their rows. Of more rows than
    ``pandas.options.display.max_rows`` the first and last are shown.
    """

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return ReadableTable


def readable[**P](question: Callable[P, pd.DataFrame]) -> Callable[P, pd.DataFrame]:
    """A question whose answer, a data frame, prints whole."""

    @wraps(question)
    def answer(*args: P.args, **kwargs: P.kwargs) -> pd.DataFrame:
        found = question(*args, **kwargs)
        if isinstance(found, ReadableTable):
            return found
        table = ReadableTable(found)
        table.attrs |= found.attrs
        return table

    return answer
