"""The columns of tables of means and slopes: estimates with intervals, on the link scale or that of the response."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from bayesmix.arrays import Floats
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.inference.means.linear_functions import Drawn, Estimated, LinearFunctions, evaluate
from bayesmix.inference.means.normal_integral import normal_nodes
from bayesmix.inference.means.response_draws import response_draws
from bayesmix.inference.means.transformation import Function, Transformation
from bayesmix.inference.shared.summarise import summarise_in_parts
from bayesmix.modelling.record import Fit


def columns_of(linear: LinearFunctions, name: str) -> pd.DataFrame:
    """A row for each function: its labels, `name` (mean or estimate), `sd` or `se` and `df`, and an interval.

    On the response scale `name` is what its transformation calls the result.
    """
    if linear.type == "response" and linear.transformation is not None:
        name = linear.transformation.column
    columns = _of_draws(linear, name) if isinstance(linear.fit, Fit) else _of_estimates(linear, name)
    return pd.concat([linear.labels, pd.DataFrame(columns).assign(estimable=linear.estimable)], axis=1)


def _of_draws(linear: LinearFunctions, name: str) -> dict[str, Floats]:
    on_response = linear.type == "response" and linear.transformation is not None
    drawn = response_draws(linear) if on_response else evaluate(linear)
    if not isinstance(drawn, Drawn):
        return {}
    n_all = drawn.n_chains * drawn.n_draws

    def by_row(which: slice) -> Floats:
        values = np.moveaxis(drawn.draws(which), -1, 0)
        return values.reshape(len(values), n_all)

    summary = summarise_in_parts(by_row, shape=(drawn.size,), n_draws=n_all, prob=linear.prob)
    return {name: summary.mean, **summary.columns("sd", "lower", "upper")}


def _of_estimates(linear: LinearFunctions, name: str) -> dict[str, Floats]:
    estimated = evaluate(linear)
    if not isinstance(estimated, Estimated):
        return {}
    half = stats.t.ppf((1 + linear.prob) / 2, estimated.df) * estimated.se
    if isinstance(linear.fit, LaplaceFit) and not linear.fit.converged:
        half = np.full_like(half, np.nan)
    centre, se = estimated.estimate, estimated.se
    lower, upper = centre - half, centre + half
    if linear.type == "response" and linear.transformation is not None:
        to_response = _to_response(linear, linear.transformation)
        se = np.abs(to_response.slope(centre)) * se
        centre = to_response.inverse(centre)
        lower, upper = np.sort([to_response.inverse(lower), to_response.inverse(upper)], axis=0)
    return {name: centre, "se": se, "df": estimated.df, "lower": lower, "upper": upper}


@dataclass(frozen=True)
class _Integrated:
    """A function of the linear predictor and its derivative, over normal effects with the sds (m,) of the rows."""

    transformation: Transformation
    sds: Floats

    def inverse(self, eta: Floats) -> Floats:
        return self._mean(self.transformation.inverse, eta)

    def slope(self, eta: Floats) -> Floats:
        return self._mean(self.transformation.slope, eta)

    def _mean(self, function: Function, eta: Floats) -> Floats:
        furthest = float(self.sds.max(initial=0.0)) if self.transformation.name == "log" else 0.0
        nodes, weights = normal_nodes(furthest)
        total: Floats = function(eta[:, None] + self.sds[:, None] * nodes) @ weights
        return total


def _to_response(linear: LinearFunctions, transformation: Transformation) -> Transformation:
    """With the policy "new" means over the estimated distribution of the effects of groups."""
    fit = linear.fit
    if linear.groups != "new" or not isinstance(fit, LaplaceFit) or not fit.design.random:
        return transformation
    variances = [np.sum((z @ L) ** 2, axis=1) for z, L in zip(linear.group_columns, fit.L, strict=True)]
    over_groups = _Integrated(transformation, np.sqrt(np.sum(variances, axis=0)))
    return replace(transformation, inverse=over_groups.inverse, slope=over_groups.slope)
