"""Cells of factors in which a category of the response never occurs, so that its odds there have no finite estimate.

If the columns of a category's predictor hold the indicator of a cell, and the category never occurs in the cell, the
likelihood rises without end as its log odds go to minus infinity there and stay what they are elsewhere. Where the
reference never occurs, so it does as the log odds of all others go to plus infinity. Albert & Anderson (1984),
doi:10.1093/biomet/71.1.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmix.arrays import Floats
from bayesmix.errors import counted
from bayesmix.formula.crossings import crossings
from bayesmix.formula.design import Design
from bayesmix.formula.nominal_response import category_parameters

_ROUNDING = 1e-8  # of an indicator, which is 0 or 1

Cell = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class UnseenCategory:
    """A `category` that occurs in none of the `n_rows` rows of a cell, `where`: factors with their levels.

    `predictors`: names of those whose values there run away; `is_reference`: whether it is the reference, so that they
    go to plus infinity.
    """

    category: str
    where: Cell
    n_rows: int
    predictors: tuple[str, ...]
    is_reference: bool


def unseen_categories(design: Design) -> tuple[UnseenCategory, ...]:
    """The cells of a response without an order in which a category never occurs; none of any other response.

    A cell within another that is listed for the same category is not.
    """
    if not design.response.unordered:
        return ()
    parameters = category_parameters(design.response)
    cells = {name: dict(_cells(design.parts[name])) for name in parameters}
    everywhere = {
        cell: rows for cell, rows in cells[next(iter(cells))].items() if all(cell in own for own in cells.values())
    }
    reference = design.response.categories[0]
    found = _unseen(design, 1, reference, everywhere, tuple(parameters), is_reference=True)
    for number, (name, category) in enumerate(parameters.items(), start=2):
        found += _unseen(design, number, category, cells[name], (name,), is_reference=False)
    return tuple(found)


def _cells(part: Design) -> Iterator[tuple[Cell, NDArray[np.bool_]]]:
    """The cells, those of fewest factors first, whose indicators the columns of a predictor hold, with their rows."""
    for crossing in crossings(part):
        if not crossing.factors:
            continue
        for number, levels in enumerate(crossing.levels):
            inside = crossing.cell == number
            if _holds(part.fixed.matrix, inside.astype(float)):
                yield tuple(zip(crossing.factors, levels, strict=True)), inside


def _holds(matrix: Floats, column: Floats) -> bool:
    fitted = matrix @ np.linalg.lstsq(matrix, column, rcond=None)[0]
    return bool(np.abs(fitted - column).max() < _ROUNDING)


def _unseen(
    design: Design,
    number: int,
    category: str,
    cells: dict[Cell, NDArray[np.bool_]],
    predictors: tuple[str, ...],
    *,
    is_reference: bool,
) -> list[UnseenCategory]:
    found: list[UnseenCategory] = []
    for where, inside in cells.items():
        within = any(set(other.where) <= set(where) for other in found)
        if not within and not (design.response.values[inside] == number).any():
            found.append(UnseenCategory(category, where, int(inside.sum()), predictors, is_reference))
    return found


def unseen_line(unseen: UnseenCategory) -> str:
    """`f v: car in 0 of 30 rows; its log odds there to -infinity`."""
    place = ", ".join(f"{factor} {level}" for factor, level in unseen.where)
    rows = f"in 0 of {counted(unseen.n_rows, 'row')}"
    if unseen.is_reference:
        return f"{place}: {unseen.category}, the reference, {rows}; all log odds against it there to +infinity"
    return f"{place}: {unseen.category} {rows}; its log odds there to -infinity"
