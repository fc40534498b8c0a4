"""Observed minus expected response at the estimates."""

import numpy as np
import pandas as pd

from bayesmix.inference.reml.fitted import expectation
from bayesmix.modelling.reml_record import RemlFit


def residuals(fit: RemlFit, *, kind: str) -> pd.DataFrame:
    difference = fit.design.response.values - expectation(fit, groups="fitted")
    if kind != "response":
        weights = 1.0 if fit.design.weights is None else fit.design.weights
        difference *= np.sqrt(weights) / fit.sigma
    return pd.DataFrame({"estimate": difference}, index=fit.data.index)
