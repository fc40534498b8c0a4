"""The time that one value of the log density takes, and its rounding error: both known before it is computed."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.gaussian.cross_products import Arrays, CrossProducts
from bayesmix.numerics.gaussian.factor import relative_factors

# Seconds for one operation on an ordinary core, measured; only their order of magnitude matters.
_LEVEL = 6e-8
_ROTATION = 5e-9  # a level's orthogonal factor takes some k (k + 1)^2 of them
_PAIR = 5e-10
_DENSE = 1e-11  # of the cubed number of dense columns
_CALL = 4e-6


def value_cost(arrays: Arrays) -> float:
    """Seconds for one value, roughly.

    The result is the same on every machine, so that decisions based on it do not change from run to run.
    """
    n_levels, k, _ = arrays.root.shape
    met = np.diff(arrays.met_start).astype(float)
    m = len(arrays.dense_block)
    width = arrays.level_fixed.shape[2]
    levels = n_levels * (_LEVEL + k * (k + 1) ** 2 * _ROTATION + width * (width + k) * k * _PAIR)
    pairs = float(np.sum(met * (met / 2 + width + k))) * k * _PAIR
    return _CALL + levels + pairs + m**3 * _DENSE + m**2 * 4 * _PAIR


def rounding_of(products: CrossProducts, packed: Floats) -> float:
    """A bound on the error of log p(y | L, sigma) at `packed`; measured errors are about a tenth of it.

    A direction that two factors share has the pivot 1 in I + Lambda' S Lambda, whose elements are as large as a
    factor's variance over that of the residual. The rounding error of these elements is that of the pivot. With one
    factor there is no such sum.
    """
    arrays = products.arrays
    relative, greatest = relative_factors(arrays, packed), 0.0
    diagonal = np.diag(arrays.remainder)
    for c, (block, first) in enumerate(zip(arrays.dense_block, arrays.dense_first, strict=True)):
        greatest = max(greatest, float(diagonal[c] * np.sum(relative[block, c - first] ** 2)))
    return float(np.finfo(float).eps) * greatest
