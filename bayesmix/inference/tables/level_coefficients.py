"""Which coefficients a level of a group has, and where a random term adds to them."""

import pandas as pd

from bayesmix.formula.design import Design, GroupTerm


def names_in(design: Design, group: str) -> tuple[str, ...]:
    """The fixed coefficients, then the columns of the group's random terms that are none of them."""
    own = [column for term in design.random if term.group == group for column in term.names]
    return tuple(dict.fromkeys((*design.fixed.names, *own)))


def positions(term: GroupTerm, names: tuple[str, ...]) -> list[int]:
    """Where the columns of `term` stand among `names`."""
    return [names.index(column) for column in term.names]


def terms_around(design: Design, group: str) -> list[GroupTerm]:
    """The terms of `group`, and of every group in one level of which each level of `group` lies."""
    index = next(term for term in design.random if term.group == group).index
    return [
        term
        for term in design.random
        if term.group == group or pd.Series(term.index).groupby(index).nunique().max() == 1
    ]
