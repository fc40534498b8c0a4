"""REML and ML estimates of theta = L / sigma and sigma."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.boundary_search import Patience, from_boundary, search
from bayesmix.numerics.effect_bases import packed_triangles, unit_bases
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.cost import value_cost
from bayesmix.numerics.gaussian.cross_products import CrossProducts
from bayesmix.numerics.gaussian.reml_criterion import in_bases

_SECONDS = 0.015  # for further starts
_MOST_STARTS = 8
_AROUND = 4e-5  # seconds that one step of the search takes beside its gradient, itself some three values
_BETTER = 1e-7
_AT_OPTIMUM = 1e-3
PATIENCE = Patience(tolerance=1e-7, rounds=12, steps=25, near_zero=0.03, least_gain=1e-9, wall=1e7)
"""The wall: the residual is nought where a sd, for columns of unit size, is ten million times sigma."""


@dataclass(frozen=True)
class RemlEstimate:
    """L_t (k, k) of every term, lower triangular with a diagonal >= 0, exact zeros on the boundary; `sigma`.

    `criterion`: -2 log of the restricted likelihood, or of the likelihood at the estimates (ML). `ranks`, of every
    term: below k on the boundary. `gradient_size`: greatest element of the projected gradient of the criterion by
    theta, for columns of unit size; `converged`: whether it is small.
    """

    L: tuple[Floats, ...]
    sigma: float
    criterion: float
    ranks: tuple[int, ...]
    gradient_size: float
    converged: bool


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
    starts = [packed_triangles(factors) for factors in _starts(coordinates.sizes, products)]
    best = from_boundary(search(coordinates, starts[0], np.empty(0), PATIENCE), _AT_OPTIMUM / 10, PATIENCE)
    for start in starts[1:]:
        other = search(coordinates, start, np.empty(0), PATIENCE)
        if other.criterion < best.criterion - _BETTER:
            best = from_boundary(other, _AT_OPTIMUM / 10, PATIENCE)
    _, sigma = best.coordinates.criterion_and_sigma(best.x)
    factors = tuple(factor * sigma for factor in best.factors)
    converged = sigma > 0 and best.gradient_size <= _AT_OPTIMUM
    return RemlEstimate(factors, sigma, best.criterion, best.ranks, best.gradient_size, converged)


def _starts(sizes: tuple[int, ...], products: CrossProducts) -> list[tuple[Floats, ...]]:
    """theta = identity, then others as far as time allows; the same ones for every fit of the same size."""
    n_steps = 15 + 5 * len(products.arrays.entries)
    further = int(_SECONDS / (n_steps * (3 * value_cost(products.arrays) + _AROUND))) if sizes else 0
    rng = np.random.default_rng(1)
    starts = [tuple(size * np.eye(k) for k in sizes) for size in (1.0, 0.3)]
    while len(starts) < _MOST_STARTS:
        starts.append(tuple(np.tril(rng.normal(size=(k, k))) * np.exp(1.5 * rng.normal()) for k in sizes))
    return starts[: 1 + further]
