"""What a Bayes factor tests: a part of a model, its parameters, and whether their priors allow a test."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bayesmix.errors import ArgumentError, PriorError, UnknownTermError, did_you_mean, listing, shown
from bayesmix.formula.reduce import Reduction, containing, fixed_reductions, reductions
from bayesmix.formula.syntax import unparse
from bayesmix.formula.terms import INTERCEPT, Formula, label_of
from bayesmix.inference.shared.arguments import a_text, items_of
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import ReducedModel
from bayesmix.posterior.layout import sd_names
from bayesmix.priors.density import prior_density
from bayesmix.priors.prior import Prior


def reduction_named(fit: Fit, drop: str | Sequence[str] | None) -> Reduction:
    """The part of the model that `drop` names: as `rand` prints it, with or without brackets, or fixed terms.

    Several fixed terms are dropped together, in any order.

    Raises
    ------
    UnknownTermError
        `drop` is not in the model; the message lists what is.
    ArgumentError
        `drop` is no text and no sequence of texts; several terms, of which one is random.
    """
    formula = fit.design.written
    meaning = 'a term of the model as rand prints it, such as "(1 | g)", or a list of fixed terms'
    items = items_of(drop)
    given: list[Any] = [drop] if items is None else items
    names = [a_text(item, argument="drop", meaning=meaning) for item in given]
    if not names:
        raise ArgumentError(f"drop is {meaning}; got an empty one.")
    return _one_named(formula, names[0]) if len(names) == 1 else _several_named(formula, names)


def _one_named(formula: Formula, drop: str) -> Reduction:
    random, fixed = reductions(formula), fixed_reductions(formula)
    known = {_plain(part.label): part for part in (*fixed, *random)}
    by_term: dict[str, list[Reduction]] = {}
    for part in random:
        by_term.setdefault(_plain(part.before), []).append(part)
    known |= {name: parts[0] for name, parts in by_term.items() if len(parts) == 1 and name not in known}
    name = _as_labelled(formula, drop)
    if name not in known:
        _refuse_contained(formula, drop)
        names = [part.label for part in (*random, *fixed)]
        raise UnknownTermError(
            f"{shown(drop)} is no term of the model.{did_you_mean(drop, names)} Terms: {listing(names)}."
        )
    return known[name]


def _several_named(formula: Formula, drop: Sequence[str]) -> Reduction:
    """The fixed terms `drop` left out one after the other, interactions before what they contain."""
    waiting = {_as_labelled(formula, name): name for name in drop}
    fixed = {_plain(term.label) for term in formula.fixed if term != INTERCEPT}
    for name in (given for name, given in waiting.items() if name not in fixed):
        part = _one_named(formula, name)  # refused, unless it is of a random term
        raise ArgumentError(f"{part.label} varies by group: fixed terms alone are dropped together.")
    reduced, dropped = formula, set()
    while waiting:
        known = {_plain(part.label): part for part in fixed_reductions(reduced)}
        name = next((name for name in waiting if name in known), None) or next(iter(waiting))
        part = _one_named(reduced, waiting.pop(name))  # refused if it is contained in one that stays
        dropped.add(part.label)
        reduced = part.formula
    label = " and ".join(term.label for term in formula.fixed if term.label in dropped)
    return Reduction(label, label, "", label, "", reduced)


def _as_labelled(formula: Formula, drop: str) -> str:
    """`drop` without blanks and brackets, and without the codings of factors, which labels do not have."""
    name = _stripped(drop)
    terms = [*formula.fixed, *(term for random in formula.random for term in random.terms)]
    nodes = [
        *(node for term in terms for node in term.variables),
        *(node for one in formula.random for node in one.group),
    ]
    for node in nodes:
        name = name.replace(_stripped(unparse(node)), _stripped(label_of(node)))
    return _plain(name)


def _refuse_contained(formula: Formula, drop: str) -> None:
    """A term within an interaction is a term of the model, but it cannot be dropped alone."""
    named = [(term.label, term, formula.fixed) for term in formula.fixed]
    named += [(f"{part.label} in ({term.label})", part, term.terms) for term in formula.random for part in term.terms]
    for name, term, beside in named:
        within = containing(term, beside)
        if term != INTERCEPT and within and _plain(name) == _as_labelled(formula, drop):
            first = name.replace(term.label, within[-1], 1)
            way = f"drop {first!r} first, or fit the model without both and give that as the second fit"
            if beside is formula.fixed:
                way = f"drop them together (drop={[term.label, *within]}), or {first!r} alone"
            raise UnknownTermError(
                f"{shown(drop)} is contained in {listing(within)}, which without it would be the same model in other "
                f"columns: {way}."
            )


def _plain(label: str) -> str:
    """A label without blanks and brackets, the variables of an interaction in one order."""
    name = _stripped(label)
    return name if "|" in name else ":".join(sorted(name.split(":")))


def _stripped(label: str) -> str:
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
        require_finite_at_zero(fit.priors[name], name)


def require_finite_at_zero(prior: Prior, name: str) -> None:
    """Refuse the prior of a sd that is tested if its density at 0 is 0 or infinite."""
    near, nearer = prior_density(prior, np.array([1e-200, 1e-300]))
    if not 0.99 < nearer / max(near, 1e-300) < 1.01:
        density = "infinite" if nearer > near else "0"
        raise PriorError(
            f"The prior {prior} of {name} has density {density} at 0, so it has decided already whether "
            f"the sd is 0; use one that is finite there, such as HalfStudentT(3, 10) or HalfNormal(10)."
        )
