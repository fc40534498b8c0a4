"""The posterior of a fitted model once more, by NUTS from dispersed starts, on the route of the fit."""

from dataclasses import replace

import numpy as np
import pandas as pd

from bayesmix.errors import counted
from bayesmix.modelling.diagnostics import Diagnostics, extremes
from bayesmix.modelling.memory import within_memory
from bayesmix.modelling.record import Fit
from bayesmix.modelling.route import RouteDraws
from bayesmix.modelling.samplers.chains import chains_at_once, cores_of
from bayesmix.modelling.settings import EFFECTIVE_PER_CHAIN, RHAT_LIMIT, SEEDS, Dispersed, SamplerSettings

TUNE = 1000
"""Steps in which chains move from their starts to the posterior; the joint route may take more."""

_SAMPLER = "nutpie"
_FEW, _MANY = 1000, 4000  # draws of a chain if they are dear, and if they are cheap
_SECOND_TARGET, _SECOND_LENGTH, _LONGEST = 0.99, 4, 40_000  # of a second attempt, if draws are cheap
_VALUES_PER_DRAW = 30  # ten steps, each with a gradient that costs three values
_MOST_SECONDS = 60.0
_STREAM = 0xA0D17  # of seeds: the audit of a fit from a seed shares no random number with that fit


def draw_again(fit: Fit, *, draws: int | None, tune: int | None, chains: int, seed: int, progress: bool) -> RouteDraws:
    """Sample the posterior of `fit` by nutpie's NUTS, whatever sampled it before.

    An integrated route samples the parameters that are left: if draws are cheap, 4000 of a chain by default, and once
    more with smaller steps and longer chains if these have trouble. The joint route samples all parameters, by default
    1000 draws of a chain, and begins with the settings that the fit ended with. `seed` is turned into another one.

    Raises
    ------
    SamplingError
        Sampling could not start, or the draws do not fit into memory.
    QuadratureError
        The quadrature over the group effects of counts is not precise where the chains went.
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
    with within_memory(fit.route, fit.model, settings):
        drawn = fit.route.draw_again(fit, settings)
        if cheap and trouble_of_nuts(drawn.diagnostics):
            longer = max(settings.draws, min(_SECOND_LENGTH * settings.draws, _LONGEST))
            drawn = fit.route.draw_again(fit, replace(settings, draws=longer, target_accept=_SECOND_TARGET))
    return drawn


def _is_cheap(fit: Fit, chains: int) -> bool:
    """Whether many draws take at most about a minute on one core; draws of all parameters count as dear."""
    seconds = fit.route.seconds_per_value(fit.model)
    return seconds is not None and chains * (TUNE + _MANY) * _VALUES_PER_DRAW * seconds < _MOST_SECONDS


def without_effects(diagnostics: Diagnostics) -> pd.DataFrame:
    """The diagnostics of all parameters except the group effects."""
    return diagnostics.parameters[diagnostics.parameters["kind"] != "group effect"]


def trouble_of_nuts(diagnostics: Diagnostics) -> str | None:
    """Why chains cannot be taken for the posterior, in words; None if they can. Group effects are not looked at."""
    rhat, effective = extremes(without_effects(diagnostics))
    fewest = EFFECTIVE_PER_CHAIN * diagnostics.n_chains
    troubles = []
    if diagnostics.n_divergent:
        troubles.append(counted(diagnostics.n_divergent, "divergence"))
    if rhat.max() > RHAT_LIMIT:
        troubles.append(f"R-hat {rhat.max():.4f} for {rhat.idxmax()}")
    if effective.empty:
        troubles.append("too few draws to judge")
    elif effective.min() < fewest:
        troubles.append(f"ESS {effective.min():.0f} < {fewest} for {effective.idxmin()}")
    return ", ".join(troubles) or None
