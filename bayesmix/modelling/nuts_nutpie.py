"""NUTS by nutpie."""

from collections.abc import Sequence
from typing import Any

import pymc as pm
import xarray as xr

from bayesmix.modelling.compile_nutpie import compile_model
from bayesmix.modelling.nutpie_run import run_nutpie
from bayesmix.modelling.progress import SamplingProgress


def sample_by_nutpie(
    model: pm.Model, *, var_names: Sequence[str], chains: int, progress: bool, **how: Any
) -> xr.DataTree:
    """Draws of `var_names` and what nutpie says about them; `how` as `run_nutpie` takes it."""
    with SamplingProgress(chains, shown=progress) as bar:
        # Only what is kept is compiled into the function that computes deterministic variables.
        return run_nutpie(compile_model(model, var_names), chains=chains, bar=bar, **how)
