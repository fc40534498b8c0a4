"""The data behind fitted lines: the points of each panel, and each level's own least-squares line."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.formula.matrices import new_rows
from bayesmix.formula.response import OUT_OF_TRIALS
from bayesmix.formula.syntax import columns_in, unparse
from bayesmix.inference.observed import observed
from bayesmix.modelling.record import Fit
from bayesmix.report.line_grid import Axis, Rows, group_term

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Points:
    """The points of one panel, (n_points,) each; `size` is how many trials or rows a point stands for."""

    x: Floats
    y: Floats
    size: Floats


def points_at(fit: Fit, group: str, axis: Axis, level: int) -> Points:
    """Observations of a level: proportions for counts of trials; for yes or no the proportion at each x."""
    inside = group_term(fit.design, group).index == level
    x, response = axis.data[inside], fit.design.response
    if response.trials is not None:
        trials = response.trials[inside]
        tried = trials > 0
        return Points(x[tried], observed(response)[inside][tried], trials[tried])
    y = response.values[inside]
    if fit.family.response != "binary":
        return Points(x, y, np.ones(len(x)))
    at_each = pd.Series(y).groupby(x).agg(["mean", "size"])
    return Points(
        at_each.index.to_numpy(dtype=float), at_each["mean"].to_numpy(), at_each["size"].to_numpy(dtype=float)
    )


def response_label(fit: Fit) -> str:
    """What the vertical axis shows."""
    response, spec = fit.design.response, fit.design.formula.response
    if response.levels is not None:
        return f"proportion of {response.name} = {response.levels[1]}"
    if fit.family.response == "binary" or fit.family.response in OUT_OF_TRIALS:
        return f"{unparse(spec.values)} (proportion)"
    if response.categories:
        return f"{response.name} (number of the category)"
    return response.name


def separate_lines(fit: Fit, rows: Rows, group: str, axis: Axis, levels: NDArray[np.intp]) -> Floats | None:
    """Each level's own least-squares line in the model's terms of x, shape (n_levels, n_points): no pooling.

    A level that does not determine its line, such as one with a single x, has nan. None where least squares
    does not apply: a number along the axis and a link that is not the identity.
    """
    design = fit.design
    curved = fit.family.link != "identity" or fit.family.name not in ("gaussian", "student_t")
    if curved and (not axis.texts or design.offset.any()):
        return None
    basis, at_grid = _basis(fit, rows, axis)
    weights = design.weights if design.response.trials is None else design.response.trials
    root = np.sqrt(np.ones(design.n_obs) if weights is None else weights)
    target = observed(design.response) - design.offset
    n_points = len(axis.grid)
    grid_offset = new_rows(design, rows.data).offset.reshape(-1, n_points)
    needed = np.linalg.matrix_rank(basis)
    index = group_term(design, group).index
    lines = np.full((len(levels), n_points), np.nan)
    for place, level in enumerate(levels):
        inside = (index == level) & (root > 0)
        own = basis[inside] * root[inside, None]
        if inside.sum() and np.linalg.matrix_rank(own) == needed:
            coefficients = np.linalg.lstsq(own, target[inside] * root[inside], rcond=None)[0]
            lines[place] = at_grid @ coefficients + grid_offset[place]
    return lines


def _basis(fit: Fit, rows: Rows, axis: Axis) -> tuple[Floats, Floats]:
    """Columns of x alone, (n_obs, m) for the data and (n_points, m) along the axis, with a column of ones."""
    design, n_points = fit.design, len(axis.grid)
    if axis.texts:
        places = np.arange(n_points)
        return (axis.data[:, None] == places).astype(float), np.eye(n_points)
    of_x = {
        term.label
        for term in design.formula.fixed
        if term.variables and all({c.name for c in columns_in(v)} == {axis.name} for v in term.variables)
    }
    columns = [column for owner in design.fixed.terms if owner.label in of_x for column in owner.columns]
    if columns:
        own = design.fixed.matrix[:, columns]
        at_grid = new_rows(design, rows.data).fixed[:n_points, columns]
    else:
        own, at_grid = axis.data[:, None], axis.grid[:, None]
    return np.column_stack([np.ones(len(own)), own]), np.column_stack([np.ones(n_points), at_grid])
