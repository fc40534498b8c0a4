"""Wald tests of coefficients, for fits whose estimates are normal only with many data."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from bayesmix.arrays import Floats


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
