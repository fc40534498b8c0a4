"""REML and ML estimates of theta = L / sigma and sigma."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.cost import value_cost
from bayesmix.numerics.gaussian.cross_products import CrossProducts
from bayesmix.numerics.gaussian.reml_coordinates import (
    in_bases,
    packed_triangles,
    sizes_of,
    unit_bases,
    value_at,
)
from bayesmix.numerics.gaussian.reml_search import Optimum, search

Floats = NDArray[np.float64]

_SECONDS = 0.015  # for further starts
_MOST_STARTS = 8
_AROUND = 4e-5  # seconds that one step of the search takes beside its gradient, itself some three values
_BETTER = 1e-7
_AT_OPTIMUM = 1e-3


@dataclass(frozen=True)
class RemlEstimate:
    """L_t (k, k) of every term, lower triangular with a diagonal >= 0, exact zeros on the boundary; `sigma`.

    `criterion`: -2 log of the restricted likelihood, or of the likelihood at the estimates (ML). `ranks`, of every
    term: below k on the boundary. `gradient_size`: greatest element of the projected gradient of the criterion by
    theta, for columns of unit size; `converged`: whether it is small. `n_starts` searches were made.
    """

    L: tuple[Floats, ...]
    sigma: float
    criterion: float
    ranks: tuple[int, ...]
    gradient_size: float
    converged: bool
    n_starts: int


def reml_estimate(*, products: CrossProducts, terms: tuple[GroupColumns, ...], restricted: bool = True) -> RemlEstimate:
    """Minimise the REML criterion, or the ML deviance, over all covariances of the group effects.

    Parameters
    ----------
    products
        The data, from `cross_products`.
    terms
        The random terms that `products` was made of.
    restricted
        True for REML, False for ML.

    Returns
    -------
    RemlEstimate

    Notes
    -----
    The criterion can have more than one minimum: small models are searched from several starts, large ones from one.
    Every search that ends on the boundary looks inwards, and goes on where the criterion falls there.

    References
    ----------
    Bates, Mächler, Bolker & Walker (2015), doi:10.18637/jss.v067.i01
    """
    coordinates = in_bases(products, unit_bases(terms, products.typical_weight), restricted=restricted)
    starts = _starts(sizes_of(coordinates), products)
    best = _from_boundary(search(coordinates, starts[0]))
    for start in starts[1:]:
        other = search(coordinates, start)
        if other.criterion < best.criterion - _BETTER:
            best = _from_boundary(other)
    _, sigma = value_at(best.coordinates, packed_triangles(tuple(np.diag(sd) for sd in best.sds)))
    ranks = tuple(int((sd > 0).sum()) for sd in best.sds)
    factors = tuple(
        lower_triangle(basis[:, :rank] * sd[:rank], np.abs(basis).max(axis=1, initial=0.0)) * sigma
        for basis, sd, rank in zip(best.coordinates.bases, best.sds, ranks, strict=True)
    )
    converged = sigma > 0 and best.gradient_size <= _AT_OPTIMUM
    return RemlEstimate(factors, sigma, best.criterion, ranks, best.gradient_size, converged, len(starts))


def _starts(sizes: tuple[int, ...], products: CrossProducts) -> list[tuple[Floats, ...]]:
    """theta = identity, then others as far as time allows; the same ones for every fit of the same size."""
    n_steps = 15 + 5 * len(products.arrays.entries)
    further = int(_SECONDS / (n_steps * (3 * value_cost(products.arrays) + _AROUND))) if sizes else 0
    rng = np.random.default_rng(1)
    starts = [tuple(size * np.eye(k) for k in sizes) for size in (1.0, 0.3)]
    while len(starts) < _MOST_STARTS:
        starts.append(tuple(np.tril(rng.normal(size=(k, k))) * np.exp(1.5 * rng.normal()) for k in sizes))
    return starts[: 1 + further]


def _from_boundary(optimum: Optimum) -> Optimum:
    """Go on inwards from a boundary that is no optimum."""
    for _ in range(sum(map(len, optimum.sds))):
        if not optimum.ascent < -_AT_OPTIMUM / 10:
            break
        factors = tuple(_inwards(sd, direction) for sd, direction in zip(optimum.sds, optimum.inwards, strict=True))
        other = search(optimum.coordinates, factors)
        if not other.criterion < optimum.criterion:
            break
        optimum = other
    return optimum


def _inwards(sd: Floats, direction: Floats) -> Floats:
    """Lower triangle with a sd of 0.1 along `direction`, whose leading numbers are 0 where sd is not."""
    factor = np.diag(sd)
    if direction.any():
        rank = int((sd > 0).sum())
        factor[:, rank] = 0.1 * direction
    return factor


def lower_triangle(columns: Floats, units: Floats) -> Floats:
    """Lower triangular L (k, k), diagonal >= 0, with L L' = columns columns'; columns (k, rank).

    A row that depends on those before it has an exact 0 on the diagonal, a row without length is exactly 0; `units`
    (k,) is what a row's length is compared with.
    """
    k, rank = columns.shape
    L, axes = np.zeros((k, k)), np.zeros((rank, 0))
    pivots: list[int] = []
    for i, row in enumerate(columns):
        length = float(np.linalg.norm(row))
        if not length > 1e-9 * units[i]:
            continue
        along = axes.T @ row
        rest = row - axes @ along
        again = axes.T @ rest
        along, rest = along + again, rest - axes @ again
        L[i, pivots] = along
        left = float(np.linalg.norm(rest))
        # With full rank nothing depends on anything, however near it comes.
        if len(pivots) < rank and (rank == k or left > 1e-9 * length):
            L[i, i] = left
            axes, pivots = np.column_stack([axes, rest / left]), [*pivots, i]
    return L
