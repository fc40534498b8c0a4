"""How does the response change with a covariate, with all else alike?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, BayesmixError, FormulaError, UnknownTermError, listing, shown
from bayesmix.formula.allowed import check_expression
from bayesmix.formula.functions import FUNCTIONS
from bayesmix.formula.grammar import read_expression
from bayesmix.formula.syntax import columns_in
from bayesmix.formula.variables import Variables
from bayesmix.inference.means.averaging import WEIGHTS
from bayesmix.inference.means.build import Means, Rows, means_of, rows_of, with_outer
from bayesmix.inference.means.covariates import CovReduce, read_reduction
from bayesmix.inference.means.emmeans import as_mapping, linear_functions, means_table
from bayesmix.inference.means.modelled_parts import parts_of_mean
from bayesmix.inference.means.notes import Asked
from bayesmix.inference.means.reference_grid import ReferenceGrid, reference_grid
from bayesmix.inference.means.regrid import read_regrid
from bayesmix.inference.means.specs import OVERALL, read_specs
from bayesmix.inference.means.table import MeansTable
from bayesmix.inference.shared.arguments import near_matches, one_of, probability
from bayesmix.inference.shared.policies import read_groups
from bayesmix.inference.shared.question import table
from bayesmix.inference.tables.ddf_method import ddf_method
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit

_STEP = 1e-4
"""Of the range of the covariate, to either side."""


@table
def emtrends(
    fit: Fit | RemlFit | LaplaceFit | LmFit,
    var: str,
    specs: str | Sequence[str] | None = None,
    by: str | Sequence[str] | None = None,
    at: Mapping[str, Any] | None = None,
    *,
    weights: str = "equal",
    groups: str | Mapping[str, str] = "typical",
    cov_reduce: CovReduce = "mean",
    regrid: str | None = None,
    prob: float = 0.95,
    ddf: str = "satterthwaite",
) -> MeansTable:
    """Slopes of a covariate, as R's emtrends has them: by the levels of factors, averaged over those of others.

    Parameters
    ----------
    fit
        A fitted model.
    var
        The covariate, or a function of one, ``"log(x)"``: slopes are by that function then.
    specs, by
        The variables whose levels are told apart, as in `emmeans`. By default the slope over all; a covariate whose
        slope changes may be among them, with its values in `at`.
    at
        Values by variable, as in `emmeans`. The slope is that at the mean of the covariate, or at the values that `at`
        gives.
    weights, groups, cov_reduce, prob, ddf
        As in `emmeans`.
    regrid
        ``"response"``: slopes of the expected response, cell by cell, averaged over the grid: what the response gains,
        in its own unit, by one unit of the covariate. None: of the linear predictor.

    Returns
    -------
    pandas.DataFrame
        As that of `emmeans`, on the link scale or regridded, with a column `<var>.trend` in place of `emmean`.

    Raises
    ------
    UnknownTermError
        `var` is no covariate of the fixed part, or `specs` or `by` name no variable of it.
    ArgumentError
        Another argument cannot be read.

    Notes
    -----
    The slopes are differences of the rows of `emmeans` a ten-thousandth of the covariate's range to either side, which
    is exact for lines and parabolas, and for other curves good to some eight digits. (emmeans goes to one side alone,
    by a thousandth of the range, so that its slopes of curves differ in the third or fourth digit.)

    References
    ----------
    Lenth (2016), doi:10.18637/jss.v069.i01

    Examples
    --------
    >>> fit = bm.reml("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"))
    >>> bm.emtrends(fit, "Days")["Days.trend"].round(3).tolist()
    [10.467]
    """
    by_cell, policies = read_regrid(regrid), read_groups(fit.design, groups, default="typical")
    parts, reduction = parts_of_mean(fit) if by_cell else {}, read_reduction(cov_reduce)
    grid = reference_grid(fit.design, as_mapping(at), None, reduction=reduction, parts=parts, groups=policies)
    known = [variable.name for variable in grid.variables if variable.shown]
    column, of_function = _covariate(grid, var, known)
    specs_read = with_outer(grid.nesting, read_specs(fit.design, known, OVERALL if specs is None else specs, by))
    asked = Asked(
        specs=specs_read,
        weights=one_of(weights, WEIGHTS, argument="weights"),
        groups=policies,
        type="link",
        prob=probability(prob),
        ddf=ddf_method(fit, ddf),
        trend=column,
        regrid=by_cell,
    )
    sides = _both_sides(grid, means_of(grid, specs_read, asked.weights), column, of_function=of_function)
    rows = _slopes(grid, sides)
    linear = linear_functions(fit, grid, sides.means, rows, asked, sides.shifts)
    return means_table(linear, asked, f"{var}.trend")


def _covariate(grid: ReferenceGrid, var: Any, known: Sequence[str]) -> tuple[str, str]:
    """The covariate, and the function of it by which slopes are; empty where they are by itself."""
    if not isinstance(var, str):
        raise ArgumentError(f'var is the name of a covariate, or a function of one such as "log(x)"; got {shown(var)}.')
    columns = [var] if var in known else _columns_of(var)
    numbers = [one.name for one in grid.variables if one.shown and not one.is_factor]
    if len(columns) != 1 or columns[0] not in numbers:
        is_factor = len(columns) == 1 and columns[0] in known
        why = "is a factor, which has means, not slopes" if is_factor else "is no covariate of the fixed part"
        have = f"Covariates: {listing(numbers)}." if numbers else "The fixed part has no covariates."
        raise UnknownTermError(f"var: {shown(var)} {why}.{'' if is_factor else near_matches(var, numbers)} {have}")
    return columns[0], "" if columns[0] == var else var


def _columns_of(text: str) -> list[str]:
    try:
        return list(dict.fromkeys(name.name for name in columns_in(read_expression(text))))
    except FormulaError:
        return []


@dataclass(frozen=True, eq=False)
class _Sides:
    """Means at both sides of a covariate's values, `shifts`, with weights by the distance of these sides."""

    means: Means
    shifts: tuple[tuple[str, float], tuple[str, float]]


def _both_sides(grid: ReferenceGrid, means: Means, column: str, *, of_function: str) -> _Sides:
    """The means above and below the covariate's values in the grid, of which slopes are differences."""
    numbers = grid.design.data[column].to_numpy(dtype=float, na_value=np.nan)
    step = _STEP * float(np.ptp(numbers)) or _STEP
    axis = grid.names.index(column)
    values = grid.variables[axis].values.to_numpy(dtype=float)
    above, below = (_of(grid, of_function, column, values + shift) for shift in (step, -step))
    places = np.unravel_index(means.cells, grid.shape)[axis]
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = replace(means, weights=means.weights / (above - below)[places])
    if not np.isfinite(scaled.weights).all():
        raise ArgumentError(f"var: {shown(of_function)} does not change with {column} at the values of the grid.")
    return _Sides(scaled, ((column, step), (column, -step)))


def _slopes(grid: ReferenceGrid, sides: _Sides) -> Rows:
    """Differences of the rows of the means at both sides, by those of the covariate."""
    right, left = (rows_of(grid, sides.means, shift=shift) for shift in sides.shifts)
    return replace(
        right,
        fixed=right.fixed - left.fixed,
        offset=np.zeros_like(right.offset),
        group_columns=tuple(a - b for a, b in zip(right.group_columns, left.group_columns, strict=True)),
        group_rows=right.group_rows - left.group_rows,
    )


def _of(grid: ReferenceGrid, text: str, column: str, values: Floats) -> Floats:
    """The function of the covariate that slopes are by, at these values."""
    if not text:
        return values
    functions, learnt, node = grid.design.functions, dict(grid.design.learnt), read_expression(text)
    try:
        check_expression(node, text, {*FUNCTIONS, *functions}, within_arithmetic=True)
        found = Variables(text, pd.DataFrame({column: values}), functions, learnt, new=True).numbers(node)
    except BayesmixError as error:
        raise ArgumentError(f"var: {str(error).splitlines()[0]}") from None
    if found.ndim > 1:
        raise ArgumentError(f"var: {shown(text)} has {found.shape[1]} columns; slopes are by one number.")
    return found
