"""The REML criterion, or the ML deviance, as a function of covariances and residual sd, with one quantity held."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from bayesmix.arrays import Floats
from bayesmix.numerics.effect_bases import lower_triangle, packed_triangles, unit_bases
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.cross_products import CrossProducts
from bayesmix.numerics.gaussian.gradient import value_and_gradient
from bayesmix.numerics.gaussian.reml import RemlCoordinates, in_bases, profiled_value

Measure = Callable[[Floats], tuple[float, Floats]]
"""A quantity at x, and its derivatives by x."""

_LIFTED = 0.03  # a direction at exactly 0 has no slope: searches start a little inside
_DIFFERENCE = 1e-5


@dataclass(frozen=True)
class Profile:
    """Profile criterion of x: packed triangles in units of `sigma`, then the log ratio of sigma to its estimate.

    Searches begin at `start`, next to the estimates, where the criterion is `least`.
    """

    coordinates: RemlCoordinates
    sigma: float
    start: Floats
    least: float

    def criterion(self, x: Floats) -> tuple[float, Floats]:
        """-2 log likelihood, restricted or not, and its derivatives."""
        if self.coordinates.restricted:
            return _restricted(self.coordinates, self.sigma, x)
        return _likelihood(self.coordinates, self.sigma, x)

    def held(self, measure: Measure, value: float, scale: float, start: Floats) -> tuple[float, Floats]:
        """The least criterion with `measure` equal to `value`, in units of `scale`, and its x."""
        constraint = {
            "type": "eq",
            "fun": lambda x: (measure(x)[0] - value) / scale,
            "jac": lambda x: measure(x)[1] / scale,
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


def likelihood_profile(
    *, products: CrossProducts, terms: tuple[GroupColumns, ...], L: tuple[Floats, ...], sigma: float, restricted: bool
) -> Profile:
    """The criterion about its least value, at the estimates `L` (k, k) of every term and `sigma`."""
    coordinates = in_bases(products, unit_bases(terms, products.typical_weight), restricted=restricted)
    best = tuple(
        lower_triangle(np.linalg.solve(basis, factor[:, factor.any(axis=0)]) / sigma, np.ones(len(factor)))
        for basis, factor in zip(coordinates.bases, L, strict=True)
    )
    inside = [np.where((np.diag(factor) == 0) & np.eye(len(factor), dtype=bool), _LIFTED, factor) for factor in best]
    profile = Profile(coordinates, sigma, np.append(packed_triangles(tuple(inside)), 0.0), np.nan)
    least = profile.criterion(np.append(packed_triangles(best), 0.0))[0]
    return Profile(coordinates, sigma, profile.start, least)


def _restricted(coordinates: RemlCoordinates, sigma: float, x: Floats) -> tuple[float, Floats]:
    packed, gradient = np.append(x[:-1] * sigma, x[-1] + np.log(sigma)), np.empty(len(x))
    value = value_and_gradient(coordinates.arrays, coordinates.prior, packed, gradient)
    gradient[:-1] *= sigma
    return -2 * value, -2 * gradient


def _likelihood(coordinates: RemlCoordinates, sigma: float, x: Floats) -> tuple[float, Floats]:
    """The deviance, with central differences."""
    steps = _DIFFERENCE * np.eye(len(x))
    ends = [[_deviance(coordinates, sigma, x + sign * step) for sign in (1, -1)] for step in steps]
    return _deviance(coordinates, sigma, x), np.array([(up - down) / (2 * _DIFFERENCE) for up, down in ends])


def _deviance(coordinates: RemlCoordinates, sigma: float, x: Floats) -> float:
    """-2 log likelihood with beta at its best.

    With theta = L / sigma held it is c + n (2 log s + (best / s)^2) at sigma = s, where best is sigma's estimate, and c
    + n (2 log best + 1) there.
    """
    size = float(sigma * np.exp(x[-1]))
    at_best, best = profiled_value(coordinates.arrays, coordinates.prior, np.append(x[:-1] * sigma / size, 0.0), False)
    return at_best + coordinates.arrays.counts[0] * (2 * np.log(size / best) + (best / size) ** 2 - 1)
