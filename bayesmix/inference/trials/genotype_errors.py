"""How far the predicted effects of genotypes are from the true ones: prediction error variances of BLUPs.

For m genotypes with errors of covariance C the mean variance of a difference of two is

    2 / (m - 1) (tr C - 1'C 1 / m),

so that the diagonal and the variance of the sum are all that is needed.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, eye_array, vstack

from bayesmix.arrays import Floats
from bayesmix.formula.dependent_columns import independent_columns
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.modelling.blocks import stretches
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.prediction_errors import MixedEquations, mixed_equations, whitened_rows
from bayesmix.parallel import one_blas_thread

_VALUES_AT_ONCE = 2**21


@dataclass(frozen=True, eq=False)
class GenotypeErrors:
    """Prediction errors of the effects of m genotypes, with the coefficients estimated and the variances known.

    `variance` (m,) of each; `of_differences` the mean variance of the difference of two.
    """

    variance: Floats
    of_differences: float


@dataclass(frozen=True, eq=False)
class _Equations:
    """Henderson's equations, and the covariance (p, p) of the estimates of the coefficients."""

    mixed: MixedEquations
    coefficients: Floats


def genotype_errors(design: Design, genotype: GroupTerm, *, sds: tuple[float, ...], sigma: float) -> GenotypeErrors:
    """The errors of BLUPs under some variances.

    Parameters
    ----------
    sds
        The sd of every random term of the design, all of which are intercepts.
    sigma
        The residual sd, at weight 1.

    References
    ----------
    Henderson (1975), doi:10.2307/2529430
    """
    m = genotype.n_levels
    each_and_the_sum = csr_array(vstack([eye_array(m), np.ones((1, m))]))
    with one_blas_thread():
        equations = _equations(design, sds, sigma)
        errors = np.empty(m + 1)
        for part in stretches(m + 1, _VALUES_AT_ONCE // max(1, equations.mixed.incidence.n_effects)):
            own, moved = _spread(design, genotype, equations.mixed, each_and_the_sum[part])
            errors[part] = np.sum(own**2, axis=1) + np.einsum("ij,jk,ik->i", moved, equations.coefficients, moved)
    of_differences = 2 / (m - 1) * (errors[:m].sum() - errors[m] / m) if m > 1 else np.nan
    return GenotypeErrors(errors[:m], float(of_differences))


def genotype_covariance(design: Design, genotype: GroupTerm, *, sds: tuple[float, ...], sigma: float) -> Floats:
    """The covariance (m, m) of the errors of BLUPs under some variances."""
    with one_blas_thread():
        equations = _equations(design, sds, sigma)
        own, moved = _spread(design, genotype, equations.mixed, csr_array(eye_array(genotype.n_levels)))
        return own @ own.T + moved @ equations.coefficients @ moved.T


def _equations(design: Design, sds: tuple[float, ...], sigma: float) -> _Equations:
    X = independent_columns(design).fixed.matrix
    terms = tuple(GroupColumns(term.index, term.columns, term.n_levels) for term in design.random)
    precision = (np.ones(design.n_obs) if design.weights is None else design.weights) / sigma**2
    mixed = mixed_equations(X=X, terms=terms, L=tuple(np.array([[sd]]) for sd in sds), weights=precision)
    return _Equations(mixed, np.linalg.inv(X.T @ (X * precision[:, None]) - mixed.carried.T @ mixed.carried))


def _spread(design: Design, genotype: GroupTerm, equations: MixedEquations, rows: csr_array) -> tuple[Floats, Floats]:
    """A (r, q) and B (r, p) of combinations of genotypes: their errors have the covariance A A' + B cov(beta) B'."""
    random = tuple(rows if term is genotype else csr_array((rows.shape[0], term.n_levels)) for term in design.random)
    own = whitened_rows(equations, random)
    return own, own @ equations.carried
