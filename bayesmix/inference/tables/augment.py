"""The data with what the model makes of each row."""

from functools import singledispatch
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.formula.frame_kinds import as_given
from bayesmix.hints import with_hints
from bayesmix.inference.shared.arguments import probability
from bayesmix.inference.shared.readable_table import readable
from bayesmix.inference.shared.response_scale import observed
from bayesmix.inference.tables.fitted import at_estimates, expected
from bayesmix.modelling.kinds import no_answer, require_answer
from bayesmix.modelling.record import Fit

Columns = dict[str, "pd.Series | NDArray[np.float64]"]


@with_hints
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
        The columns of `fit.data`, then `.fitted` (expected response, response scale: posterior mean, or at the
        estimates), `.resid` (observed minus `.fitted`; proportions for a binomial response, nan where
        nothing was tried), `.fixed` (as `.fitted` with all group effects at 0); of a posterior `.lower` and `.upper`
        (equal-tailed interval of probability `prob` of the expectation). Of a fit of a polars frame it is one of
        polars, of an Arrow table one of Arrow, of a dict a dict of arrays; of a stored fit it is always of pandas.

    Raises
    ------
    ArgumentError
        `prob` is not between 0 and 1.
    """
    return as_given(augmented(fit, prob=prob), fit.design.kind)


@readable
def augmented(fit: Fit | RemlFit | LaplaceFit | LmFit, *, prob: float = 0.95) -> pd.DataFrame:
    """What `augment` answers, as a frame of pandas."""
    require_answer(_columns, fit, question="augment")
    return fit.data.assign(**_columns(fit, prob=probability(prob)))


@singledispatch
def _columns(fit: object, *, prob: float) -> Columns:
    raise no_answer(_columns, fit, question="augment")


@_columns.register
def _of_posterior(fit: Fit, *, prob: float) -> Columns:
    with_groups = expected(fit, groups="fitted", prob=prob)
    return {
        ".fitted": with_groups["mean"],
        ".resid": observed(fit.design.response) - with_groups["mean"],
        ".fixed": expected(fit, groups="typical", prob=prob)["mean"],
        ".lower": with_groups["lower"],
        ".upper": with_groups["upper"],
    }


@_columns.register
def _of_estimates(fit: RemlFit | LaplaceFit, *, prob: float) -> Columns:
    with_groups = at_estimates(fit, groups="fitted")
    return {
        ".fitted": with_groups,
        ".resid": observed(fit.design.response) - with_groups,
        ".fixed": at_estimates(fit, groups="typical"),
    }


@_columns.register
def _of_least_squares(fit: LmFit, *, prob: float) -> Columns:
    return {".fitted": fit.fitted, ".resid": fit.residuals, ".fixed": fit.fitted}
