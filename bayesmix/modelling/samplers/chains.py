"""What every sampler shares: the seed, how many chains run at once, and which of its figures are kept."""

import os

import numpy as np
import xarray as xr

from bayesmix.errors import SamplingError
from bayesmix.modelling.settings import SEEDS, Sampling

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


def settled_seed(seed: int | None) -> int:
    """The seed given, or one from the operating system."""
    seed = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed
    if not 0 <= seed < SEEDS:
        raise SamplingError(f"seed is a whole number from 0 to {SEEDS - 1}; got {seed}.")
    return seed


def chains_at_once(chains: int, cores: int | None) -> int:
    """How many chains run at the same time: no more than chains, nor than the cores this process may use."""
    return max(1, min(chains, all_cores() if cores is None else cores))


def all_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def cores_of(how: Sampling) -> int:
    """Cores for a run like the one that `how` records: all, unless that one was given fewer than it could use."""
    everything = all_cores()
    return how.cores if how.cores < min(how.chains, everything) else everything


def thinned(tree: xr.DataTree, thin: int) -> xr.DataTree:
    """The last of every `thin` draws; of the sampler's figures what happened in any of them is kept."""
    if thin == 1:
        return tree
    kept = {}
    for name, group in tree.children.items():
        drawn = group.to_dataset()
        last = drawn.isel(draw=slice(thin - 1, None, thin))
        of_block = drawn.coarsen(draw=thin, boundary="trim")
        if name == "sample_stats":
            for flag in ("diverging", "reached_max_treedepth"):
                last[flag] = (last[flag].dims, of_block.max()[flag].to_numpy())
            last["n_steps"] = (last["n_steps"].dims, of_block.sum()["n_steps"].to_numpy())
        kept[name] = last.assign_coords(draw=range(last.sizes["draw"]))
    return xr.DataTree.from_dict(kept)


def sample_stats(tree: xr.DataTree) -> xr.Dataset:
    """What is kept of the sampler's own figures, under PyMC's names."""
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
