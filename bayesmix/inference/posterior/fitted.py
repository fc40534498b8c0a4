"""Expected response from the draws."""

import pandas as pd

from bayesmix.inference.draws import n_draws_of
from bayesmix.inference.expectation import expected_response
from bayesmix.inference.summarise import summarise_in_parts
from bayesmix.modelling.record import Fit


def fitted(fit: Fit, *, groups: str, prob: float) -> pd.DataFrame:
    summary = summarise_in_parts(
        expected_response(fit, groups=groups), shape=(fit.design.n_obs,), n_draws=n_draws_of(fit), prob=prob
    )
    return pd.DataFrame(summary.columns("mean", "sd", "lower", "upper"), index=fit.data.index)
