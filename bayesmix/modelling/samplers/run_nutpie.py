"""A compiled model run by nutpie: progress, interrupt, and what it says when it fails."""

from typing import Any

import nutpie
import xarray as xr

from bayesmix.errors import SamplingError
from bayesmix.modelling.samplers.progress import SamplingProgress

_ADAPTATIONS: dict[str, Any] = {"diagonal": "diag", "low-rank": "low_rank"}
_PANIC = "PanicException"  # of a thread of nutpie's, whose sampler cannot be asked for anything afterwards
_NO_START = ("initialization points failed", "bad initial gradient", "Poisoned sampler state")


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
