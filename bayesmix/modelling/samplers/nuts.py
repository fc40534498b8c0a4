"""NUTS by nutpie on the compiled density of theta, the same for all integrated routes.

theta = mode + scale x, where the scale is that of the curvature at the mode. So x is near a standard normal, and a
hundred tuning steps are enough.
"""

from dataclasses import replace

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats
from bayesmix.modelling.convergence import convergence
from bayesmix.modelling.samplers.chains import sample_stats, thinned
from bayesmix.modelling.samplers.integrated import IntegratedModel, ThetaDraws
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.settings import EFFECTIVE_PER_CHAIN, TARGET_ACCEPT, SamplerSettings
from bayesmix.numerics.mode import Mode

TUNE = 200
"""Tuning steps by default."""

_FEWEST_DRAWS = 200  # of a chain
_RHAT = 1.009  # the verdict has the limit 1.01 and looks at functions of theta
_MARGIN = 1.2
_THIN = 4
_STEPS, _GRADIENT = 10, 3  # of NUTS for a draw; cost of a gradient in values
_MOST_SECONDS = 60.0  # rough limit of longer chains on one core


def draw_by_nuts[Given](
    model: IntegratedModel[Given], mode: Mode, settings: SamplerSettings, bar: SamplingProgress
) -> ThetaDraws[Given]:
    """Draws of theta by NUTS; if chains mix slowly, the last of every `_THIN` draws of longer ones."""
    thin = 1
    theta, statistics = run_chains(model, mode, settings, bar)
    gradients = _THIN * settings.n_total * _STEPS
    dear = gradients * _GRADIENT * model.seconds_per_value > _MOST_SECONDS
    if not dear and mixes_slowly(theta, settings.chains):
        thin = _THIN
        theta, statistics = run_chains(model, mode, settings, bar, thin=thin)
    return ThetaDraws(theta, model.given(theta, settings), {"sample_stats": statistics}, thin)


def nuts_settings(settings: SamplerSettings, *, thin: int) -> SamplerSettings:
    """The settings with the defaults of a density that is sampled about its mode, for `thin` times the draws."""
    return replace(
        settings,
        draws=thin * settings.draws,
        tune=TUNE if settings.tune is None else settings.tune,
        target_accept=settings.target_accept or TARGET_ACCEPT,
    )


def run_chains(
    model: IntegratedModel, mode: Mode, settings: SamplerSettings, bar: SamplingProgress, *, thin: int = 1
) -> tuple[Floats, xr.Dataset]:
    """The last of every `thin` draws of theta by NUTS, (n_total, n), and the statistics of the sampler."""
    from bayesmix.modelling.samplers.nutpie_chains import run_density

    n, buffer = len(model.start), model.buffer(mode.point, mode.scale)
    tree = run_density(model.functions, buffer, n, nuts_settings(settings, thin=thin), bar)
    whole = tree["posterior"]["theta"].transpose("chain", "draw", ...).to_numpy()
    theta = model.reported(np.ascontiguousarray(whole[:, thin - 1 :: thin].reshape(-1, n)))
    statistics = thinned(xr.DataTree.from_dict({"sample_stats": sample_stats(tree)}), thin)["sample_stats"]
    return theta, statistics.to_dataset()


def mixes_slowly(theta: Floats, chains: int) -> bool:
    """Whether chains of theta (n_total, n) disagree, or have too few effective draws for a mean or a limit.

    Chains shorter than `_FEWEST_DRAWS` do not tell.
    """
    draws = np.moveaxis(theta.reshape(chains, -1, theta.shape[1]), 2, 0)
    if draws.shape[2] < _FEWEST_DRAWS:
        return False
    figures = convergence(draws)
    effective = min(np.nanmin(figures.ess_bulk), np.nanmin(figures.ess_tail))
    disagree = chains > 1 and np.nanmax(figures.rhat) > _RHAT
    return bool(disagree or effective < _MARGIN * EFFECTIVE_PER_CHAIN * chains)
