"""Observed minus expected response at the estimates."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.inference.laplace.fitted import expectation
from bayesmix.inference.observed import observed, trials_of
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.numerics.row_distribution.parts import Predicted
from bayesmix.numerics.row_distribution.residual import quantile_residual


def residuals(fit: LaplaceFit, *, kind: str, seed: int) -> pd.DataFrame:
    if kind == "quantile":
        return pd.DataFrame({"estimate": _quantile_residuals(fit, seed)}, index=fit.data.index)
    mean = expectation(fit, groups="fitted")
    difference = observed(fit.design.response) - mean
    if kind != "response":
        trials = trials_of(fit.design.response)
        variance = fit.family.record.moments.variance({"mu": mean, "trials": np.ones(1) if trials is None else trials})
        # Where the search ran off to a probability of 1 in every digit there is no variance to divide by.
        difference = difference / np.sqrt(np.where(variance > 0, variance, np.nan))
    return pd.DataFrame({"estimate": difference}, index=fit.data.index)


def _quantile_residuals(fit: LaplaceFit, seed: int) -> NDArray[np.float64]:
    response, trials = fit.design.response, trials_of(fit.design.response)
    u = np.random.default_rng(seed).uniform(size=fit.design.n_obs)
    own = {"trials": np.ones(fit.design.n_obs) if response.trials is None else response.trials}
    found = quantile_residual(
        fit.family.record.distribution, response.values, Predicted(fit.eta, fit.family.link, own), u
    )
    return found if trials is None else np.where(np.isnan(trials), np.nan, found)
