"""What is tried when NUTS has trouble: one remedy at a time, each on evidence of the attempt before, all recorded.

The model stays what it is. What changes is how it is sampled: the acceptance probability, the length of tuning, the
mass matrix, and for which terms the effects themselves are sampled (centred) or effects divided by their sd.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
import pandas as pd

from bayesmix.formula.design import Design
from bayesmix.modelling.diagnostics import Diagnostics
from bayesmix.modelling.samplers.attempts import Attempt
from bayesmix.modelling.settings import EFFECTIVE_PER_CHAIN, RHAT_LIMIT
from bayesmix.posterior.layout import sd_names

MOST_ATTEMPTS = 5

_TARGETS = (0.95, 0.99)
_LONG_TUNING = 2000
_EBFMI, _CUT_SHORT = 0.3, 0.01  # as `diagnose` has them
_FEWEST_DRAWS = 200  # of a chain; fewer say nothing about how it mixes
_USUAL_DRAWS = 1000
_A_LITTLE = 4  # times as long: so much longer chains are tried before anything else


@dataclass(frozen=True)
class Way:
    """How a model is sampled: `mass_matrix` is ``"diagonal"`` or ``"low-rank"``; `centred`, of every term; of so many
    draws as `thin` says the last is kept."""

    target_accept: float
    tune: int
    mass_matrix: str
    centred: tuple[bool, ...]
    thin: int = 1


@dataclass(frozen=True)
class Free:
    """What may be changed: not what the user gave, nor what the sampler does not have; `thin`, up to which number."""

    target_accept: bool
    tune: bool
    mass_matrix: bool
    thin: int


@dataclass(frozen=True)
class Step:
    """What is tried next, said in words, and the evidence for it."""

    way: Way
    remedy: str
    evidence: str


def next_step(
    way: Way,
    found: Diagnostics,
    design: Design,
    free: Free,
    tried: Collection[Way],
    affordable: Callable[[Way], bool] = lambda _: True,
) -> Step | None:
    """The remedy for the worst trouble of an attempt; None where all is well or nothing `affordable` is left to try."""
    for trouble in (_divergent, _cut_short, _slow):
        for step in trouble(way, found, design, free):
            if step.way not in tried and affordable(step.way):
                return step
    return None


def _divergent(way: Way, found: Diagnostics, design: Design, free: Free) -> Iterator[Step]:
    """Divergences ask for smaller steps, where chains mix a little slowly for longer ones too; with energies that
    hardly mix, and where that does not help, for other coordinates."""
    if not found.n_divergent:
        return
    evidence = f"{found.n_divergent} divergence{'s' * (found.n_divergent > 1)}"
    if found.ebfmi and min(found.ebfmi) < _EBFMI:
        yield from _recentred(way, found, design, f"{evidence}, E-BFMI {min(found.ebfmi):.2f}")
    slow = _mixing(found)
    thin = min(_enough(way, found), free.thin) if slow else way.thin
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
    yield from _recentred(way, found, design, evidence)


def _cut_short(way: Way, found: Diagnostics, design: Design, free: Free) -> Iterator[Step]:  # noqa: ARG001
    """Trajectories that are cut short ask for a mass matrix that knows of correlations."""
    if found.n_max_treedepth > _CUT_SHORT * found.n_total:
        yield from _better_adapted(way, free, f"{found.n_max_treedepth} draws at the greatest tree depth")


def _slow(way: Way, found: Diagnostics, design: Design, free: Free) -> Iterator[Step]:
    """Chains that mix slowly: where little is missing the same ones go on; else, for a sd, its term is sampled the
    other way; then they go on for as long as is needed, or affordable; last, tuning is longer and finer."""
    evidence = _mixing(found)
    if evidence is None:
        return
    thin = min(_enough(way, found), free.thin)
    if thin <= _A_LITTLE * way.thin:
        yield from _longer(way, evidence, thin)
    yield from _recentred(way, found, design, evidence)
    yield from _longer(way, evidence, thin)
    yield from _better_adapted(way, free, evidence, thin)


def _mixing(found: Diagnostics) -> str | None:
    """What says that chains mix slowly, in words; too few draws say nothing."""
    rhat, effective = _extremes(found)
    if found.n_total // found.n_chains < _FEWEST_DRAWS or rhat.empty or effective.empty:
        return None
    if rhat.max() > _rhat_limit(found):
        return f"R-hat {rhat.max():.3f} for {rhat.idxmax()}"
    if effective.min() < _fewest(found.n_total, found.n_chains):
        return f"ESS {effective.min():.0f} for {effective.idxmin()}"
    if found.ebfmi and min(found.ebfmi) < _EBFMI:
        return f"E-BFMI {min(found.ebfmi):.2f}"
    return None


def _rhat_limit(found: Diagnostics) -> float:
    """The noise of R-hat falls as effective draws grow."""
    return 1 + (RHAT_LIMIT - 1) * max(1.0, _USUAL_DRAWS / (found.n_total // found.n_chains))


def _recentred(way: Way, found: Diagnostics, design: Design, evidence: str) -> Iterator[Step]:
    """The other parametrisation for the term whose sd mixes worst, if it is among the worst of all parameters."""
    effective = found.parameters["ess_bulk"].dropna()
    slowest = [
        (min(effective.get(name, np.inf) for name in sd_names(term)), number)
        for number, term in enumerate(design.random)
    ]
    if not slowest or effective.empty:
        return
    worst, number = min(slowest)
    if worst > 2 * effective.min():
        return
    centred = tuple(own != (t == number) for t, own in enumerate(way.centred))
    what = "centred" if centred[number] else "non-centred"
    yield Step(replace(way, centred=centred), f"{what} ({design.random[number].label})", evidence)


def _better_adapted(way: Way, free: Free, evidence: str, thin: int = 1) -> Iterator[Step]:
    """A finer mass matrix and more steps to learn it from; by `thin`, longer chains too."""
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
    """The same chains, which begin with the draws they had and go on: of `thin` draws one is kept."""
    if thin > way.thin:
        yield Step(replace(way, thin=thin), _times_as_long(thin), evidence)


def _times_as_long(thin: int) -> str:
    return f"chains {thin} times as long"


def interrupted(step: Step, design: Design, seconds: float) -> Attempt:
    """The record of an attempt that was not finished."""
    way = step.way
    return Attempt(
        remedy=f"{step.remedy} (interrupted)",
        evidence=step.evidence,
        target_accept=way.target_accept,
        tune=way.tune,
        mass_matrix=way.mass_matrix,
        centred=", ".join(labels(design, way.centred)),
        n_divergent=0,
        max_rhat=np.nan,
        min_ess=np.nan,
        min_ebfmi=np.nan,
        n_max_treedepth=0,
        thin=way.thin,
        seconds=seconds,
    )


def attempt_of(step: Step, found: Diagnostics, design: Design, seconds: float) -> Attempt:
    """The record of an attempt."""
    rhat, effective = _extremes(found)
    way = step.way
    return Attempt(
        remedy=step.remedy,
        evidence=step.evidence,
        target_accept=way.target_accept,
        tune=way.tune,
        mass_matrix=way.mass_matrix,
        centred=", ".join(labels(design, way.centred)),
        n_divergent=found.n_divergent,
        max_rhat=float(rhat.max()),
        min_ess=float(effective.min()),
        min_ebfmi=float(min(found.ebfmi, default=np.nan)),
        n_max_treedepth=found.n_max_treedepth,
        thin=way.thin,
        seconds=seconds,
    )


def labels(design: Design, centred: Sequence[bool]) -> tuple[str, ...]:
    """The terms that are sampled centred."""
    return tuple(term.label for term, own in zip(design.random, centred, strict=True) if own)


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


def _enough(way: Way, found: Diagnostics) -> int:
    """Of how many draws one is to be kept for effective draws half as many again as are asked for, and an R-hat as far
    below what is asked for: R-hat - 1 falls as chains grow."""
    rhat, effective = _extremes(found)
    short = _fewest(found.n_total, found.n_chains) / max(effective.min(), 1.0)
    apart = (rhat.max() - 1) / (_rhat_limit(found) - 1) if len(rhat) else 0.0
    return ceil(1.5 * way.thin * max(short, apart if apart > 1 else 0.0))


def _fewest(n_total: int, n_chains: int) -> float:
    """Effective draws that are asked for; of short chains not as many."""
    return EFFECTIVE_PER_CHAIN * n_chains * min(1.0, n_total / n_chains / _USUAL_DRAWS)


def _extremes(found: Diagnostics) -> tuple[pd.Series, pd.Series]:
    """R-hat and the smaller of both effective sizes of all parameters that have them."""
    parameters = found.parameters
    return parameters["rhat"].dropna(), parameters[["ess_bulk", "ess_tail"]].min(axis=1).dropna()
