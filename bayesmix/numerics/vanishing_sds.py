"""Proposals for the region in which one or two standard deviations go to 0.

Towards 0 the likelihood no longer depends on a standard deviation, nor on what belongs to it: the density of its
logarithm falls as its prior does, exponentially, and the others settle where they would lie without it. A proposal
about the mode follows the others along the straight line that the curvature at the mode suggests, past that place; few
of its values then stand for the whole region, with great weights. Here the logarithm is drawn from an exponential of
that slope and the others from a t about their own mode.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import pi

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.numerics.importance import log_t_constant, t_distances, t_steps
from bayesmix.numerics.mode import Mode, ValueAndGradient, find_mode

_FAR = 12.0  # below the mode: a standard deviation that is 160,000 times smaller
_STEPS = np.arange(-_FAR, 2.0, 0.25)
_SLOPES = (0.1, 4.0)
_BAND = 0.4  # share by which the slope may differ from that far out
_LONGER, _SHORTER = 1.25, 0.75  # scales to the left and right of the centre, over 1 / slope
_LEAST_MASS = -12.0  # log share of the posterior below which a region is left out
_HOPELESS = -60.0  # log density without the others having moved
_MOST_IN_PAIRS = 4


@dataclass(frozen=True)
class Vanishing:
    """Where theta[at] go to minus infinity, `at` (k,): independent, about `centres` (k,), exponential with `lefts` and
    `rights` (k,) to each side. The rest, `others` (n - k,): t of `degrees` about `point`, root root' its scale.
    """

    at: Positions
    others: Positions
    centres: Floats
    lefts: Floats
    rights: Floats
    point: Floats
    root: Floats
    degrees: float


def find_vanishing(log_density: ValueAndGradient, mode: Mode, axes: Sequence[int]) -> tuple[Vanishing, ...]:
    """The regions that hold a share of the posterior worth a proposal, for each of `axes` and, if few, each pair.

    Parameters
    ----------
    log_density
        Value and gradient at theta (n,); minus infinity where it cannot be used.
    axes
        Positions in theta of the logarithms of standard deviations.
    """
    several = [(axis,) for axis in axes]
    pairs = combinations(axes, 2) if len(axes) <= _MOST_IN_PAIRS else ()
    found = (_region(log_density, mode, np.array(at, dtype=np.intp)) for at in (*several, *pairs))
    return tuple(one for one in found if one is not None)


def _region(log_density: ValueAndGradient, mode: Mode, at: Positions) -> Vanishing | None:
    n = len(mode.point)
    others = np.setdiff1d(np.arange(n), at)
    far = mode.point.copy()
    far[at] -= _FAR
    if log_density(far)[0] + _FAR * _SLOPES[1] * len(at) < mode.log_density + _HOPELESS:
        return None

    def given(values: Floats) -> tuple[float, Floats]:
        theta = far.copy()
        theta[others] = values
        value, gradient = log_density(theta)
        return value, gradient[others]

    spread = np.sqrt(np.diag(mode.scale @ mode.scale.T))
    without = find_mode(given, mode.point[others], spread[others])
    far[others] = without.point
    slopes = log_density(far)[1][at]
    if not ((slopes > _SLOPES[0]) & (slopes < _SLOPES[1])).all():
        return None
    centres = np.array([_end(log_density, far, axis, mode.point[axis], s) for axis, s in zip(at, slopes, strict=True)])
    mass = without.log_density + np.sum(np.log(np.diag(without.scale))) + slopes @ (centres - far[at])
    mass += np.sum(np.log(1 / slopes)) - 0.5 * len(at) * np.log(2 * pi)
    if mass < mode.log_density + np.sum(np.log(np.diag(mode.scale))) + _LEAST_MASS:
        return None
    return Vanishing(
        at=at,
        others=others,
        centres=centres,
        lefts=_LONGER / slopes,
        rights=_SHORTER / slopes,
        point=without.point,
        root=without.scale,
        degrees=5.0 + (n - len(at)) / 2,
    )


def _end(log_density: ValueAndGradient, far: Floats, axis: int, at_mode: float, slope: float) -> float:
    """How far up the density keeps nearly the slope that it has far out."""
    theta, end = far.copy(), far[axis]
    for step in _STEPS:
        theta[axis] = at_mode + step
        if not abs(log_density(theta)[1][axis] - slope) < _BAND * slope:
            break
        end = theta[axis]
    return float(end)


def draw_vanishing(regions: Sequence[Vanishing], n_values: int, rng: np.random.Generator) -> Floats:
    """theta (n_values, n), from all regions alike."""
    which = rng.integers(len(regions), size=n_values)
    drawn = [_draw(one, int(np.sum(which == number)), rng) for number, one in enumerate(regions)]
    return np.concatenate(drawn)


def _draw(one: Vanishing, n_values: int, rng: np.random.Generator) -> Floats:
    n_at, n_others = len(one.at), len(one.others)
    theta = np.empty((n_values, n_at + n_others))
    left = rng.random((n_values, n_at)) < one.lefts / (one.lefts + one.rights)
    theta[:, one.at] = one.centres + np.where(left, -one.lefts, one.rights) * rng.exponential(size=(n_values, n_at))
    theta[:, one.others] = one.point + t_steps(one.degrees, n_values, n_others, rng) @ one.root.T
    return theta


def log_density_of_vanishing(regions: Sequence[Vanishing], theta: Floats) -> Floats:
    """Log density of what `draw_vanishing` gives, normalised, at theta (n_points, n)."""
    return np.logaddexp.reduce([_log_density(one, theta) for one in regions], axis=0) - np.log(len(regions))


def _log_density(one: Vanishing, theta: Floats) -> Floats:
    away = theta[:, one.at] - one.centres
    along = np.where(away < 0, away / one.lefts, -away / one.rights) - np.log(one.lefts + one.rights)
    n, degrees = len(one.others), one.degrees
    distance = t_distances(theta[:, one.others], one.point, one.root)
    constant = log_t_constant(degrees, n) - np.sum(np.log(np.diag(one.root)))
    return along.sum(axis=1) + constant - 0.5 * (degrees + n) * np.log1p(distance / degrees)
