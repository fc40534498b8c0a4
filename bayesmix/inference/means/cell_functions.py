"""The predictors of single cells of a reference grid, as linear functions of the coefficients."""

from dataclasses import replace

import numpy as np
import pandas as pd

from bayesmix.arrays import Flags, Positions
from bayesmix.estimates.estimability import estimable_rows
from bayesmix.inference.means.build import Means, Rows, rows_of
from bayesmix.inference.means.linear_functions import LinearFunctions
from bayesmix.inference.means.reference_grid import ReferenceGrid, cells_in_parts, predictors

Shift = tuple[str, float] | None
"""A covariate and what is added to it in all cells."""


def cell_by_cell(cells: Positions) -> Means:
    """Every cell as a mean of its own."""
    n = len(cells)
    return Means(pd.DataFrame(index=range(n)), cells, np.arange(n), np.ones(n), np.ones(n, dtype=bool))


def linear_cells(linear: LinearFunctions, grid: ReferenceGrid, cells: Positions, shift: Shift) -> LinearFunctions:
    """The predictors of cells, (n_cells,) functions, of which is asked what is asked of `linear`."""
    alone = cell_by_cell(cells)
    rows = rows_of(grid, alone, shift=shift)
    return replace(
        linear,
        rows=rows.fixed,
        offset=rows.offset,
        labels=alone.labels,
        estimable=alone.there,
        group_rows=rows.group_rows,
        mean_effects=rows.mean_effects,
        group_columns=rows.group_columns,
        group_weights=rows.group_weights,
    )


def part_cells(grid: ReferenceGrid, cells: Positions, shift: Shift) -> dict[str, Rows]:
    """The predictors of further parameters at cells, without group effects, by the name of the parameter."""
    alone = cell_by_cell(cells)
    return {
        name: rows_of(replace(grid, design=part, offset=None, parts={}, groups="typical"), alone, shift=shift)
        for name, part in grid.parts.items()
    }


def estimable_means(grid: ReferenceGrid, means: Means) -> Flags:
    """Whether the data determine the predictors of all cells that a mean has, (m,)."""
    known = means.there.copy()
    for predictor in (grid.design, *grid.parts.values()):
        if predictor.fixed.dependence is None:
            continue
        own = replace(grid, design=predictor, offset=None, parts={})
        done = 0
        for cells in cells_in_parts(means.cells, len(predictor.fixed.every_name)):
            found = estimable_rows(predictor, predictors(own, cells).every_column)
            known[means.owners[done : done + len(cells)][~found]] = False
            done += len(cells)
    return known
