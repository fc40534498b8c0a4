"""The whole fit in one row."""

from functools import singledispatch

import numpy as np
import pandas as pd

from bayesmix.inference.shared.draws import auxiliary, constant_parameters
from bayesmix.inference.shared.question import table
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer

Row = dict[str, object]

_LIKELIHOOD = ("criterion", "loglik", "aic", "bic", "n_parameters")


@table
def glance(fit: Fit | RemlFit | LaplaceFit | LmFit) -> pd.DataFrame:
    """One row about the fit, as broom.mixed's `glance`.

    Returns
    -------
    pandas.DataFrame
        Posterior: `nobs`, `family`, `link`, `method`, `sampler`, `chains`, `draws` and `tune` (per chain; importance
        sampling tunes 0 steps), `seed`, `sigma` (posterior mean; nan if the family has none), `n_divergent` (of
        NUTS), and over all parameters and group effects `max_rhat`, `min_ess_bulk`, `min_ess_tail` (nan values are left
        out).
        REML: `nobs`, `method` (REML or ML), `sigma`, `criterion` (-2 log of the restricted likelihood, or of the
        likelihood), `loglik`, `aic`, `bic`, `n_parameters`, `singular`, `converged`, `gradient_size`.
        Laplace: `nobs`, `family`, `link`, `method`, `criterion` (-2 log likelihood), `loglik`, `aic`, `bic`,
        `n_parameters`, `singular` (a maximum on the boundary), `converged`, and in words the `reason`;
        `gradient_size`. If `converged` is False no maximum was found, and no number of that fit is an estimate.
        lm: `nobs`, `method`, `sigma`, `r_squared`, `adj_r_squared`, `f` with `df_model`, `df_residual` and `p`,
        `loglik`, `aic`, `bic`.
    """
    return pd.DataFrame([{"nobs": fit.design.n_obs} | _row(fit)])


@singledispatch
def _row(fit: object) -> Row:
    raise no_answer(_row, fit, question="glance")


@_row.register
def _of_posterior(fit: Fit) -> Row:
    parameters = fit.diagnostics.parameters
    return {
        "family": fit.family.name,
        "link": fit.family.link,
        "method": fit.method,
        **_fields(fit.sampling, "sampler", "chains", "draws", "tune", "seed"),
        "sigma": float(auxiliary(fit, "sigma").mean()) if "sigma" in constant_parameters(fit) else np.nan,
        "n_divergent": fit.diagnostics.n_divergent,
        "max_rhat": parameters["rhat"].max(),
        "min_ess_bulk": parameters["ess_bulk"].min(),
        "min_ess_tail": parameters["ess_tail"].min(),
    }


@_row.register
def _of_reml(fit: RemlFit) -> Row:
    likelihood = {"method": "REML" if fit.reml else "ML", **_fields(fit, "sigma", *_LIKELIHOOD)}
    return {**likelihood, "singular": bool(fit.singular), **_fields(fit, "converged", "gradient_size")}


@_row.register
def _of_laplace(fit: LaplaceFit) -> Row:
    return {
        "family": fit.family.name,
        "link": fit.family.link,
        "method": "ML (Laplace)",
        **_fields(fit, *_LIKELIHOOD),
        "singular": any(rank < term.k for term, rank in zip(fit.design.random, fit.ranks, strict=True)),
        **_fields(fit, "converged", "reason", "gradient_size"),
    }


@_row.register
def _of_least_squares(fit: LmFit) -> Row:
    f = fit.f_statistic
    return {
        "method": "least squares",
        **_fields(fit, "sigma", "r_squared", "adj_r_squared"),
        "f": f.value if f else np.nan,
        "df_model": f.df_model if f else 0,
        "df_residual": fit.df_residual,
        "p": f.p if f else np.nan,
        **_fields(fit, "loglik", "aic", "bic"),
    }


def _fields(record: object, *names: str) -> Row:
    return {name: getattr(record, name) for name in names}
