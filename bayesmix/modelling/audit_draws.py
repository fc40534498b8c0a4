"""The posterior of a fitted model once more: by NUTS, from dispersed starts, on the fit's own path."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesmix.errors import SamplingError, counted
from bayesmix.modelling.diagnostics import Diagnostics, diagnose_sampling
from bayesmix.modelling.exact import draws as marginal_draws
from bayesmix.modelling.exact.model import marginalise
from bayesmix.modelling.joint import draws as joint_draws
from bayesmix.modelling.joint import ladder
from bayesmix.modelling.memory import out_of_memory, require_memory
from bayesmix.modelling.method import EFFECTIVE_PER_CHAIN, RHAT_LIMIT, SEEDS, Choice
from bayesmix.modelling.quadrature import draws as counts_draws
from bayesmix.modelling.quadrature.model import integrate_effects
from bayesmix.modelling.record import Fit, Sampling
from bayesmix.modelling.samplers.chains import cores_of
from bayesmix.modelling.samplers.starts import Dispersed
from bayesmix.numerics.gaussian.cost import value_cost

Floats = NDArray[np.float64]

TUNE = 1000
"""Steps in which chains come from where they start to the posterior; those of the joint path may be more."""

_SAMPLER = "nutpie"
_TARGET_ACCEPT = 0.9
_FEW, _MANY = 1000, 4000  # draws of a chain, where they are dear and where they are cheap
_SECOND_TARGET, _SECOND_LENGTH, _LONGEST = 0.99, 4, 40_000  # of a second attempt, where draws are cheap
_VALUES_PER_DRAW = 30  # ten steps, of which each takes a gradient that costs three values
_MOST_SECONDS = 60.0
_STREAM = 0xA0D17  # of seeds: the audit of a fit from a seed shares no random number with that fit


@dataclass(frozen=True, eq=False)
class SecondDraws:
    """The tree without the largest factor's effects, how it was sampled, and what its figures say."""

    posterior: xr.DataTree
    sampling: Sampling
    diagnostics: Diagnostics


def draw_again(fit: Fit, *, draws: int | None, tune: int | None, chains: int, seed: int, progress: bool) -> SecondDraws:
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
    draws = (_MANY if cheap else _FEW) if draws is None else draws
    other = int(np.random.SeedSequence([_STREAM, seed]).generate_state(1)[0]) % SEEDS
    how: dict[str, Any] = {"draws": draws, "chains": chains, "cores": cores_of(fit.sampling), "seed": other}
    how |= {"progress": progress}
    require_memory(
        Choice(fit.method, _SAMPLER, ""),
        fit.design,
        fit.family,
        draws=draws,
        tune=tune,
        chains=chains,
        keep_effects=False,
    )
    try:
        if fit.method == "joint":
            return _joint(fit, tune, **how)
        return _integrated(fit, TUNE if tune is None else tune, once_more=cheap, **how)
    except MemoryError as error:
        raise SamplingError(out_of_memory(draws=draws, chains=chains)) from error


def _is_cheap(fit: Fit, chains: int) -> bool:
    """Whether many draws take a minute, roughly, on one core; those of all parameters are not taken to be."""
    if fit.method == "joint":
        return False
    if fit.family.is_gaussian_identity:
        seconds = value_cost(marginalise(fit.design, fit.priors).products.arrays)
    else:
        seconds = integrate_effects(fit.design, fit.family, fit.priors).seconds_per_value()
    return chains * (TUNE + _MANY) * _VALUES_PER_DRAW * seconds < _MOST_SECONDS


def _integrated(fit: Fit, tune: int, *, draws: int, once_more: bool, **how: Any) -> SecondDraws:
    """The sampled parameters by NUTS, of the rest one exact draw each; `once_more` where the chains have trouble."""
    how |= {"sampler": _SAMPLER, "tune": tune, "keep_effects": False, "dispersed": Dispersed()}
    found = _attempt(fit, draws=draws, target_accept=_TARGET_ACCEPT, **how)
    if once_more and trouble_of_nuts(found.diagnostics):
        longer = max(draws, min(_SECOND_LENGTH * draws, _LONGEST))
        return _attempt(fit, draws=longer, target_accept=_SECOND_TARGET, **how)
    return found


def _attempt(fit: Fit, **how: Any) -> SecondDraws:
    if fit.family.is_gaussian_identity:
        posterior, sampling = marginal_draws.draw_marginal(fit.design, fit.priors, **how)
    else:
        posterior, sampling = counts_draws.draw_counts(fit.design, fit.family, fit.priors, **how)
    return SecondDraws(posterior, sampling, diagnose_sampling(posterior, fit.design, fit.family.auxiliary))


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


def _joint(fit: Fit, tune: int | None, **how: Any) -> SecondDraws:
    found = joint_draws.draw_joint(
        fit.design,
        fit.family,
        fit.priors,
        sampler=_SAMPLER,
        tune=tune,
        target_accept=None,
        begin=_way_of(fit, tune, how["draws"] * how["chains"]),
        dispersed=Dispersed(points=_unconstrained(fit)),
        **how,
    )
    return SecondDraws(found.posterior, found.sampling, found.diagnostics)


def _way_of(fit: Fit, tune: int | None, n_total: int) -> ladder.Way | None:
    """How the draws of the fit were made in the end; None where another sampler made them.

    Of longer chains as many draws in all are made for `n_total` that are kept.
    """
    if fit.sampling.sampler != _SAMPLER:
        return None
    made = fit.sampling.thin * fit.diagnostics.n_total
    attempts = fit.diagnostics.ladder
    kept = attempts[attempts["kept"]] if len(attempts) else attempts
    return ladder.Way(
        target_accept=fit.sampling.target_accept or _TARGET_ACCEPT,
        tune=max(fit.sampling.tune, TUNE) if tune is None else tune,
        mass_matrix=str(kept["mass_matrix"].iloc[0]) if len(kept) else "diagonal",
        centred=tuple(term.label in fit.sampling.centred for term in fit.design.random),
        thin=max(1, min(fit.sampling.thin, made // n_total)),
    )


def _unconstrained(fit: Fit) -> Floats | None:
    """Draws of all parameters on the whole line (n_total, n), where the fit holds them."""
    group = fit.posterior.children.get("unconstrained_posterior")
    if group is None or "point" not in group.data_vars:
        return None
    points = group["point"].transpose("chain", "draw", ...).to_numpy()
    return points.reshape(-1, points.shape[-1])
