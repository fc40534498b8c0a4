"""A mixed model for counts as the compiled joint density reads it; nothing is compiled for a new model or new data.

It covers Bernoulli and binomial models with logit link and Poisson models with log link. The parameters and their order
are those of the PyMC model (`fit.pymc_model`), and so is the density, to the last term.
"""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import solve_triangular

from bayesmix.arrays import Floats, Integers
from bayesmix.formula.design import Design
from bayesmix.modelling.joint.coordinates import (
    Arrays,
    NestedFactors,
    has_unbounded_coefficients,
    nested_factors,
    nested_parts,
    no_nested_parts,
    start_of,
)
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.parameters import FixedColumns, coefficient_numbers, fixed_columns, theta_priors
from bayesmix.numerics.buffer import pack
from bayesmix.numerics.gaussian.arrangement import effect_positions
from bayesmix.numerics.joint.rough_fit import RoughFit
from bayesmix.numerics.row_codes import IN_JOINT
from bayesmix.posterior import layout
from bayesmix.priors.prior import coefficient_kind

_DENSE_PER_ROW = 4
"""Untying saves time if the square of the number of effects outside the largest factor is at most so many times the
number of rows."""


def has_kernel(model: MixedModel) -> bool:
    """Whether the compiled density covers a model."""
    family = model.family
    in_joint = family.record.row_codes.get(family.link) in IN_JOINT
    return in_joint and not family.auxiliary and has_unbounded_coefficients(model)


def kernel_buffer(model: MixedModel, *, centred: tuple[bool, ...], rough: RoughFit | None) -> Floats:
    """Data, priors and coordinates in one buffer, as `numerics.joint` reads it.

    `centred` tells of every term whether its effects themselves are sampled. Without `rough` q is sampled as it is.
    """
    design, priors = model.design, model.priors
    fixed = fixed_columns(design)
    data = _data(model, fixed)
    return pack([
        *data,
        np.array([term.k for term in design.random], dtype=np.int64),
        np.array([term.n_levels for term in design.random], dtype=np.int64),
        np.array(centred, dtype=np.int64),
        np.array([coefficient_kind(priors[name]) for name in fixed.names], dtype=np.int64),
        coefficient_numbers(fixed, priors),
        *theta_priors(design, priors),
        *_coordinates(model, fixed, centred, rough, n_rows=len(data[2])),
    ])  # fmt: skip


def _data(model: MixedModel, fixed: FixedColumns) -> Arrays:
    """The rows; equal rows are counted once, since only the sums of their successes and trials matter."""
    design, family = model.design, model.family
    y, n_obs = design.response.values, design.n_obs
    trials = np.ones(n_obs) if design.response.trials is None else design.response.trials
    constant = family.record.laplace[family.link].log_constant(y, trials)
    columns = np.column_stack([np.empty((n_obs, 0)), *[term.columns for term in design.random]])
    levels = [np.asarray(term.index, dtype=np.int64) for term in design.random]
    first_cell, cell = _distinct([*fixed.matrix.T], n_obs)
    first, row = _distinct([*levels, cell, *columns.T, design.offset], n_obs)
    summed = [np.bincount(row, values, minlength=len(first)) for values in (y, trials)]
    plain = np.all(columns == 1.0, axis=0).astype(np.int64)
    return [
        np.array([family.record.row_codes[family.link]]),
        np.array([constant]),
        *summed,
        design.offset[first],
        cell[first],
        fixed.matrix[first_cell],
        np.array([index[first] for index in levels], dtype=np.int64).reshape(len(levels), len(first)),
        np.ascontiguousarray(columns[first].T),
        plain,
    ]


def _distinct(columns: Sequence[Floats | Integers], n_rows: int) -> tuple[Integers, Integers]:
    """The first one of each set of equal rows, ascending by the first column, and the set that each row is in."""
    if not columns:
        return np.zeros(min(n_rows, 1), dtype=np.int64), np.zeros(n_rows, dtype=np.int64)
    order = np.lexsort(columns[::-1])
    new = np.zeros(n_rows, dtype=bool)
    new[:1] = True
    for column in columns:
        new[1:] |= column[order][1:] != column[order][:-1]
    group = np.empty(n_rows, dtype=np.int64)
    group[order] = np.cumsum(new) - 1
    return order[new], group


def _coordinates(
    model: MixedModel, fixed: FixedColumns, centred: tuple[bool, ...], rough: RoughFit | None, *, n_rows: int
) -> Arrays:
    design, priors = model.design, model.priors
    p = len(fixed.names)
    starts, n = effect_starts(design, p)
    centre, diagonal = np.zeros(n), np.ones(n)
    if rough is None:
        return [centre, diagonal, *_no_arrow(), *no_nested_parts()]
    nested = None if any(centred) else nested_factors(design)
    if nested is not None:
        return _nested(nested, model, fixed, rough)
    locations, scales, _ = coefficient_numbers(fixed, priors).T
    arranged = rough.layout
    position = np.empty(len(rough.u), dtype=np.int64)
    width = int(arranged.block_k.max(initial=0))
    turns = np.zeros((len(arranged.block_k), width, width))
    turned = np.empty(len(rough.u))
    for t, place in enumerate(arranged.places):
        places = effect_positions(arranged, place)
        if t < len(design.random):
            term, at = design.random[t], starts[t]
            at_theta = at - term.k * (term.k + 1) // 2
            centre[at_theta:at], diagonal[at_theta:at] = start_of(rough.L[t], term, priors, rough.shares[t])
            position[places] = at + np.arange(term.n_levels)[:, None] + term.n_levels * np.arange(term.k)
            turn = rough.L[t] if centred[t] else np.eye(term.k)
        else:
            position[places] = np.arange(p)
            turn = np.diag(scales)
        stretch = slice(place.first, place.first + place.k)
        turns[place.block, stretch, stretch] = turn
        turned[places] = rough.u[places] @ turn.T
        diagonal[position[places]] = np.sqrt(np.maximum(rough.variances[places] @ (turn**2).T, 1e-12))
    centre[position] = turned
    centre[:p] += locations
    if arranged.n_dense**2 > _DENSE_PER_ROW * n_rows:
        return [centre, diagonal, *_no_arrow(), *no_nested_parts()]
    diagonal[position] = 0.0
    m = len(rough.curvature.lower)
    inverse = solve_triangular(np.tril(rough.curvature.lower), np.eye(m), lower=True) if m else np.empty((0, 0))
    return [
        centre, diagonal, rough.curvature.own, rough.curvature.half, inverse, rough.met_start, rough.met, position,
        turns, arranged.block_k, arranged.block_levels, *no_nested_parts(),
    ]  # fmt: skip


def _no_arrow() -> Arrays:
    none = np.empty(0, dtype=np.int64)
    return [np.empty((0, 0, 0)), np.empty((0, 0)), np.empty((0, 0)), none, none, none, np.empty((0, 0, 0)), none, none]


def _nested(nested: NestedFactors, model: MixedModel, fixed: FixedColumns, rough: RoughFit) -> Arrays:
    """The coordinates for nested intercepts: coefficients untied among themselves, effects as in `nested_effects`."""
    design, priors, p = model.design, model.priors, len(fixed.names)
    starts, n = effect_starts(design, p)
    centre, diagonal = np.zeros(n), np.ones(n)
    centre[:p], diagonal[:p] = rough.coefficients, 0.0
    scales_of_sds = []
    for number in nested.terms:
        term, place = design.random[number], slice(starts[number] - 1, starts[number])
        centre[place], diagonal[place] = start_of(rough.L[number], term, priors, rough.shares[number])
        scale = float(rough.L[number][0, 0]) if priors[layout.sd_names(term)[0]].distribution.of_sigma else 0.0
        if scale:
            centre[place], diagonal[place] = np.arcsinh(1.0), diagonal[place] / np.sqrt(2)
        scales_of_sds.append(scale)
    _, scales, _ = coefficient_numbers(fixed, priors).T
    ones = np.ones(min(p, 1), dtype=np.int64)
    return [
        centre, diagonal, np.empty((0, 1, 1)), np.empty((0, 1)), _inverse_factor(rough.coefficient_covariance),
        np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int64), np.arange(p), np.diag(scales)[None], p * ones, ones,
        *nested_parts(nested, design, model.family, fixed, rough, starts), np.array(scales_of_sds),
    ]  # fmt: skip


def _inverse_factor(covariance: Floats) -> Floats:
    """Lower triangular M with M'M = `covariance`."""
    backwards = covariance[::-1, ::-1]
    return np.linalg.cholesky(backwards)[::-1, ::-1].T.copy()


def effect_starts(design: Design, p: int) -> tuple[list[int], int]:
    """The positions in q where the effects of each term begin, and the length of q."""
    starts, at = [], p
    for term in design.random:
        at += term.k * (term.k + 1) // 2
        starts.append(at)
        at += term.k * term.n_levels
    return starts, at
