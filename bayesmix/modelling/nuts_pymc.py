"""NUTS by PyMC itself, and by NumPyro through PyMC."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import pymc as pm
import xarray as xr
from pymc.exceptions import SamplingError as PyMCSamplingError
from rich.console import Console

from bayesmix.errors import SamplingError
from bayesmix.modelling.progress import can_show


def sample_by_pymc(model: pm.Model, *, progress: bool, **settings: Any) -> xr.DataTree:
    """Draws by PyMC's own NUTS; settings as `nuts_nutpie.sample_by_nutpie`."""
    return _sample(model, progress=progress, nuts_sampler="pymc", nuts={}, **settings)


def sample_by_numpyro(model: pm.Model, *, progress: bool, **settings: Any) -> xr.DataTree:
    """Draws by NumPyro; its chains run as one vectorised program, whatever the number of cores."""
    if find_spec("numpyro") is None:
        raise SamplingError("Sampler 'numpyro' is not installed; run: pip install bayesmix[numpyro]")
    return _sample(model, progress=progress, nuts_sampler="numpyro", nuts={"chain_method": "vectorized"}, **settings)


def _sample(
    model: pm.Model,
    *,
    var_names: Sequence[str],
    draws: int,
    tune: int,
    chains: int,
    cores: int,
    seed: int,
    target_accept: float,
    progress: bool,
    nuts_sampler: str,
    nuts: dict[str, Any],
) -> xr.DataTree:
    try:
        with _quiet("pymc"):
            return pm.sample(
                model=model,
                var_names=list(var_names),
                draws=draws,
                tune=tune,
                chains=chains,
                cores=cores,
                random_seed=seed,
                nuts_sampler=nuts_sampler,
                nuts={"target_accept": target_accept, **nuts},
                compute_convergence_checks=False,
                progressbar=progress and can_show(Console(stderr=True)),
            )
    except PyMCSamplingError as error:
        raise SamplingError(
            "Sampling could not start: the model's log density is not finite at any starting point. "
            "Check that the family suits the response and that priors leave room for the data."
        ) from error


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Keep a logger from announcing its steps, and from warning of few draws, which `diagnose` does; errors stay."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
