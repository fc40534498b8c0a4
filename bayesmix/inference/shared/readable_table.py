"""Answers as data frames that print whole: no column and no sentence is left out for want of width."""

from collections.abc import Callable
from functools import wraps

import pandas as pd

from bayesmix.display import Printed

NOTES = "notes"
"""Where the `attrs` of a table have sentences that are printed below it."""


class ReadableTable(Printed, pd.DataFrame):
    """A data frame with another way of printing, which frames taken from it inherit.

    Numbers have as many digits as their standard deviation or error allows, the values all of theirs. Columns beyond
    the width of the terminal stand below the others, long texts below their rows. Of more rows than
    ``pandas.options.display.max_rows`` the first and last are shown.
    """

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return ReadableTable


class RandTable(ReadableTable):
    """Each random term against its absence: it prints as a page of few columns. `attrs["formula"]`: of the model."""


class InclusionTable(ReadableTable):
    """Each random term, averaged over what else may be in the model; it prints as `RandTable`."""


class HypothesisTable(ReadableTable):
    """Statements about parameters with their evidence or tests; it prints as a page of few columns."""


def readable[**P](question: Callable[P, pd.DataFrame]) -> Callable[P, pd.DataFrame]:
    """A question whose answer, a data frame, prints whole."""

    @wraps(question)
    def answer(*args: P.args, **kwargs: P.kwargs) -> pd.DataFrame:
        frame = question(*args, **kwargs)
        if isinstance(frame, ReadableTable):
            return frame
        table = ReadableTable(frame)
        table.attrs |= frame.attrs
        return table

    return answer
