"""The data of pictures of lines: the points of each panel, and each level's own least-squares line."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.formula.design import Design
from bayesmix.formula.matrices import new_rows
from bayesmix.formula.syntax import columns_in
from bayesmix.inference.shared.expectation import observed
from bayesmix.report.pages.units import response_text, response_unit, with_unit
from bayesmix.report.pictures.line_expectations import is_linear
from bayesmix.report.pictures.line_grid import Axis, group_levels
from bayesmix.report.pictures.line_rows import Rows
from bayesmix.report.pictures.plot_arguments import AnyFit


@dataclass(frozen=True)
class Points:
    """The points of one panel, (n_points,) each; `size` is the number of trials or rows that a point represents."""

    x: Floats
    y: Floats
    size: Floats


def points_at(design: Design, axis: Axis, inside: Flags, *, binary: bool) -> Points:
    """The observations of some rows: proportions for counts of trials, or for a yes or no the proportion at each x."""
    x, response = axis.data[inside], design.response
    if response.trials is not None:
        trials = response.trials[inside]
        tried = trials > 0
        return Points(x[tried], observed(response)[inside][tried], trials[tried])
    y = response.values[inside]
    if not binary:
        return Points(x, y, np.ones(len(x)))
    at_x = pd.Series(y).groupby(x).agg(["mean", "size"])
    return Points(at_x.index.to_numpy(dtype=float), at_x["mean"].to_numpy(), at_x["size"].to_numpy(dtype=float))


def response_label(design: Design, *, binary: bool) -> str:
    """The label of the vertical axis."""
    name = response_text(design)
    if binary or design.response.trials is not None:
        return f"proportion of {name}"
    if design.response.thresholds:
        return f"{name} (number of the category)"
    return with_unit(name, response_unit(design))


def separate_lines(fit: AnyFit, rows: Rows, group: str, axis: Axis, levels: Positions) -> Floats | None:
    """Each level's own least-squares line in the model's terms of x, (n_levels, n_points): no pooling.

    It is the mean along a factor, and along a number that does not vary within levels. A level that does not determine
    its line, such as one with a single x, has nan. The result is None where least squares does not apply, which is for
    a number along the axis with a link that is not the identity, and for a censored response.
    """
    design = fit.design
    if design.response.censoring is not None:
        return None
    if not is_linear(fit) and (not axis.texts or design.offset.any()):
        return None
    weights = design.weights if design.response.trials is None else design.response.trials
    root = np.sqrt(np.ones(design.n_obs) if weights is None else weights)
    target = observed(design.response) - design.offset
    n_levels, n_points = rows.shape
    new = new_rows(design, rows.data)
    grid_offset = rows.mean(new.offset).reshape(rows.shape)
    basis, at_grid = _basis(design, rows.mean(new.fixed), axis)
    at_grid = at_grid.reshape(n_levels, n_points, -1)
    index = group_levels(design, group).index
    lines = np.full(rows.shape, np.nan)
    for place, level in enumerate(levels):
        inside = (index == level) & (root > 0)
        used = basis[inside].any(axis=0) if axis.texts else np.ones(basis.shape[1], dtype=bool)
        matrix = basis[inside][:, used] * root[inside, None]
        if inside.sum() and np.linalg.matrix_rank(matrix) == used.sum():
            coefficients = np.linalg.lstsq(matrix, target[inside] * root[inside], rcond=None)[0]
            drawn = at_grid[place][:, used]
            lines[place] = drawn @ coefficients + grid_offset[place]
            if axis.texts:
                lines[place, ~drawn.any(axis=1)] = np.nan
    return lines


def _basis(design: Design, at_cells: Floats, axis: Axis) -> tuple[Floats, Floats]:
    """The columns of x alone with a column of ones, (n_obs, m) for the data and (n_cells, m) along the axis."""
    n_cells = len(at_cells)
    if axis.texts:
        places = np.arange(len(axis.texts))
        n_levels = n_cells // len(places)
        return (axis.data[:, None] == places).astype(float), np.tile(np.eye(len(places)), (n_levels, 1))
    ones = np.ones((design.n_obs, 1)), np.ones((n_cells, 1))
    if axis.steady:
        return ones
    of_x = {
        term.label
        for term in design.formula.fixed
        if term.variables and all({c.name for c in columns_in(v)} == {axis.name} for v in term.variables)
    }
    columns = [column for owner in design.fixed.terms if owner.label in of_x for column in owner.columns]
    if not columns:
        places = np.tile(axis.grid, n_cells // len(axis.grid))
        return np.column_stack([ones[0], axis.data]), np.column_stack([ones[1], places])
    return np.column_stack([ones[0], design.fixed.matrix[:, columns]]), np.column_stack([ones[1], at_cells[:, columns]])
