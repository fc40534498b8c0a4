"""Group effects of a PyMC model, correlated where the formula says so.

For a term with k columns, levels j and standard deviations sd:

    b_j = diag(sd) L u_j,    u_j ~ N(0, I_k),    R = L L' ~ LKJ(eta)

L is built from canonical partial correlations (Lewandowski, Kurowicka & Joe 2009, doi:10.1016/j.jmva.2009.04.008).
Under LKJ the partial correlation of columns i < j given the columns before i is Beta on (-1, 1), independent of the
others; the map from the partials to R carries the product of Betas to det(R)^(eta - 1), normalised. So R can be drawn
without data, and no Cholesky factorisation is needed. Scalars are written out: a product of small matrices costs
seconds of compilation and slower gradients.
"""

from collections.abc import Mapping

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayesmix.formula.design import GroupTerm
from bayesmix.modelling.parameters import partial_shapes
from bayesmix.modelling.pymc_model.priors import to_pymc
from bayesmix.posterior import layout
from bayesmix.priors.prior import Prior


def add_group_term(
    term: GroupTerm, random: tuple[GroupTerm, ...], priors: Mapping[str, Prior], *, centred: bool = False
) -> TensorVariable:
    """Add the effects of `term` to the current PyMC model; the result is its part of the linear predictor (n_obs,).

    `random` are all random terms of the design, which number the correlations of terms with the same group. `priors`
    hold the term's `sd_...` and, for k > 1, its `corr_...`. With `centred` the effects b are sampled themselves; by
    default u is, which samples better unless every level has many rows.

    Notes
    -----
    Free variables: `sd_<group>__<column>`; `<first effect>_offset` with u, for k = 1 along the dims of the effect, else
    (k, n_levels); for k > 1 `<correlations>_partial` (a comma as `;`) on (0, 1), where the partial correlations are
    2 x - 1. With `centred` the effects are free themselves; those of a factor column by column,
    `<column>|<group>_offset`. Deterministic: the correlations and the effects, named as `layout` says.
    """
    _add_coords(term)
    sds = [to_pymc(priors[name], name) for name in layout.sd_names(term)]
    if term.k == 1:
        return _linear_predictor(term, [_single_effects(term, sds[0], centred=centred)])
    name = layout.corr_name(term, random)
    cholesky = _add_correlations(name, layout.column_pairs(term), term.k, priors[name])
    scale = [[sd * entry for entry in row] for sd, row in zip(sds, cholesky, strict=True)]
    return _linear_predictor(term, _correlated_effects(term, scale, centred=centred))


def _add_coords(term: GroupTerm) -> None:
    coords: dict[str, tuple[str, ...]] = {}
    for owner in term.terms:
        *expression, level = layout.group_dims(owner, term)
        coords[level] = term.levels
        for dim in expression:
            coords[dim] = layout.column_coords(owner, term.names)
    model = pm.modelcontext(None)
    model.add_coords({dim: values for dim, values in coords.items() if dim not in model.coords})


def _add_correlations(
    name: str, pairs: tuple[tuple[str, str], ...], k: int, prior: Prior
) -> list[list[TensorVariable]]:
    """Add the correlations of k columns under LKJ; the result has the rows L[j, 0] .. L[j, j] of the factor of R.

    They lie along `<name>_dim`, one for each of the `pairs` of columns in the order of `layout.column_pairs`.
    """
    dim = layout.as_dim(f"{name}_dim")
    pm.modelcontext(None).add_coord(dim, [",".join(pair) for pair in pairs])
    shapes = partial_shapes(prior.args[0], k)
    partials = 2 * pm.Beta(layout.as_dim(f"{name}_partial"), shapes, shapes, dims=dim) - 1
    rows = _cholesky_rows(partials, k)
    pm.Deterministic(name, partials if len(pairs) == 1 else _products(rows), dims=dim)
    return rows


def _cholesky_rows(partials: TensorVariable, k: int) -> list[list[TensorVariable]]:
    """Rows of L: L[j, i] = partial[i, j] sqrt(prod over m < i of (1 - partial[m, j]^2)), partial[j, j] = 1."""
    shrinkage = pt.sqrt(1 - partials**2)
    rows: list[list[TensorVariable]] = [[pt.constant(1.0)]]
    pair = 0
    for row in range(1, k):
        entries: list[TensorVariable] = []
        remaining: TensorVariable = pt.constant(1.0)
        for _ in range(row):
            entries.append(partials[pair] * remaining)
            remaining = remaining * shrinkage[pair]
            pair += 1
        rows.append([*entries, remaining])
    return rows


def _products(rows: list[list[TensorVariable]]) -> TensorVariable:
    """R = L L' below the diagonal, row by row."""
    below = []
    for j in range(1, len(rows)):
        for i in range(j):
            below.append(sum(rows[j][m] * rows[i][m] for m in range(1, i + 1)) + rows[j][0] * rows[i][0])
    return pt.stack(below)


def _single_effects(term: GroupTerm, sd: TensorVariable, *, centred: bool) -> TensorVariable:
    """Effects of a term with one column, shape (n_levels,)."""
    (owner,) = term.terms
    name, dims = layout.group_variable(owner, term), layout.group_dims(owner, term)
    if centred:
        effects = pm.Normal(name, 0, sd, dims=dims)
    else:
        effects = pm.Deterministic(name, sd * pm.Normal(f"{name}_offset", 0, 1, dims=dims), dims=dims)
    return effects[0] if layout.is_vector(owner) else effects


def _correlated_effects(term: GroupTerm, scale: list[list[TensorVariable]], *, centred: bool) -> list[TensorVariable]:
    """Effects of a term with k columns, each a vector (n_levels,); `scale` holds the rows of diag(sd) L."""
    if centred:
        effects = _conditional_effects(term, scale)
    else:
        name = f"{layout.group_variable(term.terms[0], term)}_offset"
        pm.modelcontext(None).add_coord(layout.as_dim(f"{name}_dim"), term.names)
        u = pm.Normal(name, 0, 1, dims=(layout.as_dim(f"{name}_dim"), _level_dim(term)))
        effects = [_weighted_sum(row, [u[position] for position in range(len(row))]) for row in scale]
    for owner in term.terms:
        name, dims = layout.group_variable(owner, term), layout.group_dims(owner, term)
        if layout.is_vector(owner):
            pm.Deterministic(name, pt.stack([effects[position] for position in owner.columns]), dims=dims)
        elif not centred:
            pm.Deterministic(name, effects[owner.columns[0]], dims=dims)
    return effects


def _conditional_effects(term: GroupTerm, scale: list[list[TensorVariable]]) -> list[TensorVariable]:
    """The multivariate normal as a chain of normals, each given the columns before it; no matrix is formed."""
    vector_columns = {column for owner in term.terms if layout.is_vector(owner) for column in owner.columns}
    scalar_names = {owner.columns[0]: layout.group_variable(owner, term) for owner in term.terms}
    effects: list[TensorVariable] = []
    standardised: list[TensorVariable] = []
    for position, (*before, diagonal) in enumerate(scale):
        in_vector = position in vector_columns
        name = f"{term.names[position]}|{term.group}_offset" if in_vector else scalar_names[position]
        mean = _weighted_sum(before, standardised) if before else 0.0
        effects.append(pm.Normal(name, mean, diagonal, dims=_level_dim(term)))
        standardised.append((effects[-1] - mean) / diagonal)
    return effects


def _level_dim(term: GroupTerm) -> str:
    return layout.group_dims(term.terms[0], term)[-1]


def _weighted_sum(weights: list[TensorVariable], vectors: list[TensorVariable]) -> TensorVariable:
    total = weights[0] * vectors[0]
    for weight, vector in zip(weights[1:], vectors[1:], strict=True):
        total = total + weight * vector
    return total


def _linear_predictor(term: GroupTerm, effects: list[TensorVariable]) -> TensorVariable:
    """The sum over columns of column times effect of the row's level; Z is never formed."""
    parts = []
    for values, effect in zip(term.columns.T, effects, strict=True):
        of_row = effect[term.index]
        parts.append(of_row if np.all(values == 1.0) else values * of_row)
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
