"""False discoveries among many effects: the rate of false signs, and the mean rate of those that are selected."""

import numpy as np

from bayesmix.arrays import Floats


def false_sign_rates(below: Floats) -> Floats:
    """Local false sign rates (n,): the posterior probability that an effect has not its likelier sign.

    Parameters
    ----------
    below
        Posterior probabilities (n,) that an effect is below 0; nan where there is none.

    References
    ----------
    Stephens (2017), doi:10.1093/biostatistics/kxw041
    """
    return np.minimum(below, 1 - below)


def bayesian_q(rates: Floats) -> Floats:
    """The Bayesian false discovery rate (n,) of all effects whose local rate is not above that of each.

    It is the mean of the local `rates` (n,) of those that would be selected with it; effects of one rate are selected
    together. Where a rate is nan there is no effect, which counts nowhere.

    References
    ----------
    Newton, Noueiry, Sarkar & Ahlquist (2004), doi:10.1093/biostatistics/5.2.155; Stephens (2017),
    doi:10.1093/biostatistics/kxw041
    """
    q = np.full(len(rates), np.nan)
    known = np.flatnonzero(np.isfinite(rates))
    if len(known):
        order = known[np.argsort(rates[known], kind="stable")]
        ascending = rates[order]
        means = np.cumsum(ascending) / np.arange(1, len(order) + 1)
        last_of_equal = np.searchsorted(ascending, ascending, side="right") - 1
        q[order] = means[last_of_equal]
    return q
