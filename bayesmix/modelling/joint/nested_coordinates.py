"""Nested random intercepts as the compiled joint density samples them (`numerics.joint.nested`)."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.families.family import Family
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.modelling.parameters import FixedColumns
from bayesmix.numerics.joint.rough import RoughFit, places_of

type Arrays = list[Floats | Integers]

_LEAST_WEIGHT = 1e-10
"""The least weight of a row in the quadratic approximation, for a Poisson mean or p (1 - p) near 0."""


@dataclass(frozen=True)
class NestedFactors:
    """Nested random intercepts: `terms` are their positions in the design from the coarsest on; `parents` tell, of
    each level (n_levels,) of all but the first, which level of the term before holds it."""

    terms: tuple[int, ...]
    parents: tuple[Integers, ...]


def nested_factors(design: Design) -> NestedFactors | None:
    """The random terms as a chain of at least two nested intercepts; None if they are no such chain."""
    if len(design.random) < 2 or not all(_is_intercept(term) for term in design.random):
        return None
    order = sorted(range(len(design.random)), key=lambda number: design.random[number].n_levels)
    parents = []
    for outer, inner in pairwise(order):
        parent = _parents(design.random[outer], design.random[inner])
        if parent is None:
            return None
        parents.append(parent)
    return NestedFactors(tuple(order), tuple(parents))


def _is_intercept(term: GroupTerm) -> bool:
    return term.k == 1 and bool(np.all(term.columns == 1.0))


def _parents(outer: GroupTerm, inner: GroupTerm) -> Integers | None:
    """The level of `outer` that holds each level of `inner`; None if a level is in several, or has no row."""
    parent = np.full(inner.n_levels, -1, dtype=np.int64)
    parent[inner.index] = outer.index
    return parent if np.array_equal(parent[inner.index], outer.index) and parent.min(initial=0) >= 0 else None


def nested_parts(
    nested: NestedFactors, design: Design, family: Family, fixed: FixedColumns, rough: RoughFit, starts: list[int]
) -> Arrays:
    """The arrays that `numerics.joint.nested.NESTED_PARTS` names; each term's effects begin in q at its `starts`.

    Rows have their weights at the modes of the rough fit.
    """
    eta = linear_predictor(design, fixed, rough)
    trials = np.ones(design.n_obs) if design.response.trials is None else design.response.trials
    rows = family.record.laplace[family.link].terms(eta, design.response.values, trials)
    weights = np.maximum(rows.observed, _LEAST_WEIGHT)
    finest = design.random[nested.terms[-1]]

    def summed(values: Floats) -> Floats:
        return np.bincount(finest.index, values, minlength=finest.n_levels)

    chain = [(starts[number], design.random[number].n_levels, number) for number in nested.terms]
    columns = [summed(weights * column) for column in fixed.matrix.T]
    return [
        np.array(chain, dtype=np.int64),
        np.concatenate(nested.parents),
        summed(weights),
        summed(weights * (eta - design.offset) + rows.score),
        np.array(columns).reshape(-1, finest.n_levels).T.copy(),
    ]


def no_nested_parts() -> Arrays:
    """The arrays for effects that are not transformed."""
    empty = np.empty(0, dtype=np.int64)
    return [np.empty((0, 3), dtype=np.int64), empty, np.empty(0), np.empty(0), np.empty((0, 0)), np.empty(0)]


def linear_predictor(design: Design, fixed: FixedColumns, rough: RoughFit) -> Floats:
    """The linear predictor (n_obs,) at the modes of the rough fit."""
    eta = design.offset + fixed.matrix @ rough.coefficients
    for number, term in enumerate(design.random):
        effects = rough.u[places_of(rough.layout, number)] @ rough.L[number].T
        eta = eta + (term.columns * effects[term.index]).sum(axis=1)
    return eta
