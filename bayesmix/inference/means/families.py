"""The table of means that a question is given: the functions behind it, and the families into which it falls."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from bayesmix.arrays import Positions
from bayesmix.errors import ArgumentError, shown
from bayesmix.inference.means.linear_functions import LinearFunctions
from bayesmix.inference.means.table import MeansTable
from bayesmix.inference.shared.arguments import all_of, items_of


def functions_of(means: object, *, question: str) -> LinearFunctions:
    """The linear functions behind a table of means.

    Raises
    ------
    ArgumentError
        `means` is something else, or no longer as it was returned.
    """
    if isinstance(means, MeansTable) and means.linear is not None:
        return means.linear
    kind = type(means).__name__
    if isinstance(means, pd.DataFrame):
        raise ArgumentError(
            f"{question} takes a table by bm.emmeans or bm.emtrends as it was returned; got {kind}, of which it is not "
            "known what its rows are made of. Select rows of the answer instead."
        )
    raise ArgumentError(f"{question} takes a table of means, bm.emmeans(fit, specs); got {kind}.")


def families_of(linear: LinearFunctions, by: str | Sequence[str] | None) -> tuple[str, ...]:
    """The columns within whose values means are compared: those of the table unless others, or none, are named.

    Raises
    ------
    ArgumentError
        A name is no column of the means, or nothing is left to compare.
    """
    if by is None:
        return linear.by
    if not isinstance(by, str) and items_of(by) == []:
        return ()
    columns = [str(column) for column in linear.labels.columns]
    chosen = tuple(dict.fromkeys(all_of(by, columns, argument="by")))
    if len(chosen) == len(columns):
        raise ArgumentError(f"by={shown(by)} leaves nothing to compare: the means vary by nothing else.")
    return chosen


def reordered(linear: LinearFunctions, order: Positions, notes: Sequence[str]) -> LinearFunctions:
    """The same functions in another order, with further notes."""
    drawn = linear.drawn
    return replace(
        linear,
        drawn=None if drawn is None else replace(drawn, draws=lambda which: drawn.draws(order[which])),
        rows=linear.rows[order],
        offset=linear.offset[order],
        labels=linear.labels.iloc[order].reset_index(drop=True),
        estimable=linear.estimable[order],
        group_rows=linear.group_rows[order],
        group_columns=tuple(columns[order] for columns in linear.group_columns),
        notes=(*linear.notes, *notes),
    )
