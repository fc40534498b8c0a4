"""The joint density in the coordinates x that are sampled, with its gradient; and the parameters q at x."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.joint.affine import point_at, slopes_at
from bayesmix.numerics.joint.density import joint_density
from bayesmix.numerics.joint.nested import nested_point, nested_slopes
from bayesmix.numerics.kernels import kernel


@kernel
def log_density_at(buffer: Floats, x: Floats, slopes: Floats) -> float:
    """The log density of x, a constant left out; fills its `slopes`."""
    by_q = np.empty(len(x))
    before = point_at(buffer, x)
    q = before.copy()
    log_jacobian = nested_point(buffer, q)
    found = joint_density(buffer, q, by_q) + log_jacobian
    nested_slopes(buffer, before, by_q)
    slopes_at(buffer, by_q, slopes)
    return found


@kernel
def parameters_at(buffer: Floats, x: Floats) -> Floats:
    """q at x, and last the log of the Jacobian."""
    q = point_at(buffer, x)
    found = np.empty(len(q) + 1)
    found[len(q)] = nested_point(buffer, q)
    found[: len(q)] = q
    return found
