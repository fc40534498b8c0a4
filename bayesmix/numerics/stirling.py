"""Logarithms of Gamma(x + n) / Gamma(x) for arrays, with full precision however large x is.

The difference of two log gammas, each about x log x, has no digit left at x = 1e15. By Stirling's series, with c(x) = 1
/ (12 x) - 1 / (360 x^3) + ...,

    log Gamma(x + n) - log Gamma(x) = (x - 1/2) log(1 + n / x) + n log(x + n) - n + c(x + n) - c(x)

`gamma_ratios` has the same in compiled code.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from bayesmix.arrays import Floats

LARGE = 16.0
"""For x from here on the series has 15 digits."""


def log_rises(x: ArrayLike, n: ArrayLike) -> Floats:
    """log Gamma(x + n) - log Gamma(x), for x > 0 and n >= 0 that broadcast."""
    x, n = np.asarray(x, dtype=float), np.asarray(n, dtype=float)
    large = np.maximum(x, LARGE)
    end = large + n
    by_series = (large - 0.5) * np.log1p(n / large) + n * (np.log(end) - 1.0) + correction(end) - correction(large)
    return np.where(x < LARGE, gammaln(x + n) - gammaln(x), by_series)


def correction[Number: (float, Floats)](x: Number) -> Number:
    """c(x)."""
    r = 1.0 / (x * x)
    return (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - r * (691 / 360360)))))) / x
