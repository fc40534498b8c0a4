"""The remedies for trouble of NUTS: one at a time, each on evidence of the attempt before, and all recorded.

The model stays as it is. A remedy changes how it is sampled: the acceptance probability, the length of tuning, the mass
matrix, and for which terms the effects themselves are sampled (centred) instead of effects divided by their sd.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from bayesmix.formula.design import Design
from bayesmix.modelling.diagnostics import Attempt, Diagnostics, extremes
from bayesmix.modelling.settings import EFFECTIVE_PER_CHAIN, RHAT_LIMIT
from bayesmix.posterior.layout import sd_names

MOST_ATTEMPTS = 5

_TARGETS = (0.95, 0.99)
_LONG_TUNING = 2000
_EBFMI, _CUT_SHORT = 0.3, 0.01  # the limits of `diagnose`
_FEWEST_DRAWS = 200  # of a chain; fewer say nothing about how it mixes
_USUAL_DRAWS = 1000
_A_LITTLE = 4  # chains up to so many times as long are tried before anything else


@dataclass(frozen=True)
class Way:
    """How a model is sampled: `mass_matrix` is ``"diagonal"`` or ``"low-rank"``; `centred` tells of every term whether
    it is; the last of every `thin` draws is kept."""

    target_accept: float
    tune: int
    mass_matrix: str
    centred: tuple[bool, ...]
    thin: int = 1


@dataclass(frozen=True)
class Free:
    """What may be changed: nothing that the user gave or the sampler lacks; `thin` is the greatest number."""

    target_accept: bool
    tune: bool
    mass_matrix: bool
    thin: int


@dataclass(frozen=True)
class Step:
    """The way that is tried next, the remedy in words, and the evidence for it."""

    way: Way
    remedy: str
    evidence: str


def next_step(
    way: Way,
    outcome: Diagnostics,
    design: Design,
    free: Free,
    tried: Collection[Way],
    affordable: Callable[[Way], bool] = lambda _: True,
) -> Step | None:
    """The remedy for the worst trouble of an attempt; None if all is well or nothing `affordable` is left to try."""
    for trouble in (_divergent, _cut_short, _slow):
        for step in trouble(way, outcome, design, free):
            if step.way not in tried and affordable(step.way):
                return step
    return None


def _divergent(way: Way, outcome: Diagnostics, design: Design, free: Free) -> Iterator[Step]:
    """Divergences ask for smaller steps, and for longer chains if these mix a little slowly; for other coordinates if
    energies hardly mix, or if smaller steps do not help."""
    if not outcome.n_divergent:
        return
    evidence = f"{outcome.n_divergent} divergence{'s' * (outcome.n_divergent > 1)}"
    if outcome.ebfmi and min(outcome.ebfmi) < _EBFMI:
        yield from _recentred(way, outcome, design, f"{evidence}, E-BFMI {min(outcome.ebfmi):.2f}")
    slow = _mixing(outcome)
    thin = min(_enough(way, outcome), free.thin) if slow else way.thin
    longer = way.thin < thin <= _A_LITTLE * way.thin
    for target in _TARGETS:
        if free.target_accept and target > way.target_accept:
            ahead, remedy = replace(way, target_accept=target), f"target_accept {target:g}"
            if target == _TARGETS[-1] and free.tune and way.tune < _LONG_TUNING:
                ahead, remedy = replace(ahead, tune=_LONG_TUNING), f"{remedy}, tune {_LONG_TUNING}"
            if longer:
                yield Step(replace(ahead, thin=thin), f"{remedy}, {_times_as_long(thin)}", f"{evidence}, {slow}")
            else:
                yield Step(ahead, remedy, evidence)
    yield from _recentred(way, outcome, design, evidence)


def _cut_short(way: Way, outcome: Diagnostics, design: Design, free: Free) -> Iterator[Step]:  # noqa: ARG001
    """Trajectories that are cut short ask for a mass matrix with correlations."""
    if outcome.n_max_treedepth > _CUT_SHORT * outcome.n_total:
        yield from _better_adapted(way, free, f"{outcome.n_max_treedepth} draws at the greatest tree depth")


def _slow(way: Way, outcome: Diagnostics, design: Design, free: Free) -> Iterator[Step]:
    """Chains that mix slowly go on if little is missing. If not, and an sd mixes worst, its term is sampled the other
    way; then chains go on for as long as is needed or affordable; last, tuning is longer and finer."""
    evidence = _mixing(outcome)
    if evidence is None:
        return
    thin = min(_enough(way, outcome), free.thin)
    if thin <= _A_LITTLE * way.thin:
        yield from _longer(way, evidence, thin)
    yield from _recentred(way, outcome, design, evidence)
    yield from _longer(way, evidence, thin)
    yield from _better_adapted(way, free, evidence, thin)


def _mixing(outcome: Diagnostics) -> str | None:
    """The evidence that chains mix slowly, in words; None if there is none, or if draws are too few."""
    rhat, effective = extremes(outcome.parameters)
    if outcome.n_total // outcome.n_chains < _FEWEST_DRAWS or rhat.empty or effective.empty:
        return None
    if rhat.max() > _rhat_limit(outcome):
        return f"R-hat {rhat.max():.3f} for {rhat.idxmax()}"
    if effective.min() < _fewest(outcome.n_total, outcome.n_chains):
        return f"ESS {effective.min():.0f} for {effective.idxmin()}"
    if outcome.ebfmi and min(outcome.ebfmi) < _EBFMI:
        return f"E-BFMI {min(outcome.ebfmi):.2f}"
    return None


def _rhat_limit(outcome: Diagnostics) -> float:
    """The limit of R-hat, whose noise falls as the number of draws grows."""
    return 1 + (RHAT_LIMIT - 1) * max(1.0, _USUAL_DRAWS / (outcome.n_total // outcome.n_chains))


def _recentred(way: Way, outcome: Diagnostics, design: Design, evidence: str) -> Iterator[Step]:
    """The other parametrisation for the term whose sd mixes worst, if it is among the worst of all parameters."""
    effective = outcome.parameters["ess_bulk"].dropna()
    slowest = [
        (min(effective.get(name, np.inf) for name in sd_names(term)), number)
        for number, term in enumerate(design.random_of_response)
    ]
    if not slowest or effective.empty:
        return
    worst, number = min(slowest)
    if worst > 2 * effective.min():
        return
    centred = tuple(was != (t == number) for t, was in enumerate(way.centred))
    remedy = "centred" if centred[number] else "non-centred"
    yield Step(replace(way, centred=centred), f"{remedy} ({design.random_of_response[number].label})", evidence)


def _better_adapted(way: Way, free: Free, evidence: str, thin: int = 1) -> Iterator[Step]:
    """A finer mass matrix and more steps to learn it from; with `thin` also longer chains."""
    ahead, remedies = way, []
    if free.mass_matrix and way.mass_matrix == "diagonal":
        ahead = replace(ahead, mass_matrix="low-rank")
        remedies.append("low-rank mass matrix")
    if free.tune and way.tune < _LONG_TUNING:
        ahead = replace(ahead, tune=_LONG_TUNING)
        remedies.append(f"tune {_LONG_TUNING}")
    if thin > way.thin:
        ahead = replace(ahead, thin=thin)
        remedies.append(_times_as_long(thin))
    if remedies:
        yield Step(ahead, ", ".join(remedies), evidence)


def _longer(way: Way, evidence: str, thin: int) -> Iterator[Step]:
    """The same chains, which begin with the draws that they had and go on; one of every `thin` draws is kept."""
    if thin > way.thin:
        yield Step(replace(way, thin=thin), _times_as_long(thin), evidence)


def _times_as_long(thin: int) -> str:
    return f"chains {thin} times as long"


def attempt_of(step: Step, outcome: Diagnostics | None, design: Design, seconds: float) -> Attempt:
    """The record of an attempt; without an `outcome` it was interrupted."""
    way, mixing = step.way, (np.nan, np.nan, np.nan)
    if outcome is not None:
        rhat, effective = extremes(outcome.parameters)
        mixing = (float(rhat.max()), float(effective.min()), float(min(outcome.ebfmi, default=np.nan)))
    return Attempt(
        remedy=step.remedy if outcome else f"{step.remedy} (interrupted)",
        evidence=step.evidence,
        target_accept=way.target_accept,
        tune=way.tune,
        mass_matrix=way.mass_matrix,
        centred=", ".join(labels(design, way.centred)),
        n_divergent=outcome.n_divergent if outcome else 0,
        max_rhat=mixing[0],
        min_ess=mixing[1],
        min_ebfmi=mixing[2],
        n_max_treedepth=outcome.n_max_treedepth if outcome else 0,
        thin=way.thin,
        seconds=seconds,
    )


def labels(design: Design, centred: Sequence[bool]) -> tuple[str, ...]:
    """Labels of the terms that are sampled centred."""
    return tuple(term.label for term, is_centred in zip(design.random_of_response, centred, strict=True) if is_centred)


def badness(attempt: Attempt, n_chains: int, n_total: int) -> float:
    """Penalty of an attempt; 0: nothing is wrong. The attempt with the smaller penalty is kept."""
    rhat = attempt.max_rhat if np.isfinite(attempt.max_rhat) else 1.0 if n_chains == 1 else np.inf
    effective = _fewest(n_total, n_chains) / max(attempt.min_ess, 1.0) if np.isfinite(attempt.min_ess) else np.inf
    return (
        1000 * attempt.n_divergent / n_total
        + max(0.0, (rhat - 1) / (RHAT_LIMIT - 1) - 1)
        + max(0.0, effective - 1)
        + max(0.0, _EBFMI / max(attempt.min_ebfmi, 1e-6) - 1 if np.isfinite(attempt.min_ebfmi) else 0.0)
        + max(0.0, attempt.n_max_treedepth / (_CUT_SHORT * n_total) - 1)
    )


def _enough(way: Way, outcome: Diagnostics) -> int:
    """The thinning that gives 1.5 times the effective draws that are asked for, and an R-hat as far below its limit:
    R-hat - 1 falls as chains grow."""
    rhat, effective = extremes(outcome.parameters)
    short = _fewest(outcome.n_total, outcome.n_chains) / max(effective.min(), 1.0)
    apart = (rhat.max() - 1) / (_rhat_limit(outcome) - 1) if len(rhat) else 0.0
    return ceil(1.5 * way.thin * max(short, apart if apart > 1 else 0.0))


def _fewest(n_total: int, n_chains: int) -> float:
    """The effective draws that are asked for; fewer of short chains."""
    return EFFECTIVE_PER_CHAIN * n_chains * min(1.0, n_total / n_chains / _USUAL_DRAWS)
