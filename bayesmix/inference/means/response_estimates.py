"""Estimates of means on the response scale: with errors by the delta method, over groups where that is asked."""

from dataclasses import dataclass, replace
from functools import singledispatch

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.estimates.linear_predictors import LinearRows, linear_predictors
from bayesmix.inference.means.linear_functions import Estimated, LinearFunctions, rows_of_estimated
from bayesmix.inference.means.response_gradients import over_new_levels, response_gradients
from bayesmix.inference.means.transformation import Function, Transformation
from bayesmix.modelling.kinds import LaplaceFit, LmFit, RemlFit, no_answer
from bayesmix.numerics.links import LINKS


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
    if linear.group_weights is not None:
        return _over_levels(fit, linear, half / estimated.se, transformation)
    return _taken_back(estimated, half, *over_new_levels(fit, linear, transformation))


def _taken_back(estimated: Estimated, half: Floats, inverse: Function, slope: Function) -> OnResponse:
    centre = estimated.estimate
    ends = np.sort([inverse(centre - half), inverse(centre + half)], axis=0)
    return OnResponse(inverse(centre), np.abs(slope(centre)) * estimated.se, *ends)


def _over_levels(
    fit: LaplaceFit, linear: LinearFunctions, quantiles: Floats, transformation: Transformation
) -> OnResponse:
    """Averages over the combinations of levels in the data, at the modes of their effects.

    The interval is that of the average on the link scale, taken back.
    """
    gradients = response_gradients(linear, transformation)
    rows = LinearRows(rows_of_estimated(replace(linear, rows=gradients.fixed)), gradients.random)
    known = np.where(linear.estimable & np.isfinite(gradients.estimate), 1.0, np.nan)
    se = linear_predictors(fit, rows, groups="fitted").se * known
    estimate = gradients.estimate * known
    on_link = LINKS[transformation.name].link(estimate)
    half = quantiles * se / transformation.slope(on_link)
    ends = transformation.inverse(on_link - half), transformation.inverse(on_link + half)
    return OnResponse(estimate, se, *ends)
