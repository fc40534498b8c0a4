"""Importance sampling in rounds: a mixture of t distributions is fitted to the values that a first round weighs.

The split t of the first round stands in every later one too, so that no weight can exceed a multiple of what it would
be there; and all values are weighted by the mixture of all rounds' densities, so that none of them counts for more than
where it came from. Sources: Cornuet, Marin, Mira & Robert (2012), doi:10.1111/j.1467-9469.2011.00756.x; Cappe, Douc,
Guillin, Marin & Robert (2008), doi:10.1007/s11222-008-9059-x, for the fit of the mixture.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import lgamma, pi

import numpy as np
from numpy.typing import NDArray

from bayesmix.numerics.importance import Proposals, SplitT, log_density_of, propose, weigh

Floats = NDArray[np.float64]

_ROUNDS = 3
_GOOD = 0.75  # effective share of the first round with which its proposal is kept
_SPLIT_SHARE = 0.25
_MOST_COMPONENTS = 4
_PER_COMPONENT = 8  # effective values for each parameter
_STEPS = 5
_LEAST_SHARE = 1e-3


@dataclass(frozen=True)
class Mixture:
    """t distributions of `degrees`: `shares` (d,), `means` (d, n), `roots` (d, n, n), lower, root root' the scale."""

    shares: Floats
    means: Floats
    roots: Floats
    degrees: float


@dataclass(frozen=True)
class _Round:
    """`n_values` from the split t, or from `mixture` but for a share that comes from the split t."""

    n_values: int
    mixture: Mixture | None


def propose_adaptively(
    log_densities: Callable[[Floats], Floats], proposal: SplitT, n_values: int, rng: np.random.Generator
) -> tuple[Proposals, Floats]:
    """Values from `proposal` as long as it does, else from mixtures fitted to them.

    Parameters
    ----------
    log_densities
        Of the target, not normalised, at points (n_points, n); not finite where it cannot be used. Called once a round,
        with the points in the order in which they are returned.

    Returns
    -------
    proposals : Proposals
        All points, with the log density of the mixture of all rounds.
    target : array (n_values,)
        The target's log densities.
    """
    sizes = np.diff(np.linspace(0, n_values, _ROUNDS + 1).astype(int))
    rounds: list[_Round] = []
    points, target, mixture = np.empty((0, len(proposal.scales))), np.empty(0), None
    for size in sizes:
        rounds.append(_Round(int(size), mixture))
        new = _draw(rounds[-1], proposal, rng)
        points, target = np.concatenate([points, new]), np.concatenate([target, log_densities(new)])
        found = weigh(target - _log_density(points, rounds, proposal))
        if (len(rounds) == 1 and found.effective_size < _GOOD * size) or mixture is not None:
            mixture = _fitted(points, found.weights, mixture, proposal.degrees, rng)
    return Proposals(points, _log_density(points, rounds, proposal)), target


def _draw(one: _Round, proposal: SplitT, rng: np.random.Generator) -> Floats:
    if one.mixture is None:
        return propose(proposal, one.n_values, rng).points
    mixture, n = one.mixture, len(proposal.scales)
    n_split = round(_SPLIT_SHARE * one.n_values)
    which = rng.choice(len(mixture.shares), one.n_values - n_split, p=mixture.shares)
    steps = rng.standard_normal((len(which), n)) / np.sqrt(rng.chisquare(mixture.degrees, len(which)))[:, None]
    steps *= np.sqrt(mixture.degrees)
    own = mixture.means[which] + np.einsum("vij,vj->vi", mixture.roots[which], steps)
    # Kinds side by side would tell a chain of draws from the next.
    return rng.permutation(np.concatenate([own, propose(proposal, n_split, rng).points]))


def _log_density(points: Floats, rounds: list[_Round], proposal: SplitT) -> Floats:
    """Of the mixture of all rounds, in proportion to their sizes."""
    n_values = sum(one.n_values for one in rounds)
    by_split, of_split, parts = log_density_of(proposal, points), 0.0, []
    for one in rounds:
        share = one.n_values / n_values
        n_split = one.n_values if one.mixture is None else round(_SPLIT_SHARE * one.n_values)
        of_split += n_split / n_values
        if one.mixture is not None:
            parts.append(np.log(share - n_split / n_values) + _of_components(points, one.mixture)[0])
    return np.logaddexp.reduce([np.log(of_split) + by_split, *parts], axis=0)


def _of_components(points: Floats, mixture: Mixture) -> tuple[Floats, Floats, Floats]:
    """Log density of the mixture (n_points,); of its components with their shares, and distances, (d, n_points)."""
    n, degrees = points.shape[1], mixture.degrees
    logs, distances = [], []
    for share, mean, root in zip(mixture.shares, mixture.means, mixture.roots, strict=True):
        distance = np.sum(np.linalg.solve(root, (points - mean).T) ** 2, axis=0)
        constant = lgamma((degrees + n) / 2) - lgamma(degrees / 2) - 0.5 * n * np.log(degrees * pi)
        constant += np.log(share) - np.sum(np.log(np.diag(root)))
        logs.append(constant - 0.5 * (degrees + n) * np.log1p(distance / degrees))
        distances.append(distance)
    return np.logaddexp.reduce(logs, axis=0), np.array(logs), np.array(distances)


def _fitted(
    points: Floats, weights: Floats, mixture: Mixture | None, degrees: float, rng: np.random.Generator
) -> Mixture:
    """A mixture that follows the weighted points: some steps of EM, from the last one or from points drawn by weight.

    Weights are cut at 1 / root of their number: a single value must not draw a component to itself.
    """
    weights = np.minimum(weights, 1 / np.sqrt(len(weights)))
    weights = weights / weights.sum()
    if mixture is None:
        mixture = _begun(points, weights, degrees, rng)
    for _ in range(_STEPS):
        mixture = _improved(points, weights, mixture)
    return mixture


def _begun(points: Floats, weights: Floats, degrees: float, rng: np.random.Generator) -> Mixture:
    n, effective = points.shape[1], 1 / np.sum(weights**2)
    d = int(np.clip(effective / (_PER_COMPONENT * n), 1, _MOST_COMPONENTS))
    mean = weights @ points
    root = _root(points - mean, weights, effective)
    chosen = points[rng.choice(len(points), d, p=weights)]
    return Mixture(np.full(d, 1 / d), 0.5 * (mean + chosen), np.repeat(0.8 * root[None], d, axis=0), degrees)


def _improved(points: Floats, weights: Floats, mixture: Mixture) -> Mixture:
    n, degrees = points.shape[1], mixture.degrees
    whole, logs, distances = _of_components(points, mixture)
    kept = []
    for log, distance in zip(logs, distances, strict=True):
        own = weights * np.exp(log - whole)
        share = float(own.sum())
        if share < _LEAST_SHARE:
            continue
        # A t is a normal whose precision varies: far points count for less.
        precise = own * (degrees + n) / (degrees + distance)
        mean = precise @ points / precise.sum()
        kept.append((share, mean, _root(points - mean, precise / share, share**2 / float(own @ own))))
    shares, means, roots = (np.array(part) for part in zip(*kept, strict=True))
    return Mixture(shares / shares.sum(), means, roots, degrees)


def _root(deviations: Floats, weights: Floats, effective: float) -> Floats:
    """Lower root of the weighted covariance; the fewer values it rests on, the rounder it is made."""
    n = deviations.shape[1]
    covariance = (deviations.T * weights) @ deviations
    rounded = 0.5 * np.trace(covariance) / (effective + n)
    return np.linalg.cholesky(covariance + max(rounded, 1e-12) * np.eye(n))
