"""The order in which lme4 keeps theta."""

from itertools import pairwise

import numpy as np

from bayesmix.arrays import Floats


def lme4_theta(L: tuple[Floats, ...], n_levels: tuple[int, ...]) -> Floats:
    """Lower triangles column after column; terms by their number of levels, the most first (ties from the last).

    Parameters
    ----------
    L
        Of every term (k, k), in the formula's order, in units of the residual sd where there is one.
    n_levels
        Of every term. Where they do not grow along the formula, lme4 keeps the formula's order.
    """
    order = list(range(len(L)))
    if any(later > earlier for earlier, later in pairwise(n_levels)):
        order = sorted(order, key=lambda t: (n_levels[t], t), reverse=True)
    return np.concatenate([np.empty(0), *(L[t].T[np.triu_indices(len(L[t]))] for t in order)])
