"""Whether single values decide a mean: the shape of the tail they come from."""

import numpy as np

from bayesmix.arrays import Floats

GREATEST_K = 0.7
"""Shape of the tail up to which the mean of many values can be trusted."""

_PRIOR_SIZE = 10  # of Vehtari et al.: as if ten values had a k of 0.5
_FEWEST = 5


def greatest_k(n_values: float) -> float:
    """Greatest k at which a mean of so many independent values can be trusted: 0.7, for few of them less.

    References
    ----------
    Vehtari et al. (2024), arXiv:1507.02646
    """
    return min(GREATEST_K, float(1 - 1 / np.log10(max(10.0, n_values))))


def pareto_k(values: Floats) -> float:
    """Shape k of a generalised Pareto distribution fitted to the greatest of positive `values` (n_values,).

    Up to `greatest_k` of the values their mean can be trusted. A tail of equal values has k minus infinity; of too few
    values k is nan.

    References
    ----------
    Zhang & Stephens (2009), doi:10.1198/tech.2009.08017; Vehtari et al. (2024), arXiv:1507.02646
    """
    n_values = len(values)
    n_tail = int(np.ceil(min(0.2 * n_values, 3 * np.sqrt(n_values))))
    if n_tail < _FEWEST:
        return np.nan
    ordered = np.sort(values)
    above = ordered[-n_tail:] - ordered[-n_tail - 1]
    if not above[-1] > 0:
        return -np.inf
    shape = _shape(np.maximum(above, np.finfo(float).tiny))
    return float((n_tail * shape + _PRIOR_SIZE * 0.5) / (n_tail + _PRIOR_SIZE))


def _shape(x: Floats) -> float:
    """Posterior mean of the shape by Zhang & Stephens, for ascending positive `x`."""
    n = len(x)
    m = 30 + int(np.sqrt(n))
    b = 1 / x[-1] + (1 - np.sqrt(m / (np.arange(1, m + 1) - 0.5))) / (3 * x[int(n / 4 + 0.5) - 1])
    k = np.log1p(-b[:, None] * x).mean(axis=1)
    profile = n * (np.log(-b / k) - k - 1)
    weights = np.exp(profile - profile.max())
    return float(np.log1p(-(b @ weights / weights.sum()) * x).mean())
