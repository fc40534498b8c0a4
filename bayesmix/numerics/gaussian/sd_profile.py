"""Confidence intervals of standard deviations and correlations from the profile of the likelihood.

For a standard deviation s the REML criterion, or the deviance, is minimised over everything else with s held. The
interval contains the values at which this exceeds the least criterion by no more than a quantile of chi-squared with
one degree of freedom. It need not be symmetric, and it reaches 0 if the data cannot tell s from 0.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

from bayesmix.arrays import Floats
from bayesmix.numerics.effect_bases import packed_triangles, triangles
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.cost import value_cost
from bayesmix.numerics.gaussian.cross_products import CrossProducts
from bayesmix.numerics.gaussian.likelihood_profile import Measure, Profile, likelihood_profile

_STEP = 1.3
_MOST_STEPS = 60
_NOUGHT = 1e-3  # a sd as small as this, for columns of unit size and in units of sigma, is 0
_Z_STEP = 0.3  # of the correlation's inverse hyperbolic tangent
_FARTHEST = 5.0
_EVALUATIONS = 600  # gradients that an interval takes, about


def sd_intervals(
    *,
    products: CrossProducts,
    terms: tuple[GroupColumns, ...],
    L: tuple[Floats, ...],
    sigma: float,
    prob: float,
    restricted: bool = True,
) -> Floats:
    """Profile intervals of the terms in their order, of each its sds and its correlations; then that of sigma.

    Parameters
    ----------
    products, terms
        The data, and the random terms that they come from.
    L, sigma
        The REML or ML estimates.
    prob
        Confidence of the intervals.
    restricted
        True for REML, False for ML.

    Returns
    -------
    array (n_parameters + 1, 2)
        Lower and upper ends. Of a sd a lower end of 0 is exact, an upper one may be infinite; ends of a correlation may
        be -1 or 1, and are nan where an effect has no variance.

    Notes
    -----
    The quantile holds for many levels and sds away from 0; an interval that begins at 0 is somewhat too wide.
    """
    profile = likelihood_profile(products=products, terms=terms, L=L, sigma=sigma, restricted=restricted)
    highest, ends = profile.least + float(chi2.ppf(prob, 1)), []
    for term, (basis, factor) in enumerate(zip(profile.coordinates.bases, L, strict=True)):
        units = sigma * np.linalg.norm(basis, axis=1)
        rows = [_effect_of(profile, term, row / np.linalg.norm(row)) for row in basis]
        sds = np.linalg.norm(factor, axis=1)
        for row, unit, sd in zip(rows, units, sds, strict=True):
            ends.append(unit * _interval(profile, _sd(row), sd / unit, highest))
        for i in range(len(factor)):
            for j in range(i):
                known = sds[i] > 0 and sds[j] > 0
                estimate = factor[i] @ factor[j] / (sds[i] * sds[j]) if known else np.nan
                ends.append(_of_correlation(profile, _correlation(rows[i], rows[j]), float(estimate), highest))
    ends.append(sigma * _interval(profile, _sigma, 1.0, highest))
    return np.array(ends)


def seconds_for(products: CrossProducts) -> float:
    """How long `sd_intervals` takes, roughly."""
    n_parameters = 1 + sum(place.k * (place.k + 1) // 2 for place in products.arrangement.places)
    return n_parameters * _EVALUATIONS * 3 * value_cost(products.arrays)


def _interval(profile: Profile, measure: Measure, estimate: float, highest: float) -> Floats:
    """The range in which the profile stays below `highest`, in units of `measure`."""
    return np.array([_end(profile, measure, estimate, highest, step) for step in (1 / _STEP, _STEP)])


def _end(profile: Profile, measure: Measure, estimate: float, highest: float, step: float) -> float:
    size, x = max(estimate, _NOUGHT), profile.start
    for _ in range(_MOST_STEPS):
        before, size = size, size * step
        if size < _NOUGHT:
            return 0.0
        value, x = profile.held(measure, size, size, x)
        if value > highest:
            root = brentq(
                lambda log_size, x=x, unit=size: profile.held(measure, float(np.exp(log_size)), unit, x)[0] - highest,
                *sorted((np.log(before), np.log(size))),
                xtol=1e-6,
            )
            return float(np.exp(root))
    return np.inf


def _of_correlation(profile: Profile, measure: Measure, estimate: float, highest: float) -> Floats:
    if not np.isfinite(estimate):
        return np.full(2, np.nan)
    if abs(estimate) > np.tanh(_FARTHEST):
        estimate = float(np.sign(estimate) * np.tanh(_FARTHEST))
    return np.array([_end_of_correlation(profile, measure, estimate, highest, sign) for sign in (-1, 1)])


def _end_of_correlation(profile: Profile, measure: Measure, estimate: float, highest: float, sign: int) -> float:
    z = float(np.arctanh(estimate))

    def above(at: float) -> float:
        # Each time from the estimates: far out, where a search may fail, the next one must not begin.
        return profile.held(measure, float(np.tanh(at)), 1.0, profile.start)[0] - highest

    while abs(z) < _FARTHEST or np.sign(z) != sign:
        before, z = z, z + sign * _Z_STEP
        if above(z) > 0:
            return float(np.tanh(brentq(above, *sorted((before, z)), xtol=1e-6) if above(before) < 0 else before))
    return float(sign)


Effect = Callable[[Floats], tuple[Floats, Callable[[Floats], Floats]]]
"""The loadings of an effect at x, and the derivatives by x of their product with other loadings."""


def _effect_of(profile: Profile, term: int, row: Floats) -> Effect:
    """One effect of a term, `row` of its columns in the coordinates."""
    sizes = profile.coordinates.sizes

    def loadings(x: Floats) -> tuple[Floats, Callable[[Floats], Floats]]:
        def slopes(others: Floats) -> Floats:
            blocks = [np.zeros((k, k)) for k in sizes]
            blocks[term] = np.outer(row, others)
            return np.append(packed_triangles(tuple(blocks)), 0.0)

        return row @ triangles(x[:-1], sizes)[term], slopes

    return loadings


def _sd(effect: Effect) -> Measure:
    def measure(x: Floats) -> tuple[float, Floats]:
        along, slopes = effect(x)
        length = float(np.linalg.norm(along))
        return length, slopes(along / max(length, 1e-300))

    return measure


def _correlation(first: Effect, second: Effect) -> Measure:
    def measure(x: Floats) -> tuple[float, Floats]:
        (one, one_slopes), (other, other_slopes) = first(x), second(x)
        lengths = max(float(np.linalg.norm(one)), 1e-300), max(float(np.linalg.norm(other)), 1e-300)
        one, other = one / lengths[0], other / lengths[1]
        value = float(one @ other)
        slopes = one_slopes((other - value * one) / lengths[0]) + other_slopes((one - value * other) / lengths[1])
        return value, slopes

    return measure


def _sigma(x: Floats) -> tuple[float, Floats]:
    ratio = float(np.exp(x[-1]))
    return ratio, np.append(np.zeros(len(x) - 1), ratio)
