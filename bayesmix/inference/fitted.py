"""What response does the model expect for each row?"""

import pandas as pd

from bayesmix.hints import with_hints
from bayesmix.inference.arguments import one_of, probability
from bayesmix.inference.expectation import GROUPS
from bayesmix.inference.laplace import fitted as of_laplace
from bayesmix.inference.least_squares import fitted as of_least_squares
from bayesmix.inference.posterior import fitted as of_posterior
from bayesmix.inference.readable_table import readable
from bayesmix.inference.reml import fitted as of_reml
from bayesmix.modelling.kinds import LINEAR, refuse_other_kinds
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.lm_record import LmFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit


@with_hints
@readable
def fitted(fit: Fit | RemlFit | LaplaceFit | LmFit, *, groups: str = "fitted", prob: float = 0.95) -> pd.DataFrame:
    """Expected response of the rows that were fitted.

    Parameters
    ----------
    fit
        A fitted model.
    groups
        ``"fitted"``: with the effects of each row's own levels. ``"typical"``: with all group effects at 0.
    prob
        Probability of the interval (posterior).

    Returns
    -------
    pandas.DataFrame
        Indexed as `fit.data`, the expected response on the response scale, for a binomial response the probability;
        offsets are included, and the zeros of zero-inflated and hurdle models count. Of an ordinal response the
        probability of each category, indexed by `row` and `category`; `augment` has the expected number of the
        category. Posterior: `mean` and `sd`, `lower` and `upper` (equal-tailed interval of probability `prob`). REML,
        Laplace and lm: `estimate`.

    Raises
    ------
    ArgumentError
        `groups` is not known or `prob` is not between 0 and 1.

    Notes
    -----
    The interval is that of the expectation, not of a new observation. With a curved link the expectation at
    effects 0 is that of a typical group, not the average over groups.
    """
    refuse_other_kinds(fit, question="fitted", kinds=LINEAR)
    groups, prob = one_of(groups, GROUPS, argument="groups"), probability(prob)
    if isinstance(fit, RemlFit):
        return of_reml.fitted(fit, groups=groups)
    if isinstance(fit, LaplaceFit):
        return of_laplace.fitted(fit, groups=groups)
    if isinstance(fit, LmFit):
        return of_least_squares.fitted(fit)
    return of_posterior.fitted(fit, groups=groups, prob=prob)
