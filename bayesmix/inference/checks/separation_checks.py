"""What a reader of the posterior must know of separated data: draws give the direction, priors bound the size."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayesmix.errors import counted, listing
from bayesmix.inference.checks.findings import NOTE, Finding
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import sd_name
from bayesmix.priors.coefficient import CoefficientPrior, coefficient_prior
from bayesmix.separated_data.categories import unseen_categories, unseen_line
from bayesmix.separated_data.find import PureLevels, Separated, Separating, can_separate, separation_of
from bayesmix.separated_data.words import count, place, runaways

SEPARATION, PURE_LEVELS = "separation", "pure_levels"

_SIDES = {-1: "below 0", 1: "above 0"}


def separated(fit: Fit) -> Iterator[Finding]:
    """Cells with one outcome and combinations that separate; `value` is the number of rows, more than 0.

    Also grouping factors all of whose levels have one outcome alone; there `value` is the number of levels.
    """
    for unseen in unseen_categories(fit.design):
        advice = f"Separation: {unseen_line(unseen)}. Report the direction; the priors bound the size."
        yield Finding(SEPARATION, NOTE, ", ".join(unseen.predictors), unseen.n_rows, 0, advice)
    if not can_separate(fit.family):
        return
    triage = separation_of(fit.design, fit.family)
    for pattern in triage.found:
        advice = f"Separation: {separation_line(fit, pattern)}. {_remedy(pattern)}"
        yield Finding(SEPARATION, NOTE, ", ".join(_moving(fit, pattern)), pattern.n_rows, 0, advice)
    yield from _all_levels_pure(fit, triage.levels)


def _moving(fit: Fit, pattern: Separating) -> list[str]:
    """The coefficients that go to infinity along a separating direction."""
    return [name for name, way in zip(fit.design.fixed.names, pattern.direction, strict=True) if way]


def _remedy(pattern: Separating) -> str:
    if not pattern.separates:
        return "Leave the term out, or report that nothing was observed there."
    return "Report the direction, and the size with its prior: bm.separation(fit) has the sentence."


def separation_line(fit: Fit, pattern: Separating) -> str:
    """`treatment trt, time t2: 0 of 92; treatment[trt]:time[t2] to -infinity, bounded by the prior Normal(0, 2.5)`."""
    prior_of = (coefficient_prior(fit.design.fixed, fit.priors, name).text for name in _moving(fit, pattern))
    priors = list(dict.fromkeys(prior_of))
    by = f"the prior {priors[0]}" if len(priors) == 1 and "(" in priors[0] else "the priors"
    source = f"bounded by {by}" if pattern.separates else f"known by {by} alone"
    return f"{place(pattern)}: {count(pattern, fit.family)}; {runaways(fit.design.fixed.names, pattern)}, {source}"


def _all_levels_pure(fit: Fit, levels: tuple[PureLevels, ...]) -> Iterator[Finding]:
    for pure in levels:
        terms = [term for term in fit.design.random if term.group == pure.group and "Intercept" in term.names]
        names = [sd_name(term, "Intercept") for term in terms]
        if names and pure.outcome.all() and len(np.unique(pure.outcome)) > 1:
            priors = listing(str(fit.priors[name]) for name in names if name in fit.priors)
            advice = (
                f"Every level of {pure.group!r} has one outcome alone: the likelihood does not fall as their sd grows, "
                f"and how much levels differ is bounded by the prior {priors}."
            )
            yield Finding(PURE_LEVELS, NOTE, ", ".join(names), len(pure.levels), 0, advice)


def sentence(
    fit: Fit, triage: Separated, number: int, posterior: pd.Series, prior: CoefficientPrior, prob: float
) -> str:
    """A report's sentence on one coefficient: what was observed, whether its direction is supported, its size.

    Parameters
    ----------
    number
        Position of the coefficient.
    posterior
        Its `mean`, `lower`, `upper` and `p_direction`.
    prior
        Its prior.
    prob
        Probability of the interval. A direction is supported if the interval excludes 0.
    """
    name, sign = fit.design.fixed.names[number], int(triage.signs[number])
    patterns = [pattern for pattern in triage.found if pattern.direction[number]] or list(triage.found)
    seen = listing(f"{count(cell, fit.family)} in {place(cell)}" for cell in patterns if cell.kind == "cell")
    why = f"the data have {seen}" if seen else f"a combination of predictors separates {counted(triage.n_rows, 'row')}"
    numbers = [float(posterior[column]) for column in ("mean", "lower", "upper")]
    decimals = max(0, 1 - int(np.floor(np.log10(max(numbers[2] - numbers[1], 1e-12)))))
    mean, lower, upper = (f"{value:.{decimals}f}" for value in numbers)
    size = f"{mean} [{lower}, {upper}] on the {fit.family.link} scale"
    bound = f"the prior {prior.text}" if "(" in prior.text else "the priors"
    if sign == 0:
        return (
            f"The data do not determine {name} ({why}): its posterior, {size} (mean and {100 * prob:g} % interval), "
            f"rests on {bound}."
        )
    p = float(posterior["p_direction"])
    verb = "is supported" if p >= (1 + prob) / 2 else "is not settled"
    away = "above" if sign > 0 else "below"
    return (
        f"Maximum likelihood has no finite estimate of {name}, as {why}. Its direction {verb} (posterior probability "
        f"of being {_SIDES[sign]}: {_probability(p, fit)}); its size, {size} (posterior mean and {100 * prob:g} % "
        f"interval), is bounded {away} by {bound}, not by the data."
    )


def _probability(p: float, fit: Fit) -> str:
    """With three decimals, and no nearer to 1 than the draws can tell."""
    n_draws = fit.diagnostics.n_total
    if p >= 1 - 1 / n_draws:
        return f"> {1 - 10 ** -np.floor(np.log10(n_draws)):g}"
    return f"{p:.3f}"
