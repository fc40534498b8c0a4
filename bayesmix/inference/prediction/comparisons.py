"""By how much does the expected response change with a predictor? In the columns of marginaleffects."""

from collections.abc import Mapping, Sequence

import pandas as pd

from bayesmix.formula.frame import Frame
from bayesmix.inference.prediction.changed_rows import compared
from bayesmix.inference.prediction.marginal_table import By, asked_of, frame_of, marginal_table
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.unordered import refuse_unordered
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit


@table
def comparisons(
    fit: Fit | RemlFit | LaplaceFit | LmFit,
    variables: str | Sequence[str] | Mapping[str, object],
    newdata: Frame | None = None,
    *,
    by: By = None,
    groups: str = "fitted",
    type: str = "response",
    prob: float = 0.95,
    seed: int | None = None,
) -> pd.DataFrame:
    """Differences of expected responses, as `comparisons` of marginaleffects.

    Parameters
    ----------
    fit
        A fitted model.
    variables
        A predictor, a list of them, or a mapping from each to what is compared. Of numbers a step (by default 1), from
        each row's own value, or two values, ``{"Days": (0, 9)}``. Of factors ``"reference"`` (each level less the
        first, the default), ``"sequential"``, ``"pairwise"``, or two levels, the second less the first.
    newdata
        Rows with the predictors, as for `predict`; by default the rows that were fitted.
    by
        None: each row alone. ``True``: the mean over all rows. A column of the rows, or several: the mean over the rows
        of each of their combinations; rows that miss a predictor do not count.
    groups, type, prob, seed
        As for `predict`. Of a Laplace fit ``groups="new"`` goes with ``type="link"``.

    Returns
    -------
    pandas.DataFrame
        `term`, the variable, and `contrast`, ``"+1"`` or ``"b - a"``; `rowid` with the predictors of the row, or
        the columns of `by`. The quantity: `estimate`, `std_error`, `conf_low` and `conf_high`, of a posterior the
        mean, the sd and the equal-tailed interval of the draws, with `p_direction`, the probability of the more
        probable sign; of estimates with `statistic` and `p_value`, by the normal distribution, for `lm` by
        Student's t. Of ordered categories it is the expected number of the category. ``attrs`` has `groups`, `type`
        and `prob`.

    Raises
    ------
    UnknownColumnError, DataError
        A column is not there, or a level is not known.
    ArgumentError
        An argument is not known, or means nothing for this fit.

    Notes
    -----
    Standard errors of estimates are by the delta method, with coefficients and group effects estimated together if
    `groups` is ``"fitted"``, and with the parameters of the variances held.

    Examples
    --------
    >>> bm.comparisons(fit, {"Days": (0, 9)}, by=True)[["term", "contrast"]].values.tolist()
    [['Days', '9 - 0']]
    """
    refuse_unordered(fit.design, question="comparisons")
    frame = frame_of(fit, newdata)
    asked = asked_of(frame, by=by, groups=groups, type=type, prob=prob, seed=seed)
    return marginal_table(fit, frame, compared(fit.design, frame, variables), asked)
