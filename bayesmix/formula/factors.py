"""The factors of a fixed part and their levels, counted; levels that are one level written in two ways."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmix.formula.columns import Factor
from bayesmix.formula.design import Design
from bayesmix.formula.terms import label_of
from bayesmix.formula.variables import Variables


@dataclass(frozen=True)
class CountedFactor:
    """A factor by its name in the formula: `levels` (n_levels,) and the rows of each, `counts` (n_levels,)."""

    name: str
    levels: tuple[str, ...]
    counts: NDArray[np.intp]


def counted_factors(design: Design) -> tuple[CountedFactor, ...]:
    """Every factor of the fixed parts, those of further parameters included, in the order of the formulas."""
    counted: dict[str, CountedFactor] = {}
    for predictor in design.predictors:
        learnt = dict(predictor.learnt)
        variables = Variables(predictor.formula.text, predictor.data, predictor.functions, learnt, new=True)
        for node in (node for term in predictor.formula.fixed for node in term.variables):
            name = label_of(node)
            if f"levels of {name}" not in learnt or name in counted:
                continue
            factor = variables.variable(node)
            if isinstance(factor, Factor):
                counts = np.bincount(factor.codes[factor.codes >= 0], minlength=len(factor.levels))
                counted[name] = CountedFactor(name, factor.levels, counts)
    return tuple(counted.values())


def written_twice(levels: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Levels that differ only by case or by spaces, together."""
    alike: dict[str, list[str]] = {}
    for level in levels:
        alike.setdefault("".join(level.split()).casefold(), []).append(level)
    return tuple(tuple(together) for together in alike.values() if len(together) > 1)


def twins_of(design: Design) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Levels that are written in two ways, by factor or grouping factor; crossed ones are left out."""
    levels = {factor.name: factor.levels for factor in counted_factors(design)}
    levels |= {term.group: term.levels for term in design.all_random if term.group in design.data.columns}
    return {name: alike for name, texts in levels.items() if (alike := written_twice(texts))}
