"""NUTS by nutpie."""

from collections.abc import Sequence

import nutpie
import pymc as pm
import xarray as xr

from bayesmix.errors import SamplingError
from bayesmix.modelling.compile_nutpie import compile_model
from bayesmix.modelling.progress import SamplingProgress


def sample_by_nutpie(
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
) -> xr.DataTree:
    """Draws of `var_names` and what nutpie says about them; an interrupt stops the chains and is passed on."""
    with SamplingProgress(chains, shown=progress) as bar:
        # Only what is kept is compiled into the function that computes deterministic variables.
        compiled = compile_model(model, var_names)
        running = nutpie.sample(
            compiled,
            draws=draws,
            tune=tune,
            chains=chains,
            cores=cores,
            seed=seed,
            target_accept=target_accept,
            save_warmup=False,
            progress_bar=False,
            progress_callback=bar.update,
            blocking=False,
        )
        try:
            return running.wait()
        except RuntimeError as error:
            # nutpie appends the stack of its own threads to the message.
            raise SamplingError(_explain(str(error).partition("\n\nStack backtrace")[0])) from error
        except BaseException:
            running.cancel()
            raise


def _explain(reason: str) -> str:
    if "initialization points failed" in reason:
        return (
            "Sampling could not start: the model's log density is not finite at any starting point. "
            "Check that the family suits the response and that priors leave room for the data."
        )
    return f"Sampling by nutpie failed: {' '.join(reason.split())}."
