"""Parameters and data drawn from the priors of a fit, by PyMC."""

import numpy as np
import pymc as pm
import xarray as xr

from bayesmix.arrays import Floats, Integers
from bayesmix.errors import ArgumentError, listing
from bayesmix.modelling.observed_data import response_variable
from bayesmix.modelling.pymc_model.bambi_bridge import build_model
from bayesmix.modelling.record import Fit


def prior_draws(fit: Fit, *, draws: int, seed: int) -> dict[str, xr.Dataset]:
    """The groups `prior`, with the variables of the posterior, and `prior_predictive`, each with one chain.

    Raises
    ------
    ArgumentError
        A prior is flat, and nothing can be drawn from it.
    """
    flat = [name for name, prior in fit.priors.items() if not prior.distribution.proper]
    if flat:
        raise ArgumentError(
            f"From Flat(), the prior of {listing(flat, at_most=4)}, nothing can be drawn; fit with another."
        )
    built = build_model(fit.design, fit.family, fit.priors)
    model, response = built.model, built.model.observed_RVs[0].name
    names = [*built.kept, response]
    values = dict(zip(names, pm.draw([model[name] for name in names], draws=draws, random_seed=seed), strict=True))
    predicted = _without_overflow(values.pop(response))
    return {
        "prior": xr.merge([_one_chain(model, name, name, drawn) for name, drawn in values.items()]),
        "prior_predictive": _one_chain(model, response, response_variable(fit.design), predicted),
    }


def _without_overflow(values: Floats | Integers) -> Floats | Integers:
    """Counts beyond 64-bit integers, which come back negative, as infinite."""
    below = values < 0
    return np.where(below, np.inf, values) if values.dtype.kind == "i" and below.any() else values


def _one_chain(model: pm.Model, variable: str, name: str, values: Floats | Integers) -> xr.Dataset:
    """Draws (n_draws, ...) of a variable of the model under another name."""
    dims = model.named_vars_to_dims.get(variable, ())
    coords = {"chain": [0], "draw": np.arange(len(values))} | {dim: list(model.coords[dim]) for dim in dims}
    return xr.Dataset({name: (("chain", "draw", *dims), values[None])}, coords=coords)
