"""Terms turned into columns: coded factors and numbers, by R's rule for when a factor needs all its levels."""

from collections.abc import Sequence

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import DataError, counted
from bayesmix.formula.codings import Coding, coded_rows, every_level
from bayesmix.formula.columns import Factor
from bayesmix.formula.design import TermColumns
from bayesmix.formula.syntax import Node
from bayesmix.formula.terms import INTERCEPT, Term, label_of
from bayesmix.formula.variables import Variables


def code_terms(terms: Sequence[Term], variables: Variables) -> tuple[Floats, tuple[str, ...], tuple[TermColumns, ...]]:
    """The columns of all terms side by side (n_obs, p), their names, and the terms that own them."""
    blocks: list[Floats] = []
    names: list[str] = []
    owners: list[TermColumns] = []
    all_levels_term = first_factor_without_intercept(terms, variables)
    for term in terms:
        factors: tuple[str, ...] = ()
        if term == INTERCEPT:
            block, block_names = np.ones((len(variables.data), 1)), ["Intercept"]
        else:
            block, block_names, factors = _code(term, terms, variables, term is all_levels_term)
        kind = "intercept" if term == INTERCEPT else "factor" if factors else "numeric"
        columns = tuple(range(len(names), len(names) + len(block_names)))
        label = "Intercept" if term == INTERCEPT else term.label
        owners.append(TermColumns(label, columns, kind, factors))
        blocks.append(block)
        names += block_names
    matrix = np.concatenate(blocks, axis=1) if blocks else np.empty((len(variables.data), 0))
    return matrix, tuple(names), tuple(owners)


def first_factor_without_intercept(terms: Sequence[Term], variables: Variables) -> Term | None:
    """Without an intercept the first factor has all its levels, as in R."""
    if INTERCEPT in terms:
        return None
    for term in terms:
        if len(term.variables) == 1 and isinstance(variables.variable(term.variables[0]), Factor):
            return term
    return None


def has_other_codings(terms: Sequence[Term], variables: Variables) -> bool:
    """Whether a factor among the terms is coded in another way than each level against the first."""
    for node in (node for term in terms for node in term.variables):
        factor = variables.variable(node)
        if isinstance(factor, Factor):
            first_left_out = np.arange(1, len(factor.levels))
            coding = variables.coding(node, factor)
            if coding.indicated is None or not np.array_equal(coding.indicated, first_left_out):
                return True
    return False


def _code(
    term: Term, terms: Sequence[Term], variables: Variables, all_levels: bool
) -> tuple[Floats, list[str], tuple[str, ...]]:
    """One term's columns: the product of its variables' columns, the first varying fastest."""
    block = np.ones((len(variables.data), 1))
    names = [""]
    factors = []
    for variable in term.variables:
        columns, labels, is_factor = columns_of(variable, term, terms, variables, all_levels)
        if is_factor:
            factors.append(label_of(variable))
        block = np.concatenate([block * columns[:, [j]] for j in range(columns.shape[1])], axis=1)
        names = [f"{name}:{label}" if name else label for label in labels for name in names]
    return block, names, tuple(factors)


def columns_of(
    variable: Node, term: Term, terms: Sequence[Term], variables: Variables, all_levels: bool
) -> tuple[Floats, list[str], bool]:
    """The columns (n_obs, m) of one variable as they enter one term, their names, and whether it is a factor."""
    label = label_of(variable)
    values = variables.variable(variable)
    if not isinstance(values, Factor):
        if values.ndim == 1:
            return values[:, None], [label], False
        return values, [f"{label}[{j + 1}]" for j in range(values.shape[1])], False
    if (values.codes < 0).any():
        row = int(np.flatnonzero(values.codes < 0)[0])
        raise DataError(
            f"'{label}' has {counted(int((values.codes < 0).sum()), 'value')} that the fit has not seen (first in row "
            f"{variables.data.index[row]}); its levels are {', '.join(values.levels)}."
        )
    if len(values.levels) < 2:
        raise DataError(
            f"Factor '{label}' has 1 level ({', '.join(values.levels)}) in the rows used; a factor needs 2. "
            "Leave it out."
        )
    coding = coding_within(variable, values, term, terms, variables, all_levels)
    return coded_rows(values.codes, coding), [f"{label}[{name}]" for name in coding.names], True


def coding_within(
    variable: Node, factor: Factor, term: Term, terms: Sequence[Term], variables: Variables, all_levels: bool
) -> Coding:
    """The coding of a factor in one term: its own where the term without it is in the model, else all levels."""
    coding = variables.coding(variable, factor)
    without = Term(tuple(v for v in term.variables if label_of(v) != label_of(variable)))
    margin_is_coded = (
        without in terms
        if without != INTERCEPT
        else not all_levels and (INTERCEPT in terms or len(term.variables) == 1)
    )
    return coding if margin_is_coded else every_level(factor.levels)
