"""The same model level by level: the line of each group, and what its coefficients depend on."""

from collections.abc import Sequence

import numpy as np

from bayesmix.formula.design import Design, GroupTerm
from bayesmix.report.words.model_equations import (
    Writing,
    effect_lines,
    fixed_terms,
    linked,
    offset_terms,
    own_name,
    response_line,
    times_column,
    total,
)
from bayesmix.report.words.notation import Line

_COEFFICIENT = "a"


def level_lines(writing: Writing) -> list[Line]:
    """Level 1, level 2, and the distributions of the group effects; of all predictors with random terms."""
    design = writing.design
    lines = [response_line(writing)]
    for part in design.of_response if design.shared is not None else design.predictors:
        lines += (
            _lines_of(writing, part)
            if part.random
            else [Line(linked(writing, part), "=", total([*fixed_terms(writing, part), *offset_terms(writing, part)]))]
        )
    return [*lines, *effect_lines(writing)]


def _lines_of(writing: Writing, part: Design) -> list[Line]:
    notation, groups = writing.notation, list(dict.fromkeys(term.group for term in part.random))
    one = part.random[0] if len(groups) == 1 else None
    index, level = ("j", notation.level(groups[0])) if one else ("i", "i")
    varying = list(dict.fromkeys(name for term in part.random for name in term.names))
    coefficients: dict[str, list[str]] = {name: [] for name in varying}
    first: list[str] = []
    for place, name in enumerate(part.fixed.names):
        owner, above = _place_of(part, name, varying, one)
        value = writing.coefficient(part, place)
        if owner is None:
            first.append(times_column(writing, value, own_name(name, part), "i"))
        else:
            coefficients[owner].append(times_column(writing, value, own_name(above, part), index))
    for term in part.random:
        for place, name in enumerate(term.names):
            at = index if one else notation.level(term.group)
            coefficients[name].append(writing.effect(term, place, at))
    named = {name: (_COEFFICIENT, f"{part.parameter}{i}") for i, name in enumerate(varying)}
    own = [times_column(writing, notation.symbol(*named[name], level), own_name(name, part), "i") for name in varying]
    lines = [Line(linked(writing, part), "=", total([*own, *first, *offset_terms(writing, part)]))]
    return lines + [
        Line(notation.symbol(*named[name], index), "=", total(terms)) for name, terms in coefficients.items()
    ]


def _place_of(part: Design, name: str, varying: Sequence[str], one: GroupTerm | None) -> tuple[str | None, str]:
    """The coefficient in whose equation a column stands, and as what; none for a column of level 1 that is the same for
    all groups."""
    if name in varying:
        return name, "Intercept"
    if one is None:
        return None, name
    intercept = part.fixed.intercept
    if intercept in varying and _is_constant(part, name, one):
        return intercept, name
    for slope in varying:
        rest = _without(name, own_name(slope, part), part)
        if rest is not None and rest in part.fixed.names and _is_constant(part, rest, one):
            return slope, rest
    return None, name


def _without(name: str, slope: str, part: Design) -> str | None:
    """The other factor of an interaction with the column `slope`."""
    own = own_name(name, part)
    for rest in (own.removeprefix(f"{slope}:"), own.removesuffix(f":{slope}")):
        if rest != own:
            return f"{part.parameter}_{rest}" if part.parameter else rest
    return None


def _is_constant(part: Design, name: str, term: GroupTerm) -> bool:
    """Whether a column of the fixed part has one value in each level of a group."""
    column = part.fixed.matrix[:, part.fixed.names.index(name)]
    first = np.zeros(term.n_levels)
    first[term.index[::-1]] = column[::-1]
    return bool(np.all(first[term.index] == column))
