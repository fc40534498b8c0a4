"""From a model whose effects are integrated out to its posterior: theta sampled, all else drawn given it."""

from collections.abc import Callable
from functools import partial
from time import perf_counter

import numpy as np
import xarray as xr

from bayesmix.compile_clock import CompileClock
from bayesmix.modelling.samplers.importance import draw_by_importance, number_of_values
from bayesmix.modelling.samplers.integrated import IntegratedModel, ThetaDraws
from bayesmix.modelling.samplers.nuts import TUNE, draw_by_nuts
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.settings import TARGET_ACCEPT, SamplerSettings, Sampling
from bayesmix.numerics.mode import Mode


def sample_integrated(build: Callable[[], IntegratedModel], settings: SamplerSettings) -> tuple[xr.DataTree, Sampling]:
    """The posterior of the model that `build` makes, which is part of the time, and how it was drawn.

    Raises
    ------
    SamplingError
        The density is finite nowhere, or no approximation of it is precise.
    """
    by_importance = settings.sampler == "importance"
    started = perf_counter()
    with CompileClock() as compiling, SamplingProgress(settings.chains, shown=settings.progress) as bar:
        tree, thin = draw_integrated(build(), settings, bar)
    return tree, settings.record(
        tune=0 if by_importance else settings.tune or TUNE,
        target_accept=None if by_importance else settings.target_accept or TARGET_ACCEPT,
        seconds=perf_counter() - started - compiling.seconds,
        thin=thin,
    )


def draw_integrated[Given](
    model: IntegratedModel[Given], settings: SamplerSettings, bar: SamplingProgress
) -> tuple[xr.DataTree, int]:
    """The posterior's tree, and of how many draws one is kept."""
    for at, mode in model.approximations():
        drawn = _draw_theta(at, mode, settings, bar)
        accuracy = at.accuracy(drawn.theta)
        if accuracy.enough:
            break
    posterior = at.posterior(drawn.theta, drawn.given, settings)
    unconstrained = xr.Dataset(
        {"theta": (("chain", "draw", "parameter"), settings.by_chain(drawn.theta))},
        coords={
            "chain": np.arange(settings.chains),
            "draw": np.arange(settings.draws),
            "parameter": list(model.names),
        },
        attrs=dict(accuracy.figures),
    )
    groups = {"posterior": posterior, "unconstrained_posterior": unconstrained, **drawn.groups}
    return xr.DataTree.from_dict(groups), drawn.thin


def _draw_theta[Given](
    model: IntegratedModel[Given], mode: Mode, settings: SamplerSettings, bar: SamplingProgress
) -> ThetaDraws[Given]:
    if settings.sampler != "importance":
        return draw_by_nuts(model, mode, settings, bar)
    n_values = number_of_values(model, settings)
    return draw_by_importance(model, mode, settings, n_values=n_values, advance=partial(_show, bar))


def _show(bar: SamplingProgress, done: int, size: int) -> None:
    bar.show(f"Weighing {size} values", done, size)
