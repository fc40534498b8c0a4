"""Coefficients with t tests."""

import numpy as np
import pandas as pd
from scipy import stats

from bayesmix.modelling.lm_record import LmFit


def fixef(fit: LmFit, *, prob: float) -> pd.DataFrame:
    se = np.sqrt(np.diag(fit.vcov))
    t = fit.beta / se
    half = stats.t.isf((1 - prob) / 2, fit.df_residual) * se
    return pd.DataFrame(
        {
            "estimate": fit.beta,
            "se": se,
            "df": float(fit.df_residual),
            "t": t,
            "p": 2 * stats.t.sf(np.abs(t), fit.df_residual),
            "lower": fit.beta - half,
            "upper": fit.beta + half,
        },
        index=pd.Index(fit.design.fixed.names, name="coefficient", dtype=object),
    )
