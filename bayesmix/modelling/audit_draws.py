"""The posterior of a fitted model once more: by NUTS, from dispersed starts, on the fit's own path."""

from dataclasses import replace

import numpy as np
import pandas as pd

from bayesmix.errors import SamplingError, counted
from bayesmix.modelling.diagnostics import Diagnostics
from bayesmix.modelling.memory import out_of_memory, require_memory
from bayesmix.modelling.record import Fit
from bayesmix.modelling.route import RouteDraws
from bayesmix.modelling.samplers.chains import chains_at_once, cores_of
from bayesmix.modelling.settings import EFFECTIVE_PER_CHAIN, RHAT_LIMIT, SEEDS, Dispersed, SamplerSettings

TUNE = 1000
"""Steps in which chains come from where they start to the posterior; those of the joint path may be more."""

_SAMPLER = "nutpie"
_FEW, _MANY = 1000, 4000  # draws of a chain, where they are dear and where they are cheap
_SECOND_TARGET, _SECOND_LENGTH, _LONGEST = 0.99, 4, 40_000  # of a second attempt, where draws are cheap
_VALUES_PER_DRAW = 30  # ten steps, of which each takes a gradient that costs three values
_MOST_SECONDS = 60.0
_STREAM = 0xA0D17  # of seeds: the audit of a fit from a seed shares no random number with that fit


def draw_again(fit: Fit, *, draws: int | None, tune: int | None, chains: int, seed: int, progress: bool) -> RouteDraws:
    """Sample the posterior of `fit` by nutpie's NUTS, whatever sampled it before.

    On an integrated path the parameters that are left are sampled: where draws are cheap 4000 of a chain by default and
    once more, with smaller steps and longer chains, where these have trouble. On the joint path all are sampled, 1000
    draws of a chain by default, beginning in the way that the fit ended with. `seed` is turned into another one.

    Raises
    ------
    SamplingError
        Sampling could not start, or memory does not hold the draws.
    QuadratureError
        The quadrature over group effects of counts is not precise where the chains went.
    """
    cheap = _is_cheap(fit, chains)
    settings = SamplerSettings(
        sampler=_SAMPLER,
        draws=(_MANY if cheap else _FEW) if draws is None else draws,
        chains=chains,
        cores=chains_at_once(chains, cores_of(fit.sampling)),
        seed=int(np.random.SeedSequence([_STREAM, seed]).generate_state(1)[0]) % SEEDS,
        tune=TUNE if tune is None and not fit.route.samples_effects else tune,
        keep_effects=False,
        progress=progress,
        dispersed=Dispersed(),
    )
    require_memory(fit.route, fit.model, settings)
    try:
        return _draw(fit, settings, once_more=cheap)
    except MemoryError as error:
        raise SamplingError(out_of_memory(draws=settings.draws, chains=chains)) from error


def _is_cheap(fit: Fit, chains: int) -> bool:
    """Whether many draws take a minute, roughly, on one core; those of all parameters are not taken to be."""
    seconds = fit.route.seconds_per_value(fit.model)
    return seconds is not None and chains * (TUNE + _MANY) * _VALUES_PER_DRAW * seconds < _MOST_SECONDS


def _draw(fit: Fit, settings: SamplerSettings, *, once_more: bool) -> RouteDraws:
    """What the route samples, by NUTS, of the rest one exact draw each; `once_more` where the chains have trouble."""
    found = fit.route.draw_again(fit, settings)
    if once_more and trouble_of_nuts(found.diagnostics):
        longer = max(settings.draws, min(_SECOND_LENGTH * settings.draws, _LONGEST))
        return fit.route.draw_again(fit, replace(settings, draws=longer, target_accept=_SECOND_TARGET))
    return found


def without_effects(found: Diagnostics) -> pd.DataFrame:
    """The figures of all parameters but the group effects."""
    return found.parameters[found.parameters["kind"] != "group effect"]


def trouble_of_nuts(found: Diagnostics) -> str | None:
    """Why chains cannot be taken for the posterior, in words; None if they can. Group effects are not looked at."""
    parameters = without_effects(found)
    rhat, effective = parameters["rhat"].dropna(), parameters[["ess_bulk", "ess_tail"]].min(axis=1).dropna()
    fewest = EFFECTIVE_PER_CHAIN * found.n_chains
    troubles = []
    if found.n_divergent:
        troubles.append(counted(found.n_divergent, "divergence"))
    if rhat.max() > RHAT_LIMIT:
        troubles.append(f"R-hat {rhat.max():.4f} for {rhat.idxmax()}")
    if effective.empty:
        troubles.append("too few draws to judge")
    elif effective.min() < fewest:
        troubles.append(f"ESS {effective.min():.0f} < {fewest} for {effective.idxmin()}")
    return ", ".join(troubles) or None
