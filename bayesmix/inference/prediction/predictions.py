"""What is expected of rows, and on average over rows? In the columns of marginaleffects."""

import pandas as pd

from bayesmix.formula.frame import Frame
from bayesmix.inference.prediction.changed_rows import as_they_are
from bayesmix.inference.prediction.marginal_table import By, asked_of, frame_of, marginal_table
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.unordered import refuse_unordered
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit


@table
def predictions(
    fit: Fit | RemlFit | LaplaceFit | LmFit,
    newdata: Frame | None = None,
    *,
    by: By = None,
    groups: str = "fitted",
    type: str = "response",
    prob: float = 0.95,
    seed: int | None = None,
) -> pd.DataFrame:
    """Expected responses of rows or of means over rows, as `predictions` of marginaleffects.

    Parameters
    ----------
    fit
        A fitted model.
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
        `rowid`, the label of the row, with its predictors, or the columns of `by`. The quantity: `estimate`,
        `std_error`, `conf_low` and `conf_high`, of a posterior the mean, the sd and the equal-tailed interval of
        the draws, with `p_direction`, the probability of the more probable sign; of estimates with `statistic` and
        `p_value`, by the normal distribution, for `lm` by Student's t. Of ordered categories it is the expected
        number of the category. ``attrs`` has `groups`, `type` and `prob`.

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
    >>> bm.predictions(fit, by="Days", groups="typical").columns.tolist()
    ['Days', 'estimate', 'std_error', 'p_direction', 'conf_low', 'conf_high']
    """
    refuse_unordered(fit.design, question="predictions")
    frame = frame_of(fit, newdata)
    asked = asked_of(frame, by=by, groups=groups, type=type, prob=prob, seed=seed)
    return marginal_table(fit, frame, [as_they_are(frame)], asked)
