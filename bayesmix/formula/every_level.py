"""The fixed part with every factor coded by a column for each level, as type III hypotheses need it."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.formula.columns import Factor
from bayesmix.formula.design import Design
from bayesmix.formula.terms import Term, label_of
from bayesmix.formula.variables import Variables


@dataclass(frozen=True)
class EveryLevel:
    """A term of the fixed part: `label` and `columns` (of X) as in the design; `every_level` (n_obs, c), its columns
    were no level left out; `factors` and `numbers`, names of its variables (the intercept has none)."""

    label: str
    columns: tuple[int, ...]
    every_level: Floats
    factors: frozenset[str]
    numbers: frozenset[str]


def every_level(design: Design) -> tuple[EveryLevel, ...]:
    """The terms of the fixed part, in the order of the design, with all levels of their factors coded."""
    variables = Variables(design.formula.text, design.data, design.functions)
    return tuple(
        _code(term, owner.label, owner.columns, variables)
        for term, owner in zip(design.formula.fixed, design.fixed.terms, strict=True)
    )


def _code(term: Term, label: str, columns: tuple[int, ...], variables: Variables) -> EveryLevel:
    block = np.ones((len(variables.data), 1))
    factors, numbers = set(), set()
    for node in term.variables:
        values = variables.variable(node)
        if isinstance(values, Factor):
            factors.add(label_of(node))
            dummies = (values.codes[:, None] == np.arange(len(values.levels))).astype(float)
        else:
            numbers.add(label_of(node))
            dummies = values.reshape(len(block), -1)
        # As the design multiplies them, so that its columns are found again to the last digit.
        block = np.concatenate([block * dummies[:, [j]] for j in range(dummies.shape[1])], axis=1)
    return EveryLevel(label, columns, block, frozenset(factors), frozenset(numbers))
