"""Linear predictors of any rows, x'beta + z'b, from estimates, and how far they may be from the truth together.

What stands for the group effects of the rows is a policy, one of `POLICIES`:

``"typical"``  0; the variance is that of x'beta.
``"fitted"``   the conditional modes (BLUPs) of levels in the data; the variance is that of the prediction error of
               x'beta + z'b, with beta and the effects estimated together.
``"new"``      effects of levels that are not in the data: 0 is expected, and z'Sigma z adds to the variance.

The parameters of the variances are held at their estimates, as lme4 does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse import csr_array

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.formula.design import GroupTerm
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.prediction_errors import MixedEquations, mixed_equations, whitened_rows
from bayesmix.parallel import one_blas_thread

POLICIES = ("fitted", "typical", "new")
"""What stands for the group effects of a row."""

_VALUES_AT_ONCE = 2**21
_EQUATIONS: WeakKeyDictionary[RemlFit | LaplaceFit, MixedEquations] = WeakKeyDictionary()


@dataclass(frozen=True)
class LinearRows:
    """Rows of linear predictors: `fixed` (m, p), of the columns in ``design.fixed.names``, and `random`, of every term
    of ``design.random`` what multiplies its effects, (m, n_levels k), level after level; a row may be of several
    levels, such as the mean over all of them. Empty where there are no effects to add, with the policy "typical".

    With the policy "new" the levels are any number of levels not seen; rows that name the same one share its effects.
    """

    fixed: Floats
    random: tuple[csr_array, ...] = ()

    def __getitem__(self, rows: slice) -> "LinearRows":
        return LinearRows(self.fixed[rows], tuple(of_term[rows] for of_term in self.random))


@dataclass(frozen=True)
class LinearPredictors:
    """`estimate` and its standard error `se`, both (m,), on the scale of the linear predictor, without an offset."""

    estimate: Floats
    se: Floats


def level_rows_of(term: GroupTerm) -> csr_array:
    """What multiplies a term's effects, for rows of one level each, as `LinearRows.random` takes it.

    An index beyond the levels of the term, as levels not seen before have for the policy "new", adds a level.
    """
    n_rows, k = term.columns.shape
    n_levels = max(term.n_levels, int(term.index.max(initial=-1)) + 1)
    places = term.index[:, None] * k + np.arange(k)
    starts = np.arange(n_rows + 1) * k
    return csr_array((term.columns.ravel(), places.ravel(), starts), shape=(n_rows, n_levels * k))


Fitted = LmFit | RemlFit | LaplaceFit


def linear_predictors(
    fit: Fitted, rows: LinearRows, *, groups: str, beta_covariance: Floats | None = None
) -> LinearPredictors:
    """Estimates and standard errors of rows, some at a time.

    Parameters
    ----------
    groups
        One of `POLICIES`; see this file's head.
    beta_covariance
        In place of ``fit.vcov``, such as Kenward and Roger's.

    Notes
    -----
    Memory follows the effects of the model and those among them outside the largest factor, squared; a row takes time
    in proportion to that square and to the effects of its levels.

    References
    ----------
    Henderson (1975), doi:10.2307/2529430
    """
    covariance = fit.vcov if beta_covariance is None else beta_covariance
    m, spread = len(rows.fixed), _spread(fit, groups)
    variance = np.empty(m)
    at_once = max(1, _VALUES_AT_ONCE // max(1, sum(of_term.shape[1] for of_term in rows.random)))
    for start in range(0, m, at_once):
        part = slice(start, min(start + at_once, m))
        own, fixed = spread(rows[part])
        variance[part] = np.einsum("ij,ij->i", own, own) + np.einsum("ij,jk,ik->i", fixed, covariance, fixed)
    return LinearPredictors(linear_estimates(fit, rows, groups=groups), np.sqrt(np.maximum(variance, 0.0)))


def linear_estimates(fit: Fitted, rows: LinearRows, *, groups: str) -> Floats:
    """The estimates (m,) of `linear_predictors` alone."""
    estimate: Floats = rows.fixed @ fit.beta
    if groups == "fitted" and not isinstance(fit, LmFit):
        for of_term, modes in zip(rows.random, fit.effects, strict=True):
            estimate = estimate + of_term @ modes.ravel()
    return estimate


def linear_predictor_covariance(
    fit: Fitted, rows: LinearRows, *, groups: str, beta_covariance: Floats | None = None
) -> Floats:
    """Covariance (m, m) of the errors of rows; memory is m times the effects of the model, all rows at once."""
    covariance = fit.vcov if beta_covariance is None else beta_covariance
    own, fixed = _spread(fit, groups)(rows)
    return own @ own.T + fixed @ covariance @ fixed.T


def _spread(fit: Fitted, groups: str) -> Callable[[LinearRows], tuple[Floats, Floats]]:
    """A function of rows that gives A (m, r) and B (m, p), so that errors have the covariance A A' + B cov(beta) B'."""
    if groups == "typical" or isinstance(fit, LmFit) or not fit.design.random:
        return lambda rows: (np.empty((len(rows.fixed), 0)), rows.fixed)
    if groups == "new":
        return lambda rows: (_new_levels(rows, fit.L), rows.fixed)
    equations = _equations(fit)

    def spread(rows: LinearRows) -> tuple[Floats, Floats]:
        own = whitened_rows(equations, rows.random)
        return own, rows.fixed - own @ equations.carried

    return spread


def _new_levels(rows: LinearRows, L: tuple[Floats, ...]) -> Floats:
    """Rows times the factor of the covariance of the effects of levels not seen."""
    m = len(rows.fixed)
    parts = [
        (of_term.toarray().reshape(m, -1, len(factor)) @ factor).reshape(m, -1)
        for of_term, factor in zip(rows.random, L, strict=True)
    ]
    return np.concatenate([np.empty((m, 0)), *parts], axis=1)


def _equations(fit: RemlFit | LaplaceFit) -> MixedEquations:
    if fit not in _EQUATIONS:
        terms = tuple(GroupColumns(term.index, term.columns, term.n_levels) for term in fit.design.random)
        with one_blas_thread():
            _EQUATIONS[fit] = mixed_equations(
                X=fit.design.fixed.matrix, terms=terms, L=fit.L, weights=row_precisions(fit)
            )
    return _EQUATIONS[fit]


@singledispatch
def row_precisions(fit: object) -> Floats:
    """The precision of the linear predictor in every row, (n_obs,), given its effects."""
    raise ArgumentError(f"Rows of a {type(fit).__name__} have no precision.")


@row_precisions.register
def _of_reml(fit: RemlFit) -> Floats:
    weights = np.ones(fit.design.n_obs) if fit.design.weights is None else fit.design.weights
    return weights / fit.sigma**2


@row_precisions.register
def _of_laplace(fit: LaplaceFit) -> Floats:
    """Fisher's weights at the modes, as lme4's glmer takes them."""
    response = fit.design.response
    trials = np.ones(fit.design.n_obs) if response.trials is None else response.trials
    likelihood = fit.family.record.laplace[fit.family.link]
    return likelihood.terms(fit.eta, response.values, trials).expected
