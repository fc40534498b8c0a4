"""The data with what the model makes of each row."""

import pandas as pd

from bayesmix.inference.arguments import probability
from bayesmix.inference.fitted import fitted
from bayesmix.inference.residuals import observed
from bayesmix.modelling.record import Fit


def augment(fit: Fit, *, prob: float = 0.95) -> pd.DataFrame:
    """The rows that were fitted, with fitted values and residuals, as broom.mixed's `augment`.

    Parameters
    ----------
    fit
        A fitted model.
    prob
        Probability of the interval.

    Returns
    -------
    pandas.DataFrame
        The columns of `fit.data`, then `.fitted` (posterior mean of the expected response, response scale),
        `.resid` (observed minus `.fitted`; proportions for a binomial response, nan where
        nothing was tried), `.fixed` (as `.fitted` with all group effects at 0), `.lower` and `.upper` (equal-tailed
        interval of probability `prob` of the expectation).

    Raises
    ------
    ArgumentError
        `prob` is not between 0 and 1.
    """
    prob = probability(prob)
    with_groups = fitted(fit, prob=prob)
    return fit.data.assign(
        **{
            ".fitted": with_groups["mean"],
            ".resid": observed(fit.design.response) - with_groups["mean"],
            ".fixed": fitted(fit, groups="typical", prob=prob)["mean"],
            ".lower": with_groups["lower"],
            ".upper": with_groups["upper"],
        }
    )
