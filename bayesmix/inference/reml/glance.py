"""The REML or ML fit in one row."""

import pandas as pd

from bayesmix.modelling.reml_record import RemlFit


def glance(fit: RemlFit) -> pd.DataFrame:
    row = {
        "nobs": fit.design.n_obs,
        "method": "REML" if fit.reml else "ML",
        "sigma": fit.sigma,
        "criterion": fit.criterion,
        "loglik": fit.loglik,
        "aic": fit.aic,
        "bic": fit.bic,
        "n_parameters": fit.n_parameters,
        "singular": bool(fit.singular),
        "converged": fit.converged,
        "gradient_size": fit.gradient_size,
    }
    return pd.DataFrame([row])
