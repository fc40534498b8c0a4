"""Which distributions a parameter may have over loci, and those of several parameters that are likeliest together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.numerics.multiplicity.pooled_prior import PooledPrior, mean_gain, pooled_prior
from bayesmix.priors.density import log_prior_density
from bayesmix.priors.prior import Prior
from bayesmix.priors.table import DISTRIBUTIONS

_MOST_ROUNDS = 30
_SETTLED = 1e-4  # of the log evidence of a locus, from one round to the next


@dataclass(frozen=True)
class Candidate:
    """A distribution over loci: arguments that stay `fixed`, then those that are estimated, from a `start`.

    `spread`: how far loci differ, given the arguments that are estimated.
    """

    name: str
    start: Callable[[Floats], tuple[float, ...]]
    positive: tuple[bool, ...]
    spread: Callable[[Floats], float]
    fixed: tuple[float, ...] = ()


@dataclass(frozen=True)
class Pooled:
    """A `candidate` with its arguments, by how much it raises the log evidence of a locus beside the other parameters.

    `effective` (n_loci,): the draws of each locus that stand for its posterior under the priors of all parameters.
    """

    candidate: Candidate
    args: Floats
    gain: float
    effective: Floats

    @property
    def text(self) -> str:
        """The prior as `bm.fit` takes it."""
        args = ", ".join(f"{value:.4g}" for value in (*self.candidate.fixed, *self.args.tolist()))
        return f"{self.candidate.name}({args})"


def _gamma_start(means: Floats) -> tuple[float, float]:
    shape = float(np.clip(means.mean() ** 2 / max(means.var(), 1e-12), 0.2, 100))
    return shape, shape / float(means.mean())


def _log_start(means: Floats) -> tuple[float, float]:
    logs = np.log(means)
    return float(logs.mean()), max(float(logs.std()), 0.1)


def _place_and_spread(means: Floats) -> tuple[float, float]:
    return float(means.mean()), max(float(means.std()), 1e-3)


def _last(args: Floats) -> float:
    return float(args[-1])


CANDIDATES = {
    "positive": (
        Candidate("HalfNormal", lambda means: (float(np.sqrt(np.mean(means**2))),), (True,), _last),
        Candidate("Gamma", _gamma_start, (True, True), lambda args: float(args[0] ** -0.5)),
        Candidate("LogNormal", _log_start, (False, True), _last),
    ),
    "real": (
        Candidate("Normal", _place_and_spread, (False, True), _last),
        Candidate("StudentT", _place_and_spread, (False, True), _last, fixed=(4.0,)),
    ),
}
"""By the support of the prior that a parameter had."""


def pooled_together(draws: Mapping[str, Floats], before: Mapping[str, Prior]) -> dict[str, Pooled]:
    """The likeliest distributions over loci of all parameters together, found for one given the others in turn.

    `draws` (n_loci, n_draws) of each parameter, under the prior `before`. Each by itself would not do: where one has a
    prior that is too wide, the others have posteriors that are too wide, and seem to differ less between loci.
    """
    log_priors = {name: log_prior_density(before[name], values) for name, values in draws.items()}
    ratios = {name: np.zeros_like(values) for name, values in draws.items()}
    found: dict[str, Pooled] = {}
    evidence = -np.inf
    for round_ in range(_MOST_ROUNDS):
        for name, values in draws.items():
            others = sum((ratio for one, ratio in ratios.items() if one != name), np.zeros_like(values))
            candidates = CANDIDATES[before[name].distribution.support]
            if round_ > 1:
                candidates = (found[name].candidate,)
            found[name] = _likeliest(candidates, values, log_priors[name] - others, found.get(name))
            ratios[name] = _density(found[name].candidate)(values, found[name].args) - log_priors[name]
        now = mean_gain(sum(ratios.values(), np.zeros(1)))
        if len(draws) == 1 or now - evidence < _SETTLED:
            break
        evidence = now
    return {name: _beside(found[name], [ratios[one] for one in ratios if one != name]) for name in draws}


def _likeliest(candidates: Sequence[Candidate], values: Floats, log_prior: Floats, last: Pooled | None) -> Pooled:
    fits = []
    for candidate in candidates:
        known = last is not None and last.candidate is candidate
        start = last.args if known and last is not None else np.array(candidate.start(values.mean(axis=1)))
        fits.append((candidate, _fitted(candidate, values, log_prior, start)))
    candidate, fit = max(fits, key=lambda one: one[1].gain)
    return Pooled(candidate, fit.args, fit.gain, fit.effective)


def _fitted(candidate: Candidate, values: Floats, log_prior: Floats, start: Floats) -> PooledPrior:
    return pooled_prior(values, log_prior, _density(candidate), start, np.array(candidate.positive), candidate.spread)


def _density(candidate: Candidate) -> Callable[[Floats, Floats], Floats]:
    density = DISTRIBUTIONS[candidate.name].log_density
    if density is None:
        raise ArgumentError(f"{candidate.name} has no density of one number.")
    return lambda draws, args: density(draws, *candidate.fixed, *args)


def _beside(pooled: Pooled, others: Sequence[Floats]) -> Pooled:
    """The same with its gain over what the other parameters gain without it."""
    without = mean_gain(sum(others, np.zeros_like(others[0]))) if others else 0.0
    return Pooled(pooled.candidate, pooled.args, pooled.gain - without, pooled.effective)
