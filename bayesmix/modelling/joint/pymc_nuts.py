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
from bayesmix.modelling.arithmetic import arithmetic_as_written
from bayesmix.terminal import can_show


def sample_by_pymc(
    model: pm.Model, *, draws: int, tune: int, cores: int, progress: bool, **settings: Any
) -> xr.DataTree:
    """Draws by PyMC's own NUTS; settings as `nuts_nutpie.sample_by_nutpie`."""
    steps = _Steps(draws + tune) if cores == 1 else None
    how: dict[str, Any] = {"nuts_sampler": "pymc", "nuts": {}, "callback": steps}
    return _sample(model, draws=draws, tune=tune, cores=cores, progress=progress, **how, **settings)


def sample_by_numpyro(model: pm.Model, *, progress: bool, **settings: Any) -> xr.DataTree:
    """Draws by NumPyro; its chains run as one vectorised program, whatever the number of cores.

    An interrupt is heeded when that program is done.
    """
    if find_spec("numpyro") is None:
        raise SamplingError("Sampler 'numpyro' is not installed; run: pip install bayesmix[numpyro]")
    how: dict[str, Any] = {"nuts_sampler": "numpyro", "nuts": {"chain_method": "vectorized"}}
    return _sample(model, progress=progress, **how, **settings)


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
    callback: "_Steps | None" = None,
) -> xr.DataTree:
    try:
        with _quiet("pymc"), arithmetic_as_written():
            tree = pm.sample(
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
                callback=callback,
            )
    except PyMCSamplingError as error:
        raise SamplingError(
            "Sampling could not start: the model's log density is not finite at any starting point. "
            "Check that the family suits the response and that priors leave room for the data."
        ) from error
    except Exception as error:
        if _is_interrupt(error):
            raise KeyboardInterrupt from None
        raise
    _require_whole(tree, chains=chains, draws=draws)
    return tree


# What PyMC says when it was interrupted before the first draw after tuning.
_NOTHING_DRAWN = "Not enough samples to build a trace"


def _is_interrupt(error: BaseException | None) -> bool:
    """Whether an interrupt is behind an error: one that fell into compiled code comes as another error's cause."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt | _ChainCutShortError) or _NOTHING_DRAWN in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _require_whole(tree: xr.DataTree, *, chains: int, draws: int) -> None:
    """PyMC takes an interrupt for the wish to keep what there is, which is not what was asked for.

    Raises
    ------
    KeyboardInterrupt
        The chains or the draws are fewer.
    """
    if (tree["posterior"].sizes["chain"], tree["posterior"].sizes["draw"]) != (chains, draws):
        raise KeyboardInterrupt


class _ChainCutShortError(Exception):
    """A chain was interrupted, and PyMC has gone on to the next."""


class _Steps:
    """Called after every step of chains that run one after the other; `n` steps make a chain."""

    def __init__(self, n: int):
        self._n, self._chain, self._done = n, 0, 0

    def __call__(self, trace: Any, draw: Any) -> None:  # noqa: ARG002 (PyMC gives both)
        if draw.chain != self._chain:
            if self._done < self._n:
                raise _ChainCutShortError
            self._chain, self._done = draw.chain, 0
        self._done += 1


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
