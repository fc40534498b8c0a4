"""How coefficients and group effects vary together about their estimates: Henderson's mixed-model equations.

    y = X beta + Z Lambda u + e,    u ~ N(0, I),    precision of the rows W (for counts Fisher's weights at the modes)
    H = I + Lambda'Z'WZ Lambda = R R',    G = R^-1 Lambda'Z'WX

Given beta, u - u~ has the covariance H^-1, and u~ moves with beta by -H^-1 Lambda'Z'WX. For rows x'beta + z'b let
f = R^-1 Lambda'z: their prediction errors have the covariance

    F F' + (X - F G) V (X - F G)',    V the covariance of the estimates of beta,

which with the V of least squares, (X'WX - G'G)^-1, is that of the inverse of Henderson's matrix. R keeps the arrow of
`laplace.curvature`, and nothing q x q is formed, q being all effects.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from bayesmix.arrays import Floats
from bayesmix.numerics.gaussian.arrangement import GroupColumns, effect_positions
from bayesmix.numerics.gaussian.dense import solve_lower
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.laplace.curvature import Curvature, factorise, scale_rows, times_rows
from bayesmix.numerics.laplace.incidence import Incidence, Rows, incidence


@dataclass(frozen=True)
class MixedEquations:
    """The factor R of H in `curvature`, and `carried` (q, p), the G above; `L` (k, k) of every term."""

    incidence: Incidence
    curvature: Curvature
    carried: Floats
    L: tuple[Floats, ...]


def mixed_equations(
    *, X: Floats, terms: tuple[GroupColumns, ...], L: tuple[Floats, ...], weights: Floats
) -> MixedEquations:
    """Factor the equations.

    Parameters
    ----------
    X
        Fixed part, shape (n_obs, p).
    terms
        The random terms.
    L
        The lower triangular factor (k, k) of the covariance of every term's effects; it may be singular.
    weights
        The precision of every row given its effects, shape (n_obs,).

    References
    ----------
    Henderson (1975), doi:10.2307/2529430
    """
    of_rows = incidence(terms, len(X))
    layout, order = of_rows.layout, of_rows.order
    width = of_rows.rows.z.shape[1]
    factors = np.zeros((len(layout.block_k), width, width))
    for place, factor in zip(layout.places, L, strict=True):
        factors[place.block, place.columns, place.columns] = factor
    scaled = scale_rows(of_rows.rows, factors)
    curvature = factorise(of_rows.rows, scaled, weights[order])
    weighted = X[order] * weights[order, None]
    carried = np.empty((X.shape[1], of_rows.n_effects))
    for column in range(X.shape[1]):
        carried[column] = times_rows(of_rows.rows, scaled, np.ascontiguousarray(weighted[:, column]))
    whiten(of_rows.rows, curvature, carried)
    return MixedEquations(of_rows, curvature, np.ascontiguousarray(carried.T), L)


def whitened_rows(equations: MixedEquations, random: tuple[csr_array, ...]) -> Floats:
    """F (m, q): R^-1 Lambda'z of some rows.

    Parameters
    ----------
    random
        Of every term (m, n_levels k): what multiplies its effects, level after level.
    """
    layout = equations.incidence.layout
    n_rows = random[0].shape[0] if random else 0
    values = np.zeros((n_rows, equations.incidence.n_effects))
    for place, factor, of_term in zip(layout.places, equations.L, random, strict=True):
        by_level = of_term.toarray().reshape(n_rows, place.n_levels, place.k)
        values[:, effect_positions(layout, place)] = by_level @ factor
    whiten(equations.incidence.rows, equations.curvature, values)
    return values


@kernel
def whiten(rows: Rows, curvature: Curvature, values: Floats) -> None:
    """values <- R^-1 of each row of values (m, q), in place; levels of block 0 whose numbers are all 0 cost nothing."""
    k, n_levels = rows.first[1], rows.start.shape[0] - 1
    for d in range(values.shape[0]):
        dense = values[d, n_levels * k :]
        for j in range(n_levels):
            own = values[d, j * k : (j + 1) * k]
            size = 0.0
            for r in range(k):
                size += abs(own[r])
            if size == 0.0:
                continue
            solve_lower(curvature.own[j], own)
            for e in range(rows.met_start[j], rows.met_start[j + 1]):
                for r in range(k):
                    dense[rows.met[e]] -= curvature.half[e, r] * own[r]
        solve_lower(curvature.lower, dense)
