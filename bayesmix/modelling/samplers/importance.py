"""Importance sampling: independent values of theta from about the mode, weighted and resampled.

A value costs one evaluation of the density and no gradient, about a fifth of a draw by NUTS. The weights show whether
they can be trusted: by the Pareto k of their tail and their effective size, as a whole and beyond the limits of each
parameter.
"""

from functools import partial

import numpy as np
import xarray as xr

from bayesmix.arrays import Integers
from bayesmix.modelling.samplers.integrated import IntegratedModel, ThetaDraws
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.samplers.weights import trouble_with
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.numerics.importance import resample, weigh
from bayesmix.numerics.mode import Mode

_SECONDS = 4.0  # rough limit on one core, beyond which fewer values have to do
_FEWEST_PER_CHAIN = 150  # values, two thirds of which should be effective
_FEWEST_SHARE = 0.15  # of the draws that are asked for


def number_of_values(model: IntegratedModel, settings: SamplerSettings) -> int:
    """Twice the number of draws if a value is cheap, so that hardly any draw is a copy; fewer if it is dear."""
    affordable = int(_SECONDS / model.seconds_per_value)
    fewest = max(_FEWEST_PER_CHAIN * settings.chains, int(_FEWEST_SHARE * settings.n_total))
    return min(max(affordable, fewest), max(2 * settings.n_total, model.fewest_values))


def draw_by_importance[Given](
    model: IntegratedModel[Given],
    mode: Mode,
    settings: SamplerSettings,
    *,
    n_values: int,
    bar: SamplingProgress | None = None,
) -> ThetaDraws[Given]:
    """Draws of theta: `n_values` weighted values, resampled to the number of draws that is asked for.

    If the weights do not hold the limits of every parameter, twice as many values are added, and twice as many again,
    from a proposal that all earlier values have taught. Copies of a value stand next to each other, so that effective
    sample sizes count values, not copies. Groups: `importance` with every value (`theta`, `log_weight`);
    `sample_stats` with `lp` of each draw.
    """
    n = len(model.start)
    rng = np.random.default_rng([settings.seed, n, n_values])
    proposal = model.proposal(mode, n_values, settings, rng)
    points, theta = np.empty((0, n)), np.empty((0, n))
    log_densities, log_weights = np.empty(0), np.empty(0)
    given: list[Given] = []
    for stream, size in enumerate(proposal.sizes, start=1):
        if given:
            if trouble_with(theta, log_weights, settings.chains) is None:
                break
            proposal = proposal.refined(points, weigh(log_weights).weights, rng)
        advance = None if bar is None else partial(bar.show, f"Weighing {size} values", size)
        values = proposal.values(size, stream, rng, advance)
        points, theta = np.concatenate([points, values.points]), np.concatenate([theta, values.theta])
        log_densities = np.concatenate([log_densities, values.log_densities])
        log_weights = np.concatenate([log_weights, values.log_weights])
        given.append(values.given)
    chosen = resample(weigh(log_weights).weights, settings.n_total, rng)
    lp = log_densities[chosen].reshape(settings.chains, -1)
    groups = {
        "sample_stats": xr.Dataset({"lp": (("chain", "draw"), lp)}),
        "importance": xr.Dataset({"theta": (("value", "parameter"), theta), "log_weight": ("value", log_weights)}),
    }
    return ThetaDraws(theta[chosen], proposal.chosen(given, chosen), groups)


def split_copies(chosen: Integers, copies: int) -> Integers:
    """0 for the first copy of a value, 1 for the second, and so on; after `copies` from 0 again."""
    starts = np.flatnonzero(np.diff(chosen, prepend=-1))
    return (np.arange(len(chosen)) - np.repeat(starts, np.diff(starts, append=len(chosen)))) % copies
