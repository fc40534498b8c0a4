"""How long one value of the log density takes, from its operations: known before the first is computed."""

import numpy as np

from bayesmix.numerics.gaussian.cross_products import Arrays

# Seconds for one operation on an ordinary core, measured; only their order of magnitude matters.
_LEVEL = 6e-8
_ROTATION = 5e-9  # a level's orthogonal factor takes some k (k + 1)^2 of them
_PAIR = 5e-10
_DENSE = 1e-11  # of the cubed number of dense columns
_CALL = 4e-6


def value_cost(arrays: Arrays) -> float:
    """Seconds for one value, roughly.

    It is the same on every machine, so that what is decided by it does not change from run to run.
    """
    n_levels, k, _ = arrays.root.shape
    met = np.diff(arrays.met_start).astype(float)
    m = len(arrays.dense_block)
    width = arrays.level_fixed.shape[2]
    levels = n_levels * (_LEVEL + k * (k + 1) ** 2 * _ROTATION + width * (width + k) * k * _PAIR)
    pairs = float(np.sum(met * (met / 2 + width + k))) * k * _PAIR
    return _CALL + levels + pairs + m**3 * _DENSE + m**2 * 4 * _PAIR
