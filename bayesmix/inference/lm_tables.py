"""The questions to a linear model without random terms: from an `LmFit` to a labelled table."""

import numpy as np
import pandas as pd
from scipy import stats

from bayesmix.modelling.lm_record import LmFit


def lm_fixef(fit: LmFit, prob: float) -> pd.DataFrame:
    """Coefficients indexed by name: `estimate se df t p`, and `lower upper` of the interval of probability `prob`."""
    se = np.sqrt(np.diag(fit.vcov))
    t = fit.beta / se
    half = stats.t.isf((1 - prob) / 2, fit.df_residual) * se
    columns = {
        "estimate": fit.beta,
        "se": se,
        "df": float(fit.df_residual),
        "t": t,
        "p": 2 * stats.t.sf(np.abs(t), fit.df_residual),
        "lower": fit.beta - half,
        "upper": fit.beta + half,
    }
    return pd.DataFrame(columns, index=pd.Index(fit.design.fixed.names, name="coefficient", dtype=object))
