"""What every sampler shares: the seed, the number of chains that run at once, and the statistics that are kept."""

import os

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats
from bayesmix.modelling.settings import Sampling

# Statistics that are kept of each draw, by PyMC's names, which ArviZ reads; the values are nutpie's own names.
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
    return int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed


def chains_at_once(chains: int, cores: int | None) -> int:
    """How many chains run at the same time: at most all of them, and at most as many as there are cores."""
    return max(1, min(chains, all_cores() if cores is None else cores))


def all_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def cores_of(sampling: Sampling) -> int:
    """Cores for another run like a recorded one: all, unless the user gave that one fewer than it could use."""
    available = all_cores()
    return sampling.cores if sampling.cores < min(sampling.chains, available) else available


def thinned(tree: xr.DataTree, thin: int) -> xr.DataTree:
    """The last of every `thin` draws; a divergence or a cut trajectory in any of them is kept."""
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


def tree_of_chains(posterior: xr.Dataset, tree: xr.DataTree, points: Floats | None) -> xr.DataTree:
    """The draws of all parameters as they are kept: `posterior`, the statistics in `tree`, and the sampled points.

    `unconstrained_posterior` has `point`, the draws (n_chains, n_draws, n) of all free parameters on the whole line in
    the order of the PyMC model.
    """
    posterior.attrs = {"sample_dims": ["chain", "draw"]}  # no time stamp: equal draws make equal records
    groups = {"posterior": posterior, "sample_stats": sample_stats(tree)}
    if points is not None:
        coords = {name: posterior.coords[name].to_numpy() for name in ("chain", "draw")}
        groups["unconstrained_posterior"] = xr.Dataset({"point": (("chain", "draw", "free_parameter"), points)}, coords)
    return xr.DataTree.from_dict(groups)


def theta_of(posterior: xr.DataTree) -> Floats:
    """The draws of theta (n_total, n), chain after chain, of a fit by an integrated route."""
    theta = posterior["unconstrained_posterior"]["theta"].transpose("chain", "draw", ...).to_numpy()
    return np.ascontiguousarray(theta.reshape(-1, theta.shape[-1]))


def points_of(posterior: xr.DataTree) -> Floats | None:
    """The draws of all parameters (n_chains, n_draws, n) as `tree_of_chains` keeps them; None if they are not kept."""
    group = posterior.children.get("unconstrained_posterior")
    if group is None or "point" not in group.data_vars:
        return None
    return group["point"].transpose("chain", "draw", ...).to_numpy()


def sample_stats(tree: xr.DataTree) -> xr.Dataset:
    """The sampler's statistics that are kept, under PyMC's names.

    These are `diverging`, `energy`, `lp`, `tree_depth`, `reached_max_treedepth`, `n_steps`, `step_size` and
    `acceptance_rate`, so far as the sampler gives them.
    """
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
