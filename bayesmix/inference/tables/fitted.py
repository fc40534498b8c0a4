"""What response does the model expect for each row?"""

from functools import singledispatch

import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.inference.shared.arguments import one_of, probability
from bayesmix.inference.shared.draws import n_draws_of
from bayesmix.inference.shared.expectation import GROUPS, expected_response, response_parameters
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.summarise import SHOWN, summarise_in_parts
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer
from bayesmix.numerics.links import LINKS


@table
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
        offsets are included, and the zeros of zero-inflated and hurdle models count. A response that is one of several
        categories has the probability of each, indexed by `row` and `category`; if they are ordered `augment` has the
        expected number of the category. Posterior: `mean` and `sd`, `lower` and `upper` (equal-tailed interval of
        probability `prob`). REML, Laplace and lm: `estimate`.

    Raises
    ------
    ArgumentError
        `groups` is not known or `prob` is not between 0 and 1.

    Notes
    -----
    The interval is for the expectation, not for a new observation. With a curved link the expectation at effects 0 is
    that of a typical group, not the average over groups.
    """
    return _fitted(fit, groups=one_of(groups, GROUPS, argument="groups"), prob=probability(prob))


@singledispatch
def _fitted(fit: object, *, groups: str, prob: float) -> pd.DataFrame:
    raise no_answer(_fitted, fit, question="fitted")


@_fitted.register
def _of_posterior(fit: Fit, *, groups: str, prob: float) -> pd.DataFrame:
    """The expected response, or the probability of each category with a row each."""
    categories = fit.design.response.categories
    if not categories:
        return expected(fit, groups=groups, prob=prob)
    parameters = response_parameters(fit, groups=groups)
    shape = (fit.design.n_obs, len(categories))
    summary = summarise_in_parts(
        lambda rows: parameters(rows)["probabilities"], shape=shape, n_draws=n_draws_of(fit), prob=prob
    )
    index = pd.MultiIndex.from_product([fit.data.index, categories], names=["row", "category"])
    return pd.DataFrame(summary.columns(*SHOWN), index=index)


@_fitted.register
def _of_estimates(fit: RemlFit | LaplaceFit | LmFit, *, groups: str, prob: float) -> pd.DataFrame:
    return pd.DataFrame({"estimate": at_estimates(fit, groups=groups)}, index=fit.data.index)


def expected(fit: Fit, *, groups: str, prob: float) -> pd.DataFrame:
    """The expected response of each row of the data; for an ordinal response the expected number of its category."""
    draws_of = expected_response(fit, groups=groups)
    summary = summarise_in_parts(draws_of, shape=(fit.design.n_obs,), n_draws=n_draws_of(fit), prob=prob)
    return pd.DataFrame(summary.columns(*SHOWN), index=fit.data.index)


@singledispatch
def at_estimates(fit: object, *, groups: str) -> Floats:
    """Means at the estimates, for binomial responses probabilities, (n_obs,), of every kind of fit but a posterior.

    If `groups` is "fitted" they include the conditional modes of each row's own levels.
    """
    raise no_answer(at_estimates, fit, question="fitted")


@at_estimates.register
def _linear(fit: RemlFit, *, groups: str) -> Floats:
    total = fit.design.fixed.matrix @ fit.beta + fit.design.offset
    if groups == "fitted":
        for term, modes in zip(fit.design.random, fit.effects, strict=True):
            for column in range(term.k):
                total += term.columns[:, column] * modes[term.index, column]
    return total


@at_estimates.register
def _by_link(fit: LaplaceFit, *, groups: str) -> Floats:
    predictor = fit.eta if groups == "fitted" else fit.design.fixed.matrix @ fit.beta + fit.design.offset
    return LINKS[fit.family.link].inverse(predictor)


@at_estimates.register
def _without_groups(fit: LmFit, *, groups: str) -> Floats:
    return fit.fitted
