"""The joint density at points x of the sampler, and what these points stand for."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.buffer import floats_2, integers
from bayesmix.numerics.joint.affine_map import point_at, slopes_at
from bayesmix.numerics.joint.density import (
    CELLS,
    CENTRED,
    KINDS,
    KS,
    N_LEVELS,
    NUMBERS,
    effects_of,
    joint_density,
    theta_of,
)
from bayesmix.numerics.joint.nested_effects import nested_point, nested_slopes
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.variance_parameters import group_factors


@kernel
def log_density_at(buffer: Floats, x: Floats, slopes: Floats) -> float:
    """The log density of x up to a constant; fills its `slopes`."""
    by_q = np.empty(len(x))
    before = point_at(buffer, x)
    q = before.copy()
    log_jacobian = nested_point(buffer, q)
    value = joint_density(buffer, q, by_q) + log_jacobian
    nested_slopes(buffer, before, by_q)
    slopes_at(buffer, by_q, slopes)
    return value


@kernel
def parameters_at(buffer: Floats, x: Floats) -> Floats:
    """q at x, with the log of the Jacobian as the last number."""
    q = point_at(buffer, x)
    log_jacobian = nested_point(buffer, q)
    return np.append(q, log_jacobian)


@kernel
def expand_points(buffer: Floats, points: Floats) -> tuple[Floats, Floats]:
    """Lower triangles of every L, packed, (n_points, n_packed) and effects b (n_points, q) at points q (n_points, n).

    Effects stand term after term and column after column.
    """
    ks, n_levels, centred = integers(buffer, KS), integers(buffer, N_LEVELS), integers(buffer, CENTRED)
    kinds, numbers, p = integers(buffer, KINDS), floats_2(buffer, NUMBERS), floats_2(buffer, CELLS).shape[1]
    packed = np.empty((points.shape[0], int((ks * (ks + 1) // 2).sum())))
    effects = np.empty((points.shape[0], int((ks * n_levels).sum())))
    for i in range(points.shape[0]):
        theta = theta_of(points[i], p, ks, n_levels)
        group_factors(theta, ks, kinds, numbers, 0.0, packed[i])
        effects_of(points[i], p, ks, n_levels, centred, packed[i], effects[i])
    return packed, effects
