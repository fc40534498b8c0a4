"""The posterior of coefficients, sd and the family's further parameter, with group effects integrated out.

    log p(theta | y) = sum over levels of log integral + log p(theta) + constant

Data and priors are packed into one buffer, so that one compiled function serves all models and all data.

Each parameter is a number x on the whole line. Coefficients stand for themselves in units of their columns; with a
uniform prior they are logistic functions of x. The sd is |x|: the density of the counts is even in it, and unlike its
logarithm x has no long tail where the sd may be 0. If the prior of the sd is 0, infinite or not smooth at 0, or
uniform, x is its logarithm or its logit, as it is for the family's further parameter.
"""

from dataclasses import dataclass
from math import exp, lgamma, log, log1p, pi

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics import prior_codes as codes
from bayesmix.numerics.buffer import floats, floats_2, gradient_by_coordinates, integers, linear_map, pack
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.level_quadrature.integral import (
    COUNT,
    ETA,
    FAR,
    FIRST,
    ODDS,
    SECOND,
    centre_and_width,
    fall_of,
    level_of,
    log_integral,
    log_integral_with_slopes,
    step_of,
)
from bayesmix.numerics.level_quadrature.logit_levels import logit_levels
from bayesmix.numerics.level_quadrature.rows import CountRows
from bayesmix.numerics.prior_densities import log_logistic, logistic, standard_deviation
from bayesmix.numerics.row_codes import BINOMIAL_LOGIT
from bayesmix.numerics.row_distribution.compiled import apart_from_predictor, log_density, with_slopes

_X, _OFFSET, _FIRST, _SECOND, _COUNT, STARTS, GUESS, INFORMATION = range(8)
_ROLES, _KINDS, _NUMBERS, _UNITS, _CENTRE, _SCALE, _SETTINGS = range(8, 15)


@dataclass(frozen=True)
class Parameters:
    """The parameters in theta and their priors: coefficients, the sd if any, the family's further parameter.

    `roles` (n,), `kinds` (n,) and `numbers` (n, 3) of the priors, `units` (n,) of the coefficients.
    """

    roles: Integers
    kinds: Integers
    numbers: Floats
    units: Floats

    @property
    def n(self) -> int:
        return len(self.roles)


def pack_counts(rows: CountRows, parameters: Parameters, *, centre: Floats, scale: Floats, fineness: float) -> Floats:
    """Pack data, priors, the map theta = centre + scale x, and the distance of nodes into one buffer."""
    settings = np.array([rows.code, rows.log_constant, fineness])
    data = [rows.X, rows.offset, rows.first, rows.second, rows.count, rows.starts, rows.guess, rows.information]
    priors = [parameters.roles, parameters.kinds, parameters.numbers, parameters.units]
    return pack([*data, *priors, centre, scale, settings])


@kernel
def theta_of(buffer: Floats, x: Floats) -> Floats:
    """centre + scale x."""
    return linear_map(floats(buffer, _CENTRE), floats_2(buffer, _SCALE), x)


@kernel
def values_of(buffer: Floats, theta: Floats, values: Floats, slopes: Floats, scores: Floats) -> float:
    """The log prior at theta (n,); fills the parameters' `values`, their `slopes` by theta, the prior's `scores`."""
    roles, kinds = integers(buffer, _ROLES), integers(buffer, _KINDS)
    numbers, units = floats_2(buffer, _NUMBERS), floats(buffer, _UNITS)
    log_prior = 0.0
    for i in range(len(theta)):
        values[i], slopes[i], density, scores[i] = parameter(
            roles[i], kinds[i], numbers[i, 0], numbers[i, 1], numbers[i, 2], units[i], theta[i]
        )
        log_prior += density
    return log_prior


@kernel
def rows_at(buffer: Floats, values: Floats) -> Floats:
    """The table of rows at given parameters, with the columns of `integral`."""
    X, offset = floats_2(buffer, _X), floats(buffer, _OFFSET)
    first, second, count = floats(buffer, _FIRST), floats(buffer, _SECOND), floats(buffer, _COUNT)
    table = np.empty((len(offset), 5))
    for i in range(len(offset)):
        eta = offset[i]
        for j in range(X.shape[1]):
            eta += X[i, j] * values[j]
        table[i, ETA], table[i, ODDS] = eta, exp(min(eta, FAR))
        table[i, FIRST], table[i, SECOND], table[i, COUNT] = first[i], second[i], count[i]
    return table


@kernel
def family_at(buffer: Floats, values: Floats) -> tuple[int, float, float]:
    """Code of family and link, the family's further parameter (1 if it has none), the sd (0 without levels)."""
    code, p = int(floats(buffer, _SETTINGS)[0]), floats_2(buffer, _X).shape[1]
    sd = values[p] if len(integers(buffer, STARTS)) > 1 else 0.0
    return code, values[len(values) - 1] if code >= 4 else 1.0, sd


@kernel(apart=True)
def log_posterior(buffer: Floats, theta: Floats) -> tuple[float, int]:
    """log p(y | theta) + log p(theta), and the number of nodes of all levels."""
    n, n_nodes = len(theta), 0
    values, slopes, scores = np.empty(n), np.empty(n), np.empty(n)
    total = values_of(buffer, theta, values, slopes, scores) + floats(buffer, _SETTINGS)[1]
    table, (code, auxiliary, sd), fineness = (
        rows_at(buffer, values),
        family_at(buffer, values),
        floats(buffer, _SETTINGS)[2],
    )
    starts, guess, information = integers(buffer, STARTS), floats(buffer, GUESS), floats(buffer, INFORMATION)
    for i in range(len(table) if code >= 4 else 0):
        total += apart_from_predictor(code, table[i, FIRST], table[i, SECOND], table[i, COUNT], auxiliary)[0]
    for i in range(len(table) if len(starts) == 1 else 0):
        total += log_density(code, table[i, ETA], table[i, FIRST], table[i, SECOND], table[i, COUNT], auxiliary)
    for j in range(len(starts) - 1):
        level = level_of(table, code, auxiliary, sd, starts[j], starts[j + 1])
        centre, width = centre_and_width(table, level, guess[j], information[j])
        step = step_of(table, level, centre, width, fineness)
        of_level, taken = log_integral(table, level, centre, step, fall_of(fineness))
        total += of_level
        n_nodes += taken
    return total, n_nodes


@kernel(apart=True)
def log_posterior_at(buffer: Floats, x: Floats, gradient: Floats) -> float:
    """log p(y | theta) + log p(theta) at theta = centre + scale x; fills the gradient with respect to x.

    The Jacobian of the map from x to theta, a constant, is left out; the density of a folded sd is that of its size.
    """
    theta, n = theta_of(buffer, x), len(x)
    values, slopes, by_theta = np.empty(n), np.empty(n), np.empty(n)
    total = values_of(buffer, theta, values, slopes, by_theta) + floats(buffer, _SETTINGS)[1]
    table, (code, auxiliary, sd) = rows_at(buffer, values), family_at(buffer, values)
    starts, guess, information = integers(buffer, STARTS), floats(buffer, GUESS), floats(buffer, INFORMATION)
    X, fineness = floats_2(buffer, _X), floats(buffer, _SETTINGS)[2]
    n_rows, p = X.shape
    scores, scratch = np.empty(n_rows), np.empty(n_rows)
    by_sd, by_auxiliary = 0.0, 0.0
    for i in range(n_rows if code >= 4 else 0):
        value, slope = apart_from_predictor(code, table[i, FIRST], table[i, SECOND], table[i, COUNT], auxiliary)
        total += value
        by_auxiliary += slope
    for i in range(n_rows if len(starts) == 1 else 0):
        value, scores[i], _, slope = with_slopes(
            code, table[i, ETA], table[i, FIRST], table[i, SECOND], table[i, COUNT], auxiliary
        )
        total += value
        by_auxiliary += slope
    if code == BINOMIAL_LOGIT and len(starts) > 1:
        of_levels, by_sd = logit_levels(table, sd, starts, guess, information, fineness, scores, scratch)
        total += of_levels
    for j in range(len(starts) - 1 if code != BINOMIAL_LOGIT else 0):
        level = level_of(table, code, auxiliary, sd, starts[j], starts[j + 1])
        centre, width = centre_and_width(table, level, guess[j], information[j])
        step = step_of(table, level, centre, width, fineness)
        of_level, slope_sd, slope_auxiliary = log_integral_with_slopes(
            table, level, centre, step, fall_of(fineness), scores, scratch
        )
        total += of_level
        by_sd += slope_sd
        by_auxiliary += slope_auxiliary
    for i in range(n_rows):
        for j in range(p):
            by_theta[j] += X[i, j] * scores[i] * slopes[j]
    if len(starts) > 1:
        by_theta[p] += by_sd * slopes[p]
    if code >= 4:
        by_theta[n - 1] += by_auxiliary * slopes[n - 1]
    gradient_by_coordinates(floats_2(buffer, _SCALE), by_theta, gradient)
    return total


@kernel
def evaluate_counts(buffer: Floats, points: Floats, log_densities: Floats) -> int:
    """Fill `log_densities` with log p(y | theta) + log p(theta) at points x (n_points, n); the number of nodes."""
    n_nodes = 0
    for i in range(points.shape[0]):
        log_densities[i], taken = log_posterior(buffer, theta_of(buffer, points[i]))
        n_nodes += taken
    return n_nodes


@kernel
def parameter_values(buffer: Floats, thetas: Floats) -> Floats:
    """The parameters at each theta (n_points, n): coefficients about the columns' means, sd, further parameter."""
    values = np.empty(thetas.shape)
    slopes, scores = np.empty(thetas.shape[1]), np.empty(thetas.shape[1])
    for i in range(thetas.shape[0]):
        values_of(buffer, thetas[i], values[i], slopes, scores)
    return values


COEFFICIENT, FOLDED, POSITIVE = range(3)
"""The roles of parameters."""

FOLDABLE = (codes.HALF_NORMAL, codes.HALF_STUDENT_T)
"""Kinds of prior that a folded sd may have: even functions, smooth at 0."""


@kernel
def parameter(
    role: int, kind: int, first: float, second: float, third: float, unit: float, x: float
) -> tuple[float, float, float, float]:
    """The value at x, its slope by x, the log density of x (of |x| where folded), and its slope."""
    if role == COEFFICIENT:
        return _coefficient(kind, first, second, third, unit, x)
    if role == FOLDED:
        density, slope = _half(kind, first, second, abs(x))
        return abs(x), 1.0 if x >= 0.0 else -1.0, density, slope if x >= 0.0 else -slope
    return standard_deviation(kind, first, second, x)


@kernel
def _coefficient(
    kind: int, first: float, second: float, third: float, unit: float, x: float
) -> tuple[float, float, float, float]:
    if kind == codes.UNIFORM:
        share = logistic(x)
        density = log_logistic(x) + log_logistic(-x)
        return first + (second - first) * share, (second - first) * share * logistic(-x), density, 1.0 - 2.0 * share
    value = unit * x
    if kind == codes.NORMAL:
        distance = (value - first) / second
        density = -0.5 * log(2.0 * pi) - log(second / unit) - 0.5 * distance * distance
        return value, unit, density, -distance * unit / second
    distance = (value - first) / second
    if kind == codes.STUDENT_T:
        constant = lgamma((third + 1) / 2) - lgamma(third / 2) - 0.5 * log(third * pi) - log(second / unit)
        square = distance * distance / third
        slope = -(third + 1) * distance / (third * (1.0 + square)) * unit / second
        return value, unit, constant - 0.5 * (third + 1) * log1p(square), slope
    sign = 1.0 if distance >= 0.0 else -1.0
    return value, unit, -abs(distance) - log(2.0 * second / unit), -sign * unit / second


@kernel
def _half(kind: int, first: float, second: float, sd: float) -> tuple[float, float]:
    """Log density of a sd and its slope, for the kinds of `FOLDABLE`."""
    if kind == codes.HALF_NORMAL:
        return 0.5 * log(2.0 / pi) - log(first) - 0.5 * (sd / first) ** 2, -sd / (first * first)
    ratio = (sd / second) ** 2 / first
    constant = log(2.0) + lgamma((first + 1) / 2) - lgamma(first / 2) - 0.5 * log(first * pi) - log(second)
    slope = -(first + 1) * sd / (first * second * second * (1.0 + ratio))
    return constant - 0.5 * (first + 1) * log1p(ratio), slope
