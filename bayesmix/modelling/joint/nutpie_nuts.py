"""NUTS by nutpie."""

from collections.abc import Sequence
from typing import Any

import pymc as pm
import xarray as xr

from bayesmix.modelling.joint.compile_nutpie import compile_model
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.samplers.run_nutpie import run_nutpie

MOST_UNCONSTRAINED = 2**25
"""Numbers, draws times parameters, up to which draws on the unconstrained scale are kept: 256 MiB."""


def sample_by_nutpie(
    model: pm.Model,
    *,
    var_names: Sequence[str],
    draws: int,
    chains: int,
    progress: bool,
    compiled: Any = None,
    attempt: int = 1,
    **how: Any,
) -> xr.DataTree:
    """Draws of `var_names` and what nutpie says about them; `how` as `run_nutpie` takes it.

    `compiled`, the model as `compile_model` gives it; by default it is compiled here. `attempt`: its
    number, for the bar.
    """
    with SamplingProgress(chains, shown=progress, attempt=attempt) as bar:
        # Only what is kept is compiled into the function that computes deterministic variables.
        compiled = compile_model(model, var_names) if compiled is None else compiled
        few = compiled.n_dim * draws * chains <= MOST_UNCONSTRAINED
        return run_nutpie(compiled, draws=draws, chains=chains, bar=bar, store_unconstrained=few, **how)
