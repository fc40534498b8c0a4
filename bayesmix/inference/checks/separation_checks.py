"""What a reader of the posterior must know of separated data: the draws are right, the sizes are the prior's."""

from collections.abc import Iterator

import numpy as np

from bayesmix.errors import listing
from bayesmix.inference.checks.findings import NOTE, Finding
from bayesmix.modelling.record import Fit
from bayesmix.modelling.separation import PureLevels, Separating, can_separate, separation_of
from bayesmix.modelling.separation_text import count, place, runaways
from bayesmix.posterior.layout import sd_name
from bayesmix.priors.coefficient import coefficient_prior

SEPARATION, PURE_LEVELS = "separation", "pure_levels"


def separated(fit: Fit) -> Iterator[Finding]:
    """Cells with one outcome and combinations that separate; `value` is the number of rows, more than 0.

    And grouping factors all of whose levels have one outcome alone; `value` is the number of levels.
    """
    if not can_separate(fit.family):
        return
    triage = separation_of(fit.design, fit.family)
    for found in triage.found:
        names = [name for name, way in zip(fit.design.fixed.names, found.direction, strict=True) if way]
        advice = f"Separation: {separation_line(fit, found)}. {_what_to_do(found)}"
        yield Finding(SEPARATION, NOTE, ", ".join(names), found.n_rows, 0, advice)
    yield from _all_levels_pure(fit, triage.levels)


def _what_to_do(found: Separating) -> str:
    if not found.separates:
        return "Leave the term out, or report that nothing was observed there."
    return "Report the direction, and the size with its prior: bm.separation(fit) has the sentence."


def separation_line(fit: Fit, found: Separating) -> str:
    """`treatment trt, time t2: 0 of 92; treatment[trt]:time[t2] to -infinity, bounded by the prior Normal(0, 2.5)`."""
    names = [name for name, way in zip(fit.design.fixed.names, found.direction, strict=True) if way]
    priors = dict.fromkeys(coefficient_prior(fit.design.fixed, fit.priors, name).text for name in names)
    by = f"the prior {next(iter(priors))}" if len(priors) == 1 and "(" in next(iter(priors)) else "the priors"
    what = f"bounded by {by}" if found.separates else f"known by {by} alone"
    return f"{place(found)}: {count(found, fit.family)}; {runaways(fit.design.fixed.names, found)}, {what}"


def _all_levels_pure(fit: Fit, levels: tuple[PureLevels, ...]) -> Iterator[Finding]:
    for pure in levels:
        own = [term for term in fit.design.random if term.group == pure.group and "Intercept" in term.names]
        names = [sd_name(term, "Intercept") for term in own]
        if names and pure.outcome.all() and len(np.unique(pure.outcome)) > 1:
            priors = listing(str(fit.priors[name]) for name in names if name in fit.priors)
            advice = (
                f"Every level of {pure.group!r} has one outcome alone: the likelihood does not fall as their sd grows, "
                f"and how much levels differ is bounded by the prior {priors}."
            )
            yield Finding(PURE_LEVELS, NOTE, ", ".join(names), len(pure.levels), 0, advice)
