"""Which factors of a reference grid lie within others, as the data and the formula say."""

from collections.abc import Mapping, Sequence

import numpy as np

from bayesmix.arrays import Positions
from bayesmix.formula.design import Design
from bayesmix.formula.syntax import columns_in
from bayesmix.inference.means.variables import GridVariable

Nesting = dict[str, tuple[str, ...]]


def nesting_of(design: Design, variables: Sequence[GridVariable]) -> Nesting:
    """The variables in which others are nested, by the names of the latter, as emmeans finds them.

    A factor is nested in another if each of its levels occurs with one of the other alone, or if the formula has it in
    interactions with the other but without an effect of its own: `rep` in ``site + site:rep``.

    Parameters
    ----------
    variables
        With all their levels, whatever part of them the grid has.
    """
    found = _of_data(variables)
    for name, outer in _of_formula(design, [variable.name for variable in variables if variable.size > 1]).items():
        found[name] = tuple(dict.fromkeys((*found.get(name, ()), *outer)))
    for name, outer in found.items():
        further = [name_of for inner in outer for name_of in found.get(inner, ())]
        found[name] = tuple(dict.fromkeys((*further, *outer)))
    return {name: outer for name, outer in found.items() if name not in outer}


def _of_data(variables: Sequence[GridVariable]) -> Nesting:
    codes = {one.name: one.codes for one in variables if one.size > 1 and one.codes is not None}
    found: Nesting = {}
    for name, own in codes.items():
        # Of two factors that group the rows in one way the first is nested in the second, not in turn.
        taken = [inner for inner, outer in found.items() if name in outer]
        outer = [other for other, theirs in codes.items() if other not in (name, *taken) and _lies_in(own, theirs)]
        if outer:
            found[name] = tuple(outer)
    return found


def _lies_in(inner: Positions, outer: Positions) -> bool:
    """Whether rows of one level of `inner` are of one level of `outer`."""
    pairs = np.unique(np.stack([inner, outer]), axis=1)
    return pairs.shape[1] == len(np.unique(inner))


def _of_formula(design: Design, names: Sequence[str]) -> Nesting:
    terms = [frozenset(term.labels) for term in design.formula.fixed]
    columns = {
        label: [name.name for name in columns_in(node)]
        for term in design.formula.fixed
        for label, node in zip(term.labels, term.variables, strict=True)
    }
    # Labels that stand for one variable of the grid, such as factor(dose).
    single = {label: of[0] for label, of in columns.items() if len(of) == 1 and of[0] in names}
    found: Nesting = {}
    for label, name in single.items():
        if frozenset({label}) in terms:
            continue
        own = [term for term in terms if label in term and term - {label} in terms and len(term) > 1]
        sets = [frozenset(other for other in term if other != label and term - {other} not in terms) for term in own]
        outer = [single[other] for other in dict.fromkeys(o for one in _minimal(sets) for o in one) if other in single]
        if outer:
            found[name] = tuple(sorted(outer, key=list(names).index))
    return found


def _minimal(sets: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """The sets that contain none of the others."""
    return [one for one in dict.fromkeys(sets) if not any(other < one for other in sets)]


def in_words(nesting: Mapping[str, tuple[str, ...]]) -> str:
    """``rep in site.year, plot in (site.year, rep)``."""
    return ", ".join(
        f"{name} in {outer[0]}" if len(outer) == 1 else f"{name} in ({', '.join(outer)})"
        for name, outer in nesting.items()
    )


def positions(nesting: Mapping[str, tuple[str, ...]], names: Sequence[str]) -> dict[int, tuple[int, ...]]:
    """The same by the places of the variables among `names`."""
    place = {name: axis for axis, name in enumerate(names)}
    return {place[name]: tuple(place[one] for one in outer) for name, outer in nesting.items()}
