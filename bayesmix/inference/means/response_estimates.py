"""Estimates of means on the response scale: with errors by the delta method, over groups where that is asked."""

from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from scipy.sparse import csr_array

from bayesmix.arrays import Floats
from bayesmix.estimates.linear_predictors import LinearRows, linear_predictors
from bayesmix.inference.means.group_policy import GroupWeights
from bayesmix.inference.means.linear_functions import Estimated, LinearFunctions, rows_of_estimated
from bayesmix.inference.means.normal_integral import normal_mean
from bayesmix.inference.means.transformation import Function, Transformation
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.kinds import LaplaceFit, LmFit, RemlFit, no_answer
from bayesmix.numerics.links import LINKS

_VALUES_AT_ONCE = 2**20


@dataclass(frozen=True, eq=False)
class OnResponse:
    """Responses (m,) with their standard errors, and the ends of their intervals."""

    estimate: Floats
    se: Floats
    lower: Floats
    upper: Floats


def on_response(
    linear: LinearFunctions, estimated: Estimated, half: Floats, transformation: Transformation
) -> OnResponse:
    """The means on the response scale, of intervals that reach `half` (m,) to either side on the link scale."""
    return _on_response(linear.fit, linear, estimated, half, transformation)


@singledispatch
def _on_response(
    fit: object, linear: LinearFunctions, estimated: Estimated, half: Floats, transformation: Transformation
) -> OnResponse:
    raise no_answer(_on_response, fit, question="emmeans")


@_on_response.register
def _of_linear_models(
    fit: RemlFit | LmFit, linear: LinearFunctions, estimated: Estimated, half: Floats, transformation: Transformation
) -> OnResponse:
    return _taken_back(estimated, half, transformation.inverse, transformation.slope)


@_on_response.register
def _of_laplace(
    fit: LaplaceFit, linear: LinearFunctions, estimated: Estimated, half: Floats, transformation: Transformation
) -> OnResponse:
    """Group effects of a curved link are averaged over, as the policy says."""
    averaged = fit.design.random and not transformation.of_response
    if averaged and linear.groups == "fitted" and linear.group_weights is not None:
        return _over_levels(fit, linear, linear.group_weights, half / estimated.se, transformation)
    if averaged and linear.groups == "new":
        over_groups = _Integrated(transformation, _effect_sds(fit, linear))
        return _taken_back(estimated, half, over_groups.inverse, over_groups.slope)
    return _taken_back(estimated, half, transformation.inverse, transformation.slope)


def _taken_back(estimated: Estimated, half: Floats, inverse: Function, slope: Function) -> OnResponse:
    centre = estimated.estimate
    ends = np.sort([inverse(centre - half), inverse(centre + half)], axis=0)
    return OnResponse(inverse(centre), np.abs(slope(centre)) * estimated.se, *ends)


def _effect_sds(fit: LaplaceFit, linear: LinearFunctions) -> Floats:
    """Standard deviations (m,) of what the effects of a new level of every term add, at the estimates."""
    variances = [np.sum((z @ L) ** 2, axis=1) for z, L in zip(linear.group_columns, fit.L, strict=True)]
    total: Floats = np.sqrt(np.sum(variances, axis=0))
    return total


@dataclass(frozen=True)
class _Integrated:
    """The inverse link and its derivative, averaged over normal effects with the sds (m,) of the rows."""

    transformation: Transformation
    sds: Floats

    def inverse(self, eta: Floats) -> Floats:
        return self._mean(self.transformation.inverse, eta)

    def slope(self, eta: Floats) -> Floats:
        return self._mean(self.transformation.slope, eta)

    def _mean(self, function: Function, eta: Floats) -> Floats:
        return normal_mean(function, eta, self.sds, grows=self.transformation.name == "log")


def _over_levels(
    fit: LaplaceFit, linear: LinearFunctions, weights: GroupWeights, quantiles: Floats, transformation: Transformation
) -> OnResponse:
    """Averages over the combinations of levels in the data, at the modes of their effects.

    The interval is that of the average on the link scale, taken back.
    """
    m, among, terms = len(linear.rows), weights.combinations, fit.design.random
    of_rows = weights.strata / np.bincount(among.strata, minlength=among.n_strata)
    fixed = rows_of_estimated(linear)
    eta = fixed @ fit.beta + linear.offset
    estimate, slopes = np.zeros(m), np.zeros(m)
    by_level = [np.zeros((m, term.n_levels, term.k)) for term in terms]
    for part in stretches(len(among.levels), max(1, _VALUES_AT_ONCE // m)):
        levels, shares = among.levels[part], of_rows[:, among.strata[part]]
        total = np.repeat(eta[:, None], len(levels), axis=1)
        for t, z in enumerate(linear.group_columns):
            total += z @ fit.effects[t][levels[:, t]].T
        estimate += np.sum(shares * transformation.inverse(total), axis=1)
        own = shares * transformation.slope(total)
        slopes += own.sum(axis=1)
        for t, z in enumerate(linear.group_columns):
            ones = np.ones(len(levels))
            of_level = csr_array((ones, (np.arange(len(levels)), levels[:, t])), shape=(len(levels), terms[t].n_levels))
            for column in range(terms[t].k):
                by_level[t][:, :, column] += (own * z[:, [column]]) @ of_level
    random = tuple(csr_array(np.nan_to_num(of_term).reshape(m, -1)) for of_term in by_level)
    gradient = LinearRows(np.nan_to_num(slopes)[:, None] * fixed, random)
    known = np.where(linear.estimable & np.isfinite(estimate), 1.0, np.nan)
    se = linear_predictors(fit, gradient, groups="fitted").se * known
    estimate = estimate * known
    on_link = LINKS[transformation.name].link(estimate)
    half = quantiles * se / transformation.slope(on_link)
    ends = transformation.inverse(on_link - half), transformation.inverse(on_link + half)
    return OnResponse(estimate, se, *ends)
