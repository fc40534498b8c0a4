"""The posterior of the variance parameters of a Gaussian mixed model, with everything else integrated out.

    log p(theta | y) = log p(y | L(theta), sigma(theta)) + log p(theta) + constant

Data and priors are packed into one buffer of doubles, so that one compiled function serves all data and all models.
"""

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.buffer import (
    floats,
    floats_2,
    floats_3,
    gradient_by_coordinates,
    integers,
    integers_2,
    linear_map,
    pack,
)
from bayesmix.numerics.gaussian.coefficient_prior import WorkingPrior
from bayesmix.numerics.gaussian.conditional import draw_dense
from bayesmix.numerics.gaussian.cross_products import Arrays
from bayesmix.numerics.gaussian.gradient import value_and_gradient
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.variance_parameters import factors, pull_back


def pack_posterior(
    *,
    arrays: Arrays,
    prior: WorkingPrior,
    ks: Integers,
    kinds: Integers,
    numbers: Floats,
    centre: Floats,
    scale: Floats,
) -> Floats:
    """Pack the data, the priors, and the map theta = centre + scale x into one buffer.

    Parameters
    ----------
    arrays, prior
        The data, and the prior of the coefficients.
    ks
        Columns of each term, shape (n_terms,).
    kinds, numbers
        Priors of theta, shapes (n,) and (n, 2), as `variance_parameters.factors` takes them.
    centre, scale
        Shapes (n,) and (n, n).
    """
    return pack([*arrays, *prior, ks, kinds, numbers, centre, scale])


@kernel
def unpack_arrays(buffer: Floats) -> Arrays:
    """The data in the buffer, without copying."""
    return Arrays(
        floats_3(buffer, 0),
        floats_3(buffer, 1),
        integers(buffer, 2),
        integers(buffer, 3),
        floats_2(buffer, 4),
        floats_2(buffer, 5),
        floats_3(buffer, 6),
        integers(buffer, 7),
        integers(buffer, 8),
        integers(buffer, 9),
        integers(buffer, 10),
        integers_2(buffer, 11),
        floats(buffer, 12),
        floats(buffer, 13),
        floats(buffer, 14),
        floats_2(buffer, 15),
    )


@kernel
def unpack_prior(buffer: Floats) -> WorkingPrior:
    """The prior of the coefficients in the buffer."""
    return WorkingPrior(floats_2(buffer, 16), floats(buffer, 17), floats(buffer, 18), floats(buffer, 19))


@kernel
def _packed_size(ks: Integers) -> int:
    """How many numbers the lower triangles of every L_t and log sigma are."""
    size = 1
    for k in ks:
        size += k * (k + 1) // 2
    return size


@kernel
def theta_at(buffer: Floats, x: Floats) -> Floats:
    """centre + scale x."""
    return linear_map(floats(buffer, 23), floats_2(buffer, 24), x)


@kernel(inline="always")
def log_posterior_at(buffer: Floats, x: Floats, gradient: Floats) -> float:
    """log p(y | theta) + log p(theta) at theta = centre + scale x; fills the gradient with respect to x.

    The Jacobian of the map from x to theta, a constant, is left out.
    """
    ks, kinds, numbers = integers(buffer, 20), integers(buffer, 21), floats_2(buffer, 22)
    theta, size = theta_at(buffer, x), _packed_size(ks)
    packed, packed_gradient = np.empty(size), np.empty(size)
    log_prior = factors(theta, ks, kinds, numbers, packed)
    likelihood = value_and_gradient(unpack_arrays(buffer), unpack_prior(buffer), packed, packed_gradient)
    by_theta = np.empty(len(theta))
    pull_back(theta, ks, kinds, numbers, packed_gradient, by_theta)
    gradient_by_coordinates(floats_2(buffer, 24), by_theta, gradient)
    return likelihood + log_prior


@kernel
def evaluate(
    buffer: Floats, points: Floats, normals: Floats, log_densities: Floats, fixed: Floats, others: Floats
) -> None:
    """Log p(y | theta) + log p(theta) at every point (n_points, n), and `copies` draws of the dense side at each.

    `normals` (n_points, copies, p + m) are independent standard normal numbers; without copies only the density is
    computed. Fills `log_densities` (n_points,), and `fixed` (n_points, copies, p) and `others` (n_points, copies, m) as
    `draw_dense` does. The Jacobian of the map from x to theta, a constant, is left out.
    """
    ks, kinds, numbers = integers(buffer, 20), integers(buffer, 21), floats_2(buffer, 22)
    arrays, prior = unpack_arrays(buffer), unpack_prior(buffer)
    packed = np.empty(_packed_size(ks))
    for i in range(points.shape[0]):
        log_prior = factors(theta_at(buffer, points[i]), ks, kinds, numbers, packed)
        log_densities[i] = log_prior + draw_dense(arrays, prior, packed, normals[i], fixed[i], others[i])


@kernel
def packed_factors(buffer: Floats, thetas: Floats) -> Floats:
    """Lower triangles of every L_t, then log sigma, at each theta (n_points, n): shape (n_points, n_packed)."""
    ks = integers(buffer, 20)
    packed = np.empty((thetas.shape[0], _packed_size(ks)))
    for i in range(thetas.shape[0]):
        factors(thetas[i], ks, integers(buffer, 21), floats_2(buffer, 22), packed[i])
    return packed
