"""A fit for other programs: one tree with data, densities and replicates under ArviZ's and Bambi's names."""

import numpy as np
import xarray as xr

from bayesmix.formula.columns import is_numeric
from bayesmix.inference.prediction.log_likelihood import log_likelihood as log_likelihood_of
from bayesmix.inference.prediction.log_likelihood import refuse_too_many
from bayesmix.inference.prediction.posterior_predict import posterior_predict
from bayesmix.inference.shared.arguments import a_seed, a_switch
from bayesmix.inference.shared.draws import posterior_of
from bayesmix.inference.shared.question import question
from bayesmix.modelling import observed_data
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import OBSERVATIONS, without_slash

_PRIOR_DRAWS = 1000


@question
def to_datatree(
    fit: Fit,
    *,
    log_likelihood: bool = False,
    posterior_predictive: bool = False,
    prior: bool = False,
    seed: int | None = None,
) -> xr.DataTree:
    """A fit as one tree that ArviZ's and Bambi's functions read.

    Parameters
    ----------
    fit
        A fitted model.
    log_likelihood
        Add the log density of each observation in each draw, for ``arviz_stats.loo``.
    posterior_predictive
        Add a data set simulated from each draw, for ``arviz_plots.plot_ppc_dist``.
    prior
        Add 1000 draws from the priors, for ``arviz_plots.plot_prior_posterior``, and the data that they give; counts
        beyond 64 bits are infinite there.
    seed
        For the simulations; by default that of the fit.

    Returns
    -------
    xarray.DataTree
        The groups of `fit.posterior`, `observed_data` among them, and `constant_data` with the predictors; on request
        `log_likelihood`, `posterior_predictive`, `prior` and `prior_predictive`. The response has the name of the
        formula, along `__obs__`, the number of the row from 0, as in Bambi. For counts out of trials it is the number
        of successes, for categories their number from 0. A `/` in a name becomes U+2215.

    Raises
    ------
    ArgumentError
        `fit` is no posterior, a table of draws by rows would not fit into 2 GiB, or a prior to be drawn from is flat.

    Examples
    --------
    >>> tree = bm.to_datatree(fit, log_likelihood=True)
    >>> "log_likelihood" in tree.children
    True
    >>> arviz_stats.loo(tree)  # doctest: +SKIP
    """
    with_densities = a_switch(log_likelihood, argument="log_likelihood")
    with_replicates = a_switch(posterior_predictive, argument="posterior_predictive")
    with_prior, seed = a_switch(prior, argument="prior"), a_seed(seed, fit)
    groups = {name: group.to_dataset() for name, group in fit.posterior.children.items()}
    groups["constant_data"] = _predictors(fit)
    if with_densities:
        groups["log_likelihood"] = _by_bambis_rows(fit, log_likelihood_of(fit).to_numpy())
    if with_replicates:
        groups["posterior_predictive"] = _replicates(fit, seed)
    if with_prior:
        refuse_too_many(fit.design.n_obs, _PRIOR_DRAWS)
        from bayesmix.modelling.prior_draws import prior_draws

        groups |= prior_draws(fit, draws=_PRIOR_DRAWS, seed=seed)
    return xr.DataTree.from_dict(groups)


def _predictors(fit: Fit) -> xr.Dataset:
    """The columns of the formulas' right-hand sides, as numbers or as text."""
    names = [name.name for part in fit.design.predictors for name in part.formula.predictor_columns]
    variables = {}
    for name in dict.fromkeys(names):
        column = fit.data[name]
        values = column.to_numpy(dtype=float) if is_numeric(column) else column.astype(str).to_numpy(dtype=object)
        if name != OBSERVATIONS:
            variables[without_slash(name)] = (OBSERVATIONS, values)
    return xr.Dataset(variables, coords={OBSERVATIONS: np.arange(fit.design.n_obs)})


def _replicates(fit: Fit, seed: int) -> xr.Dataset:
    sizes = posterior_of(fit).sizes
    simulated = posterior_predict(fit, seed=seed).to_numpy().reshape(sizes["chain"], sizes["draw"], -1)
    return _by_bambis_rows(fit, observed_data.as_bambi_has_it(simulated, fit.design, fit.family))


def _by_bambis_rows(fit: Fit, values: np.ndarray) -> xr.Dataset:
    """Values (n_chains, n_draws, n_obs) under the name of the response."""
    n_chains, n_draws, n_obs = values.shape
    coords = {"chain": np.arange(n_chains), "draw": np.arange(n_draws), OBSERVATIONS: np.arange(n_obs)}
    name = observed_data.response_variable(fit.design)
    return xr.Dataset({name: (("chain", "draw", OBSERVATIONS), values)}, coords=coords)
