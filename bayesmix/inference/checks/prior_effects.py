"""What the priors decide of a posterior, measured: which prior moves what, and where another scale of it would lead.

Nothing is sampled again: draws are weighted by the ratio of the priors, where they reach the other one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import PriorError
from bayesmix.inference.checks.log_prior import log_priors
from bayesmix.inference.checks.power_scaling import parameter_draws, sensitivity_to_priors
from bayesmix.inference.shared.draws import posterior_of
from bayesmix.modelling.record import Fit
from bayesmix.numerics.monte_carlo import autocorrelation_time, mean_ratio
from bayesmix.priors.prior import Prior, scaled

_FACTORS = ((0.5, 0.7), (2.0, 1.4))  # of scales, on either side the one further away if the draws reach it
_GREATEST_K = 0.5  # for a mean with an error that can be stated


@dataclass(frozen=True)
class PriorEffect:
    """One prior and the parameters that it moves most of all priors.

    `prior_of` names its parameter; `parameters` (n,), the most moved first, with their `sensitivities` (n,) when all
    priors are power-scaled.
    """

    prior_of: str
    prior: Prior
    parameters: tuple[str, ...]
    sensitivities: tuple[float, ...]


@dataclass(frozen=True)
class Elsewhere:
    """The posterior `mean` of a parameter, and its `means` under other `priors` with their Monte Carlo errors, (n,)."""

    mean: float
    priors: tuple[Prior, ...]
    means: tuple[float, ...]
    errors: tuple[float, ...]


_FOUND: "WeakKeyDictionary[Fit, tuple[PriorEffect, ...]]" = WeakKeyDictionary()


def prior_effects(fit: Fit) -> tuple[PriorEffect, ...]:
    """Every prior that moves a parameter noticeably, worked out once for a fit; what it moves most first."""
    if fit not in _FOUND:
        table = sensitivity_to_priors(fit)
        moved = table[table["by"] != ""].sort_values("prior", ascending=False, kind="stable")
        _FOUND[fit] = tuple(
            PriorEffect(str(name), fit.priors[str(name)], tuple(map(str, own.index)), tuple(map(float, own["prior"])))
            for name, own in moved.groupby("by", sort=False)
        )
    return _FOUND[fit]


def elsewhere(fit: Fit, parameter: str, prior_of: str) -> Elsewhere:
    """The mean of `parameter` under narrower and wider priors of `prior_of`, of the scales that the draws reach.

    A prior of correlations or of shares has its exponents multiplied instead.
    """
    values = parameter_draws(fit)[parameter]
    own = log_priors(fit)[prior_of]
    by_chain = posterior_of(fit).sizes["chain"], posterior_of(fit).sizes["draw"]
    found: dict[Prior, tuple[float, float]] = {}
    for side in _FACTORS:
        for prior in _of_scales(fit.priors[prior_of], side):
            log_ratios = log_priors(fit, {prior_of: prior})[prior_of] - own
            if _can_be_reached(log_ratios.reshape(by_chain)):
                found[prior] = _weighted_mean(values, log_ratios)
                break
    means, errors = zip(*found.values(), strict=True) if found else ((), ())
    return Elsewhere(float(values.mean()), tuple(found), means, errors)


def _can_be_reached(log_ratios: Floats) -> bool:
    if not np.isfinite(log_ratios).all():
        return False
    found = mean_ratio(log_ratios)
    return not found.reason and found.pareto_k <= _GREATEST_K


def _weighted_mean(values: Floats, log_ratios: Floats) -> tuple[float, float]:
    """With its Monte Carlo error."""
    weights = np.exp(log_ratios - log_ratios.max())
    mean = float(weights @ values / weights.sum())
    influence = weights * (values - mean) / weights.sum()
    return mean, float(np.sqrt(np.sum(influence**2) * autocorrelation_time(influence[None])))


def _of_scales(prior: Prior, factors: Iterable[float]) -> Iterator[Prior]:
    for factor in factors:
        if prior.distribution.support in ("correlation", "simplex"):
            yield Prior(prior.name, (prior.args[0] / factor,))
            continue
        try:
            yield scaled(prior, factor)
        except PriorError:
            return
