"""p values of likelihood-ratio tests, on the boundary too.

A standard deviation cannot be negative: under the hypothesis that one is 0 the statistic is as often 0 as not, and its
distribution is the even mixture of chi-squares with df - 1 and df degrees of freedom.
Self & Liang (1987), doi:10.1080/01621459.1987.10478472; Stram & Lee (1994), doi:10.2307/2533455.
"""

from math import nan

from scipy.stats import chi2


def naive_p(statistic: float, df: int) -> float:
    """Of the chi-square with `df` degrees of freedom; nan without any."""
    return float(chi2.sf(statistic, df)) if df > 0 else nan


def boundary_p(statistic: float, df: int, n_variances: int) -> float:
    """Where one variance, with its df - 1 covariances, is 0 under the hypothesis; nan for any other number of them."""
    if n_variances != 1 or df < 1:
        return nan
    if statistic <= 0:
        return 1.0
    # A chi-square without degrees of freedom is 0.
    below = float(chi2.sf(statistic, df - 1)) if df > 1 else 0.0
    return 0.5 * below + 0.5 * float(chi2.sf(statistic, df))
