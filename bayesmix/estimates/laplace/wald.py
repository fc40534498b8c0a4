"""Wald tests of coefficients and terms, for fits whose estimates are normal only with many data."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from bayesmix.arrays import Floats
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.term_hypotheses import term_hypotheses
from bayesmix.numerics.ddf import ExactDegrees, FTest, f_test


@dataclass(frozen=True)
class WaldTests:
    """Standard error, z = estimate / se and two-sided p value of the normal of every coefficient, each (p,)."""

    se: Floats
    z: Floats
    p: Floats


def wald_tests(beta: Floats, vcov: Floats) -> WaldTests:
    """The columns of `summary(glmer)`; nan where the covariance is not known."""
    se = np.sqrt(np.diag(vcov))
    z = beta / se
    return WaldTests(se, z, 2 * ndtr(-np.abs(z)))


def term_wald_tests(fit: LaplaceFit, kind: int) -> dict[str, FTest]:
    """Tests of the fixed terms of type 1, 2 or 3, by label: F with infinitely many degrees of freedom, chi-square / q.

    Terms are adjusted for one another by the information of the coefficients, the inverse of their covariance.
    """
    rows = np.linalg.cholesky(np.linalg.inv(fit.vcov)).T
    record = ExactDegrees(fit.vcov, np.inf)
    hypotheses = term_hypotheses(fit.design, kind, rows=rows)
    return {label: f_test(record, fit.beta, contrasts) for label, contrasts in hypotheses.items()}
