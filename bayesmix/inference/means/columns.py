"""The columns of tables of means and slopes: estimates with intervals, on the link scale or that of the response."""

from functools import singledispatch
from typing import cast

import numpy as np
import pandas as pd
from scipy import stats

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.inference.means.linear_functions import Estimated, LinearFunctions, drawn_functions, evaluate
from bayesmix.inference.means.response_draws import response_draws
from bayesmix.inference.means.response_estimates import on_response
from bayesmix.inference.shared.summarise import summarise_in_parts
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer


def columns_of(linear: LinearFunctions, name: str) -> pd.DataFrame:
    """A row for each function: its labels, `name` (mean or estimate), `sd` or `se` and `df`, and an interval.

    On the response scale `name` is what its transformation calls the result.
    """
    if linear.type == "response" and linear.transformation is not None:
        name = linear.transformation.column
    columns = _columns(linear.fit, linear, name)
    taken = [label for label in linear.labels if label in (*columns, "estimable")]
    if taken:
        raise ArgumentError(
            f"{taken[0]!r} is a variable of the model and a column of this table; give the variable another name."
        )
    return pd.concat([linear.labels, pd.DataFrame(columns).assign(estimable=linear.estimable)], axis=1)


@singledispatch
def _columns(fit: object, linear: LinearFunctions, name: str) -> dict[str, Floats]:
    raise no_answer(_columns, fit, question="emmeans")


@_columns.register
def _of_draws(fit: Fit, linear: LinearFunctions, name: str) -> dict[str, Floats]:
    on_response = linear.type == "response" and linear.transformation is not None
    drawn = response_draws(linear) if on_response else drawn_functions(fit, linear)
    n_all = drawn.n_chains * drawn.n_draws

    def by_row(which: slice) -> Floats:
        values = np.moveaxis(drawn.draws(which), -1, 0)
        return values.reshape(len(values), n_all)

    summary = summarise_in_parts(by_row, shape=(drawn.size,), n_draws=n_all, prob=linear.prob)
    return {name: summary.mean, **summary.columns("sd", "lower", "upper")}


@_columns.register
def _of_estimates(fit: RemlFit | LmFit | LaplaceFit, linear: LinearFunctions, name: str) -> dict[str, Floats]:
    estimated = cast(Estimated, evaluate(linear))
    half = stats.t.ppf((1 + linear.prob) / 2, estimated.df) * estimated.se
    if linear.type == "response" and linear.transformation is not None:
        found = on_response(linear, estimated, half, linear.transformation)
        return {name: found.estimate, "se": found.se, "df": estimated.df, "lower": found.lower, "upper": found.upper}
    centre = estimated.estimate
    return {name: centre, "se": estimated.se, "df": estimated.df, "lower": centre - half, "upper": centre + half}


@_columns.register
def _of_laplace(fit: LaplaceFit, linear: LinearFunctions, name: str) -> dict[str, Floats]:
    """Where the search found no maximum there are no intervals."""
    columns = _of_estimates(fit, linear, name)
    unknown = np.full(len(columns["se"]), np.nan)
    return columns if fit.converged else columns | {"lower": unknown, "upper": unknown}
