"""NUTS on all parameters of a PyMC model: by nutpie, by PyMC itself, and by NumPyro through PyMC."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import pymc as pm
import xarray as xr
from pymc.exceptions import SamplingError as PyMCSamplingError
from rich.console import Console

from bayesmix.arrays import Floats
from bayesmix.errors import SamplingError
from bayesmix.modelling.joint.program import arithmetic_as_written
from bayesmix.modelling.samplers.chains import tree_of_chains
from bayesmix.modelling.samplers.nutpie_chains import NO_START, run_nutpie
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.settings import MOST_UNCONSTRAINED, Dispersed, SamplerSettings
from bayesmix.terminal import can_show


def sample_by_nutpie(compiled: Any, var_names: Sequence[str], settings: SamplerSettings) -> xr.DataTree:
    """Draws of `var_names` by nutpie from a model as `compile_model` gives it; it fails as `run_nutpie` does."""
    compiled = _started_about_points(compiled, settings.dispersed)
    few = compiled.n_dim * settings.draws * settings.chains <= MOST_UNCONSTRAINED
    with SamplingProgress(settings.chains, shown=settings.progress, attempt=settings.attempt) as bar:
        tree = run_nutpie(compiled, settings, bar, store_unconstrained=few)
    points = tree["sample_stats"]["unconstrained_draw"].transpose("chain", "draw", ...).to_numpy() if few else None
    return tree_of_chains(_posterior(tree, var_names), tree, points)


def _started_about_points(compiled: Any, dispersed: Dispersed | None) -> Any:
    """The compiled model with chains that start about `dispersed.points`, if these are points of its parameters."""
    points = None if dispersed is None else dispersed.points
    if dispersed is None or points is None or points.shape[1] != compiled.n_dim:
        return compiled
    centre, width = points.mean(axis=0), points.std(axis=0)

    def start(chain_seed: int) -> Floats:
        return centre + width * dispersed.steps(chain_seed, len(centre))

    return replace(compiled, initial_point_func=start)


def sample_by_pymc(model: pm.Model, var_names: Sequence[str], settings: SamplerSettings) -> xr.DataTree:
    """Draws of `var_names` by PyMC's own NUTS or by NumPyro, as `settings.sampler` says.

    The chains of NumPyro run as one vectorised program, whatever the number of cores; an interrupt takes effect when
    that program is done.

    Raises
    ------
    SamplingError
        NumPyro is not installed, or sampling could not start.
    KeyboardInterrupt
        The user interrupted; nothing is kept.
    """
    by_pymc = settings.sampler == "pymc"
    if not by_pymc and find_spec("numpyro") is None:
        raise SamplingError("Sampler 'numpyro' is not installed; run: pip install bayesmix[numpyro]")
    options: dict[str, Any] = {} if by_pymc else {"chain_method": "vectorized"}
    try:
        with _quiet("pymc"), arithmetic_as_written():
            tree = pm.sample(
                model=model,
                var_names=list(var_names),
                draws=settings.draws,
                tune=settings.tune,
                chains=settings.chains,
                cores=settings.cores,
                random_seed=settings.seed,
                nuts_sampler=settings.sampler,
                nuts={"target_accept": settings.target_accept, **options},
                compute_convergence_checks=False,
                progressbar=settings.progress and can_show(Console(stderr=True)),
                callback=_Steps(settings.draws + (settings.tune or 0)) if by_pymc and settings.cores == 1 else None,
            )
    except PyMCSamplingError as error:
        raise SamplingError(NO_START) from error
    except Exception as error:
        if _is_interrupt(error):
            raise KeyboardInterrupt from None
        raise
    sizes = tree["posterior"].sizes
    # PyMC takes an interrupt for the wish to keep the draws so far, which the user did not ask for.
    if (sizes["chain"], sizes["draw"]) != (settings.chains, settings.draws):
        raise KeyboardInterrupt
    return tree_of_chains(_posterior(tree, var_names), tree, None)


def _posterior(tree: xr.DataTree, var_names: Sequence[str]) -> xr.Dataset:
    return tree["posterior"].to_dataset()[list(var_names)].transpose("chain", "draw", ...)


# PyMC's message after an interrupt before the first draw after tuning.
_NOTHING_DRAWN = "Not enough samples to build a trace"


def _is_interrupt(error: BaseException | None) -> bool:
    """Whether an interrupt caused an error: one during compiled code arrives as the cause of another error."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt | _ChainCutShortError) or _NOTHING_DRAWN in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


class _ChainCutShortError(Exception):
    """A chain was interrupted, and PyMC has gone on to the next."""


class _Steps:
    """PyMC calls it after every step of chains that run one after the other; `n` steps make a chain."""

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
    """Keep a logger from announcing steps, and from warning of few draws, which `diagnose` does; errors stay."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
