"""Exact draws of the coefficients and group effects, one for each of many values of L and sigma."""

import numpy as np
from numpy.typing import NDArray

from bayesmix.numerics.gaussian.coefficient_prior import WorkingPrior, original_coefficients
from bayesmix.numerics.gaussian.conditional import ConditionalDraws, dense_columns, draw_spherical
from bayesmix.numerics.gaussian.cross_products import Arrays, CrossProducts
from bayesmix.numerics.kernels import kernel

Floats = NDArray[np.float64]

_NORMALS_AT_ONCE = 2**21


@kernel
def draw_spherical_at_each(
    arrays: Arrays, prior: WorkingPrior, packed: Floats, normals: Floats, fixed: Floats, levels: Floats, others: Floats
) -> None:
    """`draw_spherical` once for each row of `packed` (n_draws, n_packed); the other shapes as there."""
    for d in range(packed.shape[0]):
        one = slice(d, d + 1)
        draw_spherical(arrays, prior, packed[d], normals[one], fixed[one], levels[one], others[one])


def draw_at_each(
    *, products: CrossProducts, prior: WorkingPrior, packed: Floats, rng: np.random.Generator
) -> ConditionalDraws:
    """One exact joint draw of beta and every group effect for each row of `packed`.

    Parameters
    ----------
    products, prior
        The data and the prior of the coefficients.
    packed
        Lower triangles of every L_t, row after row, then log sigma, shape (n_draws, n_packed).
    rng
        Gives the standard normal numbers, a stretch of draws at a time.
    """
    layout = products.arrangement
    n_draws, p, m = len(packed), products.p, layout.n_dense
    n_levels, k = int(layout.block_levels[0]), int(layout.block_k[0])
    fixed, levels, others = np.empty((n_draws, p)), np.empty((n_draws, n_levels, k)), np.empty((n_draws, m))
    width = p + m + n_levels * k
    for start in range(0, n_draws, max(1, _NORMALS_AT_ONCE // max(width, 1))):
        part = slice(start, start + max(1, _NORMALS_AT_ONCE // max(width, 1)))
        rows = np.ascontiguousarray(packed[part])
        normals = rng.standard_normal((len(rows), width))
        draw_spherical_at_each(products.arrays, prior, rows, normals, fixed[part], levels[part], others[part])
    effects = []
    start = 0
    for place in layout.places:
        stop = start + place.k * (place.k + 1) // 2
        factors = np.zeros((n_draws, place.k, place.k))
        factors[:, *np.tril_indices(place.k)] = packed[:, start:stop]
        own = slice(place.first, place.first + place.k)
        u = levels[:, :, own] if place.block == 0 else others[:, dense_columns(products, place.block)[:, own]]
        effects.append(np.einsum("djc,drc->djr", u, factors))
        start = stop
    return ConditionalDraws((fixed + products.least_squares) @ original_coefficients(products).T, tuple(effects))
