"""Group effects of a PyMC model, correlated where the formula says so.

For a term with k columns, levels j and standard deviations sd:

    b_j = diag(sd) L u_j,    u_j ~ N(0, I_k),    R = L L' ~ LKJ(eta)

L is built from canonical partial correlations, which under LKJ are independent and Beta on (-1, 1): the
density is normalised, can be drawn from without data, and needs no Cholesky factorisation.
"""

from collections.abc import Mapping

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayesmix.formula.design import GroupTerm, TermColumns
from bayesmix.modelling import layout
from bayesmix.modelling.correlations import add_correlations
from bayesmix.modelling.priors import Prior
from bayesmix.modelling.priors_pymc import to_pymc


def add_group_term(
    term: GroupTerm,
    random: tuple[GroupTerm, ...],
    priors: Mapping[str, Prior],
    *,
    centred: bool = False,
) -> TensorVariable:
    """Add the group effects of one random term to the current PyMC model.

    Parameters
    ----------
    term
        The random term.
    random
        All random terms of the design; they number the correlations of terms with the same group.
    priors
        Must hold the term's `sd_...` and, for k > 1, its `corr_...`.
    centred
        Sample b itself; by default u, which samples better unless every level has many rows.

    Returns
    -------
    TensorVariable
        What the term adds to the linear predictor, shape (n_obs,).

    Notes
    -----
    Free variables: `sd_<group>__<column>`; `<first effect>_offset` with u, for k = 1 along the dims of the
    effect, else (k, n_levels); for k > 1 the partial correlations as `correlations.add_correlations` says.
    With `centred` the effects are free themselves, for k > 1 as `<first effect>_offset`, (n_levels, k).
    Deterministic: the correlations and the effects, named as `layout` says.
    """
    _add_coords(term)
    sds = [to_pymc(priors[name], name) for name in layout.sd_names(term)]
    if term.k == 1:
        return _linear_predictor(term, [_single_effects(term, sds[0], centred=centred)])
    name = layout.corr_name(term, random)
    cholesky = add_correlations(name, layout.column_pairs(term), priors[name])
    scale = [[sd * entry for entry in row] for sd, row in zip(sds, cholesky, strict=True)]
    return _linear_predictor(term, _correlated_effects(term, scale, centred=centred))


def _add_coords(term: GroupTerm) -> None:
    coords: dict[str, tuple[str, ...]] = {}
    for owner in term.terms:
        *expression, level = layout.group_dims(owner, term)
        coords[level] = term.levels
        for dim in expression:
            coords[dim] = _expression_coords(owner, term)
    model = pm.modelcontext(None)
    model.add_coords({dim: values for dim, values in coords.items() if dim not in model.coords})


def _expression_coords(owner: TermColumns, term: GroupTerm) -> tuple[str, ...]:
    """The levels of a plain factor, else the names of the columns."""
    names = tuple(term.names[column] for column in owner.columns)
    bracket = f"{owner.label}["
    if owner.factors == (owner.label,) and all(name.startswith(bracket) for name in names):
        return tuple(name.removeprefix(bracket).removesuffix("]") for name in names)
    return names


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
    """Effects of a term with k columns, a vector (n_levels,) each; `scale` holds the rows of diag(sd) L."""
    name = f"{layout.group_variable(term.terms[0], term)}_offset"
    level = layout.group_dims(term.terms[0], term)[-1]
    column = f"{name}_dim"
    pm.modelcontext(None).add_coord(column, term.names)
    if centred:
        rows = [pt.stack([*row, *[pt.constant(0.0)] * (term.k - len(row))]) for row in scale]
        free = pm.MvNormal(name, np.zeros(term.k), chol=pt.stack(rows), dims=(level, column))
        effects = [free[:, position] for position in range(term.k)]
    else:
        free = pm.Normal(name, 0, 1, dims=(column, level))
        effects = [_weighted_sum(row, free) for row in scale]
    for owner in term.terms:
        own = [effects[position] for position in owner.columns]
        values = pt.stack(own) if layout.is_vector(owner) else own[0]
        pm.Deterministic(layout.group_variable(owner, term), values, dims=layout.group_dims(owner, term))
    return effects


def _weighted_sum(weights: list[TensorVariable], vectors: TensorVariable) -> TensorVariable:
    total = weights[0] * vectors[0]
    for position in range(1, len(weights)):
        total = total + weights[position] * vectors[position]
    return total


def _linear_predictor(term: GroupTerm, effects: list[TensorVariable]) -> TensorVariable:
    """Sum over columns of column x effect of the row's level; Z is never formed."""
    parts = []
    for values, effect in zip(term.columns.T, effects, strict=True):
        of_row = effect[term.index]
        parts.append(of_row if np.all(values == 1.0) else values * of_row)
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
