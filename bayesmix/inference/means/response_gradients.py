"""Expected responses of estimates with their derivatives by coefficients and effects, over groups as is asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import singledispatch

import numpy as np
from scipy.sparse import csr_array

from bayesmix.arrays import Floats
from bayesmix.estimates.linear_predictors import LinearRows, linear_estimates
from bayesmix.formula.group_policies import policy_of
from bayesmix.inference.means.build import Means
from bayesmix.inference.means.cell_functions import Shift, linear_cells
from bayesmix.inference.means.group_policy import GroupWeights
from bayesmix.inference.means.linear_functions import LinearFunctions, rows_of_estimated
from bayesmix.inference.means.mean_effects import MeanEffects, level_rows
from bayesmix.inference.means.normal_integral import normal_mean
from bayesmix.inference.means.reference_grid import ReferenceGrid, cells_in_parts
from bayesmix.inference.means.transformation import Function, Transformation
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.kinds import LaplaceFit, LmFit, RemlFit, no_answer

_VALUES_AT_ONCE = 2**20


@dataclass(frozen=True, eq=False)
class Gradients:
    """Responses `estimate` (m,), nan where no group is known; derivatives `fixed` (m, p) by all coefficients that the
    formula has, and `random`, by the effects of every term, (m, n_levels k), level after level."""

    estimate: Floats
    fixed: Floats
    random: tuple[csr_array, ...]


def response_gradients(linear: LinearFunctions, transformation: Transformation) -> Gradients:
    """The responses at the functions of the linear predictor."""
    return _gradients(linear.fit, linear, transformation)


@singledispatch
def _gradients(fit: object, linear: LinearFunctions, transformation: Transformation) -> Gradients:
    raise no_answer(_gradients, fit, question="emmeans")


@_gradients.register
def _of_linear_models(fit: RemlFit | LmFit, linear: LinearFunctions, transformation: Transformation) -> Gradients:
    random = level_rows(linear.group_rows, linear.mean_effects, fit.design)
    eta = linear.offset + linear_estimates(fit, LinearRows(rows_of_estimated(linear), random), groups="fitted")
    eta[np.isnan(linear.group_rows).any(axis=1)] = np.nan
    slope = transformation.slope(eta)
    return Gradients(transformation.inverse(eta), slope[:, None] * linear.rows, _times(slope, random))


@_gradients.register
def _of_laplace(fit: LaplaceFit, linear: LinearFunctions, transformation: Transformation) -> Gradients:
    """Group effects of a curved link are averaged over, as the policy says."""
    functions = over_new_levels(fit, linear, transformation)
    if linear.group_weights is not None:
        return _over_levels(fit, linear, linear.group_weights, functions)
    eta = linear.offset + rows_of_estimated(linear) @ fit.beta
    estimate, slope = (function(eta) for function in functions)
    return Gradients(estimate, slope[:, None] * linear.rows, level_rows(linear.group_rows[:, :0], (), fit.design))


def over_new_levels(
    fit: LaplaceFit, linear: LinearFunctions, transformation: Transformation
) -> tuple[Function, Function]:
    """The inverse link and its derivative at predictors (m, ...), averaged over the effects of new levels, if asked."""
    design = fit.design
    variances = [
        np.sum((z @ L) ** 2, axis=1)
        for term, z, L in zip(design.random, linear.group_columns, fit.L, strict=True)
        if policy_of(linear.groups, term) == "new"
    ]
    if not variances:
        return transformation.inverse, transformation.slope
    sds, grows = np.sqrt(np.sum(variances, axis=0)), transformation.name == "log"

    def averaged(function: Function) -> Function:
        return lambda eta: normal_mean(function, eta, sds.reshape(-1, *[1] * (eta.ndim - 1)), grows=grows)

    return averaged(transformation.inverse), averaged(transformation.slope)


def _over_levels(
    fit: LaplaceFit, linear: LinearFunctions, weights: GroupWeights, functions: tuple[Function, Function]
) -> Gradients:
    """Averages over the combinations of levels in the data, at the modes of their effects."""
    m, among, terms = len(linear.rows), weights.combinations, fit.design.random
    fitted = [t for t, term in enumerate(terms) if policy_of(linear.groups, term) == "fitted"]
    inverse, slope = functions
    of_rows = weights.strata / np.bincount(among.strata, minlength=among.n_strata)
    eta = rows_of_estimated(linear) @ fit.beta + linear.offset
    estimate, slopes = np.zeros(m), np.zeros(m)
    by_level = [np.zeros((m, term.n_levels, term.k)) for term in terms]
    for part in stretches(len(among.levels), max(1, _VALUES_AT_ONCE // m)):
        levels, shares = among.levels[part], of_rows[:, among.strata[part]]
        total = np.repeat(eta[:, None], len(levels), axis=1)
        for place, t in enumerate(fitted):
            total += linear.group_columns[t] @ fit.effects[t][levels[:, place]].T
        estimate += np.sum(shares * inverse(total), axis=1)
        own = np.nan_to_num(shares * slope(total))
        slopes += own.sum(axis=1)
        for place, t in enumerate(fitted):
            z, entries = linear.group_columns[t], (np.arange(len(levels)), levels[:, place])
            of_level = csr_array((np.ones(len(levels)), entries), shape=(len(levels), terms[t].n_levels))
            for column in range(terms[t].k):
                by_level[t][:, :, column] += (own * z[:, [column]]) @ of_level
    random = tuple(csr_array(of_term.reshape(m, -1)) for of_term in by_level)
    return Gradients(estimate, slopes[:, None] * linear.rows, random)


def _times(factor: Floats, of_terms: tuple[csr_array, ...]) -> tuple[csr_array, ...]:
    return tuple(csr_array(of_term.multiply(np.nan_to_num(factor)[:, None])) for of_term in of_terms)


def average_gradients(
    linear: LinearFunctions, transformation: Transformation, grid: ReferenceGrid, means: Means, shift: Shift = None
) -> Gradients:
    """Averages of the responses of cells, some cells at a time."""
    m, terms = len(means.there), linear.design.random
    total = Gradients(
        np.where(means.there, 0.0, np.nan),
        np.zeros((m, linear.rows.shape[1])),
        tuple(csr_array((m, term.n_levels * term.k)) for term in terms),
    )
    done = 0
    for cells in cells_in_parts(means.cells, sum((linear.rows.shape[1], *(t.n_levels * t.k for t in terms)))):
        owners, weights = (values[done : done + len(cells)] for values in (means.owners, means.weights))
        done += len(cells)
        own = response_gradients(linear_cells(linear, grid, cells, shift), transformation)
        average = csr_array((weights, (owners, np.arange(len(cells)))), shape=(m, len(cells)))
        total = Gradients(
            total.estimate + average @ own.estimate,
            total.fixed + average @ own.fixed,
            tuple(one + average @ other for one, other in zip(total.random, own.random, strict=True)),
        )
    return total


def differences(gradients: Sequence[Gradients]) -> Gradients:
    """The first less the others."""
    first, *others = gradients
    for other in others:
        random = tuple(one - less for one, less in zip(first.random, other.random, strict=True))
        first = Gradients(first.estimate - other.estimate, first.fixed - other.fixed, random)
    return first


def tangent(fit: RemlFit | LmFit | LaplaceFit, linear: LinearFunctions, gradients: Gradients) -> LinearFunctions:
    """Linear functions with these values and derivatives at the estimates, in place of those of `linear`."""
    known = np.isfinite(gradients.estimate)
    rows = np.where(known[:, None], gradients.fixed, 0.0)
    averages = tuple(
        MeanEffects(t, csr_array(random[:, column :: term.k]), column)
        for t, (term, random) in enumerate(zip(linear.design.random, gradients.random, strict=True))
        for column in range(term.k)
        if random.nnz
    )
    expanded = replace(
        linear,
        rows=rows,
        estimable=linear.estimable & known,
        group_rows=np.tile(np.eye(len(rows)), len(averages)),
        mean_effects=averages,
    )
    at_estimates = linear_estimates(fit, LinearRows(rows_of_estimated(expanded), gradients.random), groups="fitted")
    return replace(expanded, offset=np.where(known, gradients.estimate - at_estimates, 0.0))
