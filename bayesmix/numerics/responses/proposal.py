"""Values of the variance parameters, relative to sigma, from a mixture of t distributions.

A point x has, term after term, k numbers for the sds and k (k - 1) / 2 for the partial correlations: sd / sigma is
sinh |x| / unit, so that equal steps are equal parts of a small sd and equal ratios of large ones, and nothing piles up
where a sd is 0. A partial correlation is tanh (x / 2).
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import gammaln, ndtri
from scipy.stats import chi2
from scipy.stats.qmc import Sobol

from bayesmix.arrays import Flags, Floats
from bayesmix.numerics.adaptive_importance import Mixture, mixture_log_densities

_DEGREES = 5.0
_WIDE = ((0.9, 0.9), (0.0, 1.8))  # mean and scale of sds and of correlations, before anything is known
_FINE = 30_001  # nodes on which the quantiles of a single sd are found
_FARTHEST = 15.0  # of x: a sd 1.6 million times the residual one


@dataclass(frozen=True)
class Coordinates:
    """Which numbers of a point are sds (`is_sd`, (d,)), and the `shapes` (n_corr,) of the Beta of partial correlations.

    `ks` are the columns of each term, `units` (n_sd,) those of `ResponseSpace`.
    """

    ks: tuple[int, ...]
    units: Floats
    shapes: Floats

    @property
    def is_sd(self) -> Flags:
        return np.array([number < k for k in self.ks for number in range(k * (k + 1) // 2)], dtype=bool)


@dataclass(frozen=True)
class Points:
    """Values of the relative variance parameters.

    `ratios` (S, n_sd) are sds over sigma, `correlations` (S, n_corr) of the columns of each term in the order of
    `layout.column_pairs`, `entries` (S, n_entries) the lower triangles of L L' / sigma^2. `log_weights` (S,) are the
    log density of the correlations' prior with all Jacobians, over the density that the points were drawn from.
    """

    coordinates: Floats
    ratios: Floats
    correlations: Floats
    entries: Floats
    log_weights: Floats


def wide_mixture(coordinates: Coordinates) -> Mixture:
    """One t distribution that covers everything, if thinly."""
    chosen = np.array([_WIDE[0] if is_sd else _WIDE[1] for is_sd in coordinates.is_sd]).reshape(-1, 2)
    return Mixture(np.ones(1), chosen[None, :, 0], np.diag(chosen[:, 1])[None], _DEGREES)


def with_wide(mixture: Mixture, coordinates: Coordinates, share: float) -> Mixture:
    """The mixture, with the `share` of the wide one added."""
    wide = wide_mixture(coordinates)
    return Mixture(
        np.concatenate([(1 - share) * mixture.shares, [share]]),
        np.concatenate([mixture.means, wide.means]),
        np.concatenate([mixture.roots, wide.roots]),
        mixture.degrees,
    )


def draw_points(mixture: Mixture, coordinates: Coordinates, n_points: int, seed: int) -> Points:
    """The first `n_points` of a scrambled Sobol sequence through the mixture; one point where there is no term.

    A single sd takes quantiles of the mixture, evenly spaced: a quadrature, in whose place weights say too little of
    it.
    """
    d = len(coordinates.is_sd)
    if d == 0:
        nothing = np.zeros((1, 0))
        return Points(nothing, nothing, nothing, nothing, np.zeros(1))
    if d == 1:
        x = _quantiles(mixture, coordinates, n_points)
        return points_at(x, coordinates, folded_log_density(mixture, coordinates, x))
    uniform = Sobol(d + 2, rng=np.random.default_rng([seed, d])).random(n_points)
    uniform = np.clip(uniform, 1e-12, 1 - 1e-12)
    which = np.minimum(np.searchsorted(np.cumsum(mixture.shares), uniform[:, 0]), len(mixture.shares) - 1)
    steps = ndtri(uniform[:, 2:]) * np.sqrt(mixture.degrees / chi2.ppf(uniform[:, 1], mixture.degrees))[:, None]
    x = mixture.means[which] + np.einsum("vij,vj->vi", mixture.roots[which], steps)
    x = np.clip(x, -_FARTHEST, _FARTHEST)
    x[:, coordinates.is_sd] = np.maximum(np.abs(x[:, coordinates.is_sd]), 1e-9)
    return points_at(x, coordinates, folded_log_density(mixture, coordinates, x))


def _quantiles(mixture: Mixture, coordinates: Coordinates, n_points: int) -> Floats:
    """Quantiles (S, 1) of the folded mixture at the middles of S equal steps."""
    fine = np.linspace(0, _FARTHEST, _FINE)[:, None]
    density = np.exp(folded_log_density(mixture, coordinates, fine))
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
    wanted = (np.arange(n_points) + 0.5) / n_points * cumulative[-1]
    return np.maximum(np.interp(wanted, cumulative, fine[:, 0]), 1e-9)[:, None]


def folded_log_density(mixture: Mixture, coordinates: Coordinates, x: Floats) -> Floats:
    """Log density (S,) of points whose sds have lost their signs."""
    places = np.flatnonzero(coordinates.is_sd)
    sides = []
    for signs in product((1.0, -1.0), repeat=len(places)):
        turned = x.copy()
        turned[:, places] *= np.array(signs)
        sides.append(mixture_log_densities(turned, mixture)[0])
    return np.logaddexp.reduce(sides, axis=0)


def points_at(x: Floats, coordinates: Coordinates, log_density: Floats) -> Points:
    """The values at points x (S, d) that were drawn from a density."""
    is_sd = coordinates.is_sd
    size = np.abs(x[:, is_sd])
    ratios = np.sinh(size) / coordinates.units
    # d log sinh(x) / dx = 1 / tanh(x)
    log_weights = -np.log(np.tanh(size)).sum(axis=1) - log_density
    partial = x[:, ~is_sd]
    shapes = coordinates.shapes
    # (1 + z) / 2 ~ Beta(shape, shape), and x is its logit.
    log_beta = gammaln(2 * shapes) - 2 * gammaln(shapes)
    log_weights += (log_beta - shapes * (np.logaddexp(0, partial) + np.logaddexp(0, -partial))).sum(axis=1)
    entries, correlations = [np.zeros((len(x), 0))], [np.zeros((len(x), 0))]
    of_sd, of_corr = 0, 0
    for k in coordinates.ks:
        n_pairs = k * (k - 1) // 2
        rows = _correlation_root(np.tanh(partial[:, of_corr : of_corr + n_pairs] / 2), k)
        whole = np.einsum("sai,sbi->sab", rows, rows)
        sds = ratios[:, of_sd : of_sd + k]
        lower = np.tril_indices(k)
        pairs = [(i, j) for j in range(k) for i in range(j)]
        correlations.append(np.stack([whole[:, j, i] for i, j in pairs], axis=1) if pairs else np.zeros((len(x), 0)))
        entries.append((whole * sds[:, :, None] * sds[:, None, :])[:, lower[0], lower[1]])
        of_sd, of_corr = of_sd + k, of_corr + n_pairs
    return Points(x, ratios, np.hstack(correlations), np.hstack(entries), log_weights)


def _correlation_root(partial: Floats, k: int) -> Floats:
    """The lower root (S, k, k) of the correlations, as `variance_parameters` has it."""
    root = np.zeros((len(partial), k, k))
    for j in range(k):
        remaining = np.ones(len(partial))
        for i in range(j):
            z = partial[:, j * (j - 1) // 2 + i]
            root[:, j, i] = z * np.sqrt(remaining)
            remaining = remaining * (1 - z**2)
        root[:, j, j] = np.sqrt(remaining)
    return root
