"""Expected response from the draws."""

import pandas as pd

from bayesmix.inference.draws import n_draws_of
from bayesmix.inference.expectation import expected_response, response_parameters
from bayesmix.inference.summarise import summarise_in_parts
from bayesmix.modelling.record import Fit

COLUMNS = ("mean", "sd", "lower", "upper")


def fitted(fit: Fit, *, groups: str, prob: float) -> pd.DataFrame:
    """The expected response, of an ordinal one the probability of each category, a row each."""
    categories = fit.design.response.categories
    if not categories:
        return expected(fit, groups=groups, prob=prob)
    parameters = response_parameters(fit, groups=groups)
    shape = (fit.design.n_obs, len(categories))
    summary = summarise_in_parts(
        lambda rows: parameters(rows)["probabilities"], shape=shape, n_draws=n_draws_of(fit), prob=prob
    )
    index = pd.MultiIndex.from_product([fit.data.index, categories], names=["row", "category"])
    return pd.DataFrame(summary.columns(*COLUMNS), index=index)


def expected(fit: Fit, *, groups: str, prob: float) -> pd.DataFrame:
    """A row for each of the data: the expected response, of an ordinal one the expected number of its category."""
    summary = summarise_in_parts(
        expected_response(fit, groups=groups), shape=(fit.design.n_obs,), n_draws=n_draws_of(fit), prob=prob
    )
    return pd.DataFrame(summary.columns(*COLUMNS), index=fit.data.index)
