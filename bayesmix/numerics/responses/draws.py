"""What is told of a response: coefficients as mixtures of normals, all else from draws of equal weight."""

from dataclasses import dataclass
from math import erfc, exp, pi, sqrt

import numpy as np
from scipy.special import ndtri
from scipy.stats.qmc import Sobol

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.responses.residual_integral import draw_sigma
from bayesmix.numerics.responses.space import ResponseSpace
from bayesmix.numerics.responses.weighing import Weighed

_COMPONENTS = 256  # of the mixture of normals whose quantiles are sought
_SEED = 20  # of the numbers that all responses share


@dataclass(frozen=True)
class GivenVariances:
    """`centre` and `spread` (R, p, N): a coefficient is normal with these given the variance parameters of a draw."""

    centre: Floats
    spread: Floats


@dataclass(frozen=True)
class Draws:
    """Draws of equal weight, N of each response.

    `coefficients` (R, p, N), `sds` (R, n_sd, N), `correlations` (R, n_corr, N), `sigma` (R, N); `shares` (R, n_terms +
    2, N) of the variance: fixed part, each term, residual. `given`: what coefficients are given the others, where that
    is known.
    """

    coefficients: Floats
    sds: Floats
    correlations: Floats
    sigma: Floats
    shares: Floats
    given: GivenVariances | None = None


@dataclass(frozen=True)
class SharedNumbers:
    """Numbers that the draws of all responses have in common: `normals` (N, p) and `uniform` (N,), evenly spread."""

    normals: Floats
    uniform: Floats


def shared_numbers(n_draws: int, p: int) -> SharedNumbers:
    """`n_draws` points of a scrambled Sobol sequence, as normal numbers, and uniform ones to pick sigma by."""
    balanced = 1 << (n_draws - 1).bit_length()
    uniform = Sobol(p + 1, rng=np.random.default_rng([_SEED, p])).random(balanced)[:n_draws]
    return SharedNumbers(ndtri(np.clip(uniform[:, 1:], 1e-12, 1 - 1e-12)), np.ascontiguousarray(uniform[:, 0]))


def draw(space: ResponseSpace, weighed: Weighed, numbers: SharedNumbers, positions: Integers) -> Draws:
    """Draws of the responses at `positions`: values by weight, sigma given these, coefficients given both."""
    tables, met = weighed.tables, weighed.met
    R, N, p = len(positions), len(numbers.uniform), space.fixed.shape[1]
    term_of = np.repeat(np.arange(len(space.ks)), [k * (k + 1) // 2 for k in space.ks])
    term_squares = np.zeros((len(space.term_squares), len(space.ks)))
    term_squares[np.arange(len(term_of)), term_of] = space.term_squares
    relative = np.hstack([tables.points.entries @ term_squares, np.ones((len(tables.eigen), 1))])
    sds = np.empty((R, len(space.units), N))
    correlations = np.empty((R, tables.points.correlations.shape[1], N))
    sigma, shares = np.empty((R, N)), np.empty((R, relative.shape[1] + 1, N))
    coefficients, centre, spread = np.empty((R, p, N)), np.empty((R, p, N)), np.empty((R, p, N))
    fixed_variance = np.empty(N)
    for place, r in enumerate(positions):
        chosen = systematic(weighed.weights[:, r], N)
        draw_sigma(
            chosen,
            numbers.uniform,
            met.squares,
            met.along,
            tables.base,
            tables.eigen,
            tables.log_sigma,
            weighed.n_obs,
            r,
            sigma[place],
        )
        draw_coefficients(
            chosen,
            sigma[place],
            met.along[:, :, r],
            tables.eigen,
            tables.turn,
            numbers.normals,
            space.mean,
            space.fixed_squares,
            coefficients[place],
            centre[place],
            spread[place],
            fixed_variance,
        )
        sds[place] = tables.points.ratios[chosen].T * sigma[place]
        correlations[place] = tables.points.correlations[chosen].T
        parts = np.vstack([fixed_variance, relative[chosen].T * sigma[place] ** 2])
        shares[place] = parts / parts.sum(axis=0)
    return Draws(coefficients, sds, correlations, sigma, shares, GivenVariances(centre, spread))


def systematic(weights: Floats, n_draws: int) -> Integers:
    """Positions of values, each as often as its weight says, to less than one."""
    cumulative = np.cumsum(weights)
    places = (np.arange(n_draws) + 0.5) * (cumulative[-1] / n_draws)
    return np.minimum(np.searchsorted(cumulative, places), len(weights) - 1)


@kernel
def draw_coefficients(
    chosen: Integers,
    sigma: Floats,
    along: Floats,
    eigen: Floats,
    turn: Floats,
    normals: Floats,
    mean: Floats,
    fixed_squares: Floats,
    coefficients: Floats,
    centre: Floats,
    spread: Floats,
    fixed_variance: Floats,
) -> None:
    """Coefficients (p, N) given value and sigma, with their means and sds, and the variance (N,) of X beta over the
    rows.

    In the eigenbasis v_j is normal with mean sqrt(d_j) along_j / (sigma^2 + d_j) and variance sigma^2 / (sigma^2 +
    d_j).
    """
    p = len(mean)
    v, drawn, variance = np.empty(p), np.empty(p), np.empty(p)
    for i in range(len(chosen)):
        s = chosen[i]
        square = sigma[i] * sigma[i]
        for j in range(p):
            d = eigen[s, j]
            v[j] = sqrt(d) * along[s, j] / (square + d)
            variance[j] = square / (square + d)
            drawn[j] = v[j] + sqrt(variance[j]) * normals[i, j]
        for a in range(p):
            total, middle, of_square = mean[a], mean[a], 0.0
            for j in range(p):
                weight = turn[s, a, j]
                middle += weight * v[j]
                total += weight * drawn[j]
                of_square += weight * weight * variance[j]
            centre[a, i], spread[a, i], coefficients[a, i] = middle, sqrt(of_square), total
        whole = 0.0
        for a in range(p):
            for b in range(p):
                whole += coefficients[a, i] * fixed_squares[a, b] * coefficients[b, i]
        fixed_variance[i] = max(whole, 0.0)


@dataclass(frozen=True)
class Mixtures:
    """Of mixtures of normals: `mean`, `sd`, `below` (probability below 0), and `quantiles` (..., n)."""

    mean: Floats
    sd: Floats
    below: Floats
    quantiles: Floats


def mixtures(centre: Floats, spread: Floats, probabilities: Floats) -> Mixtures:
    """Of mixtures with equal shares (..., N), the quantiles from some hundred components evenly taken."""
    mean = centre.mean(axis=-1)
    sd = np.sqrt(np.mean((centre - mean[..., None]) ** 2 + spread**2, axis=-1))
    shape = mean.shape
    flat_centre = np.ascontiguousarray(centre.reshape(-1, centre.shape[-1]))
    flat_spread = np.ascontiguousarray(spread.reshape(-1, spread.shape[-1]))
    below, quantiles = np.empty(len(flat_centre)), np.empty((len(flat_centre), len(probabilities)))
    step = max(1, centre.shape[-1] // _COMPONENTS)
    mixture_tails(flat_centre, flat_spread, below)
    mixture_quantiles(
        flat_centre[:, step // 2 :: step].copy(),
        flat_spread[:, step // 2 :: step].copy(),
        np.asarray(probabilities),
        ndtri(probabilities),
        quantiles,
    )
    return Mixtures(mean, sd, below.reshape(shape), quantiles.reshape(*shape, -1))


@kernel
def mixture_tails(centre: Floats, spread: Floats, below: Floats) -> None:
    """Probability below 0."""
    for row in range(len(centre)):
        total = 0.0
        for i in range(centre.shape[1]):
            total += 0.5 * erfc(centre[row, i] / (spread[row, i] * sqrt(2.0)))
        below[row] = total / centre.shape[1]


@kernel
def mixture_quantiles(centre: Floats, spread: Floats, probabilities: Floats, scores: Floats, out: Floats) -> None:
    """Quantiles by Newton's method within a bracket."""
    n = centre.shape[1]
    for row in range(len(centre)):
        low_end, high_end, mean, square = 1e300, -1e300, 0.0, 0.0
        for i in range(n):
            low_end = min(low_end, centre[row, i] - 9 * spread[row, i])
            high_end = max(high_end, centre[row, i] + 9 * spread[row, i])
            mean += centre[row, i] / n
        for i in range(n):
            square += ((centre[row, i] - mean) ** 2 + spread[row, i] ** 2) / n
        sd = sqrt(square)
        for q in range(len(probabilities)):
            low, high, x = low_end, high_end, mean + scores[q] * sd
            for _ in range(60):
                total, density = 0.0, 0.0
                for i in range(n):
                    z = (x - centre[row, i]) / spread[row, i]
                    total += 0.5 * erfc(-z / sqrt(2.0))
                    density += exp(-0.5 * z * z) / spread[row, i]
                off = total / n - probabilities[q]
                if off > 0:
                    high = x
                else:
                    low = x
                step = off * n * sqrt(2 * pi) / density if density > 0 else 0.0
                x -= step
                if not low < x < high or density == 0:
                    x = 0.5 * (low + high)
                    if high - low < 1e-9 * sd:
                        break
                elif abs(step) < 1e-6 * sd:
                    break
            out[row, q] = x
