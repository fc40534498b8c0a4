"""Fixed coefficients from their draws."""

import numpy as np
import pandas as pd

from bayesmix.inference.draws import fixed, joined, thresholds
from bayesmix.inference.summarise import sampling_quality, summarise
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import threshold_names


def fixef(fit: Fit, *, prob: float) -> pd.DataFrame:
    predictors = fit.design.predictors
    draws = np.concatenate([thresholds(fit), *(fixed(fit, predictor) for predictor in predictors)])
    names = [*threshold_names(fit.design), *(name for predictor in predictors for name in predictor.fixed.names)]
    columns = summarise(joined(draws), prob).columns("mean", "sd", "lower", "upper")
    index = pd.Index(names, name="coefficient", dtype=object)
    return pd.DataFrame({**columns, **sampling_quality(fit, draws)}, index=index)
