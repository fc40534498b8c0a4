"""F tests of the terms of a least squares fit, each adjusted for others."""

import numpy as np

from bayesmix.errors import ArgumentError
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.formula.every_level import every_level
from bayesmix.numerics.ddf import ExactDegrees, FTest, f_test, term_contrasts


def lm_tests(fit: LmFit, kind: int) -> dict[str, FTest]:
    """F tests of the terms of type 1, 2 or 3, by label.

    Raises
    ------
    ArgumentError
        The terms have no hypotheses of this type.
    """
    design = fit.design
    # What rows weigh is a matter of types 1 and 2, as it is of sums of squares; type 3 knows no numbers of rows.
    root = np.ones(1) if design.weights is None or kind == 3 else np.sqrt(design.weights)
    try:
        contrasts = term_contrasts(X=root[:, None] * design.fixed.matrix, terms=every_level(design), kind=kind)
    except ValueError as error:
        raise ArgumentError(str(error)) from error
    record = ExactDegrees(fit.vcov, float(fit.df_residual))
    return {label: f_test(record, fit.beta, rows) for label, rows in contrasts.items()}
