"""Notes on parameters whose posterior follows their prior: with how much, and where another prior would lead."""

from collections.abc import Iterator
from math import floor, log10

from bayesmix.errors import counted, listing
from bayesmix.inference.checks.findings import NOTE, Finding
from bayesmix.inference.checks.power_scaling import CONFLICT, LIMIT, sensitivity
from bayesmix.inference.checks.prior_effects import PriorEffect, elsewhere, prior_effects
from bayesmix.inference.shared.estimability import shared_coefficients
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import sd_names
from bayesmix.separated_data.find import can_separate, separation_of

SENSITIVITY = "prior_sensitivity"

_MOST_LINES = 4
_FEW_LEVELS = 10  # below, how many there are is said


def prior_sensitive(fit: Fit) -> Iterator[Finding]:
    """Parameters that move when the priors are power-scaled; `value` is the sensitivity to the priors."""
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
    """A line for each prior that decides part of the posterior, those that decide most first.

    Not for coefficients that run away along separated data, nor for those that the data do not tell apart, of which
    `summary` speaks elsewhere.
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
    what = "it" if first == effect.prior_of else first
    further = f", and of {listing(others, at_most=3)}" if others else ""
    levels, means = _levels(fit, effect.prior_of), _means(fit, first, effect.prior_of)
    return (
        f"the prior {effect.prior} of {effect.prior_of} decides part of {what}{further} (power-scaling sensitivity "
        f"{_beyond_limit(effect.sensitivities[0])} > {LIMIT:g}{levels}){means}."
    )


def _beyond_limit(sensitivity: float) -> str:
    """Two decimals, or as many as tell it from the limit."""
    return next((text for n in range(2, 16) if float(text := f"{sensitivity:.{n}f}") > LIMIT), f"{sensitivity:g}")


def _means(fit: Fit, parameter: str, prior_of: str) -> str:
    """Where narrower and wider priors would lead, as far as the draws reach."""
    found = elsewhere(fit, parameter, prior_of)
    priors = " or ".join(map(str, found.priors))
    each = [_about(mean, error) for mean, error in zip(found.means, found.errors, strict=True)]
    if len(set(each)) < max(1, len(each)):
        return "; where another one would lead these draws do not tell: fit with it (priors=)"
    means = " or ".join(each)
    whose = "its mean" if parameter == prior_of else f"the mean of {parameter}"
    return f": with {priors} {whose} would be about {means} instead of {found.mean:.3g}"


def _about(mean: float, error: float) -> str:
    """Three significant digits, fewer where the Monte Carlo error is larger than the last."""
    digits = 3 if error <= 0 or mean == 0 else floor(log10(abs(mean))) - floor(log10(3 * error)) + 1
    return f"{float(f'{mean:.{min(max(digits, 1), 3) - 1}e}'):g}"


def _levels(fit: Fit, name: str) -> str:
    """`; 'block' has 4 levels`, of the sd of a group with few."""
    for term in fit.design.all_random:
        if name in sd_names(term) and term.n_levels < _FEW_LEVELS:
            return f"; {term.group!r} has {counted(term.n_levels, 'level')}"
    return ""


def _runaways(fit: Fit) -> set[str]:
    if not can_separate(fit.family):
        return set()
    found = separation_of(fit.design, fit.family).found
    return {name for one in found for name, way in zip(fit.design.fixed.names, one.direction, strict=True) if way}
