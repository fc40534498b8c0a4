"""Notes on parameters whose posterior follows their prior: how much, and what another prior would give.

Nothing is sampled again: draws are weighted by the ratio of the priors, if they cover the other one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import floor, log10
from weakref import WeakKeyDictionary

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import PriorError, counted, listing
from bayesmix.inference.checks.findings import NOTE, Finding
from bayesmix.inference.checks.log_prior import log_priors
from bayesmix.inference.checks.power_scaling import CONFLICT, LIMIT, parameter_draws, sensitivity, sensitivity_to_priors
from bayesmix.inference.shared.draws import posterior_of
from bayesmix.inference.shared.estimability import shared_coefficients
from bayesmix.modelling.record import Fit
from bayesmix.numerics.monte_carlo import autocorrelation_time, mean_ratio
from bayesmix.posterior.layout import sd_names
from bayesmix.priors.prior import Prior, scaled
from bayesmix.separated_data.find import can_separate, separation_of

SENSITIVITY = "prior_sensitivity"

_KEPT: "WeakKeyDictionary[Fit, tuple[PriorEffect, ...]]" = WeakKeyDictionary()

_MOST_LINES = 4
_FEW_LEVELS = 10  # below this number a line states it
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


def prior_sensitive(fit: Fit) -> Iterator[Finding]:
    """Parameters that move if the priors are power-scaled; `value` is the sensitivity to the priors."""
    table = sensitivity(fit)
    flagged = table[table["verdict"] != ""].sort_values("prior", ascending=False, kind="stable")
    for name, row in flagged.iterrows():
        prior = f"the prior of {row['by']}, {fit.priors[row['by']]}"
        figures = f"power-scaling sensitivity to the priors {row['prior']:.2f}, to the data {row['likelihood']:.2f}"
        means = _means(fit, str(name), row["by"])
        if row["verdict"] == CONFLICT:
            advice = f"Prior and data both move {name} ({figures}), and {prior}, weighs beside these data{means}."
        else:
            advice = f"The data say little of {name} ({figures}): its posterior follows {prior}{means}."
        yield Finding(SENSITIVITY, NOTE, str(name), float(row["prior"]), LIMIT, f"{advice} Report it with its prior.")


def prior_lines(fit: Fit) -> tuple[str, ...]:
    """A line for each prior that decides part of the posterior, the most decisive first.

    Coefficients that run away along separated data are left out, and those that the data do not tell apart, since
    `summary` has other lines for them.
    """
    elsewhere_said = _runaways(fit) | shared_coefficients(fit.design)
    effects = [effect for effect in prior_effects(fit) if effect.parameters[0] not in elsewhere_said]
    lines = [_line(fit, effect) for effect in effects[:_MOST_LINES]]
    left = len(effects) - len(lines)
    if left:
        names = listing((effect.prior_of for effect in effects[_MOST_LINES:]), at_most=_MOST_LINES)
        lines.append(f"the prior{'s' * (left > 1)} of {names} decide{'s' * (left == 1)} too; bm.sensitivity(fit).")
    return tuple(lines)


def _line(fit: Fit, effect: PriorEffect) -> str:
    first, *others = effect.parameters
    decided = "it" if first == effect.prior_of else first
    further = f", and of {listing(others, at_most=3)}" if others else ""
    levels, means = _levels(fit, effect.prior_of), _means(fit, first, effect.prior_of)
    return (
        f"the prior {effect.prior} of {effect.prior_of} decides part of {decided}{further} (power-scaling sensitivity "
        f"{_beyond_limit(effect.sensitivities[0])} > {LIMIT:g}{levels}){means}."
    )


def _beyond_limit(sensitivity: float) -> str:
    """Two decimals, or as many as tell it from the limit."""
    return next((text for n in range(2, 16) if float(text := f"{sensitivity:.{n}f}") > LIMIT), f"{sensitivity:g}")


def _means(fit: Fit, parameter: str, prior_of: str) -> str:
    """The means under narrower and wider priors, as far as the draws cover them."""
    others = elsewhere(fit, parameter, prior_of)
    priors = " or ".join(map(str, others.priors))
    each = [_about(mean, error) for mean, error in zip(others.means, others.errors, strict=True)]
    if len(set(each)) < max(1, len(each)):
        return "; where another one would lead these draws do not tell: fit with it (priors=)"
    means = " or ".join(each)
    whose = "its mean" if parameter == prior_of else f"the mean of {parameter}"
    return f": with {priors} {whose} would be about {means} instead of {others.mean:.3g}"


def _about(mean: float, error: float) -> str:
    """Three significant digits, or fewer if the Monte Carlo error is larger than the last."""
    digits = 3 if error <= 0 or mean == 0 else floor(log10(abs(mean))) - floor(log10(3 * error)) + 1
    return f"{float(f'{mean:.{min(max(digits, 1), 3) - 1}e}'):g}"


def _levels(fit: Fit, name: str) -> str:
    """`; 'block' has 4 levels`, for the sd of a group with few."""
    for term in fit.design.all_random:
        if name in sd_names(term) and term.n_levels < _FEW_LEVELS:
            return f"; {term.group!r} has {counted(term.n_levels, 'level')}"
    return ""


def _runaways(fit: Fit) -> set[str]:
    if not can_separate(fit.family):
        return set()
    patterns, names = separation_of(fit.design, fit.family).found, fit.design.fixed.names
    return {name for pattern in patterns for name, way in zip(names, pattern.direction, strict=True) if way}


def prior_effects(fit: Fit) -> tuple[PriorEffect, ...]:
    """Every prior that moves a parameter noticeably, computed once for a fit; the most effective first."""
    if fit not in _KEPT:
        table = sensitivity_to_priors(fit)
        moved = table[table["by"] != ""].sort_values("prior", ascending=False, kind="stable")
        _KEPT[fit] = tuple(
            PriorEffect(
                str(name), fit.priors[str(name)], tuple(map(str, moves.index)), tuple(map(float, moves["prior"]))
            )
            for name, moves in moved.groupby("by", sort=False)
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
