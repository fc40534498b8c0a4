"""What each value of the variance parameters says of every response, as matrices that a block of responses meets."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, pi

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics import prior_codes as codes
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.prior_densities import group_sd
from bayesmix.numerics.responses.proposal import Points
from bayesmix.numerics.responses.space import Projected, ResponseSpace

_AT_ONCE = 256
_TINY = 1e-12


@dataclass(frozen=True)
class SdPriors:
    """Kinds (n_sd + 1,) and numbers (n_sd + 1, 2) of the priors of all sds as `numerics.prior_codes` has them; sigma's
    last."""

    kinds: Integers
    numbers: Floats


@dataclass(frozen=True)
class Products:
    """What meets the coordinates of responses.

    `quadratic` (S, r (r + 1) / 2): its product with products of pairs of coordinates is the generalised least sum of
    squares. `fixed` (S, p, r): its product with the coordinates is D^-1/2 U' S' X' V^-1 y.
    """

    quadratic: Floats
    fixed: Floats


@dataclass(frozen=True)
class PointTables:
    """For each of S values the numbers that are the same for all responses.

    `products` are those that meet responses, of one part of the values after the other. `eigen` (S, p) is D, `turn` (S,
    p, p) is S U, where S' X' V^-1 X S = U D U'. `base` (S, G): all of the log density that no response changes, with
    priors, Jacobians and the width of a cell. `log_sigma` (G,) are the nodes.
    """

    points: Points
    products: tuple[Products, ...]
    eigen: Floats
    turn: Floats
    base: Floats
    log_sigma: Floats


def point_tables(space: ResponseSpace, points: Points, priors: SdPriors, log_sigma: Floats) -> PointTables:
    """Factorise V at every value."""
    S, r, p = len(points.log_weights), space.rank, space.fixed.shape[1]
    quadratic, fixed = np.empty((S, r * (r + 1) // 2)), np.empty((S, p, r))
    eigen, turn, log_root = np.empty((S, p)), np.empty((S, p, p)), np.empty(S)
    upper = np.triu_indices(r)
    doubled = np.where(upper[0] == upper[1], 1.0, 2.0)
    flat = space.pieces.reshape(len(space.pieces), r * r)
    for start in range(0, S, _AT_ONCE):
        part = slice(start, min(start + _AT_ONCE, S))
        V = np.eye(r) + (points.entries[part] @ flat).reshape(-1, r, r)
        root = np.linalg.cholesky(V)
        inverse = np.linalg.inv(root)
        whitened = inverse @ space.fixed
        d, U = np.linalg.eigh(np.swapaxes(whitened, 1, 2) @ whitened)
        d = np.where(d > _TINY * d.max(axis=1, keepdims=True, initial=0.0), d, 0.0)
        scale = np.where(d > 0, 1 / np.sqrt(np.where(d > 0, d, 1.0)), 0.0)
        along = np.swapaxes(whitened @ U * scale[:, None, :], 1, 2)  # orthonormal rows (p, r)
        rest = inverse - np.swapaxes(along, 1, 2) @ (along @ inverse)
        B = np.swapaxes(rest, 1, 2) @ rest
        quadratic[part] = B[:, upper[0], upper[1]] * doubled
        fixed[part] = along @ inverse
        eigen[part], turn[part] = d, space.factor @ U
        log_root[part] = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    log_prior = np.empty((S, len(log_sigma)))
    _log_priors(points.ratios, log_sigma, priors.kinds, priors.numbers, log_prior)
    step = log_sigma[1] - log_sigma[0]
    variance = np.exp(2 * log_sigma)
    base = log_prior + (points.log_weights - log_root)[:, None] + log(step)
    base -= space.n_obs * (0.5 * log(2 * pi) + log_sigma)
    base -= 0.5 * np.log1p(eigen[:, None, :] / variance[None, :, None]).sum(axis=2)
    return PointTables(points, (Products(quadratic, fixed),), eigen, turn, base, log_sigma)


@kernel
def _log_priors(ratios: Floats, log_sigma: Floats, kinds: Integers, numbers: Floats, out: Floats) -> None:
    """Log prior density of the logarithms of all sds at each value and node, (S, G)."""
    last = len(kinds) - 1
    for g in range(len(log_sigma)):
        of_sigma = log_sd_density(kinds[last], numbers[last, 0], numbers[last, 1], log_sigma[g], log_sigma[g])
        for s in range(len(ratios)):
            total = of_sigma
            for t in range(last):
                log_sd = log_sigma[g] + np.log(ratios[s, t])
                total += log_sd_density(kinds[t], numbers[t, 0], numbers[t, 1], log_sd, log_sigma[g])
            out[s, g] = total


@kernel
def log_sd_density(kind: int, first: float, second: float, log_sd: float, log_sigma: float) -> float:
    """Log prior density of the logarithm of a sd."""
    if kind == codes.UNIFORM_SD or kind == codes.UNIFORM_SD + codes.OF_SIGMA:
        x = log_sd if kind == codes.UNIFORM_SD else log_sd - log_sigma
        inside = first <= np.exp(x) <= second
        return x - np.log(second - first) if inside else -np.inf
    return group_sd(kind, first, second, log_sd, log_sigma)[2]


@dataclass(frozen=True)
class Met:
    """What values say of a block of responses: generalised least sums of squares `squares` (S, R), those outside of the
    space included, and `along` (S, p, R), their coordinates along the coefficients."""

    squares: Floats
    along: Floats


def meet(tables: PointTables, responses: Projected) -> Met:
    """Two matrix products for each part."""
    w = responses.coordinates
    first, second = np.triu_indices(len(w))
    pairs = w[first] * w[second]
    squares = np.vstack([part.quadratic @ pairs for part in tables.products])
    along = [
        (part.fixed.reshape(-1, len(w)) @ w).reshape(*part.fixed.shape[:2], w.shape[1]) for part in tables.products
    ]
    return Met(np.maximum(squares, 0.0) + responses.left, np.concatenate(along))


def pooled(tables: Sequence[PointTables], log_densities: Floats) -> PointTables:
    """All values together, as a sample of one distribution that each part was a share of (the balance heuristic).

    `log_densities` (n_parts, S of all) are those of each part's distribution at every value.

    References
    ----------
    Veach & Guibas (1995), doi:10.1145/218380.218498
    """
    sizes = np.array([len(one.base) for one in tables])
    together = np.logaddexp.reduce(log_densities + np.log(sizes / sizes.sum())[:, None], axis=0)
    own = log_densities[np.repeat(np.arange(len(sizes)), sizes), np.arange(sizes.sum())]
    shift = own - together
    points = [one.points for one in tables]
    return PointTables(
        Points(
            np.concatenate([one.coordinates for one in points]),
            np.concatenate([one.ratios for one in points]),
            np.concatenate([one.correlations for one in points]),
            np.concatenate([one.entries for one in points]),
            np.concatenate([one.log_weights for one in points]) + shift,
        ),
        tuple(part for one in tables for part in one.products),
        np.concatenate([one.eigen for one in tables]),
        np.concatenate([one.turn for one in tables]),
        np.concatenate([one.base for one in tables]) + shift[:, None],
        tables[0].log_sigma,
    )
