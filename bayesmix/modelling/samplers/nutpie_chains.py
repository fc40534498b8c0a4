"""Chains of NUTS by nutpie, on a compiled density or PyMC model: starts, progress, interrupts, and error messages.

This file relies on the same internals of nutpie as `joint.compile_nutpie`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import nutpie
import xarray as xr
from nutpie.compile_pymc import CompiledPyMCModel

from bayesmix.arrays import Floats
from bayesmix.errors import SamplingError
from bayesmix.modelling.samplers.compiled import CompiledFunctions
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.settings import Dispersed, SamplerSettings
from bayesmix.parallel import one_blas_thread

NO_START = (
    "Sampling could not start: the model's log density is not finite at any starting point. "
    "Check that the family suits the response and that priors leave room for the data."
)

_ADAPTATIONS: dict[str, Any] = {"diagonal": "diag", "low-rank": "low_rank"}
_PANIC = "PanicException"  # of one of nutpie's threads, after which its sampler cannot be asked for anything
_NOT_STARTED = ("initialization points failed", "bad initial gradient", "Poisoned sampler state")


def run_density(
    functions: CompiledFunctions, buffer: Floats, n: int, settings: SamplerSettings, bar: SamplingProgress
) -> xr.DataTree:
    """Sample a density of `n` parameters whose `functions` read `buffer`; the group `posterior` has their outputs."""
    names = [name for name, _ in functions.outputs]
    shapes: list[tuple[int, ...]] = [(n,) if length is None else () for _, length in functions.outputs]
    ends = np.cumsum([n if length is None else length for _, length in functions.outputs])
    slices = [slice(int(start), int(end)) for start, end in zip([0, *ends], ends, strict=False)]
    compiled = compiled_model(
        n_dim=n,
        shape_info=(names, slices, shapes),
        dims={name: ("parameter",) for name, shape in zip(names, shapes, strict=True) if shape},
        coords={"parameter": np.arange(n)},
        functions=(functions.log_density, functions.expand),
        start=_start_about_mode(n, settings.dispersed),
        data=buffer,
    )
    with one_blas_thread():
        return run_nutpie(compiled, settings, bar)


def compiled_model(
    *,
    n_dim: int,
    shape_info: tuple[list[Any], list[slice], list[tuple[int, ...]]],
    dims: Mapping[str, tuple[str, ...]],
    coords: Mapping[str, Any],
    functions: tuple[Any, Any],
    start: Callable[[int], Floats],
    data: Floats,
    owners: tuple[Any, Any] = (None, None),
    transformed: list[str] | None = None,
) -> CompiledPyMCModel:
    """nutpie's record of a model, made of two C functions and the `data` that they read.

    `functions` are the log density and the expansion of a point into variables, whose names, places and shapes
    `shape_info` holds; `owners` keep their code alive. `start` gives a chain's first point for its seed.
    """
    names, slices, shapes = shape_info
    return CompiledPyMCModel(
        _n_dim=n_dim,
        dims=dims,
        _coords=coords,
        _shapes=dict(zip(names, shapes, strict=True)),
        compiled_logp_func=functions[0],
        compiled_expand_func=functions[1],
        initial_point_func=start,
        shared_data={},
        shared_var_keys={},
        user_data=data,
        n_expanded=slices[-1].stop,
        shape_info=shape_info,
        logp_func=owners[0],
        expand_func=owners[1],
        reparameterized_names=transformed,
    )


def _start_about_mode(n: int, dispersed: Dispersed | None) -> Callable[[int], Floats]:
    """A chain's start for its seed, in `n` coordinates in which the posterior is near a standard normal."""
    if dispersed is None:
        return lambda seed: np.random.default_rng(seed).normal(size=n)
    return lambda seed: dispersed.steps(seed, n)


def run_nutpie(
    compiled: Any, settings: SamplerSettings, bar: SamplingProgress, *, store_unconstrained: bool = False
) -> xr.DataTree:
    """Sample `compiled`; an interrupt stops the chains and is passed on.

    With `store_unconstrained` the sample statistics hold the sampled points as `unconstrained_draw`.

    Raises
    ------
    SamplingError
        No starting point has a finite density, or nutpie failed otherwise.
    """
    running = nutpie.sample(
        compiled,
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        cores=settings.cores,
        seed=settings.seed,
        target_accept=settings.target_accept,
        adaptation=_ADAPTATIONS[settings.mass_matrix],
        save_warmup=False,
        progress_bar=False,
        progress_callback=bar.update,
        store_unconstrained=store_unconstrained,
        blocking=False,
    )
    try:
        return running.wait()
    except RuntimeError as error:
        # nutpie appends the stack of its own threads to the message.
        raise SamplingError(_explain(str(error).partition("\n\nStack backtrace")[0])) from error
    except BaseException as error:
        if type(error).__name__ == _PANIC:
            raise SamplingError(_explain(str(error))) from error
        running.cancel()
        raise


def _explain(reason: str) -> str:
    if any(text in reason for text in _NOT_STARTED):
        return NO_START
    return f"Sampling by nutpie failed: {' '.join(reason.split())}."
