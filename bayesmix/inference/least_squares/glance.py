"""The least squares fit in one row."""

import numpy as np
import pandas as pd

from bayesmix.modelling.lm_record import LmFit


def glance(fit: LmFit) -> pd.DataFrame:
    f = fit.f_statistic
    row = {
        "nobs": fit.design.n_obs,
        "method": "least squares",
        "sigma": fit.sigma,
        "r_squared": fit.r_squared,
        "adj_r_squared": fit.adj_r_squared,
        "f": f.value if f else np.nan,
        "df_model": f.df_model if f else 0,
        "df_residual": fit.df_residual,
        "p": f.p if f else np.nan,
        "loglik": fit.loglik,
        "aic": fit.aic,
        "bic": fit.bic,
    }
    return pd.DataFrame([row])
