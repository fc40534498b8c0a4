"""Why columns of the fixed part depend on each other: empty cells, a factor within another, a number made of others."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import listing
from bayesmix.formula.columns import Factor
from bayesmix.formula.terms import Term, label_of
from bayesmix.formula.variables import Variables

_EXACT = 1e-9  # share of a column's spread, below which what another leaves of it is a rounding error
_MOST_NAMED = 4  # empty cells that are named


def reasons(terms: Sequence[Term], at_fault: Sequence[Term], variables: Variables) -> list[str]:
    """The reasons that the data show, each once and in words.

    Parameters
    ----------
    terms
        All terms of the fixed part.
    at_fault
        Those with columns that depend on the columns before.
    """
    alone = {term.label: variables.variable(term.variables[0]) for term in terms if len(term.variables) == 1}
    words: dict[str, None] = {}
    for term in at_fault:
        factors = _factors(term, variables)
        if not factors and len(term.variables) == 1:
            words |= dict.fromkeys(_of_number(term.label, alone))
        elif len(term.variables) == 1:
            words |= dict.fromkeys(_of_factor(term.label, factors, alone))
        elif len(factors) > 1:
            words |= dict.fromkeys(_of_cells(factors))
    return list(words)


def _factors(term: Term, variables: Variables) -> dict[str, Factor]:
    values = {label_of(node): variables.variable(node) for node in term.variables}
    return {label: factor for label, factor in values.items() if isinstance(factor, Factor)}


def _of_number(label: str, alone: dict[str, Factor | Floats]) -> list[str]:
    """Reasons of a number that does not vary within levels of a factor, or is a linear function of another one."""
    values = alone[label]
    if isinstance(values, Factor) or values.ndim > 1:
        return []
    if np.ptp(values) == 0:
        return [f"{label} is {values[0]:g} in all {len(values)} rows"]
    for name, other in alone.items():
        if isinstance(other, Factor) and _lies_in(other.codes, np.unique(values, return_inverse=True)[1]):
            return [f"{label} is the same in all rows of each level of {name}"]
        if name != label and not isinstance(other, Factor) and other.ndim == 1 and _is_line(values, other):
            return [f"{label} is a linear function of {name}"]
    return []


def _of_factor(label: str, factors: dict[str, Factor], alone: dict[str, Factor | Floats]) -> list[str]:
    others = {name: other for name, other in alone.items() if isinstance(other, Factor) and name != label}
    return [words for name, other in others.items() if (words := _nesting(label, factors[label], name, other))]


def _of_cells(factors: dict[str, Factor]) -> list[str]:
    """The cells that do not occur, and if that is why, that one factor lies in another."""
    nested = [
        words for (a, one), (b, other) in combinations(factors.items(), 2) if (words := _nesting(a, one, b, other))
    ]
    if nested:
        return nested
    empty = _empty_cells(list(factors.values()))
    if not empty:
        return []
    n_cells = int(np.prod([len(factor.levels) for factor in factors.values()], dtype=float))
    is_empty = "is empty" if len(empty) == 1 else "are empty"
    which = listing(empty, at_most=_MOST_NAMED)
    return [f"{len(empty)} of {n_cells} cells of {':'.join(factors)} {is_empty} ({which})"]


def _empty_cells(factors: Sequence[Factor]) -> list[str]:
    """The combinations of levels that no row has, as `E1:Y24`."""
    sizes = [len(factor.levels) for factor in factors]
    code = np.zeros(len(factors[0].codes), dtype=np.int64)
    for factor in factors:
        code = code * len(factor.levels) + factor.codes
    counts = np.bincount(code, minlength=int(np.prod(sizes)))
    places = np.stack(np.unravel_index(np.flatnonzero(counts == 0), sizes), axis=1)
    return [":".join(factor.levels[i] for factor, i in zip(factors, place, strict=True)) for place in places]


def _nesting(a: str, factor: Factor, b: str, other: Factor) -> str:
    a_in_b, b_in_a = _lies_in(factor.codes, other.codes), _lies_in(other.codes, factor.codes)
    if a_in_b and b_in_a:
        return f"{a} and {b} group the rows in the same way"
    inner, outer = (a, b) if a_in_b else (b, a)
    return f"{inner} is nested in {outer}, each of its levels in one of {outer} alone" if a_in_b or b_in_a else ""


def _lies_in(inner: Positions, outer: Positions) -> bool:
    """Whether rows of one level of `inner` are of one level of `outer`."""
    pairs = np.unique(np.stack([inner, outer]), axis=1)
    return pairs.shape[1] == len(np.unique(inner))


def _is_line(values: Floats, other: Floats) -> bool:
    values, other = values - values.mean(), other - other.mean()
    size = float(other @ other)
    rest = values - other * (float(values @ other) / size if size else 0.0)
    return bool(np.linalg.norm(rest) <= _EXACT * np.linalg.norm(values))
