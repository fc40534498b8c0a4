"""From sampled points to the parameters that they stand for."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.joint.density import effects_of, theta_of
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.packed import floats_2, integers
from bayesmix.numerics.variance_parameters import group_factors


@kernel
def expand_points(buffer: Floats, points: Floats) -> tuple[Floats, Floats]:
    """Of points q (n_points, n) the packed lower triangles of every L (n_points, n_packed) and the effects b
    (n_points, q), term after term and column after column."""
    ks, n_levels, centred = integers(buffer, 10), integers(buffer, 11), integers(buffer, 12)
    p = floats_2(buffer, 6).shape[1]
    packed = np.empty((points.shape[0], int((ks * (ks + 1) // 2).sum())))
    effects = np.empty((points.shape[0], int((ks * n_levels).sum())))
    for i in range(points.shape[0]):
        theta = theta_of(points[i], p, ks, n_levels)
        group_factors(theta, ks, integers(buffer, 15), floats_2(buffer, 16), 0.0, packed[i])
        effects_of(points[i], p, ks, n_levels, centred, packed[i], effects[i])
    return packed, effects
