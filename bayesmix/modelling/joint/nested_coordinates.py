"""Nested random intercepts as the compiled joint density samples them (`numerics.joint.nested_effects`)."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bayesmix.arrays import Floats, Integers
from bayesmix.families.family import Family
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.modelling.fixed_columns import FixedColumns
from bayesmix.numerics.gaussian.arrangement import effect_positions
from bayesmix.numerics.joint.rough_fit import RoughFit

_LEAST_WEIGHT = 1e-10
"""Of a row in the quadratic approximation, where a Poisson mean or p (1 - p) is all but 0."""


@dataclass(frozen=True)
class NestedFactors:
    """Random intercepts of which each is nested in the next: `terms`, their numbers in the design from the coarsest on;
    `parents`, of all but the first the level (n_levels,) of the one before that holds each level."""

    terms: tuple[int, ...]
    parents: tuple[Integers, ...]


def nested_factors(design: Design) -> NestedFactors | None:
    """The random terms as a chain of at least two nested intercepts; None if they are none."""
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
    """The level of `outer` that holds each level of `inner`; None where a level is in several, or has no row."""
    parent = np.full(inner.n_levels, -1, dtype=np.int64)
    parent[inner.index] = outer.index
    return parent if np.array_equal(parent[inner.index], outer.index) and parent.min(initial=0) >= 0 else None


def nested_parts(
    nested: NestedFactors, design: Design, family: Family, fixed: FixedColumns, rough: RoughFit, starts: list[int]
) -> list[NDArray]:
    """What `numerics.joint.nested_effects` names; `starts`, of every term where its effects begin in q.

    Rows weigh as at the modes of the rough fit.
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


def no_nested_parts() -> list[NDArray]:
    """Where effects are not transformed."""
    empty = np.empty(0, dtype=np.int64)
    return [np.empty((0, 3), dtype=np.int64), empty, np.empty(0), np.empty(0), np.empty((0, 0)), np.empty(0)]


def linear_predictor(design: Design, fixed: FixedColumns, rough: RoughFit) -> Floats:
    """At the modes of the rough fit, (n_obs,)."""
    eta = design.offset + fixed.matrix @ rough.coefficients
    for number, term in enumerate(design.random):
        effects = rough.u[effect_positions(rough.layout, rough.layout.places[number])] @ rough.L[number].T
        eta = eta + (term.columns * effects[term.index]).sum(axis=1)
    return eta
