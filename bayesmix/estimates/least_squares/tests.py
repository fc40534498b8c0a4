"""F tests of the terms of a least squares fit."""

import numpy as np

from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.term_hypotheses import term_hypotheses
from bayesmix.numerics.ddf import ExactDegrees, FTest, f_test


def lm_tests(fit: LmFit, kind: int) -> dict[str, FTest]:
    """F tests of the terms of type 1, 2 or 3, by label.

    Raises
    ------
    ArgumentError
        The terms have no hypotheses of this type.
    """
    record = ExactDegrees(fit.vcov, float(fit.df_residual))
    design, rows = fit.design, fit.design.fixed.matrix
    if design.weights is not None:
        rows = np.sqrt(design.weights)[:, None] * rows
    contrasts = term_hypotheses(design, kind, rows=rows)
    return {label: f_test(record, fit.beta, rows) for label, rows in contrasts.items()}
