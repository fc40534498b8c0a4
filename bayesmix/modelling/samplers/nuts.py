"""NUTS by nutpie on a compiled density: the one runner for all routes.

theta = mode + scale x with the curvature at the mode, so that x is near a standard normal: a hundred tuning steps are
enough.
"""

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
"""Steps by default, for a density that is sampled in coordinates about its mode."""

_FEWEST_DRAWS = 200  # of a chain
_RHAT = 1.009  # the verdict's limit is 1.01, and it looks at functions of theta
_MARGIN = 1.2
_THIN = 4
_STEPS, _GRADIENT = 10, 3  # of NUTS for a draw; values that a gradient costs
_MOST_SECONDS = 60.0  # that longer chains may take on one core, roughly


def draw_by_nuts[Given](
    model: IntegratedModel[Given], mode: Mode, settings: SamplerSettings, bar: SamplingProgress
) -> ThetaDraws[Given]:
    """Draws of theta by NUTS; where chains mix slowly, of longer ones the last of every `_THIN` draws.

    Groups: `sample_stats`.
    """
    thin = 1
    theta, statistics = run_chains(model, mode, settings, bar)
    gradients = _THIN * settings.n_total * _STEPS
    dear = gradients * _GRADIENT * model.seconds_per_value > _MOST_SECONDS
    if not dear and mixes_slowly(theta, settings.chains):
        thin = _THIN
        theta, statistics = run_chains(model, mode, settings, bar, thin=thin)
    return ThetaDraws(theta, model.given(theta, settings), {"sample_stats": statistics}, thin)


def run_chains(
    model: IntegratedModel, mode: Mode, settings: SamplerSettings, bar: SamplingProgress, *, thin: int = 1
) -> tuple[Floats, xr.Dataset]:
    """Draws of theta (n_total, n) by NUTS, the last of every `thin`, and what the sampler says of them."""
    from bayesmix.modelling.samplers.nutpie_chains import run_density

    n, tune = len(model.start), TUNE if settings.tune is None else settings.tune
    run = settings.of_nuts(tune=tune, target_accept=settings.target_accept or TARGET_ACCEPT, thin=thin)
    tree = run_density(model.functions, model.buffer(mode.point, mode.scale), n, run, bar)
    whole = tree["posterior"]["theta"].transpose("chain", "draw", ...).to_numpy()
    theta = model.reported(np.ascontiguousarray(whole[:, thin - 1 :: thin].reshape(-1, n)))
    statistics = thinned(xr.DataTree.from_dict({"sample_stats": sample_stats(tree)}), thin)["sample_stats"]
    return theta, statistics.to_dataset()


def mixes_slowly(theta: Floats, chains: int) -> bool:
    """Whether chains of theta (n_total, n) disagree, or hold too few effective draws of a mean or a limit.

    Chains shorter than `_FEWEST_DRAWS` say nothing.
    """
    draws = np.moveaxis(theta.reshape(chains, -1, theta.shape[1]), 2, 0)
    if draws.shape[2] < _FEWEST_DRAWS:
        return False
    found = convergence(draws)
    effective = min(np.nanmin(found.ess_bulk), np.nanmin(found.ess_tail))
    disagree = chains > 1 and np.nanmax(found.rhat) > _RHAT
    return bool(disagree or effective < _MARGIN * EFFECTIVE_PER_CHAIN * chains)
