"""The whole fit in one row."""

from functools import singledispatch

import numpy as np
import pandas as pd

from bayesmix.hints import with_hints
from bayesmix.inference.shared.draws import auxiliary, constant_parameters
from bayesmix.inference.shared.readable_table import readable
from bayesmix.modelling.kinds import no_answer, require_answer
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.lm_record import LmFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit

Row = dict[str, object]


@with_hints
@readable
def glance(fit: Fit | RemlFit | LaplaceFit | LmFit) -> pd.DataFrame:
    """One row about the fit, as broom.mixed's `glance`.

    Returns
    -------
    pandas.DataFrame
        Posterior: `nobs`, `family`, `link`, `method`, `sampler`, `chains`, `draws` and `tune` (per chain; importance
        sampling tunes 0 steps), `seed`, `sigma` (posterior mean; nan where the family has none), `n_divergent` (of
        NUTS), and over all parameters and group effects `max_rhat`, `min_ess_bulk`, `min_ess_tail` (nan values are left
        out).
        REML: `nobs`, `method` (REML or ML), `sigma`, `criterion` (-2 log of the restricted likelihood, or of the
        likelihood), `loglik`, `aic`, `bic`, `n_parameters`, `singular`, `converged`, `gradient_size`.
        Laplace: `nobs`, `family`, `link`, `method`, `criterion` (-2 log likelihood), `loglik`, `aic`, `bic`,
        `n_parameters`, `singular` (a maximum on the boundary), `converged`, and in words the `reason`;
        `gradient_size`. Where `converged` is False no maximum was found, and no number of that fit is an estimate.
        lm: `nobs`, `method`, `sigma`, `r_squared`, `adj_r_squared`, `f` with `df_model`, `df_residual` and `p`,
        `loglik`, `aic`, `bic`.
    """
    require_answer(_row, fit, question="glance")
    return pd.DataFrame([_row(fit)])


@singledispatch
def _row(fit: object) -> Row:
    raise no_answer(_row, fit, question="glance")


@_row.register
def _of_posterior(fit: Fit) -> Row:
    parameters, sampling = fit.diagnostics.parameters, fit.sampling
    return {
        "nobs": fit.design.n_obs,
        "family": fit.family.name,
        "link": fit.family.link,
        "method": fit.method,
        "sampler": sampling.sampler,
        "chains": sampling.chains,
        "draws": sampling.draws,
        "tune": sampling.tune,
        "seed": sampling.seed,
        "sigma": float(auxiliary(fit, "sigma").mean()) if "sigma" in constant_parameters(fit) else np.nan,
        "n_divergent": fit.diagnostics.n_divergent,
        "max_rhat": parameters["rhat"].max(),
        "min_ess_bulk": parameters["ess_bulk"].min(),
        "min_ess_tail": parameters["ess_tail"].min(),
    }


@_row.register
def _of_reml(fit: RemlFit) -> Row:
    return {
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


@_row.register
def _of_laplace(fit: LaplaceFit) -> Row:
    return {
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


@_row.register
def _of_least_squares(fit: LmFit) -> Row:
    f = fit.f_statistic
    return {
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
