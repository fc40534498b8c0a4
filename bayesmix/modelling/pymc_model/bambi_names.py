"""The names of the formula for the terms of a Bambi model that was made under names of our own.

Bambi and formulae look columns of new data up by the names that their terms hold, and the draws of a term by the name
of the term. Nothing is evaluated any more when they are given back: the formula has been read.

Leans on (Bambi 0.21, formulae 0.6): `Model.data`, `.response_term`, `.conditional_parameters`; of a component `.terms`,
`.design.common`, `.design.group` with `.terms` and `.slices`; `.alias` of Bambi's terms; of formulae's terms
`.components`, of a group term `.expr` and `.factor`; `Variable.name`, `Call.call.args`, `LazyVariable.name`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import bambi
from formulae.terms.call import Call
from formulae.terms.call_resolver import LazyVariable
from formulae.terms.terms import Term
from formulae.terms.variable import Variable

from bayesmix.formula.design import Design, prefixed
from bayesmix.modelling.pymc_model.bambi_dialect import RESPONSE, BambiTerms
from bayesmix.posterior.layout import without_slash


def give_names_back(model: bambi.Model, bambi_terms: BambiTerms, design: Design) -> None:
    """Call the response, the columns and the terms of `model` as the formula does."""
    response = without_slash(design.response.name)
    model.response_term.alias = response
    model.data = model.data.rename(columns=bambi_terms.columns | {RESPONSE: response})
    for parameter, component in model.conditional_parameters.items():
        part = design.parts.get(parameter, design)
        labels = bambi_terms.labels[part.parameter]
        common, group = component.design.common, component.design.group
        terms = [*common.terms.values()] if common is not None else []
        for name in (term.name for term in terms if term.name in labels):
            component.terms[name].alias = without_slash(prefixed(part.parameter, labels[name]))
        if group is not None:
            terms += [side for term in group.terms.values() for side in (term.expr, term.factor)]
            named = _group_names(group, labels, bambi_terms.columns)
            group.terms = {named[before]: term for before, term in group.terms.items()}
            group.slices = {named[before]: where for before, where in group.slices.items()}
            component.terms = {named.get(before, before): term for before, term in component.terms.items()}
        _name_columns(terms, bambi_terms.columns)


def _group_names(group: Any, labels: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, str]:
    """Name the sides of the group terms, which Bambi takes apart to find the dims of their draws; new names by old."""
    before = {id(term): name for name, term in group.terms.items()}
    for side in _distinct(term.factor for term in group.terms.values()):
        side.name = without_slash(":".join(columns[part] for part in side.name.split(":")))
    for side in _distinct(term.expr for term in group.terms.values()):
        if isinstance(side, Term):
            side.name = without_slash(labels[side.name])
    return {before[id(term)]: term.name for term in group.terms.values()}


def _name_columns(terms: Iterable[Any], columns: Mapping[str, str]) -> None:
    """Name the columns that terms look up in new data."""
    parts = _distinct(part for term in terms for part in getattr(term, "components", ()))
    calls = [part for part in parts if isinstance(part, Call)]
    arguments = _distinct(argument for call in calls for argument in call.call.args)
    for holder in [part for part in parts if isinstance(part, Variable)] + arguments:
        if isinstance(holder, Variable | LazyVariable):
            holder.name = columns.get(holder.name, holder.name)


def _distinct(objects: Iterable[Any]) -> list[Any]:
    """Each object once: terms share what they have in common, and a second naming would start from the first."""
    return list({id(found): found for found in objects}.values())
