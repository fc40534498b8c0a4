"""The reference grid: every combination of the levels of factors, with covariates at their means or at given values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.errors import ArgumentError
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.formula.group_policies import Groups, with_policy
from bayesmix.formula.matrices import NewRows, new_rows
from bayesmix.formula.syntax import columns_in
from bayesmix.inference.means.cells import mean_of
from bayesmix.inference.means.covariates import Reduction
from bayesmix.inference.means.group_policy import Combinations, combinations
from bayesmix.inference.means.nesting import Nesting, nesting_of
from bayesmix.inference.means.variables import GridVariable, grid_variables
from bayesmix.inference.shared.unordered import refuse_unordered
from bayesmix.modelling.blocks import stretches

MOST_CELLS = 2_000_000
_VALUES_AT_ONCE = 2**21


@dataclass(frozen=True, eq=False)
class ReferenceGrid:
    """A grid of cells: `variables`, an axis each; `counts`, how many rows of the data each cell has; `nesting`, the
    variables in which others lie, by the names of the latter.

    `offset`: what stands for the formula's offsets in all cells; None where it is that of the cells themselves.
    `parts`: predictors of further parameters that the grid is for, beside that of the mean. `groups`: what stands for
    the effects of groups.
    """

    design: Design
    variables: tuple[GridVariable, ...]
    counts: Floats
    nesting: Nesting
    offset: float | None
    parts: Mapping[str, Design] = field(default_factory=dict)
    groups: Groups = "typical"

    @property
    def terms(self) -> tuple[GroupTerm, ...]:
        """The random terms of all predictors, those of the mean first."""
        return (*self.design.random, *(term for part in self.parts.values() for term in part.random))

    @cached_property
    def combinations(self) -> Combinations | None:
        """The combinations of levels of the terms whose effects are those in the data; None where there are none."""
        fitted = with_policy(self.terms, self.groups, "fitted")
        return combinations(fitted, self.variables) if fitted else None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(variable.name for variable in self.variables)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.counts.shape

    def occurring(self, axes: tuple[int, ...]) -> Flags:
        """Whether levels of some factors occur together anywhere in the data, broadcast over the other variables."""
        codes = [self.variables[axis].codes for axis in axes]
        there = np.all([code >= 0 for code in codes if code is not None], axis=0)
        found = np.zeros([self.shape[axis] for axis in axes], dtype=bool)
        found[tuple(code[there] for code in codes if code is not None)] = True
        in_order = np.transpose(found, np.argsort(axes))
        return in_order.reshape([size if axis in axes else 1 for axis, size in enumerate(self.shape)])

    def axes(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """The axes of these variables."""
        return tuple(self.names.index(name) for name in names)


def reference_grid(
    design: Design,
    at: Mapping[str, Any],
    offset: float | None,
    *,
    reduction: Reduction | None = None,
    parts: Mapping[str, Design] | None = None,
    groups: Groups = "typical",
) -> ReferenceGrid:
    """The grid of the predictor of the mean, and of `parts` that describe further parameters.

    Raises
    ------
    ArgumentError
        `at` cannot be read (see `grid_variables`), the grid has more than `MOST_CELLS` cells, or the response is a
        category without an order.
    """
    refuse_unordered(design, question="a grid of predictors")
    parts = parts or {}
    others = tuple(parts.values())
    variables = grid_variables(design, at, parts=others, reduction=reduction or Reduction())
    shape = tuple(variable.size for variable in variables)
    if np.prod(shape, dtype=float) > MOST_CELLS:
        sizes = " x ".join(f"{variable.size} {variable.name}" for variable in variables if variable.size > 1)
        raise ArgumentError(
            f"The reference grid has {np.prod(shape, dtype=float):.3g} cells ({sizes}), more than {MOST_CELLS:,}; "
            "at= takes some of the levels alone."
        )
    counts = _counts(variables)
    nesting = nesting_of(design, grid_variables(design, {}, parts=others))
    return ReferenceGrid(design, variables, counts, nesting, _offset(design, variables, offset), parts, groups)


def predictors(grid: ReferenceGrid, cells: Positions, *, shift: tuple[str, float] | None = None) -> NewRows:
    """The predictors of some cells, numbers among all of them; `shift` adds to a covariate.

    The levels of grouping factors in them are any.
    """
    places = np.unravel_index(cells, grid.shape) if grid.shape else ()
    columns: dict[str, pd.Series] = {}
    for variable, place in zip(grid.variables, places, strict=True):
        columns[variable.name] = variable.values.iloc[place].reset_index(drop=True)
    if shift is not None:
        columns[shift[0]] = columns[shift[0]].astype(float) + shift[1]
    design = grid.design
    for name in (name.name for name in design.formula.predictor_columns):
        if name not in columns:
            columns[name] = design.data[name].iloc[np.zeros(len(cells), dtype=np.intp)].reset_index(drop=True)
    return new_rows(design, pd.DataFrame(columns, index=range(len(cells))))


def cells_in_parts(cells: Positions, n_columns: int) -> Iterator[Positions]:
    """The cells in parts whose predictors fit into memory."""
    for part in stretches(len(cells), max(1, _VALUES_AT_ONCE // max(1, n_columns))):
        yield cells[part]


def _counts(variables: tuple[GridVariable, ...]) -> Floats:
    counted = [(axis, variable.codes) for axis, variable in enumerate(variables) if variable.codes is not None]
    shape = tuple(variable.size for variable in variables)
    if not counted:
        return np.ones(shape)
    sizes = [shape[axis] for axis, _ in counted]
    there = np.all([codes >= 0 for _, codes in counted], axis=0)
    cells = np.ravel_multi_index([codes[there] for _, codes in counted], sizes)
    margin = np.bincount(cells, minlength=int(np.prod(sizes))).reshape(sizes)
    axes = {axis for axis, _ in counted}
    broadcast = margin.reshape([size if axis in axes else 1 for axis, size in enumerate(shape)])
    return np.broadcast_to(broadcast, shape).astype(float)


def _offset(design: Design, variables: tuple[GridVariable, ...], offset: float | None) -> float | None:
    """The mean of the offsets; of one that depends on levels or values of the grid that of each cell."""
    if offset is not None:
        return offset
    used = {name.name for node in design.formula.offsets for name in columns_in(node)}
    own = [variable for variable in variables if variable.name in used]
    if any(variable.codes is not None or variable.size > 1 or not _at_mean(design, variable) for variable in own):
        return None
    return float(design.offset.mean())


def _at_mean(design: Design, variable: GridVariable) -> bool:
    column = design.data[variable.name].to_numpy(dtype=float, na_value=np.nan)
    return bool(variable.values.iloc[0] == mean_of(column))
