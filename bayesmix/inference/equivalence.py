"""Is a standard deviation too small to matter?"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix import modelling
from bayesmix.errors import ArgumentError
from bayesmix.inference.draws import auxiliary, constant_parameters, standard_deviations
from bayesmix.modelling.layout import sd_names
from bayesmix.modelling.prior_density import prior_density
from bayesmix.modelling.priors import Prior
from bayesmix.modelling.record import Fit

Floats = NDArray[np.float64]

_NODES = 2000


def equivalence(fit: Fit, *, delta: float = 0.1) -> pd.DataFrame:
    """Probability that a group standard deviation is practically 0: smaller than `delta` residual ones.

    For those who do not want to test a point: the posterior probability of the region sd < delta sigma, beside what the
    priors gave to it. In the units of the column: a slope's sd is compared as it stands.

    Parameters
    ----------
    fit
        A fitted model with a residual standard deviation.
    delta
        What is too small to matter, in residual standard deviations; > 0.

    Returns
    -------
    pandas.DataFrame
        Indexed by `parameter`, a group sd a row: `probability` after the data with its Monte Carlo error `mcse`,
        `prior`, the probability before; `odds_ratio`, posterior odds over prior odds, > 1 where the data speak for the
        region.

    Raises
    ------
    ArgumentError
        The family has no `sigma`, or `delta` is not positive.
    """
    if "sigma" not in constant_parameters(fit):
        raise ArgumentError(f"The model has no single residual sd to compare with (family {fit.family}).")
    if isinstance(delta, bool) or not isinstance(delta, int | float) or not 0 < delta < np.inf:
        raise ArgumentError(f"delta is a positive number of residual sds, such as 0.1; got {delta!r}.")
    sigma, rows = auxiliary(fit, "sigma"), {}
    for term in fit.design.random:
        for name, draws in zip(sd_names(term), standard_deviations(fit, term), strict=True):
            inside = (draws < delta * sigma).astype(float)
            share, before = float(inside.mean()), _prior_share(fit.priors[name], fit.priors["sigma"], delta)
            with np.errstate(divide="ignore"):
                odds = np.divide(share, 1 - share) / np.divide(before, 1 - before)
            rows[name] = {"probability": share, "mcse": _error(inside), "prior": before, "odds_ratio": float(odds)}
    columns = ["probability", "mcse", "prior", "odds_ratio"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("parameter")


def _prior_share(sd: Prior, sigma: Prior, delta: float) -> float:
    """P(sd < delta sigma) under both priors, by quadrature over the quantiles of sigma."""
    share = (np.arange(_NODES) + 0.5) / _NODES
    # u / (1 - u) in units of the priors' own scale covers the half line; both densities are smooth there.
    grid = max(sigma.args) * share / (1 - share)
    of_sigma = prior_density(sigma, grid) * max(sigma.args) / (1 - share) ** 2 / _NODES
    inner = delta * grid[:, None] * (np.arange(200) + 0.5) / 200
    below = prior_density(sd, inner).mean(axis=1) * delta * grid
    return float(np.clip(np.sum(of_sigma * below) / np.sum(of_sigma), 0.0, 1.0))


def _error(inside: Floats) -> float:
    """Monte Carlo standard error of a share, by the effective size of the draws."""
    share = float(inside.mean())
    if share in (0.0, 1.0):
        return 0.0
    effective = modelling.convergence.convergence(inside[None]).ess_bulk[0]
    return float(np.sqrt(share * (1 - share) / effective))
