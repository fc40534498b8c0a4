"""Adjusted p values and interval quantiles of a family of contrasts, by method."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.polynomial.chebyshev import Chebyshev, chebpts1
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri, fdtrc, fdtri, ndtri, stdtr, stdtrit
from scipy.stats import false_discovery_control, studentized_range

from bayesmix.arrays import Floats, Positions
from bayesmix.numerics.multiplicity.largest_t import LargestT, largest_t

_MOST_QUANTILES = 9


@dataclass(frozen=True)
class ContrastFamily:
    """m contrasts that are judged together.

    `t` (m,) their statistics and `df` (m,) the degrees of freedom, infinite for z; nan where a contrast cannot be
    estimated, which counts all the same. `correlation` (m, m) of the estimates, of which rows that cannot be estimated
    are not read. `n_compared`: how many estimates are compared; `rank`: how many of the contrasts are independent;
    `size`: how many contrasts there are, m.
    """

    t: Floats
    df: Floats
    correlation: Floats
    n_compared: int
    rank: int
    size: int

    @cached_property
    def known(self) -> Positions:
        """Positions of the contrasts that can be estimated."""
        return np.flatnonzero(np.isfinite(self.t))

    @cached_property
    def estimable(self) -> "ContrastFamily":
        """The same family with those contrasts alone."""
        correlation = self.correlation[np.ix_(self.known, self.known)]
        return replace(self, t=self.t[self.known], df=self.df[self.known], correlation=correlation)

    @cached_property
    def largest(self) -> LargestT:
        """The distribution of the largest |t|."""
        return largest_t(self.correlation)

    @cached_property
    def tails(self) -> Floats:
        """Its tail at each |t|, and the standard error of that, (m, 2)."""
        return np.array([self.largest.tail(t, df) for t, df in zip(self.t, self.df, strict=True)])


def _two_sided(t: Floats | float, df: Floats | float) -> Floats:
    return 2 * stdtr(df, -np.abs(t))


def _two_sided_quantile(tail: float, df: Floats | float) -> Floats:
    """|t| that is exceeded with probability `tail`."""
    with np.errstate(invalid="ignore"):  # of infinite degrees of freedom
        return np.where(np.isinf(df), -ndtri(tail / 2), -stdtrit(df, tail / 2))


def _unadjusted(family: ContrastFamily) -> Floats:
    return _two_sided(family.t, family.df)


def _bonferroni(family: ContrastFamily) -> Floats:
    return np.minimum(family.size * _unadjusted(family), 1.0)


def _sidak(family: ContrastFamily) -> Floats:
    return _sidak_tail(family.t, family.df, family.size)


def _sidak_tail(t: Floats | float, df: Floats | float, size: int) -> Floats:
    return -np.expm1(size * np.log1p(-_two_sided(t, df)))


def _tukey(family: ContrastFamily) -> Floats:
    return studentized_range.sf(np.sqrt(2) * np.abs(family.t), family.n_compared, family.df)


def _scheffe(family: ContrastFamily) -> Floats:
    squared, rank = family.t**2, family.rank
    with np.errstate(invalid="ignore"):  # of infinite degrees of freedom
        return np.where(np.isinf(family.df), chdtrc(rank, squared), fdtrc(rank, family.df, squared / rank))


def _dunnett_weights(size: int) -> tuple[float, float]:
    """The share of Tukey's tail in that of Dunnett, and the number of means with as many pairs as contrasts."""
    return (size - 1) / size, (1 + np.sqrt(1 + 8 * size)) / 2


def _dunnettx(family: ContrastFamily) -> Floats:
    share, n_means = _dunnett_weights(family.size)
    tukey = studentized_range.sf(np.sqrt(2) * np.abs(family.t), n_means, family.df)
    return share * tukey + (1 - share) * _sidak(family)


def _largest(family: ContrastFamily) -> Floats:
    return family.tails[:, 0]


def _largest_error(family: ContrastFamily) -> Floats:
    return family.tails[:, 1]


def _stepwise(p_of: Callable[[Floats, int], Floats]) -> Callable[[ContrastFamily], Floats]:
    def adjusted(family: ContrastFamily) -> Floats:
        return p_of(_unadjusted(family), family.size)

    return adjusted


def _holm(p: Floats, size: int) -> Floats:
    order = np.argsort(p)
    steps = np.maximum.accumulate((size - np.arange(len(p))) * p[order])
    return np.minimum(steps, 1.0)[np.argsort(order)]


def _hochberg(p: Floats, size: int) -> Floats:
    order = np.argsort(p)[::-1]
    steps = np.minimum.accumulate((size - np.arange(len(p))[::-1]) * p[order])
    return np.minimum(steps, 1.0)[np.argsort(order)]


def _false_discovery(p: Floats, size: int) -> Floats:
    # Contrasts that cannot be estimated count as those of p value 1.
    return false_discovery_control(np.concatenate([p, np.ones(size - len(p))]))[: len(p)]


def _normal_or_t(family: ContrastFamily, prob: float) -> Floats:
    return _two_sided_quantile(1 - prob, family.df)


def _bonferroni_quantile(family: ContrastFamily, prob: float) -> Floats:
    return _two_sided_quantile((1 - prob) / family.size, family.df)


def _sidak_quantile(family: ContrastFamily, prob: float) -> Floats:
    return _two_sided_quantile(-np.expm1(np.log(prob) / family.size), family.df)


def _tukey_quantile(family: ContrastFamily, prob: float) -> Floats:
    return _by_df(lambda df: studentized_range.ppf(prob, family.n_compared, df) / np.sqrt(2), family.df)


def _scheffe_quantile(family: ContrastFamily, prob: float) -> Floats:
    rank = family.rank
    return _by_df(
        lambda df: np.sqrt(chdtri(rank, 1 - prob) if np.isinf(df) else rank * fdtri(rank, df, prob)), family.df
    )


def _dunnettx_quantile(family: ContrastFamily, prob: float) -> Floats:
    share, n_means = _dunnett_weights(family.size)

    def quantile(df: float) -> float:
        def excess(t: float) -> float:
            tukey = studentized_range.sf(np.sqrt(2) * t, n_means, df)
            return float(share * tukey + (1 - share) * _sidak_tail(t, df, family.size) - (1 - prob))

        ends = [float(_two_sided_quantile((1 - prob) / n, df)) for n in (1, family.size)]
        return float(brentq(excess, 0.99 * ends[0], 1.01 * ends[1], xtol=1e-8))

    return _by_df(quantile, family.df)


def _largest_quantile(family: ContrastFamily, prob: float) -> Floats:
    return _by_df(lambda df: family.largest.quantile(prob, df, len(family.t)), family.df)


def _by_df(quantile: Callable[[float], float], df: Floats) -> Floats:
    """A quantile for each of the degrees of freedom, worked out once for those that are the same.

    Many different ones are interpolated: the logarithm of a quantile is a smooth function of 1 / df, and a polynomial
    through its values at Chebyshev's points is good to 1e-5 from 3 degrees of freedom, to 1e-8 where they are alike.
    """
    values, places = np.unique(df, return_inverse=True)
    if len(values) <= _MOST_QUANTILES:
        return np.array([quantile(value) for value in values], dtype=float)[places]
    low, high = 1 / float(values[-1]), 1 / float(values[0])
    nodes = (low + high) / 2 + (high - low) / 2 * chebpts1(_MOST_QUANTILES)
    at_nodes = [np.log(quantile(float(1 / node))) for node in nodes]
    curve = Chebyshev.fit(nodes, at_nodes, _MOST_QUANTILES - 1, domain=(low, high))
    return np.exp(curve(1 / df))


@dataclass(frozen=True)
class _Method:
    """`p` of a family, `quantile` of its intervals at a probability; `in_steps`: the latter is Bonferroni's."""

    p: Callable[[ContrastFamily], Floats]
    quantile: Callable[[ContrastFamily, float], Floats]
    in_steps: bool = False


_METHODS: Mapping[str, _Method] = {
    "none": _Method(_unadjusted, _normal_or_t),
    "tukey": _Method(_tukey, _tukey_quantile),
    "dunnettx": _Method(_dunnettx, _dunnettx_quantile),
    "mvt": _Method(_largest, _largest_quantile),
    "sidak": _Method(_sidak, _sidak_quantile),
    "scheffe": _Method(_scheffe, _scheffe_quantile),
    "bonferroni": _Method(_bonferroni, _bonferroni_quantile),
    "holm": _Method(_stepwise(_holm), _bonferroni_quantile, in_steps=True),
    "hochberg": _Method(_stepwise(_hochberg), _bonferroni_quantile, in_steps=True),
    "fdr": _Method(_stepwise(_false_discovery), _bonferroni_quantile, in_steps=True),
}
ADJUSTMENTS = tuple(_METHODS)


def p_method(method: str, *, size: int, pairwise: bool) -> str:
    """The method that is used for p values where `method` is asked for.

    A single contrast needs no adjustment, and has Scheffe's alone if asked for; Tukey's is for all pairwise differences
    of one set of means, and of other contrasts Sidak's stands in, as in emmeans.
    """
    if size == 1 and method != "scheffe":
        return "none"
    return "sidak" if method == "tukey" and not pairwise else method


def interval_method(method: str) -> str:
    """The method that is used for intervals: Bonferroni's where p values are adjusted in steps."""
    return "bonferroni" if _METHODS[method].in_steps else method


def adjusted_p(family: ContrastFamily, method: str) -> Floats:
    """Two-sided p values (m,) that allow for the number of contrasts; nan where a contrast cannot be estimated.

    Parameters
    ----------
    family
        The contrasts.
    method
        One of `ADJUSTMENTS`. ``"none"``; ``"tukey"``, the studentised range; ``"dunnettx"``, emmeans's approximation to
        Dunnett's test; ``"mvt"``, the largest of correlated t statistics; ``"sidak"``; ``"scheffe"``;
        ``"bonferroni"``; ``"holm"`` and ``"hochberg"``; ``"fdr"``, of Benjamini and Hochberg.

    References
    ----------
    Lenth (2023), emmeans 1.8.4, "Confidence intervals and tests in emmeans"; Hochberg & Tamhane (1987), Multiple
    Comparison Procedures, doi:10.1002/9780470316672
    """
    return _of_known(family, _METHODS[method].p)


def p_errors(family: ContrastFamily, method: str) -> Floats:
    """Standard errors (m,) of the integration behind `adjusted_p`: those of ``"mvt"``, 0 of all other methods."""
    return _of_known(family, _largest_error if method == "mvt" else lambda known: np.zeros(len(known.t)))


def critical_values(family: ContrastFamily, method: str, prob: float) -> Floats:
    """Standard errors (m,) to either side of the estimates that intervals of joint probability `prob` reach."""
    return _of_known(family, lambda known: _METHODS[method].quantile(known, prob))


def _of_known(family: ContrastFamily, answer: Callable[[ContrastFamily], Floats]) -> Floats:
    """What `answer` gives for the contrasts that can be estimated, the others nan."""
    values = np.full(len(family.t), np.nan)
    if len(family.known):
        values[family.known] = answer(family.estimable)
    return values
