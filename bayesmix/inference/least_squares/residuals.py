"""Observed minus expected response at the estimates."""

import numpy as np
import pandas as pd

from bayesmix.modelling.lm_record import LmFit


def residuals(fit: LmFit, *, kind: str) -> pd.DataFrame:
    difference = fit.residuals
    if kind != "response":
        weights = 1.0 if fit.design.weights is None else fit.design.weights
        difference = difference * np.sqrt(weights) / fit.sigma
    return pd.DataFrame({"estimate": difference}, index=fit.data.index)
