"""Distribution of the largest of several correlated t statistics, by integration over directions."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc, fdtrc, ndtri, stdtrit
from scipy.stats import qmc

from bayesmix.arrays import Floats

_SETS, _DIRECTIONS = 8, 2**12
_ZERO = 1e-10  # share of the largest eigenvalue below which a direction has no variance
_SEED = 20070401


@dataclass(frozen=True)
class LargestT:
    """`reach` (n_sets, n_directions): the largest |c'u| over all contrasts, of unit vectors u in `rank` dimensions.

    Each set is a quasi-random sample by itself: what differs between them is the error of integration.
    """

    reach: Floats
    rank: int

    def tail(self, t: float, df: float) -> tuple[float, float]:
        """Probability that the largest |t| exceeds |t|, and its standard error from the sets."""
        squared = t**2 / self.reach**2
        inside = chdtrc(self.rank, squared) if np.isinf(df) else fdtrc(self.rank, df, squared / self.rank)
        by_set = inside.mean(axis=1)
        return float(by_set.mean()), float(by_set.std(ddof=1) / np.sqrt(len(by_set)))

    def quantile(self, prob: float, df: float, n_contrasts: int) -> float:
        """The value that the largest |t| does not exceed with this probability."""
        # Between the quantiles of a single t and of Bonferroni.
        single, most = (
            -ndtri(tail) if np.isinf(df) else -stdtrit(df, tail)
            for tail in ((1 - prob) / 2, (1 - prob) / (2 * n_contrasts))
        )
        if n_contrasts == 1:
            return float(single)
        return float(brentq(lambda t: self.tail(t, df)[0] - (1 - prob), 0.99 * single, 1.01 * most, xtol=1e-10))


def largest_t(correlation: Floats) -> LargestT:
    """Prepare the distribution of max |t| for t statistics with this correlation and a common residual variance.

    Parameters
    ----------
    correlation
        Shape (m, m), of the contrasts; it may be singular, as that of all pairwise differences is.

    Notes
    -----
    With R the length and u the direction of the standardised effects, R^2 / r is F with r and df degrees of freedom,
    whatever u is, and max |t| exceeds c if R exceeds c over the largest |c'u|. The tail is thus a mean over directions
    of tails of F: precise relative to its size, however small it is. Directions are Sobol points that are scrambled by
    a fixed seed, so that a question asked twice has one answer.

    References
    ----------
    Genz & Bretz (2009), Computation of Multivariate Normal and t Probabilities, doi:10.1007/978-3-642-01689-9
    """
    values, vectors = np.linalg.eigh(correlation)
    kept = values > _ZERO * values.max()
    factor = vectors[:, kept] * np.sqrt(values[kept])
    rank = factor.shape[1]
    if rank == 1:
        return LargestT(np.ones((2, 1)) * np.abs(factor).max(), 1)
    reach = np.empty((_SETS, _DIRECTIONS))
    for number in range(_SETS):
        # Up to 21201 dimensions; a family of contrasts has fewer.
        points = qmc.Sobol(rank, rng=_SEED + number).random(_DIRECTIONS)
        normal = ndtri(np.clip(points, 1e-16, 1 - 1e-16))
        directions = normal / np.linalg.norm(normal, axis=1, keepdims=True)
        reach[number] = np.abs(directions @ factor.T).max(axis=1)
    return LargestT(reach, rank)
