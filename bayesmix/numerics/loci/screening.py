"""Importance sampling from a grid of conditional Laplace fits, compiled: a locus is screened in one call.

The proposal draws the sd from the log-linear interpolation of the integrals at the nodes, with exponential tails, and
the other parameters from a t distribution whose centre and scale are interpolated between the nodes. Pareto k of the
weights does not see a grid that stops too early, which is why the tails are there; nor does it see a second mode.
"""

from math import exp, expm1, log, log1p

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.level_quadrature.posterior import log_posterior
from bayesmix.numerics.loci.conditional_fits import Fits, fit_conditionals

DEGREES = 7
"""Of freedom of the t distribution of the other parameters."""

_HEAVIER = 0.6  # of the slope at the last node
_LEAST_SLOPE = 0.5  # of the log density of the tails


@kernel
def screen(
    buffer: Floats,
    start: Floats,
    fixed: int,
    lowest: float,
    uniforms: Floats,
    normals: Floats,
    constant: float,
    theta: Floats,
    log_weights: Floats,
) -> int:
    """Fill `theta` (n_values, n) and their `log_weights` (n_values,), whose mean is the marginal likelihood.

    The sd, parameter number `fixed`, is at least `lowest`. `uniforms` (n_values,) choose it; `normals`
    (n_values, n - 1) are of the t distribution with the log normalising `constant`. The number of nodes; 1 if the grid
    found no way.
    """
    fits = fit_conditionals(buffer, start, fixed, lowest)
    n_nodes = fits.last - fits.first + 1
    if n_nodes < 2:
        return 1
    slopes, masses = np.empty(n_nodes + 1), np.empty(n_nodes + 1)
    greatest = np.max(fits.heights[fits.first : fits.last + 1])
    total = _measure(fits, greatest, lowest, slopes, masses)
    m = len(start) - 1
    for k in range(len(log_weights)):
        piece, sd = _draw(fits, greatest, slopes, masses, uniforms[k] * total)
        log_density = _height(fits, greatest, slopes, piece, sd) - log(total)
        left = min(max(fits.first + piece - 1, fits.first), fits.last - 1)
        share = min(max((sd - fits.at[left]) / (fits.at[left + 1] - fits.at[left]), 0.0), 1.0)
        squares = 0.0
        for i in range(m):
            place, diagonal = (
                i if i < fixed else i + 1,
                _between(fits.roots[left, i, i], fits.roots[left + 1, i, i], share),
            )
            value = _between(fits.modes[left, place], fits.modes[left + 1, place], share)
            for j in range(i, m):
                value += _between(fits.roots[left, i, j], fits.roots[left + 1, i, j], share) * normals[k, j]
            theta[k, place] = value
            log_density -= log(diagonal)
            squares += normals[k, i] * normals[k, i]
        theta[k, fixed] = sd
        log_density += constant - 0.5 * (DEGREES + m) * log1p(squares / DEGREES)
        value, _ = log_posterior(buffer, theta[k])
        log_weights[k] = value - log_density if np.isfinite(value) else -np.inf
    return n_nodes


@kernel
def _between(left: float, right: float, share: float) -> float:
    return left + share * (right - left)


@kernel
def _measure(fits: Fits, greatest: float, lowest: float, slopes: Floats, masses: Floats) -> float:
    """The slope of each piece, the tails first and last, and the masses up to its end; the mass of all."""
    n_nodes, total = len(slopes) - 1, 0.0
    for piece in range(1, n_nodes):
        left = fits.first + piece - 1
        slopes[piece] = (fits.heights[left + 1] - fits.heights[left]) / (fits.at[left + 1] - fits.at[left])
    slopes[0] = max(_HEAVIER * slopes[1], _LEAST_SLOPE)
    slopes[n_nodes] = min(_HEAVIER * slopes[n_nodes - 1], -_LEAST_SLOPE)
    for piece in range(n_nodes + 1):
        if piece == 0:
            bounded = fits.at[fits.first] <= lowest
            total += 0.0 if bounded else exp(fits.heights[fits.first] - greatest) / slopes[0]
        elif piece == n_nodes:
            total += exp(fits.heights[fits.last] - greatest) / -slopes[n_nodes]
        else:
            left = fits.first + piece - 1
            length = fits.at[left + 1] - fits.at[left]
            x = slopes[piece] * length
            mean = expm1(x) / x if abs(x) > 1e-8 else 1.0 + 0.5 * x
            total += exp(fits.heights[left] - greatest) * length * mean
        masses[piece] = total
    return total


@kernel
def _draw(fits: Fits, greatest: float, slopes: Floats, masses: Floats, target: float) -> tuple[int, float]:
    """The piece and the sd up to which the mass is `target`."""
    n_nodes, piece = len(slopes) - 1, 0
    while piece < n_nodes and masses[piece] < target:
        piece += 1
    rest = target - (masses[piece - 1] if piece else 0.0)
    if piece == 0:
        return 0, fits.at[fits.first] + log(target / masses[0]) / slopes[0]
    left = fits.first + piece - 1
    rate = rest * exp(greatest - fits.heights[left])
    inner = max(slopes[piece] * rate, -1.0 + 1e-16)
    away = log1p(inner) / slopes[piece] if abs(slopes[piece]) > 1e-12 else rate
    return piece, fits.at[left] + away


@kernel
def _height(fits: Fits, greatest: float, slopes: Floats, piece: int, sd: float) -> float:
    """The log density of the sd, not normalised."""
    node = fits.first if piece == 0 else fits.first + piece - 1
    return fits.heights[node] - greatest + slopes[piece] * (sd - fits.at[node])
