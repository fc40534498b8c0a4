"""What response does the model expect for each row?"""

import pandas as pd

from bayesmix.inference.arguments import one_of, probability
from bayesmix.inference.draws import n_draws_of
from bayesmix.inference.expectation import GROUPS, expected_response
from bayesmix.inference.summarise import summarise_in_parts
from bayesmix.modelling.record import Fit


def fitted(fit: Fit, *, groups: str = "fitted", prob: float = 0.95) -> pd.DataFrame:
    """Expected response of the rows that were fitted.

    Parameters
    ----------
    fit
        A fitted model.
    groups
        ``"fitted"``: with the effects of each row's own levels. ``"typical"``: with all group effects at 0.
    prob
        Probability of the interval.

    Returns
    -------
    pandas.DataFrame
        Indexed as `fit.data`: posterior `mean` and `sd`, `lower` and `upper` (equal-tailed interval of
        probability `prob`) of the expected response, on the response scale: for a binomial response the
        probability. Offsets are included.

    Raises
    ------
    ArgumentError
        `groups` is not known or `prob` is not between 0 and 1.

    Notes
    -----
    The interval is that of the expectation, not of a new observation. With a curved link the expectation at
    effects 0 is that of a typical group, not the average over groups.
    """
    groups, prob = one_of(groups, GROUPS, argument="groups"), probability(prob)
    summary = summarise_in_parts(
        expected_response(fit, groups=groups), shape=(fit.design.n_obs,), n_draws=n_draws_of(fit), prob=prob
    )
    return pd.DataFrame(summary.columns("mean", "sd", "lower", "upper"), index=fit.data.index)
