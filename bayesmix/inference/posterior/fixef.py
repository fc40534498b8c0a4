"""Fixed coefficients from their draws."""

import pandas as pd

from bayesmix.inference.draws import fixed, joined
from bayesmix.inference.summarise import sampling_quality, summarise
from bayesmix.modelling.record import Fit


def fixef(fit: Fit, *, prob: float) -> pd.DataFrame:
    draws = fixed(fit)
    columns = summarise(joined(draws), prob).columns("mean", "sd", "lower", "upper")
    index = pd.Index(fit.design.fixed.names, name="coefficient", dtype=object)
    return pd.DataFrame({**columns, **sampling_quality(draws)}, index=index)
