"""Observed minus expected response at the estimates."""

import numpy as np
import pandas as pd

from bayesmix.inference.laplace.fitted import expectation
from bayesmix.inference.observed import observed, trials_of
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.numerics.response_moments import MOMENTS


def residuals(fit: LaplaceFit, *, kind: str) -> pd.DataFrame:
    mean = expectation(fit, groups="fitted")
    difference = observed(fit.design.response) - mean
    if kind != "response":
        trials = trials_of(fit.design.response)
        variance = MOMENTS[fit.family.name].variance({"mu": mean, "trials": np.ones(1) if trials is None else trials})
        # Where the search ran off to a probability of 1 in every digit there is no variance to divide by.
        difference = difference / np.sqrt(np.where(variance > 0, variance, np.nan))
    return pd.DataFrame({"estimate": difference}, index=fit.data.index)
