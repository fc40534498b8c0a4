"""NUTS by nutpie: a compiled density or PyMC model, progress, interrupt, and what it says when it fails.

Leans on the same internals of nutpie as `joint.compile_nutpie`.
"""

from typing import Any

import numpy as np
import nutpie
import xarray as xr
from nutpie.compile_pymc import CompiledPyMCModel

from bayesmix.arrays import Floats
from bayesmix.errors import SamplingError
from bayesmix.modelling.samplers.compiled import CompiledFunctions
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.samplers.starts import start_about_mode
from bayesmix.modelling.settings import Dispersed
from bayesmix.parallel import one_blas_thread

_ADAPTATIONS: dict[str, Any] = {"diagonal": "diag", "low-rank": "low_rank"}
_PANIC = "PanicException"  # of a thread of nutpie's, whose sampler cannot be asked for anything afterwards
_NO_START = ("initialization points failed", "bad initial gradient", "Poisoned sampler state")


def run_density(
    functions: CompiledFunctions, buffer: Floats, n: int, *, dispersed: Dispersed | None = None, **run: Any
) -> xr.DataTree:
    """What nutpie gives for a density of `n` parameters, its outputs in the group `posterior`.

    `functions` read `buffer`; `dispersed`: how far apart the chains start, by default as the posterior is wide; `run`
    as `run_nutpie` takes it.
    """
    names = [name for name, _ in functions.outputs]
    shapes: list[tuple[int, ...]] = [(n,) if length is None else () for _, length in functions.outputs]
    ends = np.cumsum([n if length is None else length for _, length in functions.outputs])
    slices = [slice(int(start), int(end)) for start, end in zip([0, *ends], ends, strict=False)]
    compiled = CompiledPyMCModel(
        _n_dim=n,
        dims={name: ("parameter",) for name, shape in zip(names, shapes, strict=True) if shape},
        _coords={"parameter": np.arange(n)},
        _shapes=dict(zip(names, shapes, strict=True)),
        compiled_logp_func=functions.log_density,
        compiled_expand_func=functions.expand,
        initial_point_func=start_about_mode(n, dispersed),
        shared_data={},
        shared_var_keys={},
        user_data=buffer,
        n_expanded=int(ends[-1]),
        shape_info=(names, slices, shapes),
        logp_func=None,
        expand_func=None,
        reparameterized_names=None,
    )
    with one_blas_thread():
        return run_nutpie(compiled, **run)


def run_nutpie(
    compiled: Any,
    *,
    draws: int,
    tune: int,
    chains: int,
    cores: int,
    seed: int,
    target_accept: float,
    bar: SamplingProgress,
    store_unconstrained: bool = False,
    mass_matrix: str = "diagonal",
) -> xr.DataTree:
    """Sample `compiled`; an interrupt stops the chains and is passed on.

    `mass_matrix` is ``"diagonal"`` or ``"low-rank"``: that with some directions of its own, learnt from the draws. With
    `store_unconstrained` the sample statistics have `unconstrained_draw`, the points that were sampled.

    Raises
    ------
    SamplingError
        No starting point has a finite density, or nutpie failed otherwise.
    """
    running = nutpie.sample(
        compiled,
        draws=draws,
        tune=tune,
        chains=chains,
        cores=cores,
        seed=seed,
        target_accept=target_accept,
        adaptation=_ADAPTATIONS[mass_matrix],
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
    if any(what in reason for what in _NO_START):
        return (
            "Sampling could not start: the model's log density is not finite at any starting point. "
            "Check that the family suits the response and that priors leave room for the data."
        )
    return f"Sampling by nutpie failed: {' '.join(reason.split())}."
