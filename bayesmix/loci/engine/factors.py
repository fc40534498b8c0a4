"""Factors whose coefficients must mean the same at every locus, whichever samples it has."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmix.arrays import Integers, Positions
from bayesmix.errors import DataError, listing, shown
from bayesmix.formula.columns import Factor
from bayesmix.formula.design import Design
from bayesmix.formula.syntax import Node, columns_in
from bayesmix.formula.terms import label_of
from bayesmix.formula.variables import Variables


@dataclass(frozen=True, eq=False)
class SheetFactor:
    """A factor of the sheet: `codes` (n_samples,) of its `levels`, -1 where something is missing.

    `reference`: the position of the level that all others are compared with, None where a coefficient depends on all
    levels.
    """

    label: str
    levels: tuple[str, ...]
    codes: Positions
    reference: int | None

    def require(self, samples: Integers) -> None:
        """Refuse samples among which the coefficients would be other comparisons.

        Raises
        ------
        DataError
            The reference level has no sample; or a level has none, and the coding needs them all.
        """
        present = np.unique(self.codes[samples])
        missing = [level for code, level in enumerate(self.levels) if code not in present]
        if self.reference is None and missing:
            raise DataError(f"no sample with {self.label} {listing(missing)}, and its coding compares all levels")
        if self.reference is not None and self.levels[self.reference] in missing:
            raise DataError(
                f"no sample with {self.label} {shown(self.levels[self.reference])}, with which the others are compared"
            )


def sheet_factors(design: Design, sheet: pd.DataFrame, complete: Integers) -> tuple[SheetFactor, ...]:
    """The factors in coefficients and slopes of a `design`, on the `complete` rows of the sheet."""
    found: dict[str, SheetFactor] = {}
    rows = sheet.iloc[complete]
    for part in design.predictors:
        variables = Variables(part.formula.text, rows, part.functions, contrasts=part.contrasts)
        for node in _nodes(part):
            label = label_of(node)
            if label in found or any(name.name not in sheet.columns for name in columns_in(node)):
                continue
            factor = variables.variable(node)
            if isinstance(factor, Factor):
                codes = np.full(len(sheet), -1, dtype=np.intp)
                codes[complete] = factor.codes
                found[label] = SheetFactor(label, factor.levels, codes, _reference(node, factor, variables))
    return tuple(found.values())


def _nodes(design: Design) -> Sequence[Node]:
    terms = [*design.formula.fixed, *(term for random in design.formula.random for term in random.terms)]
    return [variable for term in terms for variable in term.variables]


def _reference(node: Node, factor: Factor, variables: Variables) -> int | None:
    """The level that every column compares another one with."""
    coding = variables.coding(node, factor)
    others = set(range(len(factor.levels))) - set(() if coding.indicated is None else map(int, coding.indicated))
    return others.pop() if coding.indicated is not None and len(others) == 1 else None
