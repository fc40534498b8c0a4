"""Coordinates of the compiled joint density: a rough fit, the terms that are sampled centred, and nested intercepts.

Nested random intercepts are sampled as in `numerics.joint.nested_effects`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.families.family import Family, read_family
from bayesmix.formula.design import Design, GroupTerm, Response
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.parameters import FixedColumns, coefficient_numbers, fixed_columns, on_the_line
from bayesmix.numerics.gaussian.arrangement import GroupColumns, effect_positions
from bayesmix.numerics.joint.rough_fit import RoughFit, rough_fit
from bayesmix.numerics.prior_codes import UNBOUNDED
from bayesmix.numerics.prior_densities import standard_deviation
from bayesmix.parallel import one_blas_thread
from bayesmix.posterior import layout
from bayesmix.priors.prior import Prior, coefficient_kind, sd_prior

type Arrays = list[Floats | Integers]

_GRID = np.linspace(-12.0, 12.0, 481)
_LEAST_SHARE = 0.5
_LEAST_WEIGHT = 1e-10
"""The least weight of a row in the quadratic approximation, for a Poisson mean or p (1 - p) near 0."""


def has_unbounded_coefficients(model: MixedModel) -> bool:
    """Whether no coefficient has a prior between bounds."""
    names = model.design.fixed.names
    return all(coefficient_kind(model.priors[name]) in UNBOUNDED for name in names)


def rough_fit_of(model: MixedModel) -> RoughFit | None:
    """A rough fit; None for families and priors that it does not cover, and if the numbers do not allow one."""
    design, priors = model.design, model.priors
    likelihood = model.family.record.laplace.get(model.family.link)
    if likelihood is None or not has_unbounded_coefficients(model):
        return None
    fixed = fixed_columns(design)
    locations, scales, _ = coefficient_numbers(fixed, priors).T
    trials = np.ones(design.n_obs) if design.response.trials is None else design.response.trials
    terms = tuple(GroupColumns(term.index, term.columns, term.n_levels) for term in design.random)
    sds = tuple(np.array([typical_sd(priors[name]) for name in layout.sd_names(term)]) for term in design.random)
    with one_blas_thread(), np.errstate(all="ignore"):
        return rough_fit(
            y=design.response.values,
            trials=trials,
            offset=design.offset,
            X=fixed.matrix,
            locations=locations,
            scales=scales,
            terms=terms,
            sds=sds,
            likelihood=likelihood,
        )


def centred_terms(rough: RoughFit | None, n_terms: int) -> tuple[bool, ...]:
    """Which terms are sampled centred: those about whose effects the data tell more than the sd does.

    Such effects hardly depend on their sd, whereas b / sd does. For effects about which the data tell little it is the
    other way round (Papaspiliopoulos, Roberts & Sköld 2007, doi:10.1214/088342307000000014).
    """
    return (False,) * n_terms if rough is None else tuple(share > _LEAST_SHARE for share in rough.shares)


def centred_terms_of_categories(model: MixedModel) -> tuple[bool, ...]:
    """The same for the terms of all categories' predictors, from rough fits of each category against all others."""
    design, family = model.design, read_family("bernoulli")
    centred: tuple[bool, ...] = ()
    for number, (name, part) in enumerate(design.parts.items(), start=2):
        seen = replace(part, response=Response(name, (design.response.values == number).astype(float)))
        intercept = {"Intercept": model.priors[part.fixed.intercept]} if part.fixed.intercept else {}
        rough = rough_fit_of(MixedModel(seen, family, {**model.priors, **intercept})) if part.random else None
        centred += centred_terms(rough, len(part.random))
    return centred


def typical_sd(prior: Prior) -> float:
    """The sd at the mode of the prior's density on the whole line."""
    kind, numbers = sd_prior(prior)
    at = [standard_deviation(kind, *numbers, x) for x in _GRID]
    return float(at[int(np.argmax([density for _, _, density, _ in at]))][0])


def start_of(L: Floats, term: GroupTerm, priors: Mapping[str, Prior], share: float) -> tuple[Floats, Floats]:
    """Start and spread of a term's variance parameters (k (k + 1) / 2,) on the whole line."""
    sds = np.sqrt((L**2).sum(axis=1))
    at = [on_the_line(sd, priors[name]) for sd, name in zip(sds, layout.sd_names(term), strict=True)]
    for row in range(1, term.k):
        remaining = 1.0
        for column in range(row):
            partial = np.clip(L[row, column] / (sds[row] * np.sqrt(remaining)), -0.95, 0.95)
            at.append(float(np.log((1 + partial) / (1 - partial))))
            remaining *= 1 - partial**2
    # The log of a sd seen in J levels has the sd 1 / sqrt(2 J); a level counts as far as the data tell about it.
    spread = 1 / np.sqrt(2 * (1 + term.n_levels * share**2))
    return np.array(at), np.array([spread] * term.k + [2 * spread] * (len(at) - term.k))


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
    """The arrays that `numerics.joint.nested_effects` names; each term's effects begin in q at its `starts`.

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
        effects = rough.u[effect_positions(rough.layout, rough.layout.places[number])] @ rough.L[number].T
        eta = eta + (term.columns * effects[term.index]).sum(axis=1)
    return eta
