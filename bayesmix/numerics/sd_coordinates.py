"""Coordinates in which a density whose spread depends on one parameter has the same spread everywhere.

The more groups differ, the less the data tell about the coefficients. Given a standard deviation s their posterior is
nearly normal, with a mode and a covariance that change with s. Both are computed at a few values of s and interpolated
between them: theta_others = mode(s) + factor(s) z. A proposal in (z, s) then fits where s is large, too; with a fixed
covariance single values from there would decide. The coordinates need not be exact, as weights correct for them.

With few groups that hardly differ, the density of s has its mode at 0 and falls as a power of s, up to the end of its
prior: too slowly for a proposal in s, while a proposal in log s does not reach 0. Then s is the hyperbolic sine of a
coordinate, which is linear about 0 and logarithmic far from it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import QuadratureError
from bayesmix.numerics.mode import Mode, ValueAndGradient, curvature_at, inverse_factor, with_others_held

_DROP = 7.0  # of the log marginal density of s from its greatest value to the last knot
_STRAIGHT = 7  # knots to each side one scale apart: a normal density has dropped by then
_MOST_KNOTS = 12  # to each side
_MOST_BENT = 20  # where steps are doubled beyond the straight ones
_FARTHEST = 100.0  # bent coordinate: sinh of it is 1e43
_MOST_STEPS = 10
_NEAR = 1e-3  # of Newton's decrement
_DIFFERENCE = 1e-3


@dataclass(frozen=True)
class SdCoordinates:
    """theta = (others, s), with others = `modes`(s) + `factors`(s) z and s = `centre` + `scale` x, or, where it is
    `bent`, `scale` sinh(t), t linear in x, with the same value and slope at x = 0.

    `at` is the position of s in theta and of x among the coordinates; `folded` says whether the density is even in s.
    Beyond the `first` and the `last` knot modes and factors stay constant.
    """

    at: int
    folded: bool
    bent: bool
    centre: float
    scale: float
    first: float
    last: float
    modes: PchipInterpolator
    factors: PchipInterpolator

    def at_s(self, s: Floats) -> tuple[Floats, Floats]:
        """Modes (n_points, n - 1) and factors (n_points, n - 1, n - 1) at s (n_points,)."""
        inside = np.clip(np.abs(s) if self.folded else s, self.first, self.last)
        return self.modes(inside), self.factors(inside)

    def s_at(self, x: Floats) -> tuple[Floats, Floats]:
        """s and the logarithm of its slope at x (n_points,)."""
        if not self.bent:
            return self.centre + self.scale * x, np.full(len(x), np.log(self.scale))
        at_0, slope = self._bend()
        t = np.clip(at_0 + slope * x, -_FARTHEST, _FARTHEST)
        return self.scale * np.sinh(t), np.log(self.scale * slope * np.cosh(t))

    def x_at(self, s: Floats) -> Floats:
        """x at s (n_points,)."""
        if not self.bent:
            return (s - self.centre) / self.scale
        at_0, slope = self._bend()
        return (np.arcsinh(s / self.scale) - at_0) / slope

    def _bend(self) -> tuple[float, float]:
        """t at x = 0, and its slope."""
        beside = self.centre / self.scale
        return float(np.arcsinh(beside)), float(1 / np.sqrt(1 + beside**2))


@dataclass(frozen=True)
class Placed:
    """`theta` (n_points, n) and the log of the map's volume, `log_jacobian` (n_points,)."""

    theta: Floats
    log_jacobian: Floats


def follow(log_density: ValueAndGradient, mode: Mode, *, at: int, folded: bool) -> SdCoordinates:
    """Coordinates about `mode` for a density with value and gradient at theta, whose spread depends on theta[at].

    Parameters
    ----------
    folded
        Whether the density is even in theta[at].

    Raises
    ------
    QuadratureError
        The density is not finite along the way, or theta[at] is so large that a change by its sd is lost to rounding.
    """
    n = len(mode.point)
    others = np.arange(n) != at
    covariance = mode.scale @ mode.scale.T
    scale, start = float(np.sqrt(covariance[at, at])), mode.point.copy()
    if folded:
        start[at] = abs(start[at])
        scale = min(scale, max(start[at], 0.5 * scale))
    spread = np.sqrt(np.diag(covariance))[others]
    knots: dict[float, tuple[Floats, Floats, float]] = {}
    bent = False
    for direction in (1.0, -1.0):
        point, greatest, step = start.copy(), -np.inf, direction * scale
        for number in range(_MOST_BENT if folded else _MOST_KNOTS):
            if folded and point[at] < 0:
                point[at] = 0.0
            centre, factor, height = _conditional(log_density, point, others, spread)
            knots[float(point[at])] = centre, factor, height
            if folded and number > _STRAIGHT:
                height += np.log(abs(point[at]) / scale)  # the density of the bent coordinate
            greatest = max(greatest, height)
            if height < greatest - _DROP or (folded and direction < 0 and point[at] == 0):
                break
            point[others] = centre
            if folded and number >= _STRAIGHT:
                bent, step = True, 2 * step
            point[at] += step
    s = np.array(sorted(knots))
    if len(s) == 1:
        s = np.array([s[0], s[0] + scale])
        knots[float(s[1])] = knots[float(s[0])]
    marginal = np.array([knots[float(knot)][2] for knot in s])
    if not (np.all(np.diff(s) > 0) and np.all(np.isfinite(marginal))):
        raise QuadratureError(
            f"the posterior cannot be followed about {start[at]:.3g}, where its sd is {scale:.3g}: priors leave no "
            "room for the data, or the data are beyond what can be computed with"
        )
    fine = np.linspace(s[0], min(s[-1], start[at] + _STRAIGHT * scale), 200)
    return SdCoordinates(
        at=at,
        folded=folded,
        bent=bent,
        centre=float(fine[PchipInterpolator(s, marginal)(fine).argmax()]),
        scale=scale,
        first=float(s[0]),
        last=float(s[-1]),
        modes=PchipInterpolator(s, np.array([knots[float(knot)][0] for knot in s])),
        factors=PchipInterpolator(s, np.array([knots[float(knot)][1] for knot in s])),
    )


def _conditional(
    log_density: ValueAndGradient, theta: Floats, others: Flags, spread: Floats
) -> tuple[Floats, Floats, float]:
    """Mode of the others given theta[at], factor of their covariance, log marginal density up to a constant.

    Newton's steps from theta, halved where they lead down.
    """
    given, point = with_others_held(log_density, theta, others), theta[others]
    value, gradient = given(point)
    factor = np.diag(spread)
    for _ in range(_MOST_STEPS):
        factor = inverse_factor(curvature_at(given, point, gradient, _DIFFERENCE * spread))
        step = factor @ (factor.T @ gradient)
        if step @ gradient < _NEAR:
            break
        share = 1.0
        while share > 1e-3:
            ahead, slope = given(point + share * step)
            if ahead > value:
                break
            share /= 2
        else:
            break
        point, value, gradient = point + share * step, ahead, slope
    return point, factor, float(value + np.sum(np.log(np.diag(factor))))


def place(coordinates: SdCoordinates, points: Floats) -> Placed:
    """theta at coordinates (n_points, n), which have x in the place of s."""
    others = np.arange(points.shape[1]) != coordinates.at
    theta = np.empty_like(points)
    s, log_slope = coordinates.s_at(points[:, coordinates.at])
    modes, factors = coordinates.at_s(s)
    theta[:, coordinates.at] = s
    theta[:, others] = modes + np.einsum("kij,kj->ki", factors, points[:, others])
    volume = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    return Placed(theta, volume + log_slope)


def mirrored(coordinates: SdCoordinates, points: Floats) -> Floats:
    """The coordinates of theta with the sign of s changed, for a folded s."""
    turned = points.copy()
    turned[:, coordinates.at] = coordinates.x_at(-coordinates.s_at(points[:, coordinates.at])[0])
    return turned
