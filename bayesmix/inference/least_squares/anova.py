"""Sequential sums of squares from the effects of the fit's QR decomposition."""

import numpy as np
import pandas as pd
from scipy import stats

from bayesmix.modelling.lm_record import LmFit

RESIDUALS = "Residuals"


def anova(fit: LmFit) -> pd.DataFrame:
    terms = [term for term in fit.design.fixed.terms if term.kind != "intercept"]
    squares = [float(np.sum(fit.effects[list(term.columns)] ** 2)) for term in terms]
    df = np.array([*(len(term.columns) for term in terms), fit.df_residual])
    table = pd.DataFrame(
        {"df": df, "sum_sq": np.array([*squares, fit.df_residual * fit.sigma**2])},
        index=pd.Index([*(term.label for term in terms), RESIDUALS], name="term", dtype=object),
    )
    table["mean_sq"] = table["sum_sq"] / table["df"]
    table["f"] = table["mean_sq"] / fit.sigma**2
    table["p"] = stats.f.sf(table["f"], table["df"], fit.df_residual)
    table.iloc[-1, 3:] = np.nan
    return table
