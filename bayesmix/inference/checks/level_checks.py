"""Notes on levels: some that look like one level written in two ways, and effects that the fixed part has already."""

from collections.abc import Iterator

from bayesmix.errors import listing
from bayesmix.estimates.reml.confounding import Confounded, confounded
from bayesmix.formula.design import Design
from bayesmix.formula.factors import twins_of
from bayesmix.inference.checks.findings import NOTE, Finding
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import sd_name

WRITTEN_TWICE, CONFOUNDED = "levels", "confounded"


def levels_written_twice(fit: Fit) -> Iterator[Finding]:
    """Levels of a factor that differ only by case or spaces; `value` is their number."""
    for name, twins in twins_of(fit.design).items():
        yield Finding(WRITTEN_TWICE, NOTE, name, sum(map(len, twins)), 0, _twins_line(name, twins))


def twin_lines(design: Design) -> tuple[str, ...]:
    """The same as lines of a page."""
    return tuple(f"Note: {_twins_line(name, twins)}" for name, twins in twins_of(design).items())


def _twins_line(name: str, twins: tuple[tuple[str, ...], ...]) -> str:
    """`Levels of 'variety' differ only by case or spaces: 'Brigadier' and 'brigadier '. ...`"""
    alike = listing((" and ".join(map(repr, levels)) for levels in twins), at_most=3)
    return (
        f"Levels of {name!r} differ only by case or spaces: {alike}. They are treated as different levels; recode "
        "them if they are the same."
    )


def confounded_effects(fit: Fit) -> Iterator[Finding]:
    """Random effects in the span of the fixed part, as `(1 | year)` beside `year`; `value` is the number of levels.

    `reml` refuses such a model. With proper priors it has a posterior, in which the coefficients are less certain by
    as much as the prior lets the effects vary.
    """
    for predictor in fit.design.predictors:
        for confounding in confounded(predictor):
            yield _finding(confounding, predictor)


def _finding(confounding: Confounded, predictor: Design) -> Finding:
    term, names = confounding.term, confounding.names
    sds = [sd_name(term, name) for name in names]
    advice = (
        f"In ({term.label}) the effects of {listing(names)} cannot be told from the fixed part, which has a "
        f"coefficient for each of the {term.n_levels} levels of {term.group!r}: only the priors tell them apart, and "
        f"the prior of {listing(sds)} widens the intervals of these coefficients. {_remedy(confounding, predictor)}"
    )
    return Finding(CONFOUNDED, NOTE, ", ".join(sds), term.n_levels, len(predictor.fixed.names), advice)


def _remedy(confounding: Confounded, predictor: Design) -> str:
    term = confounding.term
    if len(confounding.names) < term.k:
        return f"Leave {listing(confounding.names)} out of ({term.label})."
    nested = [f"({other.label})" for other in predictor.random if other.group.startswith(f"{term.group}:")]
    return f"Leave out ({term.label}){f' and keep {listing(nested)}' if nested else ''}."
