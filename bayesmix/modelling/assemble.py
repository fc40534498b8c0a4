"""Arrays of draws as a posterior, under the names and dims that a sampled PyMC model gives them."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats, Integers
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.posterior import layout


def as_posterior(
    design: Design,
    *,
    fixed: Floats,
    sds: Sequence[Floats],
    correlations: Sequence[Floats],
    effects: Sequence[Floats | None],
    auxiliary: Mapping[str, Floats],
) -> xr.Dataset:
    """The posterior of a design from arrays whose first axes are (n_chains, n_draws).

    `fixed` (..., p) are the coefficients. Each random term has `sds` (..., k), `correlations` (..., k (k - 1) / 2) in
    the order of `layout.column_pairs`, and `effects` (..., n_levels, k); None for effects that are not kept.
    `auxiliary` are the draws (...) of further parameters, such as `sigma`, by name.
    """
    variables: dict[str, tuple[tuple[str, ...], Floats]] = {}
    n_chains, n_draws = fixed.shape[:2]
    coords: dict[str, Sequence[object]] = {"chain": range(n_chains), "draw": range(n_draws)}
    for owner in design.fixed.terms:
        values = fixed[:, :, list(owner.columns)]
        if layout.is_vector(owner):
            dim = layout.fixed_dim(owner)
            coords[dim] = layout.column_coords(owner, design.fixed.names)
            variables[layout.fixed_variable(owner)] = ((dim,), values)
        else:
            variables[layout.fixed_variable(owner)] = ((), values[..., 0])
    for term, term_sds, term_correlations, term_effects in zip(design.random, sds, correlations, effects, strict=True):
        for position, name in enumerate(layout.sd_names(term)):
            variables[name] = ((), term_sds[..., position])
        if term.k > 1:
            name = layout.corr_name(term, design.random)
            dim = layout.as_dim(f"{name}_dim")
            coords[dim] = [",".join(pair) for pair in layout.column_pairs(term)]
            variables[name] = ((dim,), term_correlations)
        if term_effects is not None:
            _add_effects(variables, coords, term, term_effects)
    variables |= {name: ((), values) for name, values in auxiliary.items()}
    named = {name: (("chain", "draw", *dims), values) for name, (dims, values) in variables.items()}
    return xr.Dataset(named, coords={dim: np.asarray(values, dtype=_kind(dim)) for dim, values in coords.items()})


def correlation_factors(packed: Floats, ks: Sequence[int] | Integers) -> list[tuple[Floats, Floats]]:
    """Standard deviations (n, k) and rows (n, k, k) of each term; rows @ rows' is its correlation matrix.

    `packed` (n, n_packed) holds the lower triangles of every term's factor, row by row, one term after the other.
    """
    factors, start = [], 0
    for k in ks:
        L = np.zeros((len(packed), k, k))
        L[:, *np.tril_indices(k)] = packed[:, start : start + k * (k + 1) // 2]
        sd = np.sqrt((L**2).sum(axis=2))
        factors.append((sd, L / sd[:, :, None]))
        start += k * (k + 1) // 2
    return factors


def _add_effects(
    variables: dict[str, tuple[tuple[str, ...], Floats]],
    coords: dict[str, Sequence[object]],
    term: GroupTerm,
    effects: Floats,
) -> None:
    for owner in term.terms:
        *expression, level = layout.group_dims(owner, term)
        coords[level] = term.levels
        values = effects[..., list(owner.columns)]
        for dim in expression:
            coords[dim] = layout.column_coords(owner, term.names)
        values = np.moveaxis(values, -1, -2) if expression else values[..., 0]
        variables[layout.group_variable(owner, term)] = ((*expression, level), values)


def _kind(dim: str) -> type:
    return np.int64 if dim in ("chain", "draw") else object
