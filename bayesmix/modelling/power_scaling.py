"""Power-scaling sensitivity of draws, by ArviZ."""

from collections.abc import Mapping

import arviz_stats
import numpy as np
import xarray as xr

from bayesmix.arrays import Floats

_NO_TAIL = "All tail values are the same"  # from arviz-stats, if weights have no tail to be smoothed


def power_scaling_sensitivity(parameters: Mapping[str, Floats], log_density: Floats) -> Floats:
    """The rate at which each parameter, with draws (n_draws,), moves when the density of a component is scaled.

    `log_density` (n_draws,) is that of the component, a prior or the likelihood, in each draw; a constant one moves
    nothing. The rate is nan for a chain that is stuck, whose draws are the same in a whole tail.
    Kallioinen et al. (2024), doi:10.1007/s11222-023-10366-5.
    """
    if not parameters or np.ptp(log_density) < 1e-12:
        return np.zeros(len(parameters))
    dims = ("chain", "draw", "parameter")
    values = np.stack(list(parameters.values()), axis=-1)[None]
    tree = xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset({"value": (dims, values)}),
            "log_prior": xr.Dataset({"density": (dims[:2], log_density[None])}),
        }
    )
    try:
        return arviz_stats.psense(tree, group="prior", sample_dims=["chain", "draw"])["value"].to_numpy()
    except ValueError as error:
        if _NO_TAIL not in str(error):
            raise
        return np.full(len(parameters), np.nan)
