"""Draws from the posterior of a PyMC model, by the sampler of choice, in one shape."""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import pymc as pm
import xarray as xr

from bayesmix.errors import SamplingError, did_you_mean, listing
from bayesmix.modelling.joint.nutpie_nuts import sample_by_nutpie
from bayesmix.modelling.joint.pymc_nuts import sample_by_numpyro, sample_by_pymc
from bayesmix.modelling.samplers.chains import chains_at_once, sample_stats, settled_seed
from bayesmix.modelling.settings import JOINT_SAMPLERS, Sampling

_SAMPLE_BY: dict[str, Callable[..., xr.DataTree]] = dict(
    zip(JOINT_SAMPLERS, (sample_by_nutpie, sample_by_pymc, sample_by_numpyro), strict=True)
)


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
    **of_nutpie: Any,
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
    of_nutpie
        `compiled` and `mass_matrix`, as `nuts_nutpie` and `nutpie_run` have them.

    Returns
    -------
    posterior : xarray.DataTree
        Groups `posterior` (`var_names`, dims chain and draw first) and `sample_stats` (`diverging`, `energy`,
        `lp`, `tree_depth`, `reached_max_treedepth`, `n_steps`, `step_size`, `acceptance_rate`); by nutpie, up to 33
        million numbers, `unconstrained_posterior` with `point`, all free parameters on the whole line in the order
        of the model.
    sampling : Sampling
        What was done; `seconds` from compilation to the last draw.

    Raises
    ------
    SamplingError
        The sampler is unknown or not installed, the seed is out of range, or sampling could not start.
    KeyboardInterrupt
        The user interrupted; the chains have been stopped and nothing is kept.
    """
    if sampler not in JOINT_SAMPLERS:
        raise SamplingError(
            f"Sampler {sampler!r} is not known.{did_you_mean(str(sampler), JOINT_SAMPLERS)} "
            f"Samplers: {listing(JOINT_SAMPLERS)}."
        )
    seed, cores = settled_seed(seed), chains_at_once(chains, cores)
    started = perf_counter()
    tree = _SAMPLE_BY[sampler](
        model,
        var_names=var_names,
        draws=draws,
        tune=tune,
        chains=chains,
        cores=cores,
        seed=seed,
        target_accept=target_accept,
        progress=progress,
        **of_nutpie,
    )
    seconds = perf_counter() - started
    kept = {"posterior": _posterior(tree, var_names), "sample_stats": sample_stats(tree)}
    if "unconstrained_draw" in tree["sample_stats"]:
        kept["unconstrained_posterior"] = _unconstrained(tree)
    record = Sampling(
        sampler=sampler,
        draws=draws,
        tune=tune,
        chains=chains,
        cores=cores,
        seed=seed,
        target_accept=target_accept,
        seconds=seconds,
    )
    return xr.DataTree.from_dict(kept), record


def _posterior(tree: xr.DataTree, var_names: Sequence[str]) -> xr.Dataset:
    posterior = tree["posterior"].to_dataset()[list(var_names)].transpose("chain", "draw", ...)
    posterior.attrs = {"sample_dims": ["chain", "draw"]}  # no time stamp: equal draws make equal records
    return posterior


def _unconstrained(tree: xr.DataTree) -> xr.Dataset:
    points = tree["sample_stats"]["unconstrained_draw"].transpose("chain", "draw", ...)
    coords = {name: points.coords[name].to_numpy() for name in ("chain", "draw")}
    return xr.Dataset({"point": (("chain", "draw", "free_parameter"), points.to_numpy())}, coords)
