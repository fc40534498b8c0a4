"""The Laplace fit in one row."""

import pandas as pd

from bayesmix.modelling.laplace_record import LaplaceFit


def glance(fit: LaplaceFit) -> pd.DataFrame:
    row = {
        "nobs": fit.design.n_obs,
        "family": fit.family.name,
        "link": fit.family.link,
        "method": "ML (Laplace)",
        "criterion": fit.criterion,
        "loglik": fit.loglik,
        "aic": fit.aic,
        "bic": fit.bic,
        "n_parameters": fit.n_parameters,
        "singular": any(rank < term.k for term, rank in zip(fit.design.random, fit.ranks, strict=True)),
        "converged": fit.converged,
        "reason": fit.reason,
        "gradient_size": fit.gradient_size,
    }
    return pd.DataFrame([row])
