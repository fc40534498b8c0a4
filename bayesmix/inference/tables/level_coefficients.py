"""The coefficients of each level of a group: which there are, and tables with a row for every level and coefficient."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.formula.design import Design, GroupTerm


def names_in(design: Design, group: str) -> tuple[str, ...]:
    """The fixed coefficients, then those columns of the group's random terms that are no fixed coefficients."""
    columns = [column for term in design.random if term.group == group for column in term.names]
    return tuple(dict.fromkeys((*design.fixed.names, *columns)))


def positions(term: GroupTerm, names: tuple[str, ...]) -> list[int]:
    """Where the columns of `term` stand among `names`."""
    return [names.index(column) for column in term.names]


def terms_around(design: Design, group: str) -> list[GroupTerm]:
    """The terms of `group`, and of every factor in which it is nested: each of its levels lies in one of theirs."""
    index = next(term for term in design.random if term.group == group).index
    return [
        term
        for term in design.random
        if term.group == group or pd.Series(term.index).groupby(index).nunique().max() == 1
    ]


def level_frame(
    group: str, levels: tuple[str, ...], names: tuple[str, ...], columns: Mapping[str, Floats]
) -> pd.DataFrame:
    """Long form of `columns`, each of shape (n_levels, len(names)) or flat in that order."""
    labels = {
        "group": group,
        "level": np.repeat(np.asarray(levels, dtype=object), len(names)),
        "term": np.tile(np.asarray(names, dtype=object), len(levels)),
    }
    return pd.DataFrame({**labels, **{name: np.ravel(values) for name, values in columns.items()}})


def stacked(frames: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    """The frames below one another; with none, an empty frame of the same columns."""
    if not frames:
        return pd.DataFrame(columns=["group", "level", "term", *columns])
    return pd.concat(frames, ignore_index=True)
