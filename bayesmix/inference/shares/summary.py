"""Shares as a table: summaries of draws, or estimates."""

from functools import singledispatch

import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.inference.shared.draws import posterior_of
from bayesmix.inference.shared.summarise import sampling_quality, summarise
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer

OF_DRAWS = ("mean", "median", "sd", "lower", "upper")


@singledispatch
def share_table(fit: object, values: Floats, prob: float) -> pd.DataFrame:
    """A row for each share (n_shares, n_draws), chains joined; of estimates, for which n_draws is 1, one column."""
    raise no_answer(share_table, fit, question="variance_shares")


@share_table.register
def _of_posterior(fit: Fit, values: Floats, prob: float) -> pd.DataFrame:
    columns = summarise(values, prob).columns(*OF_DRAWS)
    sizes = posterior_of(fit).sizes
    quality = sampling_quality(fit, values.reshape(len(values), sizes["chain"], sizes["draw"]))
    return pd.DataFrame({**columns, "ess_bulk": quality["ess_bulk"]})


@share_table.register
def _of_estimates(fit: RemlFit | LaplaceFit | LmFit, values: Floats, prob: float) -> pd.DataFrame:
    return pd.DataFrame({"estimate": values[:, 0]})
