"""The columns of tested fixed terms in the coordinates of a prior made for tests.

A term with a factor has orthonormal contrasts of the factor's levels, which add to 0 over the levels whatever their
numbers of rows are, and for an interaction their products (Rouder et al. 2012, doi:10.1016/j.jmp.2012.08.001, section
10): differences between levels have the same prior under every coding, and however rare a level is. A covariate in such
a product has its mean taken off and unit variance. A column of 0 and 1 is a factor of two levels.

All other tested columns together are replaced by what the columns of the smaller model leave of them, turned so that
they are uncorrelated and of unit variance: the prior of Zellner & Siow in the form of Bayarri & Garcia-Donato (2007,
doi:10.1093/biomet/asm014), which depends neither on units nor on the origin of a covariate.
"""

from dataclasses import dataclass
from functools import reduce
from math import sqrt

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import counted
from bayesmix.formula.coding import coding_within, columns_of
from bayesmix.formula.codings import coded_rows
from bayesmix.formula.columns import Factor
from bayesmix.formula.design import Design
from bayesmix.formula.syntax import Node
from bayesmix.formula.terms import Term, label_of
from bayesmix.formula.variables import Variables
from bayesmix.numerics.effect_bases import typical_weight

OF_FACTORS = 0.5
OF_COVARIATES = sqrt(2) / 4
"""Scales r of the Cauchy priors, "medium" in R's BayesFactor: Rouder et al. (2012); Rouder & Morey (2012)."""

_ROUNDING = 1e-7  # share of a column's length


@dataclass(frozen=True)
class TestedColumns:
    """Columns (n_obs, m) whose effects are independent, with one sd r sigma / |Z|: multivariate Cauchy.

    `label` names the terms, `scale` is r by default, `what` says whose effects have this scale.
    """

    label: str
    columns: Floats
    scale: float
    what: str


def tested_columns(larger: Design, smaller: Design) -> tuple[TestedColumns, ...]:
    """The columns of the fixed terms that `smaller` lacks: one record for each term with a factor, one for all others.

    Empty if all these columns depend on those of the smaller model.
    """
    terms = [term for term in larger.formula.fixed if term not in smaller.formula.fixed]
    by_levels = {term: columns for term in terms if (columns := _contrasts(term, larger, smaller)) is not None}
    others = [term for term in terms if term not in by_levels]
    own = [_own_columns(term, larger) for term in others]
    if _outside(larger.fixed.matrix, np.column_stack([smaller.fixed.matrix, *by_levels.values(), *own])):
        by_levels, others = {}, terms  # the contrasts do not make up the larger model: the columns as they are
    found = [_of_factor(term, columns, larger) for term, columns in by_levels.items()]
    if others:
        found.append(_of_covariates(others, larger, smaller))
    adds = _outside(np.column_stack([one.columns for one in found]), smaller.fixed.matrix)
    return tuple(found) if adds else ()


def _of_factor(term: Term, columns: Floats, design: Design) -> TestedColumns:
    m = columns.shape[1]
    what = counted(m, "orthonormal contrast")
    return TestedColumns(term.label, _at_typical_weight(columns, design), OF_FACTORS, what)


def _of_covariates(terms: list[Term], larger: Design, smaller: Design) -> TestedColumns:
    own = np.column_stack([_own_columns(term, larger) for term in terms])
    columns = _uncorrelated(own, smaller.fixed.matrix, larger.weights)
    label = " and ".join(term.label for term in terms)
    plain = smaller.fixed.matrix.shape[1] == 1
    what = "per sd of the column" if plain else "per sd of what the other columns leave"
    return TestedColumns(label, _at_typical_weight(columns, larger), OF_COVARIATES, what)


def _own_columns(term: Term, design: Design) -> Floats:
    owner = next(one for one in design.fixed.terms if one.label == term.label)
    return design.fixed.matrix[:, list(owner.columns)]


def _at_typical_weight(columns: Floats, design: Design) -> Floats:
    """Columns whose effects are in units of the residual sd of a row with the typical weight; their means are 0."""
    return (columns - columns.mean(axis=0)) / sqrt(typical_weight(design.weights))


def _contrasts(term: Term, larger: Design, smaller: Design) -> Floats | None:
    """The columns of a term with a factor; None for others, and if these span more than the larger model has."""
    variables = Variables(larger.formula.text, larger.data, larger.functions, dict(larger.learnt), new=True)
    parts = [_basis(node, term, larger, variables) for node in term.variables]
    factors = [part for part in parts if part is not None]
    if not factors:
        return None
    numbers = [node for node, part in zip(term.variables, parts, strict=True) if part is None]
    if numbers:
        factors.append(_numeric_part(term, numbers, larger, smaller, variables))
    columns = reduce(_products, factors)
    return None if _outside(columns, larger.fixed.matrix) else columns


def _basis(node: Node, term: Term, design: Design, variables: Variables) -> Floats | None:
    """Orthonormal contrasts of a factor's levels, row by row; all levels where the term without it is not there."""
    values = variables.variable(node)
    if not isinstance(values, Factor):
        if values.ndim == 1 and np.isin(values, (0.0, 1.0)).all():
            return (2 * values[:, None] - 1) / sqrt(2)
        return None
    coding = coding_within(node, values, term, design.formula.fixed, variables, all_levels=False)
    n_levels, m = len(values.levels), len(coding.names)
    weights = coded_rows(np.arange(n_levels), coding)
    if m < n_levels:
        weights = np.linalg.svd(weights - weights.mean(axis=0), full_matrices=False)[0]
    return weights[values.codes]


def _numeric_part(term: Term, nodes: list[Node], larger: Design, smaller: Design, variables: Variables) -> Floats:
    """The product of a term's covariates less what those of simpler terms with the same factors explain of it."""
    factors = {label for label in term.labels if label not in {label_of(node) for node in nodes}}
    simpler = [np.ones((larger.n_obs, 1))]
    for other in smaller.formula.fixed:
        further = [node for node in other.variables if label_of(node) not in factors]
        if factors <= set(other.labels) and further and not _has_factor(further, variables):
            simpler.append(reduce(_products, [_numbers(node, term, larger, variables) for node in further]))
    columns = reduce(_products, [_numbers(node, term, larger, variables) for node in nodes])
    return _uncorrelated(columns, np.column_stack(simpler), larger.weights)


def _has_factor(nodes: list[Node], variables: Variables) -> bool:
    return any(isinstance(variables.variable(node), Factor) for node in nodes)


def _numbers(node: Node, term: Term, design: Design, variables: Variables) -> Floats:
    return columns_of(node, term, design.formula.fixed, variables, False)[0]


def _products(first: Floats, second: Floats) -> Floats:
    """All products of a column of the one with a column of the other, (n_obs, m k)."""
    return (first[:, :, None] * second[:, None, :]).reshape(len(first), -1)


def _uncorrelated(columns: Floats, others: Floats, weights: Floats | None) -> Floats:
    """What `others` leave of `columns`, turned into uncorrelated columns with unit mean squares; none that is 0."""
    root = np.ones((len(columns), 1)) if weights is None else np.sqrt(weights / weights.mean())[:, None]
    turned, sizes, _ = np.linalg.svd(_left(root * columns, root * others), full_matrices=False)
    return turned[:, sizes > _ROUNDING] * sqrt(len(columns)) / root


def _outside(columns: Floats, others: Floats) -> bool:
    """Whether a column is no linear combination of `others`."""
    return bool((np.linalg.norm(_left(columns, others), axis=0) > _ROUNDING).any())


def _left(columns: Floats, others: Floats) -> Floats:
    """What linear combinations of `others` (n_obs, k), which may depend on each other, leave of unit `columns`."""
    axes, sizes, _ = np.linalg.svd(_unit(others), full_matrices=False)
    axes = axes[:, sizes > _ROUNDING]
    left = _unit(columns)
    for _ in range(2):  # the second time takes off what rounding left
        left = left - axes @ (axes.T @ left)
    return left


def _unit(columns: Floats) -> Floats:
    lengths = np.linalg.norm(columns, axis=0)
    return columns / np.where(lengths > 0, lengths, 1.0)
