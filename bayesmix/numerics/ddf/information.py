"""Inverse of an information matrix that may lack information on some of its parameters."""

import numpy as np

from bayesmix.arrays import Floats

_FLAT = 1e-10


def inverse_of_information(information: Floats, size: Floats) -> tuple[Floats, int]:
    """Inverse (c, c) along the directions in which `information` is positive, and how many are left out.

    `size` (c,) is what the diagonal would be were nothing lost to the other parameters and the coefficients: in these
    units a direction is flat, or bends downwards, by a number that does not depend on the parameters' units.
    """
    unit = 1.0 / np.sqrt(size)
    values, vectors = np.linalg.eigh(information * unit * unit[:, None])
    kept = values > _FLAT
    vectors = unit[:, None] * vectors[:, kept]
    return (vectors / values[kept]) @ vectors.T, int(np.sum(~kept))
