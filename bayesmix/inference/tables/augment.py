"""The data with fitted values and residuals of each row."""

from functools import singledispatch
from typing import Any

import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.formula.frame_kinds import as_given
from bayesmix.inference.shared.arguments import probability
from bayesmix.inference.shared.expectation import observed
from bayesmix.inference.shared.question import question
from bayesmix.inference.shared.readable_table import readable
from bayesmix.inference.tables.fitted import at_estimates, expected, fitted
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer

Columns = dict[str, pd.Series | Floats]


@question
def augment(fit: Fit | RemlFit | LaplaceFit | LmFit, *, prob: float = 0.95) -> Any:
    """The rows that were fitted, with fitted values and residuals, as broom.mixed's `augment`.

    Parameters
    ----------
    fit
        A fitted model.
    prob
        Probability of the interval (posterior).

    Returns
    -------
    pandas.DataFrame, or a frame of the library whose frame was fitted
        The columns of `fit.data`, then `.fitted` (expected response, on the response scale: posterior mean, or at the
        estimates), `.resid` (observed minus `.fitted`; proportions for a binomial response, nan in rows without
        trials) and `.fixed` (as `.fitted` with all group effects at 0). A posterior also has `.lower` and `.upper`
        (equal-tailed interval of probability `prob` of the expectation). Categories without an order have their
        probabilities instead, `.fitted[category]` and `.fixed[category]`, and no residuals. The fit of a polars frame
        gives one of polars, that of an Arrow table one of Arrow, that of a dict a dict of arrays; a stored fit always
        gives one of pandas.

    Raises
    ------
    ArgumentError
        `prob` is not between 0 and 1.
    """
    return as_given(augmented(fit, prob=prob), fit.design.kind)


@readable
def augmented(fit: Fit | RemlFit | LaplaceFit | LmFit, *, prob: float = 0.95) -> pd.DataFrame:
    """The answer of `augment` as a frame of pandas."""
    return fit.data.assign(**_columns(fit, prob=probability(prob)))


@singledispatch
def _columns(fit: object, *, prob: float) -> Columns:
    raise no_answer(_columns, fit, question="augment")


@_columns.register
def _of_posterior(fit: Fit, *, prob: float) -> Columns:
    if fit.design.response.unordered:
        return _of_categories(fit, prob=prob)
    with_groups, typical = (expected(fit, groups=groups, prob=prob) for groups in ("fitted", "typical"))
    residuals = observed(fit.design.response) - with_groups["mean"]
    means = {".fitted": with_groups["mean"], ".resid": residuals, ".fixed": typical["mean"]}
    return {**means, ".lower": with_groups["lower"], ".upper": with_groups["upper"]}


def _of_categories(fit: Fit, *, prob: float) -> Columns:
    """The probability of each category; there is no residual."""
    kinds = ((".fitted", "fitted"), (".fixed", "typical"))
    shares = [(name, fitted(fit, groups=groups, prob=prob)["mean"].unstack("category")) for name, groups in kinds]
    categories = fit.design.response.categories
    return {f"{name}[{one}]": frame[one].to_numpy() for name, frame in shares for one in categories}


@_columns.register
def _of_estimates(fit: RemlFit | LaplaceFit, *, prob: float) -> Columns:
    with_groups = at_estimates(fit, groups="fitted")
    residuals = observed(fit.design.response) - with_groups
    return {".fitted": with_groups, ".resid": residuals, ".fixed": at_estimates(fit, groups="typical")}


@_columns.register
def _of_least_squares(fit: LmFit, *, prob: float) -> Columns:
    return {".fitted": fit.fitted, ".resid": fit.residuals, ".fixed": fit.fitted}
