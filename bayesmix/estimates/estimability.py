"""Which combinations of a design's coefficients the data determine."""

import numpy as np

from bayesmix.arrays import Flags, Floats
from bayesmix.formula.design import Dependence, Design
from bayesmix.numerics.estimability import estimable


def estimable_rows(design: Design, rows: Floats) -> Flags:
    """Whether each row (m, p) of the fixed part, such as that of a mean or a contrast, can be estimated.

    Parameters
    ----------
    rows
        Of all columns that the formula has, in the order of ``design.fixed.every_name``: those that were left out too,
        as ``NewRows.every_column`` has them.

    Notes
    -----
    Of a posterior what cannot be estimated is what only the priors know.
    """
    dependence = design.fixed.dependence
    if dependence is None:
        return estimable(rows, design.fixed.matrix[:0].T)
    return estimable(
        rows,
        dependence.null_space,
        centre=dependence.centre,
        scale=dependence.scale,
        intercept=dependence.intercept,
    )


def with_left_out_columns(dependence: Dependence, rows: Floats) -> Floats:
    """Estimable rows (..., n_kept) of the columns that were kept, as rows (..., p) of all columns.

    An estimable row is a combination of the rows of X, in which the other columns are combinations of those kept.
    """
    kept = list(dependence.kept)
    whole = np.empty((*rows.shape[:-1], len(dependence.names)))
    whole[..., kept] = rows
    whole[..., dependence.dependent_places] = -rows @ dependence.null_space[kept]
    return whole
