"""The cells that the fixed factors make: of each alone, and of those that meet in a term.

Numbers of two values, such as doses of 400 and 2800, are factors here: the model is the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmix.formula.columns import Factor
from bayesmix.formula.design import Design
from bayesmix.formula.terms import label_of
from bayesmix.formula.variables import Variables


@dataclass(frozen=True)
class Crossing:
    """The cells of some factors that occur in the data.

    `factors` by name; `levels` (n_cells,) of each cell its factors' levels; `cell` (n_obs,) that of each row. Without
    factors all rows are one cell.
    """

    factors: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    cell: NDArray[np.intp]


def crossings(design: Design) -> tuple[Crossing, ...]:
    """Every set of factors that takes part in a fixed term, and the empty one, small sets first."""
    variables = Variables(design.formula.text, design.data, design.functions, dict(design.learnt), new=True)
    sets: dict[tuple[str, ...], dict[str, Factor]] = {(): {}}
    for term in design.formula.fixed:
        factors = {}
        for node in term.variables:
            factor = _as_factor(variables.variable(node))
            if factor is not None:
                factors[label_of(node)] = factor
        sets.setdefault(tuple(sorted(factors)), factors)
    return tuple(_crossing(factors, design.n_obs) for _, factors in sorted(sets.items(), key=lambda item: len(item[0])))


def _as_factor(values: Factor | NDArray[np.float64]) -> Factor | None:
    if isinstance(values, Factor):
        return values
    if values.ndim > 1 or len(values) == 0 or np.isin(values, (values.min(), values.max())).mean() < 1:
        return None
    distinct, codes = np.unique(values, return_inverse=True)
    return Factor(codes, tuple(f"{value:g}" for value in distinct)) if len(distinct) > 1 else None


def _crossing(factors: dict[str, Factor], n_obs: int) -> Crossing:
    code = np.zeros(n_obs, dtype=np.int64)
    for factor in factors.values():
        code = code * len(factor.levels) + factor.codes
    present, cell = np.unique(code, return_inverse=True)
    if not factors:
        return Crossing((), ((),), cell)
    parts = np.unravel_index(present, [len(factor.levels) for factor in factors.values()])
    texts = [[factor.levels[i] for i in part] for factor, part in zip(factors.values(), parts, strict=True)]
    return Crossing(tuple(factors), tuple(zip(*texts, strict=True)), cell)
