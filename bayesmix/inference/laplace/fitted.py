"""Expected response at the estimates."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.numerics.links import LINKS


def fitted(fit: LaplaceFit, *, groups: str) -> pd.DataFrame:
    return pd.DataFrame({"estimate": expectation(fit, groups=groups)}, index=fit.data.index)


def expectation(fit: LaplaceFit, *, groups: str) -> NDArray[np.float64]:
    """Means, of binomial responses probabilities (n_obs,), with the conditional modes where `groups` is "fitted"."""
    predictor = fit.eta if groups == "fitted" else fit.design.fixed.matrix @ fit.beta + fit.design.offset
    return LINKS[fit.family.link].inverse(predictor)
