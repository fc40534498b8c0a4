"""Shares as a table: summaries of draws, or estimates."""

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.inference.shared.draws import posterior_of
from bayesmix.inference.shared.summarise import sampling_quality, summarise
from bayesmix.modelling.record import Fit

OF_DRAWS = ("mean", "median", "sd", "lower", "upper")


def share_table(fit: object, values: Floats, prob: float) -> pd.DataFrame:
    """A row for each share (n_shares, n_draws), chains joined; of estimates, for which n_draws is 1, one column."""
    if not isinstance(fit, Fit):
        return pd.DataFrame({"estimate": values[:, 0] if len(values) else np.empty(0)})
    sizes = posterior_of(fit).sizes
    by_chain = values.reshape(len(values), sizes["chain"], sizes["draw"])
    quality = sampling_quality(fit, by_chain)["ess_bulk"] if len(values) else np.empty(0)
    return pd.DataFrame({**summarise(values, prob).columns(*OF_DRAWS), "ess_bulk": quality})
