"""The posterior of a model whose effects are integrated out: theta is sampled, and the rest is drawn given it."""

from collections.abc import Callable
from time import perf_counter

import numpy as np
import xarray as xr

from bayesmix.compile_clock import CompileClock
from bayesmix.modelling.samplers.importance import draw_by_importance, number_of_values
from bayesmix.modelling.samplers.integrated import IntegratedModel
from bayesmix.modelling.samplers.nuts import draw_by_nuts, nuts_settings
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.settings import SamplerSettings, Sampling


def sample_integrated(build: Callable[[], IntegratedModel], settings: SamplerSettings) -> tuple[xr.DataTree, Sampling]:
    """The posterior of the model that `build` makes, and the record of how it was drawn; making it counts as time.

    Raises
    ------
    SamplingError
        The density is finite nowhere, or no approximation of it is precise.
    """
    started = perf_counter()
    with CompileClock() as compiling, SamplingProgress(settings.chains, shown=settings.progress) as bar:
        tree, thin = draw_integrated(build(), settings, bar)
    run = nuts_settings(settings, thin=thin)
    return tree, run.record(perf_counter() - started - compiling.seconds, thin=thin)


def draw_integrated[Given](
    model: IntegratedModel[Given], settings: SamplerSettings, bar: SamplingProgress
) -> tuple[xr.DataTree, int]:
    """The posterior's tree, and the number of draws of which one is kept."""
    for at, mode in model.approximations():
        if settings.sampler == "importance":
            drawn = draw_by_importance(at, mode, settings, n_values=number_of_values(at, settings), bar=bar)
        else:
            drawn = draw_by_nuts(at, mode, settings, bar)
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
