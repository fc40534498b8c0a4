"""Draws from the posterior of a PyMC model, by the sampler of choice, in one shape."""

import os
from collections.abc import Callable, Sequence
from time import perf_counter

import numpy as np
import pymc as pm
import xarray as xr

from bayesmix.errors import SamplingError, did_you_mean, listing
from bayesmix.modelling.nuts_nutpie import sample_by_nutpie
from bayesmix.modelling.nuts_pymc import sample_by_numpyro, sample_by_pymc
from bayesmix.modelling.record import Sampling

SAMPLERS: dict[str, Callable[..., xr.DataTree]] = {
    "nutpie": sample_by_nutpie,
    "pymc": sample_by_pymc,
    "numpyro": sample_by_numpyro,
}

# What is kept of each draw, under PyMC's names, which ArviZ reads; nutpie's own names follow.
_STATISTICS = {
    "diverging": "diverging",
    "energy": "energy",
    "lp": "logp",
    "tree_depth": "depth",
    "reached_max_treedepth": "maxdepth_reached",
    "n_steps": "n_steps",
    "step_size": "step_size",
    "acceptance_rate": "mean_tree_accept",
}
_GREATEST_DEPTH = 10  # the default of all three samplers
_SEEDS = 2**32


def draw(
    model: pm.Model,
    *,
    var_names: Sequence[str],
    sampler: str = "nutpie",
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    cores: int | None = None,
    seed: int | None = None,
    target_accept: float = 0.9,
    progress: bool = True,
) -> tuple[xr.DataTree, Sampling]:
    """Sample the posterior by NUTS.

    Parameters
    ----------
    model
        The PyMC model.
    var_names
        The variables to keep; others, such as a mean for every row, are not stored.
    sampler
        ``"nutpie"``, ``"pymc"`` or ``"numpyro"``.
    draws, tune, chains
        Draws kept and tuning steps of each chain, and the number of chains.
    cores
        Chains that run at the same time; by default as many as there are cores.
    seed
        The same seed gives the same draws, whatever the number of cores. By default one is taken from the
        operating system and recorded.
    target_accept
        Acceptance probability that the step size is tuned to.
    progress
        Show a progress bar, where there is a terminal or a notebook.

    Returns
    -------
    posterior : xarray.DataTree
        Groups `posterior` (`var_names`, dims chain and draw first) and `sample_stats` (`diverging`, `energy`,
        `lp`, `tree_depth`, `reached_max_treedepth`, `n_steps`, `step_size`, `acceptance_rate`).
    sampling : Sampling
        What was done; `seconds` from compilation to the last draw.

    Raises
    ------
    SamplingError
        The sampler is unknown or not installed, the seed is out of range, or sampling could not start.
    KeyboardInterrupt
        The user interrupted; the chains have been stopped and nothing is kept.
    """
    if sampler not in SAMPLERS:
        raise SamplingError(
            f"Sampler {sampler!r} is not known.{did_you_mean(str(sampler), SAMPLERS)} Samplers: {listing(SAMPLERS)}."
        )
    seed = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed
    if not 0 <= seed < _SEEDS:
        raise SamplingError(f"seed is a whole number from 0 to {_SEEDS - 1}; got {seed}.")
    started = perf_counter()
    tree = SAMPLERS[sampler](
        model,
        var_names=var_names,
        draws=draws,
        tune=tune,
        chains=chains,
        cores=chains_at_once(chains, cores),
        seed=seed,
        target_accept=target_accept,
        progress=progress,
    )
    seconds = perf_counter() - started
    kept = {"posterior": _posterior(tree, var_names), "sample_stats": _sample_stats(tree)}
    return xr.DataTree.from_dict(kept), Sampling(sampler, draws, tune, chains, seed, seconds)


def chains_at_once(chains: int, cores: int | None) -> int:
    """How many chains run at the same time: no more than chains, nor than the cores this process may use."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return max(1, min(chains, available if cores is None else cores))


def _posterior(tree: xr.DataTree, var_names: Sequence[str]) -> xr.Dataset:
    posterior = tree["posterior"].to_dataset()[list(var_names)].transpose("chain", "draw", ...)
    posterior.attrs = {"sample_dims": ["chain", "draw"]}  # no time stamp: equal draws make equal records
    return posterior


def _sample_stats(tree: xr.DataTree) -> xr.Dataset:
    given = tree["sample_stats"].to_dataset()
    kept = {}
    for name, other in _STATISTICS.items():
        if name in given or other in given:
            kept[name] = given[name if name in given else other]
    if "reached_max_treedepth" not in kept:
        kept["reached_max_treedepth"] = kept["tree_depth"] >= _GREATEST_DEPTH
    for name in ("tree_depth", "n_steps"):
        kept[name] = kept[name].astype(np.int64)
    library = {key: value for key, value in given.attrs.items() if key.startswith("inference_library")}
    return xr.Dataset(kept, attrs=library)
