"""Notes on random effects that the fixed part holds already: only their priors tell the two apart."""

from collections.abc import Iterator

from bayesmix.errors import listing
from bayesmix.formula.design import Design
from bayesmix.inference.checks.findings import NOTE, Finding
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_confounding import Confounded, confounded
from bayesmix.posterior.layout import sd_name

CONFOUNDED = "confounded"


def confounded_effects(fit: Fit) -> Iterator[Finding]:
    """Random effects in the span of the fixed part, as `(1 | year)` beside `year`; `value` is the number of levels.

    `reml` refuses such a model. Under proper priors it has a posterior, whose coefficients are less certain by what
    the prior lets the effects be.
    """
    for predictor in fit.design.predictors:
        for found in confounded(predictor):
            yield _finding(found, predictor)


def _finding(found: Confounded, predictor: Design) -> Finding:
    term = found.term
    sds = [sd_name(term, name) for name in found.names]
    advice = (
        f"In ({term.label}) the effects of {listing(found.names)} cannot be told from the fixed part, which has a "
        f"coefficient for each of the {term.n_levels} levels of {term.group!r}: only the priors tell them apart, and "
        f"the prior of {listing(sds)} widens the intervals of these coefficients. {_what_to_do(found, predictor)}"
    )
    return Finding(CONFOUNDED, NOTE, ", ".join(sds), term.n_levels, len(predictor.fixed.names), advice)


def _what_to_do(found: Confounded, predictor: Design) -> str:
    term = found.term
    if len(found.names) < term.k:
        return f"Leave {listing(found.names)} out of ({term.label})."
    nested = [f"({other.label})" for other in predictor.random if other.group.startswith(f"{term.group}:")]
    return f"Leave out ({term.label}){f' and keep {listing(nested)}' if nested else ''}."
