"""The fixed part of a design in the coordinates in which it is sampled: the intercept at the predictors' means."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.formula.design import Design
from bayesmix.priors.prior import Prior, prior_numbers


@dataclass(frozen=True)
class FixedColumns:
    """Columns (n_obs, p) in the order of the PyMC model, of the coefficients `names`: those of others less their
    `means`, the intercept last; `means` (p - 1,) is empty without an intercept or without others."""

    matrix: Floats
    names: tuple[str, ...]
    means: Floats


def fixed_columns(design: Design) -> FixedColumns:
    """The fixed part as the PyMC model has it, its intercept at the predictors' means."""
    fixed = design.fixed
    others = [column for term in fixed.terms if term.kind != "intercept" for column in term.columns]
    names = tuple(fixed.names[column] for column in others)
    matrix = fixed.matrix[:, others]
    if not fixed.has_intercept:
        return FixedColumns(matrix, names, np.empty(0))
    means = matrix.mean(axis=0)
    return FixedColumns(np.column_stack([matrix - means, np.ones(len(matrix))]), (*names, "Intercept"), means)


def coefficient_numbers(fixed: FixedColumns, priors: Mapping[str, Prior]) -> Floats:
    """Location, scale and degrees of freedom (1 but for Student's t) of every coefficient's prior, (p, 3)."""
    return np.array([prior_numbers(priors[name]) for name in fixed.names], dtype=float).reshape(-1, 3)
