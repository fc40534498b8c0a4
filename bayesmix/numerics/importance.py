"""Importance sampling from a t distribution whose scale differs between the two sides of each axis.

Where a standard deviation may be near 0, the posterior of its logarithm has one short and one long side; a plain t is
too long for the one or too short for the other. The split is that of Geweke (1989), doi:10.2307/1913710, except that
sides are drawn in proportion to their scales, so that the density has no step at 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import lgamma, pi

import numpy as np

from bayesmix.arrays import Floats, Integers

_DROPS = (2.0, 8.0)  # of the log density: of a normal at 2 and 4 standard deviations
_TRIES = 12
_FARTHEST = 200.0


@dataclass(frozen=True)
class SplitT:
    """Multivariate t about 0: `scales` (n, 2) below and above 0 on each axis, `degrees` of freedom."""

    scales: Floats
    degrees: float


@dataclass(frozen=True)
class Proposals:
    """`points` (n_values, n) and their `log_densities` (n_values,), normalised."""

    points: Floats
    log_densities: Floats


@dataclass(frozen=True)
class Weighted:
    """Normalised `weights` (n_values,) and their `effective_size`, 1 over the sum of their squares.

    `log_integral` is the log integral of the target's density, `log_integral_error` its Monte Carlo standard error.
    """

    weights: Floats
    effective_size: float
    log_integral: float
    log_integral_error: float


def measure_sides(log_density: Callable[[Floats], float], n: int, *, plateaus: bool = False) -> SplitT:
    """The proposal for a density of `n` parameters whose mode is at 0, with unit curvature there or nearly.

    The scale of a side is the greatest that a normal density would need for the drops measured along it. With more
    parameters more proposals lie far out, so that lighter tails suffice.

    Parameters
    ----------
    log_density
        Log density at a point (n,); minus infinity or nan where it cannot be used.
    plateaus
        Whether a side may be flat up to a steep end, where the scale is then sought.
    """
    at_mode = log_density(np.zeros(n))
    scales = np.ones((n, 2))
    for axis in range(n):
        for side, sign in enumerate((-1.0, 1.0)):
            direction = np.zeros(n)
            direction[axis] = sign
            scales[axis, side] = _side(log_density, at_mode, direction, plateaus)
    return SplitT(scales, 5.0 + n / 2)


def _side(log_density: Callable[[Floats], float], at_mode: float, direction: Floats, plateaus: bool) -> float:
    """The greatest scale over `_DROPS`; a drop between half and twice the wanted one is close enough."""
    scale, greatest = 1.0, 0.0
    for wanted in _DROPS:
        near, far = 0.0, np.inf  # steps known to drop too little and too much
        for _ in range(_TRIES):
            step = min(scale * np.sqrt(2 * wanted), _FARTHEST)
            if plateaus and not near < step < far and near > 0 and far < np.inf:
                # After a plateau with a steep end the scale of the one side leads back to the other.
                step = np.sqrt(near * far)
                scale = step / np.sqrt(2 * wanted)
            drop = at_mode - log_density(step * direction)
            usable = np.isfinite(drop)
            if usable and drop < 0.5 * wanted:
                near = max(near, step)
            elif not usable or drop > 2 * wanted:
                far = min(far, step)
            if usable and drop > 0:
                scale = min(max(step / np.sqrt(2 * drop), scale / 4), scale * 4)
            else:
                scale = scale * 2 if usable else scale / 4
            if usable and (0.5 * wanted <= drop <= 2 * wanted or (step == _FARTHEST and drop <= wanted)):
                break
        greatest = max(greatest, scale)
    return greatest


def propose(proposal: SplitT, n_values: int, rng: np.random.Generator) -> Proposals:
    """Independent draws from `proposal`."""
    scales, degrees = proposal.scales, proposal.degrees
    n = len(scales)
    size = np.abs(rng.standard_normal((n_values, n)))
    size /= _root_of_chi_squared(degrees, n_values, rng)
    above = rng.random((n_values, n)) < scales[:, 1] / scales.sum(axis=1)
    points = size * np.where(above, scales[:, 1], -scales[:, 0])
    return Proposals(points, log_density_of(proposal, points))


def log_density_of(proposal: SplitT, points: Floats) -> Floats:
    """The log density of `proposal` at points (n_points, n), shape (n_points,)."""
    scales, degrees = proposal.scales, proposal.degrees
    n = len(scales)
    size = points / np.where(points > 0, scales[:, 1], scales[:, 0])
    constant = log_t_constant(degrees, n) + np.sum(np.log(2 / scales.sum(axis=1)))
    return constant - 0.5 * (degrees + n) * np.log1p((size**2).sum(axis=1) / degrees)


def log_t_constant(degrees: float, n: int) -> float:
    """Log density at 0 of the t distribution of `degrees` in n dimensions with unit scale."""
    return float(lgamma((degrees + n) / 2) - lgamma(degrees / 2) - 0.5 * n * np.log(degrees * pi))


def t_steps(degrees: float, n_values: int, n: int, rng: np.random.Generator) -> Floats:
    """Draws (n_values, n) of that distribution."""
    return rng.standard_normal((n_values, n)) / _root_of_chi_squared(degrees, n_values, rng)


def _root_of_chi_squared(degrees: float, n_values: int, rng: np.random.Generator) -> Floats:
    return np.sqrt(rng.chisquare(degrees, n_values) / degrees)[:, None]


def t_distances(points: Floats, mean: Floats, root: Floats) -> Floats:
    """Squared distances (n_points,) from `mean` in units of the scale root root'."""
    return np.sum(np.linalg.solve(root, (points - mean).T) ** 2, axis=0)


def weigh(log_ratios: Floats) -> Weighted:
    """Weights of values drawn from a proposal.

    Parameters
    ----------
    log_ratios
        log density of the target, not normalised, less that of the proposal, shape (n_values,); not finite: weight 0.
    """
    log_ratios = np.where(np.isfinite(log_ratios), log_ratios, -np.inf)
    greatest = log_ratios.max()
    ratios = np.exp(log_ratios - greatest)
    mean = ratios.mean()
    error = ratios.std(ddof=1) / np.sqrt(len(ratios)) / mean
    weights = ratios / ratios.sum()
    return Weighted(weights, float(1 / np.sum(weights**2)), float(greatest + np.log(mean)), float(error))


def resample(weights: Floats, n_draws: int, rng: np.random.Generator) -> Integers:
    """Positions (n_draws,) of values resampled by weight, systematically.

    Copies of a value are next to each other, so that the autocorrelation of the draws shows how few values there are.
    """
    wanted = (np.arange(n_draws) + rng.random()) / n_draws
    return np.searchsorted(np.cumsum(weights) / weights.sum(), wanted).clip(max=len(weights) - 1)
