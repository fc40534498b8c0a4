"""What data would the fitted model give?"""

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats
from bayesmix.hints import with_hints
from bayesmix.inference.prediction.log_likelihood import refuse_too_many
from bayesmix.inference.shared.arguments import a_count, a_seed, one_of
from bayesmix.inference.shared.draws import n_draws_of
from bayesmix.inference.shared.row_model import RowModel, row_model, spread_draws
from bayesmix.inference.shared.summarise import VALUES_AT_ONCE
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.kinds import a_posterior
from bayesmix.modelling.record import Fit

REPLICATED = ("fitted", "new")
"""How replicated data get their group effects."""


@with_hints
def posterior_predict(
    fit: Fit, *, draws: int | None = None, groups: str = "fitted", seed: int | None = None
) -> xr.DataArray:
    """Responses simulated from the posterior, one data set a draw, for the rows that were fitted.

    Parameters
    ----------
    fit
        A fitted model.
    draws
        How many draws of the posterior to take, evenly spread; all by default.
    groups
        ``"fitted"``: the same levels observed again, with their own effects. ``"new"``: as many other levels, with
        effects from the distribution of the group.
    seed
        The same seed gives the same data; by default that of the fit.

    Returns
    -------
    xarray.DataArray
        Dims `draw`, `row`; `row` has the labels of `fit.data`. Of a binomial response numbers of successes out of the
        row's own trials, of a censored one what would have been observed without its bound.

    Raises
    ------
    ArgumentError
        `groups` is not known, or the array would not fit into 2 GiB.

    Examples
    --------
    >>> dict(bm.posterior_predict(fit, draws=100).std("row").sizes)
    {'draw': 100}
    """
    fit = a_posterior(fit, question="posterior_predict")
    groups, seed = one_of(groups, REPLICATED, argument="groups"), a_seed(seed, fit)
    positions = spread_draws(n_draws_of(fit), None if draws is None else a_count(draws, argument="draws"))
    refuse_too_many(fit.design.n_obs, len(positions))
    model = row_model(fit, draws=positions, groups=groups, seed=seed)
    return xr.DataArray(
        replicates(model, seed=seed).T,
        dims=("draw", "row"),
        coords={"draw": positions, "row": fit.data.index.to_numpy()},
        name=fit.design.response.name,
    )


def replicates(model: RowModel, *, seed: int) -> Floats:
    """Simulated responses (n_obs, n_draws)."""
    rng, values = np.random.default_rng([seed, model.n_obs]), np.empty((model.n_obs, model.n_draws))
    for rows in stretches(model.n_obs, VALUES_AT_ONCE // model.n_draws):
        values[rows] = model.draw(rows, model.predictor(rows), rng)
    return values
