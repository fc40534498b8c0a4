"""Proposals for the region in which one or two standard deviations go to 0.

As a standard deviation goes to 0, the likelihood ceases to depend on it: the density of its logarithm falls
exponentially, as its prior does, and the other parameters settle where they would lie without it. A proposal about the
mode moves the others along the straight line that the curvature at the mode suggests, past that place; a few of its
values with great weights would then stand for the whole region. Here the logarithm is drawn from an exponential of that
slope, and the others from a t about their own mode.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import pi

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.numerics.importance import log_t_constant, t_distances, t_steps
from bayesmix.numerics.mode import Mode, ValueAndGradient, find_mode, with_others_held

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
    """A region where theta[at] go to minus infinity, `at` (k,). These are independent and exponential about `centres`
    (k,), with scales `lefts` and `rights` (k,). The `others` (n - k,) follow a t of `degrees` about `point` with the
    scale root root'.
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
    """The regions that deserve a proposal, for each of `axes` and, if they are few, each pair.

    Parameters
    ----------
    log_density
        Value and gradient at theta (n,); minus infinity where it cannot be used.
    axes
        Positions in theta of the logarithms of standard deviations.
    """
    several = [(axis,) for axis in axes]
    pairs = combinations(axes, 2) if len(axes) <= _MOST_IN_PAIRS else ()
    regions = (_region(log_density, mode, np.array(at, dtype=np.intp)) for at in (*several, *pairs))
    return tuple(region for region in regions if region is not None)


def _region(log_density: ValueAndGradient, mode: Mode, at: Positions) -> Vanishing | None:
    n = len(mode.point)
    others = np.setdiff1d(np.arange(n), at)
    far = mode.point.copy()
    far[at] -= _FAR
    if log_density(far)[0] + _FAR * _SLOPES[1] * len(at) < mode.log_density + _HOPELESS:
        return None
    spread = np.sqrt(np.diag(mode.scale @ mode.scale.T))
    without = find_mode(with_others_held(log_density, far, others), mode.point[others], spread[others])
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
    """Up to where the density has nearly the slope that it has far out."""
    theta, end = far.copy(), far[axis]
    for step in _STEPS:
        theta[axis] = at_mode + step
        if not abs(log_density(theta)[1][axis] - slope) < _BAND * slope:
            break
        end = theta[axis]
    return float(end)


def draw_vanishing(regions: Sequence[Vanishing], n_values: int, rng: np.random.Generator) -> Floats:
    """Draw theta (n_values, n), from all regions with equal probability."""
    which = rng.integers(len(regions), size=n_values)
    drawn = [_draw(region, int(np.sum(which == number)), rng) for number, region in enumerate(regions)]
    return np.concatenate(drawn)


def _draw(region: Vanishing, n_values: int, rng: np.random.Generator) -> Floats:
    n_at, n_others = len(region.at), len(region.others)
    theta = np.empty((n_values, n_at + n_others))
    left = rng.random((n_values, n_at)) < region.lefts / (region.lefts + region.rights)
    theta[:, region.at] = region.centres + np.where(left, -region.lefts, region.rights) * rng.exponential(
        size=(n_values, n_at)
    )
    theta[:, region.others] = region.point + t_steps(region.degrees, n_values, n_others, rng) @ region.root.T
    return theta


def log_density_of_vanishing(regions: Sequence[Vanishing], theta: Floats) -> Floats:
    """Normalised log density of the draws of `draw_vanishing`, at theta (n_points, n)."""
    return np.logaddexp.reduce([_log_density(region, theta) for region in regions], axis=0) - np.log(len(regions))


def _log_density(region: Vanishing, theta: Floats) -> Floats:
    away = theta[:, region.at] - region.centres
    along = np.where(away < 0, away / region.lefts, -away / region.rights) - np.log(region.lefts + region.rights)
    n, degrees = len(region.others), region.degrees
    distance = t_distances(theta[:, region.others], region.point, region.root)
    constant = log_t_constant(degrees, n) - np.sum(np.log(np.diag(region.root)))
    return along.sum(axis=1) + constant - 0.5 * (degrees + n) * np.log1p(distance / degrees)
