"""How many draws of a Markov chain are worth one independent draw."""

import numpy as np

from bayesmix.arrays import Floats


def autocorrelation_time(values: Floats) -> float:
    """Draws that are worth one independent draw when it comes to the mean, at least 1.

    Geyer's initial monotone sequence with all chains together; chains that disagree lengthen it.

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
