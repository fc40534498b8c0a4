"""How well draws determine a mean: effective numbers of draws, tails of their values, mean ratios."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats


def autocorrelation_time(values: Floats) -> float:
    """How many draws have the information of one independent draw on the mean; at least 1.

    By Geyer's initial monotone sequence over all chains together; it is longer if chains disagree.

    Parameters
    ----------
    values
        Shape (n_chains, n_draws).

    References
    ----------
    Geyer (1992), doi:10.1214/ss/1177011137; Vehtari et al. (2021), doi:10.1214/20-BA1221
    """
    n_chains, n_draws = values.shape
    centred = values - values.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(centred, n=2 * n_draws, axis=1)
    covariances = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :n_draws].mean(axis=0) / n_draws
    within = covariances[0] * n_draws / (n_draws - 1)
    between = values.mean(axis=1).var(ddof=1) if n_chains > 1 else 0.0
    total = covariances[0] + between
    if not total > 0:
        return 1.0
    correlations = 1 - (within - covariances) / total
    correlations[0] = 1.0
    even = n_draws - n_draws % 2
    pairs = correlations[:even:2] + correlations[1:even:2]
    negative = np.flatnonzero(pairs < 0)
    pairs = np.minimum.accumulate(pairs[: negative[0]] if len(negative) else pairs)
    return max(1.0, float(2 * pairs.sum() - 1))


GREATEST_K = 0.7
"""Shape of the tail up to which the mean of many values can be trusted."""

_PRIOR_SIZE = 10  # of Vehtari et al.: as if ten values had a k of 0.5
_FEWEST = 5


def greatest_k(n_values: float) -> float:
    """Greatest k at which the mean of `n_values` independent values can be trusted: 0.7, or less if they are few.

    References
    ----------
    Vehtari et al. (2024), arXiv:1507.02646
    """
    return min(GREATEST_K, float(1 - 1 / np.log10(max(10.0, n_values))))


def pareto_k(values: Floats) -> float:
    """Shape k of the generalised Pareto distribution fitted to the largest of positive `values` (n_values,).

    The mean of the values can be trusted if k is at most `greatest_k`. A tail of equal values has k minus infinity; k
    is nan for too few values.

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


def pareto_k_of_columns(values: Floats) -> Floats:
    """`pareto_k` of each column of positive `values` (n_values, n_columns)."""
    n_values, n_columns = values.shape
    n_tail = int(np.ceil(min(0.2 * n_values, 3 * np.sqrt(n_values))))
    if n_tail < _FEWEST:
        return np.full(n_columns, np.nan)
    ordered = np.sort(np.partition(values, n_values - n_tail - 1, axis=0)[n_values - n_tail - 1 :], axis=0)
    above = ordered[1:] - ordered[0]
    k = np.full(n_columns, -np.inf)
    tailed = above[-1] > 0
    if tailed.any():
        shapes = _shapes(np.maximum(above[:, tailed], np.finfo(float).tiny))
        k[tailed] = (n_tail * shapes + _PRIOR_SIZE * 0.5) / (n_tail + _PRIOR_SIZE)
    return k


def _shape(x: Floats) -> float:
    """Posterior mean of the shape by Zhang & Stephens, for ascending positive `x`."""
    return float(_shapes(x[:, None])[0])


def _shapes(x: Floats) -> Floats:
    """Posterior means of shapes by Zhang & Stephens, for each column (n,) of ascending positive `x`."""
    n = len(x)
    m = 30 + int(np.sqrt(n))
    steps = 1 - np.sqrt(m / (np.arange(1, m + 1) - 0.5))
    b = 1 / x[-1] + steps[:, None] / (3 * x[int(n / 4 + 0.5) - 1])
    k = np.log1p(-b[:, None, :] * x).mean(axis=1)
    profile = n * (np.log(-b / k) - k - 1)
    weights = np.exp(profile - profile.max(axis=0))
    chosen = (b * weights).sum(axis=0) / weights.sum(axis=0)
    return np.log1p(-chosen * x).mean(axis=0)


_FEWEST_EFFECTIVE = 100


@dataclass(frozen=True)
class MeanRatio:
    """The logarithm of a mean ratio, and whether it can be trusted.

    Attributes
    ----------
    log_mean : float
        Natural logarithm; nan where it cannot be trusted.
    error : float
        Monte Carlo standard error of `log_mean`, autocorrelation of the draws included.
    pareto_k : float
        Shape of the tail of the ratios.
    effective_size : float
        Effective number of weighted draws from the other density.
    reason : str
        Why it cannot be trusted; empty where it can.
    """

    log_mean: float
    error: float
    pareto_k: float
    effective_size: float
    reason: str = ""


def mean_ratio(log_ratios: Floats) -> MeanRatio:
    """The mean of exp(log_ratios) over draws, shape (n_chains, n_draws), in their order: the ratio of two integrals.

    References
    ----------
    Vehtari et al. (2024), arXiv:1507.02646, for Pareto k and its limit.
    """
    greatest = log_ratios.max()
    ratios = np.exp(log_ratios - greatest)
    mean, n_draws = ratios.mean(), ratios.size
    independent = n_draws / autocorrelation_time(ratios)
    error = float(ratios.std(ddof=1) / mean / np.sqrt(independent))
    effective = float(mean**2 / np.mean(ratios**2) * independent)
    # Ratios that are bounded, and nearly all at their bound, have no tail to speak of.
    k = pareto_k(ratios.ravel())
    limit = greatest_k(independent)
    reason = ""
    if effective < _FEWEST_EFFECTIVE:
        reason = f"the draws are worth {effective:.0f} under this prior, fewer than {_FEWEST_EFFECTIVE}"
    elif k > limit:
        reason = f"Pareto k {k:.2f} > {limit:.2f}: single draws decide"
    value = np.nan if reason else float(greatest + np.log(mean))
    return MeanRatio(value, np.nan if reason else error, k, effective, reason)
