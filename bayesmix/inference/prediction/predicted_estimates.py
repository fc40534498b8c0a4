"""Predictions from estimates: linear predictors with their prediction errors, and on the response scale."""

from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from scipy.sparse import csr_array
from scipy.special import ndtri, stdtrit

from bayesmix.arrays import Floats
from bayesmix.estimates.estimability import estimable_rows
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.linear_predictors import (
    LinearPredictors,
    LinearRows,
    level_rows_of,
    linear_predictors,
)
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.formula.design import Design
from bayesmix.formula.group_policies import Groups, any_of, with_policy
from bayesmix.formula.other_rows import OtherRows
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.kinds import no_answer
from bayesmix.numerics.link_slopes import SLOPES, normal_moments
from bayesmix.numerics.links import LINKS
from bayesmix.numerics.row_distribution.parts import Predicted

_SIMULATED = 4000
_VALUES_AT_ONCE = 2**21


@dataclass(frozen=True)
class PredictedRows:
    """`estimate`, `se`, `lower` and `upper` of rows, each (n_rows,)."""

    estimate: Floats
    se: Floats
    lower: Floats
    upper: Floats


def linear_rows(design: Design) -> LinearRows:
    """The rows of a design as combinations of coefficients and effects."""
    return LinearRows(design.fixed.matrix, tuple(level_rows_of(term) for term in design.random))


def predicted_linear(fit: LmFit | RemlFit | LaplaceFit, rows: OtherRows, *, groups: Groups) -> LinearPredictors:
    """Linear predictors with their offset; nan in rows that are not estimable."""
    predicted = _linear_by_factor(fit, rows, groups)
    known = np.ones(len(predicted.estimate), dtype=bool)
    if rows.every_column is not None:
        known = estimable_rows(fit.design, rows.every_column)
    return LinearPredictors(
        np.where(known, predicted.estimate + rows.design.offset, np.nan), np.where(known, predicted.se, np.nan)
    )


def around(estimate: Floats, se: Floats, prob: float, df: float = np.inf) -> PredictedRows:
    """Symmetric intervals by Student's t, or by the normal distribution."""
    tail = (1 + prob) / 2
    width = float(ndtri(tail) if np.isinf(df) else stdtrit(df, tail)) * se
    return PredictedRows(estimate, se, estimate - width, estimate + width)


@singledispatch
def _linear_by_factor(fit: object, rows: OtherRows, groups: Groups) -> LinearPredictors:
    """Linear predictors without their offset, for one policy or one by grouping factor."""
    raise no_answer(_linear_by_factor, fit, question="predict")


@_linear_by_factor.register
def _without_groups(fit: LmFit, rows: OtherRows, groups: Groups) -> LinearPredictors:
    return linear_predictors(fit, linear_rows(rows.design), groups="typical")


@_linear_by_factor.register
def _of_groups(fit: RemlFit | LaplaceFit, rows: OtherRows, groups: Groups) -> LinearPredictors:
    """Fitted effects, with their errors, and beside them the variance of new ones."""
    if isinstance(groups, str):
        return linear_predictors(fit, linear_rows(rows.design), groups=groups)
    of_fitted = {term.label: level_rows_of(term) for term in with_policy(rows.design.random, groups, "fitted")}
    n = rows.design.n_obs
    nothing = [csr_array((n, term.n_levels * term.k)) for term in fit.design.random]
    random = tuple(of_fitted.get(term.label, none) for term, none in zip(fit.design.random, nothing, strict=True))
    found = linear_predictors(fit, LinearRows(rows.design.fixed.matrix, random), groups="fitted")
    return LinearPredictors(found.estimate, np.hypot(found.se, spread_of_new(fit, rows, groups)))


def spread_of_new(fit: RemlFit | LaplaceFit, rows: OtherRows, groups: Groups) -> Floats:
    """Standard deviations (n_rows,) of the effects of new levels in the rows."""
    factors = {term.label: L for term, L in zip(fit.design.random, fit.L, strict=True)}
    new = with_policy(rows.design.random, groups, "new")
    total = np.zeros(rows.design.n_obs)
    for term in new:
        total += np.sum((term.columns @ factors[term.label]) ** 2, axis=1)
    return np.sqrt(total)


@singledispatch
def degrees_of(fit: object) -> float:
    """Degrees of freedom of intervals: those of least squares; without end where variances are held as estimated."""
    raise no_answer(degrees_of, fit, question="predict")


@degrees_of.register
def _of_least_squares(fit: LmFit) -> float:
    return float(fit.df_residual)


@degrees_of.register
def _without_end(fit: RemlFit | LaplaceFit) -> float:
    return np.inf


@singledispatch
def link_of(fit: object) -> str:
    """The link between the linear predictor and the expected response."""
    raise no_answer(link_of, fit, question="predict")


@link_of.register
def _identity(fit: RemlFit | LmFit) -> str:
    return "identity"


@link_of.register
def _of_counts(fit: LaplaceFit) -> str:
    return fit.family.link


def gaussian_rows(
    fit: LmFit | RemlFit, rows: OtherRows, *, groups: Groups, interval: str, prob: float
) -> PredictedRows:
    """Rows of a Gaussian fit; an interval for a new response has its residual, too."""
    linear = predicted_linear(fit, rows, groups=groups)
    se = linear.se
    if interval == "prediction":
        weights = np.ones(len(se)) if rows.design.weights is None else rows.design.weights
        se = np.sqrt(se**2 + fit.sigma**2 / weights)
    return around(linear.estimate, se, prob, degrees_of(fit))


def count_means(fit: LaplaceFit, rows: OtherRows, *, groups: Groups, prob: float) -> PredictedRows:
    """Expected responses: intervals are those of the linear predictor, taken through the inverse link.

    The expectation for a new level is the mean over levels, and its standard error has their spread.
    """
    linear, inverse = predicted_linear(fit, rows, groups=groups), LINKS[fit.family.link].inverse
    of_link = around(linear.estimate, linear.se, prob)
    if any_of(groups, "new"):
        estimate, _ = normal_moments(fit.family.link, linear.estimate, spread_of_new(fit, rows, groups))
        _, se = normal_moments(fit.family.link, linear.estimate, linear.se)
    else:
        estimate, se = inverse(linear.estimate), SLOPES[fit.family.link](linear.estimate) * linear.se
    return PredictedRows(estimate, se, inverse(of_link.lower), inverse(of_link.upper))


def count_responses(fit: LaplaceFit, rows: OtherRows, *, groups: Groups, prob: float, seed: int) -> PredictedRows:
    """New counts, for counts out of trials numbers of successes: quantiles of simulated ones."""
    linear, distribution = predicted_linear(fit, rows, groups=groups), fit.family.record.distribution
    means = count_means(fit, rows, groups=groups, prob=prob)
    n_rows = len(linear.estimate)
    trials = np.ones(n_rows) if rows.design.response.trials is None else rows.design.response.trials
    rng, tail = np.random.default_rng([seed, n_rows]), (1 - prob) / 2
    se, lower, upper = np.full((3, n_rows), np.nan)
    for part in stretches(n_rows, _VALUES_AT_ONCE // _SIMULATED):
        normals = rng.standard_normal((part.stop - part.start, _SIMULATED))
        known = np.isfinite(linear.se[part])
        at = np.flatnonzero(known) + part.start
        eta = linear.estimate[at, None] + linear.se[at, None] * normals[known]
        drawn = distribution.draw(rng, Predicted(eta, fit.family.link, {"trials": trials[at, None]}))
        se[at] = drawn.std(axis=1, ddof=1)
        lower[at], upper[at] = np.quantile(drawn, (tail, 1 - tail), axis=1, method="inverted_cdf")
    return PredictedRows(means.estimate * trials, se, lower, upper)
