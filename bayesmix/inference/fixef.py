"""What are the fixed coefficients?"""

import pandas as pd

from bayesmix.inference.arguments import probability
from bayesmix.inference.draws import fixed, joined
from bayesmix.inference.summarise import sampling_quality, summarise
from bayesmix.modelling.record import Fit


def fixef(fit: Fit, *, prob: float = 0.95) -> pd.DataFrame:
    """Fixed coefficients, as lme4's `fixef`, with their uncertainty.

    Parameters
    ----------
    fit
        A fitted model.
    prob
        Probability of the interval.

    Returns
    -------
    pandas.DataFrame
        Indexed by `coefficient`: posterior `mean` and `sd`, `lower` and `upper` (equal-tailed interval of
        probability `prob`), `ess_bulk`, `ess_tail` (effective draws; 5 % and 95 % quantiles) and `rhat`.
        The intercept is the expected link-scale response at predictors equal to 0.

    Raises
    ------
    ArgumentError
        `prob` is not between 0 and 1.

    Examples
    --------
    >>> bm.fixef(fit).loc["Days", "mean"]  # doctest: +SKIP
    10.46
    """
    prob = probability(prob)
    draws = fixed(fit)
    columns = summarise(joined(draws), prob).columns("mean", "sd", "lower", "upper")
    index = pd.Index(fit.design.fixed.names, name="coefficient", dtype=object)
    return pd.DataFrame({**columns, **sampling_quality(draws)}, index=index)
