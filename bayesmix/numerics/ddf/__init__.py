"""Degrees of freedom for tests of fixed effects in REML and ML fits: Satterthwaite, and Kenward & Roger.

The covariance of y is linear in the variance components, V = sum over i of gamma_i G_i; both methods consist of traces
and quadratic forms of V^-1 G_i, which `sums` computes from the cross-products: no cost here grows with the rows.
"""

from bayesmix.numerics.ddf.contrasts import ExactDegrees, FTest, degrees_of_freedom, f_test
from bayesmix.numerics.ddf.kenward_roger import KenwardRoger, kenward_roger
from bayesmix.numerics.ddf.satterthwaite import Satterthwaite, satterthwaite
from bayesmix.numerics.ddf.type_three import FixedTerm, type_three_contrasts
from bayesmix.numerics.ddf.types import LeftOut, free_of_other_terms, term_contrasts

__all__ = [
    "ExactDegrees",
    "FTest",
    "FixedTerm",
    "KenwardRoger",
    "LeftOut",
    "Satterthwaite",
    "degrees_of_freedom",
    "f_test",
    "free_of_other_terms",
    "kenward_roger",
    "satterthwaite",
    "term_contrasts",
    "type_three_contrasts",
]
