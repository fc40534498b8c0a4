"""How much the priors decide of a posterior: which prior moves which parameters, and what another scale would give.

Nothing is sampled again: draws are weighted by the ratio of the priors, if they cover the other one.
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
from bayesmix.numerics.autocorrelation import autocorrelation_time
from bayesmix.numerics.reweight import mean_ratio
from bayesmix.priors.prior import Prior, scaled

_FACTORS = ((0.5, 0.7), (2.0, 1.4))  # of scales, on either side the one further away if the draws cover it
_GREATEST_K = 0.5  # for a mean with an error that can be stated


@dataclass(frozen=True)
class PriorEffect:
    """One prior and the parameters that no other prior moves as much.

    `prior_of` names its parameter; `parameters` (n,), the most moved first, have `sensitivities` (n,) to the power
    scaling of all priors.
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


_KEPT: "WeakKeyDictionary[Fit, tuple[PriorEffect, ...]]" = WeakKeyDictionary()


def prior_effects(fit: Fit) -> tuple[PriorEffect, ...]:
    """Every prior that moves a parameter noticeably, computed once for a fit; the most effective first."""
    if fit not in _KEPT:
        table = sensitivity_to_priors(fit)
        moved = table[table["by"] != ""].sort_values("prior", ascending=False, kind="stable")
        _KEPT[fit] = tuple(
            PriorEffect(str(name), fit.priors[str(name)], tuple(map(str, own.index)), tuple(map(float, own["prior"])))
            for name, own in moved.groupby("by", sort=False)
        )
    return _KEPT[fit]


def elsewhere(fit: Fit, parameter: str, prior_of: str) -> Elsewhere:
    """The mean of `parameter` under narrower and wider priors of `prior_of`, if the draws cover them.

    A prior of correlations or of probabilities has its exponents multiplied instead.
    """
    values = parameter_draws(fit)[parameter]
    log_prior = log_priors(fit)[prior_of]
    by_chain = posterior_of(fit).sizes["chain"], posterior_of(fit).sizes["draw"]
    means: dict[Prior, tuple[float, float]] = {}
    for side in _FACTORS:
        for prior in _of_scales(fit.priors[prior_of], side):
            log_ratios = log_priors(fit, {prior_of: prior})[prior_of] - log_prior
            if _is_covered(log_ratios.reshape(by_chain)):
                means[prior] = _weighted_mean(values, log_ratios)
                break
    return Elsewhere(
        mean=float(values.mean()),
        priors=tuple(means),
        means=tuple(mean for mean, _ in means.values()),
        errors=tuple(error for _, error in means.values()),
    )


def _is_covered(log_ratios: Floats) -> bool:
    if not np.isfinite(log_ratios).all():
        return False
    ratio = mean_ratio(log_ratios)
    return not ratio.reason and ratio.pareto_k <= _GREATEST_K


def _weighted_mean(values: Floats, log_ratios: Floats) -> tuple[float, float]:
    """The weighted mean and its Monte Carlo error."""
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
