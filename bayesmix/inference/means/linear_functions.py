"""Linear functions of the coefficients, such as marginal means and contrasts, of every kind of fit.

Shapes: m functions, p coefficients (all that the formula has), q mean effects of groups, n_chains, n_draws.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.estimates.linear_predictors import LinearRows, linear_predictor_covariance
from bayesmix.estimates.reml.tests import ddf_record
from bayesmix.formula.design import Design
from bayesmix.formula.group_policies import Groups
from bayesmix.inference.means.group_policy import GroupWeights
from bayesmix.inference.means.mean_effects import MeanEffects, draws_of_means, level_rows
from bayesmix.inference.means.transformation import Transformation
from bayesmix.inference.shared.draws import fixed, posterior_of
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer
from bayesmix.numerics.ddf import degrees_of_freedom

type AnyFit = Fit | RemlFit | LaplaceFit | LmFit
type Which = slice | Positions


@dataclass(frozen=True, eq=False)
class LinearFunctions:
    """Linear functions of a fit's coefficients: ``rows @ beta + offset``, and of groups ``group_rows @ mean effects``.

    Attributes
    ----------
    fit
        A fitted model.
    rows : array (m, p)
        Over all columns of the fixed part, ``fit.design.fixed.every_name``, those that were left out too.
    offset : array (m,)
        What is added: of means the offset of the formula.
    labels : pandas.DataFrame
        What tells the m functions apart: columns `specs` and `by`.
    estimable : array (m,)
        Whether the data determine the function; of a posterior, without the priors.
    groups : str or mapping
        What was done with the effects of groups: ``"typical"``, ``"fitted"`` or ``"new"``, or one by grouping factor.
    type : str
        The scale that was asked for, ``"link"`` or ``"response"``. Rows are of the link scale in any case.
    specs, by : tuple of str
        Names of the columns of `labels`, and which of them split the rows into families.
    prob, ddf
        Probability of intervals, and the method of the degrees of freedom (REML).
    group_rows : array (m, q)
        Over `mean_effects`, of groups that are ``"fitted"``; else q is 0.
    mean_effects : tuple of MeanEffects
        Averages of group effects over levels; their numbers of columns add up to q.
    group_columns : tuple of array (m, k)
        For every random term of the mean the columns that its effects are multiplied with.
    transformation : Transformation or None
        What leads to the response scale; None where the linear predictor is the expected response.
    notes : tuple of str
        What to know before these functions are read, a sentence each.
    group_weights : GroupWeights or None
        Where groups are ``"fitted"`` the combinations of their levels over which each mean averages.
    lasting : tuple of str
        Those of the notes that hold for contrasts too.
    drawn : Drawn or None
        Draws of functions of a posterior that are not linear, such as responses averaged over cells; `rows` are then
        those of the linear predictor.
    regridded : bool
        Whether the functions are of responses of cells. Of estimates they are expanded about these.
    """

    fit: AnyFit
    rows: Floats
    offset: Floats
    labels: pd.DataFrame
    estimable: Flags
    groups: Groups
    type: str
    specs: tuple[str, ...]
    by: tuple[str, ...]
    prob: float
    ddf: str
    group_rows: Floats
    mean_effects: tuple[MeanEffects, ...]
    group_columns: tuple[Floats, ...]
    transformation: Transformation | None
    notes: tuple[str, ...]
    group_weights: GroupWeights | None = None
    lasting: tuple[str, ...] = ()
    drawn: "Drawn | None" = None
    regridded: bool = False

    @property
    def design(self) -> Design:
        """The design of the mean."""
        return self.fit.design


@dataclass(frozen=True, eq=False)
class Estimated:
    """Linear functions of estimates: `estimate`, `se` and `df`, each (m,); nan where the function is not estimable.

    `df` is infinite where the estimates are normal. `weights` (m, r) and `parameter_covariance` (r, r) make up the
    covariance.
    """

    estimate: Floats
    se: Floats
    df: Floats
    weights: Floats
    parameter_covariance: Floats

    @property
    def covariance(self) -> Floats:
        """Of all functions, (m, m)."""
        return self.weights @ self.parameter_covariance @ self.weights.T


@dataclass(frozen=True, eq=False)
class Drawn:
    """Linear functions of a posterior: `draws` gives those of some functions, (n_chains, n_draws, n_asked).

    It takes a slice or positions among the `size` functions; nothing is kept between calls.
    """

    size: int
    n_chains: int
    n_draws: int
    draws: Callable[[Which], Floats]


def combined_draws(drawn: Drawn, weights: Floats) -> Drawn:
    """Combinations of functions by `weights` (n_combinations, size); all functions are drawn once and kept.

    A function that is nan leaves those without a weight on it alone.
    """
    values: list[Floats] = []

    def draws(which: Which) -> Floats:
        if not values:
            values.append(drawn.draws(slice(None)))
        unknown = np.isnan(values[0]).any(axis=(0, 1))
        own = weights[which]
        total = np.nan_to_num(values[0]) @ own.T
        total[..., np.any(own[:, unknown], axis=1)] = np.nan
        return np.asarray(total)

    return Drawn(len(weights), drawn.n_chains, drawn.n_draws, draws)


def evaluate(linear: LinearFunctions) -> Estimated | Drawn:
    """The functions on the link scale, or as they were drawn: `Estimated` of estimates, `Drawn` of a posterior."""
    return _evaluate(linear.fit, linear)


@singledispatch
def _evaluate(fit: object, linear: LinearFunctions) -> Estimated | Drawn:
    raise no_answer(_evaluate, fit, question="emmeans")


@_evaluate.register
def drawn_functions(fit: Fit, linear: LinearFunctions) -> Drawn:
    """The functions of a posterior on the link scale, or as they were drawn."""
    if linear.drawn is not None:
        return linear.drawn
    coefficients = fixed(fit)
    means = draws_of_means(fit, linear.mean_effects)
    sizes = posterior_of(fit).sizes

    def draws(which: Which) -> Floats:
        total = np.tensordot(linear.rows[which], coefficients, axes=1)
        total += linear.offset[which, None, None]
        if linear.group_rows.shape[1]:
            total += np.tensordot(linear.group_rows[which], means, axes=1)
        return np.moveaxis(total, 0, -1)

    return Drawn(len(linear.rows), sizes["chain"], sizes["draw"], draws)


@_evaluate.register
def _of_reml(fit: RemlFit, linear: LinearFunctions) -> Estimated:
    rows = rows_of_estimated(linear)
    if not len(fit.beta):
        return _estimated(linear, rows, fit.beta, fit.vcov, np.full(len(rows), np.inf))
    record = ddf_record(fit, linear.ddf)
    if linear.group_rows.shape[1]:
        return _with_effects(fit, linear, record.covariance)
    df = np.array([degrees_of_freedom(record, row) if np.isfinite(row).all() and row.any() else np.nan for row in rows])
    return _estimated(linear, rows, fit.beta, record.covariance, df)


@_evaluate.register
def _of_least_squares(fit: LmFit, linear: LinearFunctions) -> Estimated:
    rows = rows_of_estimated(linear)
    return _estimated(linear, rows, fit.beta, fit.vcov, np.full(len(rows), float(fit.df_residual)))


@_evaluate.register
def _of_laplace(fit: LaplaceFit, linear: LinearFunctions) -> Estimated:
    if linear.group_rows.shape[1]:
        return _with_effects(fit, linear, fit.vcov)
    rows = rows_of_estimated(linear)
    return _estimated(linear, rows, fit.beta, fit.vcov, np.full(len(rows), np.inf))


def rows_of_estimated(linear: LinearFunctions) -> Floats:
    """The rows (m, n_kept) over the coefficients that were estimated; the others, of estimable functions, count 0."""
    dependence = linear.design.fixed.dependence
    if dependence is None or not linear.design.fixed.reduced:
        return linear.rows
    return linear.rows[:, list(dependence.kept)]


def _estimated(linear: LinearFunctions, rows: Floats, beta: Floats, vcov: Floats, df: Floats) -> Estimated:
    known = np.where(linear.estimable, 1.0, np.nan)
    variance = np.einsum("ij,jk,ik->i", rows, vcov, rows)
    return Estimated(
        estimate=(rows @ beta + linear.offset) * known,
        se=np.sqrt(np.maximum(variance, 0.0)) * known,
        df=df * known,
        weights=rows * known[:, None],
        parameter_covariance=vcov,
    )


def _with_effects(fit: RemlFit | LaplaceFit, linear: LinearFunctions, vcov: Floats) -> Estimated:
    """With modes of the effects of the levels in the data: errors are those of predictions, and normal.

    Coefficients and averages of effects are predicted together; the functions combine them.
    """
    p, q = len(fit.beta), linear.group_rows.shape[1]
    averages = level_rows(np.eye(q), linear.mean_effects, fit.design)
    modes = sum((rows @ modes.ravel() for rows, modes in zip(averages, fit.effects, strict=True)), np.zeros(q))
    both = LinearRows(np.eye(p + q, p), tuple(vstack([csr_array((p, one.shape[1])), one]).tocsr() for one in averages))
    rows = np.concatenate([rows_of_estimated(linear), linear.group_rows], axis=1)
    covariance = linear_predictor_covariance(fit, both, groups="fitted", beta_covariance=vcov)
    return _estimated(linear, rows, np.concatenate([fit.beta, modes]), covariance, np.full(len(rows), np.inf))
