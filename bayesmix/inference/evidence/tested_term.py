"""What a Bayes factor tests: a part of a model, its parameters, and whether their priors allow a test."""

import numpy as np

from bayesmix.errors import PriorError, UnknownTermError, did_you_mean, listing, shown
from bayesmix.formula.reduce import Reduction, containing, fixed_reductions, reductions
from bayesmix.formula.terms import INTERCEPT, Formula
from bayesmix.inference.shared.arguments import a_text
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import ReducedModel
from bayesmix.posterior.layout import sd_names
from bayesmix.priors.density import prior_density


def reduction_named(fit: Fit, drop: str | None) -> Reduction:
    """The part of the model that `drop` names: as `rand` prints it, with or without brackets, or a fixed term.

    Raises
    ------
    UnknownTermError
        `drop` is not in the model; the message lists what is.
    ArgumentError
        `drop` is no text.
    """
    drop = a_text(drop, argument="drop", meaning='a term of the model as rand prints it, such as "(1 | g)"')
    random, fixed = reductions(fit.design.written), fixed_reductions(fit.design.written)
    known = {_plain(part.label): part for part in (*fixed, *random)}
    by_term: dict[str, list[Reduction]] = {}
    for part in random:
        by_term.setdefault(_plain(part.before), []).append(part)
    known |= {name: parts[0] for name, parts in by_term.items() if len(parts) == 1 and name not in known}
    if _plain(drop) not in known:
        _refuse_contained(fit.design.written, drop)
        names = [part.label for part in (*random, *fixed)]
        raise UnknownTermError(
            f"{shown(drop)} is no term of the model.{did_you_mean(drop, names)} Terms: {listing(names)}."
        )
    return known[_plain(drop)]


def _refuse_contained(formula: Formula, drop: str) -> None:
    """A term within an interaction is a term of the model, but it cannot be dropped alone."""
    named = [(term.label, term, formula.fixed) for term in formula.fixed]
    named += [(f"{part.label} in ({term.label})", part, term.terms) for term in formula.random for part in term.terms]
    for name, term, beside in named:
        within = containing(term, beside)
        if term != INTERCEPT and within and _plain(name) == _plain(drop):
            raise UnknownTermError(
                f"{shown(drop)} is contained in {listing(within)}, which without it would be the same model in other "
                f"columns: drop {name.replace(term.label, within[-1], 1)!r} first, or fit the model without both and "
                "give that as the second fit."
            )


def _plain(label: str) -> str:
    return label.replace(" ", "").replace("(", "").replace(")", "")


def tested_sds(fit: Fit, smaller: ReducedModel) -> tuple[str, ...]:
    """The group standard deviations that the smaller model lacks."""
    sds = {sd for term in fit.design.all_random for sd in sd_names(term)}
    return tuple(name for name in smaller.tested if name in sds)


def tested_scales(fit: Fit, smaller: ReducedModel) -> tuple[str, ...]:
    """The parameters that the smaller model lacks and whose priors have a scale: group sds, or else coefficients."""
    coefficients = {name for predictor in fit.design.predictors for name in predictor.fixed.names}
    return tested_sds(fit, smaller) or tuple(name for name in smaller.tested if name in coefficients)


def require_usable_at_zero(fit: Fit, smaller: ReducedModel) -> None:
    """Refuse a prior of a tested standard deviation whose density at 0 is 0 or infinite: it decides the test alone."""
    for name in tested_sds(fit, smaller):
        near, nearer = prior_density(fit.priors[name], np.array([1e-200, 1e-300]))
        if not 0.99 < nearer / max(near, 1e-300) < 1.01:
            density = "infinite" if nearer > near else "0"
            raise PriorError(
                f"The prior {fit.priors[name]} of {name} has density {density} at 0, so it has decided already whether "
                f"the sd is 0; use one that is finite there, such as HalfStudentT(3, 10) or HalfNormal(10)."
            )
