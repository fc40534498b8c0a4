"""The whole fit in one row."""

import pandas as pd

from bayesmix.hints import with_hints
from bayesmix.inference.laplace import glance as of_laplace
from bayesmix.inference.least_squares import glance as of_least_squares
from bayesmix.inference.posterior import glance as of_posterior
from bayesmix.inference.readable_table import readable
from bayesmix.inference.reml import glance as of_reml
from bayesmix.modelling.kinds import LINEAR, refuse_other_kinds
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.lm_record import LmFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit


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
    refuse_other_kinds(fit, question="glance", kinds=LINEAR)
    if isinstance(fit, RemlFit):
        return of_reml.glance(fit)
    if isinstance(fit, LaplaceFit):
        return of_laplace.glance(fit)
    if isinstance(fit, LmFit):
        return of_least_squares.glance(fit)
    return of_posterior.glance(fit)
