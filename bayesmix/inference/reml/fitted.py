"""Expected response at the estimates."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.modelling.reml_record import RemlFit


def fitted(fit: RemlFit, *, groups: str) -> pd.DataFrame:
    return pd.DataFrame({"estimate": expectation(fit, groups=groups)}, index=fit.data.index)


def expectation(fit: RemlFit, *, groups: str) -> NDArray[np.float64]:
    """X beta + offset (n_obs,), with the conditional modes of each row's own levels where `groups` is "fitted"."""
    total = fit.design.fixed.matrix @ fit.beta + fit.design.offset
    if groups == "fitted":
        for term, modes in zip(fit.design.random, fit.effects, strict=True):
            for column in range(term.k):
                total += term.columns[:, column] * modes[term.index, column]
    return total
