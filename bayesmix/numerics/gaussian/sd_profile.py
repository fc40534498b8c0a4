"""Confidence intervals of standard deviations from the profile of the restricted likelihood.

For a standard deviation s the REML criterion is minimised over everything else with s held. The interval contains the
values at which this exceeds the least criterion by no more than a quantile of chi-squared with one degree of freedom.
It need not be symmetric, and it reaches 0 if the data cannot tell s from 0.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.stats import chi2

from bayesmix.arrays import Floats
from bayesmix.numerics.effect_bases import lower_triangle, packed_triangles, triangles, unit_bases
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.cost import value_cost
from bayesmix.numerics.gaussian.cross_products import CrossProducts
from bayesmix.numerics.gaussian.gradient import value_and_gradient
from bayesmix.numerics.gaussian.reml import RemlCoordinates, in_bases

Measure = Callable[[Floats], tuple[float, Floats]]

_STEP = 1.3
_MOST_STEPS = 60
_NOUGHT = 1e-3  # a sd as small as this, for columns of unit size and in units of sigma, is 0
_LIFTED = 0.03  # a direction at exactly 0 has no slope: searches start a little inside
_EVALUATIONS = 600  # gradients that an interval takes, about


def sd_intervals(
    *, products: CrossProducts, terms: tuple[GroupColumns, ...], L: tuple[Floats, ...], sigma: float, prob: float
) -> Floats:
    """Profile intervals of all standard deviations: those of the terms in their order, then that of sigma.

    Parameters
    ----------
    products, terms
        The data, and the random terms that they come from.
    L, sigma
        The REML estimates.
    prob
        Confidence of the intervals.

    Returns
    -------
    array (n_sds + 1, 2)
        Lower and upper ends; a lower end of 0 is exact, an upper one may be infinite.

    Notes
    -----
    The quantile holds for many levels and sds away from 0; an interval that begins at 0 is somewhat too wide.
    """
    coordinates = in_bases(products, unit_bases(terms, products.typical_weight), restricted=True)
    best = tuple(
        lower_triangle(np.linalg.solve(basis, factor[:, factor.any(axis=0)]) / sigma, np.ones(len(factor)))
        for basis, factor in zip(coordinates.bases, L, strict=True)
    )
    inside = [np.where((np.diag(factor) == 0) & np.eye(len(factor), dtype=bool), _LIFTED, factor) for factor in best]
    profile = _Profile(coordinates, sigma, np.append(packed_triangles(tuple(inside)), 0.0))
    least = profile.criterion(np.append(packed_triangles(best), 0.0))[0]
    highest = least + float(chi2.ppf(prob, 1))
    ends = []
    for term, (basis, factor) in enumerate(zip(coordinates.bases, L, strict=True)):
        for row, row_of_factor in zip(basis, factor, strict=True):
            unit = sigma * float(np.linalg.norm(row))
            measure = _sd_of(coordinates.sizes, term, row / np.linalg.norm(row))
            ends.append(unit * profile.interval(measure, float(np.linalg.norm(row_of_factor)) / unit, highest))
    ends.append(sigma * profile.interval(_sigma, 1.0, highest))
    return np.array(ends)


def seconds_for(products: CrossProducts) -> float:
    """How long `sd_intervals` takes, roughly."""
    n_sds = 1 + sum(place.k for place in products.arrangement.places)
    return n_sds * _EVALUATIONS * 3 * value_cost(products.arrays)


@dataclass(frozen=True)
class _Profile:
    """Profile criterion of x: packed triangles in units of `sigma`, then the log ratio of sigma to its estimate.

    Searches begin at `start`, next to the estimates.
    """

    coordinates: RemlCoordinates
    sigma: float
    start: Floats

    def criterion(self, x: Floats) -> tuple[float, Floats]:
        packed, gradient = np.append(x[:-1] * self.sigma, x[-1] + np.log(self.sigma)), np.empty(len(x))
        value = value_and_gradient(self.coordinates.arrays, self.coordinates.prior, packed, gradient)
        gradient[:-1] *= self.sigma
        return -2 * value, -2 * gradient

    def held(self, measure: Measure, size: float, start: Floats) -> tuple[float, Floats]:
        """The least criterion with `measure` equal to `size`, and its x."""
        constraint = {
            "type": "eq",
            "fun": lambda x: measure(x)[0] / size - 1,
            "jac": lambda x: measure(x)[1] / size,
        }
        minimum = minimize(
            self.criterion,
            start,
            jac=True,
            method="SLSQP",
            constraints=[constraint],
            bounds=[(None, None)] * (len(start) - 1) + [(-7.0, 7.0)],
            options={"ftol": 1e-10, "maxiter": 200},
        )
        return float(minimum.fun), minimum.x

    def interval(self, measure: Measure, estimate: float, highest: float) -> Floats:
        """The range in which the profile stays below `highest`, in units of `measure`."""
        return np.array(
            [self._end(measure, estimate, highest, 1 / _STEP), self._end(measure, estimate, highest, _STEP)]
        )

    def _end(self, measure: Measure, estimate: float, highest: float, step: float) -> float:
        size, x = max(estimate, _NOUGHT), self.start
        for _ in range(_MOST_STEPS):
            before, size = size, size * step
            if size < _NOUGHT:
                return 0.0
            value, x = self.held(measure, size, x)
            if value > highest:
                root = brentq(
                    lambda log_size, x=x: self.held(measure, float(np.exp(log_size)), x)[0] - highest,
                    *sorted((np.log(before), np.log(size))),
                    xtol=1e-6,
                )
                return float(np.exp(root))
        return np.inf


def _sd_of(sizes: tuple[int, ...], term: int, row: Floats) -> Measure:
    """The sd of one effect of a term, `row` of its columns in the coordinates, with its derivatives by x."""

    def measure(x: Floats) -> tuple[float, Floats]:
        along = row @ triangles(x[:-1], sizes)[term]
        length = float(np.linalg.norm(along))
        slopes = [np.zeros((k, k)) for k in sizes]
        slopes[term] = np.outer(row, along) / max(length, 1e-300)
        return length, np.append(packed_triangles(tuple(slopes)), 0.0)

    return measure


def _sigma(x: Floats) -> tuple[float, Floats]:
    ratio = float(np.exp(x[-1]))
    return ratio, np.append(np.zeros(len(x) - 1), ratio)
