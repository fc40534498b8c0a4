"""Importance sampling in rounds: some values teach the proposal, others are drawn from it and weighed by it.

A proposal that is fitted to values is drawn towards one with a great weight. If that value were weighed by this
proposal it would lose its weight, and its region would be missing from the posterior: with seven parameters and more
the integral was too small by 2 to 4 %. So the first values only teach. The values that are used come from a proposal
that was settled before they were drawn, and are weighed by its density: the weights are unbiased whatever was learnt.
The fit of the mixture follows Cappe, Douc, Guillin, Marin & Robert (2008), doi:10.1007/s11222-008-9059-x.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.importance import (
    Proposals,
    SplitT,
    log_density_of,
    log_t_constant,
    propose,
    t_distances,
    t_steps,
    weigh,
)

_LEARNING = ((1000, 0.15), (2000, 0.25), (4000, 0.4))  # values that teach: at most, and of those to be used
_COMPONENTS = (4, 6, 8)  # at most, after each round
_GOOD = (0.75, 0.65)  # effective share of the first round with which a proposal without mixture is kept
_FIRST_ASIDE, _LITTLE_ASIDE, _ASIDE = 0.25, 0.05, 0.15
_SPLIT_SHARE = 0.15
_PER_COMPONENT = 8  # effective values for each parameter
_STEPS = 8
_LEAST_SHARE = 1e-3


@dataclass(frozen=True)
class Mixture:
    """t distributions of `degrees`: `shares` (d,), `means` (d, n), `roots` (d, n, n), lower, root root' the scale."""

    shares: Floats
    means: Floats
    roots: Floats
    degrees: float


@dataclass(frozen=True)
class Aside:
    """A proposal for places aside of the mode: `draw` gives points (n_values, n), `log_density` their density."""

    draw: Callable[[int, np.random.Generator], Floats]
    log_density: Callable[[Floats], Floats]


@dataclass(frozen=True)
class Blend:
    """A proposal of up to three parts: the share `aside_share` comes from `aside`. If there is a `mixture`, the share
    `_SPLIT_SHARE` comes from the split t and all the rest from the mixture.

    The split t always has a share, so that a weight is at most a multiple of the one that the split t would give.
    """

    split: SplitT
    aside: Aside | None
    aside_share: float
    mixture: Mixture | None

    @property
    def split_share(self) -> float:
        """The share of the split t."""
        return 1 - self.aside_share if self.mixture is None else _SPLIT_SHARE


def learn(
    log_densities: Callable[[Floats], Floats],
    proposal: SplitT,
    n_values: int,
    rng: np.random.Generator,
    aside: Aside | None = None,
) -> Blend:
    """A proposal for `n_values` values: `proposal` as long as it is good enough, else a mixture fitted to other values.

    Up to four fifths as many values teach it; they are not to be used again, so that weights are unbiased.

    Parameters
    ----------
    log_densities
        Of the target, not normalised, at points (n_points, n); not finite where it cannot be used.
    """
    blends = [Blend(proposal, aside, 0.0 if aside is None else _FIRST_ASIDE, None)]
    drawn: list[Proposals] = []
    target = np.empty(0)
    for (most, share), components in zip(_LEARNING, _COMPONENTS, strict=True):
        drawn.append(draw_from(blends[-1], max(2, min(most, int(share * n_values))), rng))
        target = np.concatenate([target, log_densities(drawn[-1].points)])
        if len(drawn) == 1 and (kept := _good_enough(blends[0], drawn[0], target)) is not None:
            return kept
        points = np.concatenate([one.points for one in drawn])
        # To learn from, all values may be weighed by all rounds' densities together: evener, if not unbiased.
        sizes = np.array([len(one.points) for one in drawn])
        together = [np.log(n / sizes.sum()) + log_density(one, points) for n, one in zip(sizes, blends, strict=True)]
        weights = weigh(target - np.logaddexp.reduce(together, axis=0)).weights
        blends.append(refined(blends[0], points, weights, rng, most=components))
    return blends[-1]


def _good_enough(first: Blend, drawn: Proposals, target: Floats) -> Blend | None:
    """The first proposal, with few values aside if few are enough; None if a mixture is needed."""
    little = replace(first, aside_share=min(first.aside_share, _LITTLE_ASIDE))
    for blend, least in zip((little, first), _GOOD, strict=True):
        if _efficiency(blend, drawn, target) > least:
            return blend
    return None


def _efficiency(blend: Blend, drawn: Proposals, target: Floats) -> float:
    """Expected effective size of a value drawn from `blend`, estimated from values of another proposal."""
    weighted = weigh(target - drawn.log_densities)
    beside = np.exp(drawn.log_densities - log_density(blend, drawn.points))
    return float(1 / (len(target) * np.sum(weighted.weights**2 * beside)))


def refined(
    blend: Blend, points: Floats, weights: Floats, rng: np.random.Generator, most: int = _COMPONENTS[-1]
) -> Blend:
    """`blend` with a mixture of up to `most` components that follows weighted points."""
    share = 0.0 if blend.aside is None else _ASIDE
    return replace(blend, aside_share=share, mixture=fitted_mixture(points, weights, blend.split.degrees, rng, most))


def draw_from(blend: Blend, n_values: int, rng: np.random.Generator) -> Proposals:
    """Points from all parts in fixed numbers, in random order, and the log density of the whole."""
    n_aside = round(blend.aside_share * n_values)
    n_split = n_values - n_aside if blend.mixture is None else round(blend.split_share * n_values)
    parts = [propose(blend.split, n_split, rng).points]
    if blend.aside is not None and n_aside:
        parts.append(blend.aside.draw(n_aside, rng))
    if blend.mixture is not None:
        parts.append(_draw_mixture(blend.mixture, n_values - n_aside - n_split, rng))
    # Kinds side by side would tell a chain of draws from the next.
    points = rng.permutation(np.concatenate(parts))
    return Proposals(points, log_density(blend, points))


def _draw_mixture(mixture: Mixture, n_values: int, rng: np.random.Generator) -> Floats:
    which = rng.choice(len(mixture.shares), n_values, p=mixture.shares)
    steps = t_steps(mixture.degrees, n_values, mixture.means.shape[1], rng)
    return mixture.means[which] + np.einsum("vij,vj->vi", mixture.roots[which], steps)


def log_density(blend: Blend, points: Floats) -> Floats:
    """The normalised log density of the whole proposal at points (n_points, n)."""
    parts = [np.log(blend.split_share) + log_density_of(blend.split, points)]
    if blend.aside is not None and blend.aside_share:
        parts.append(np.log(blend.aside_share) + blend.aside.log_density(points))
    if blend.mixture is not None:
        share = 1 - blend.aside_share - blend.split_share
        parts.append(np.log(share) + mixture_log_densities(points, blend.mixture)[0])
    return np.logaddexp.reduce(parts, axis=0)


def mixture_log_densities(points: Floats, mixture: Mixture) -> tuple[Floats, Floats, Floats]:
    """Log density of the mixture (n_points,); log densities of components with shares, and distances, (d, n_points)."""
    n, degrees = points.shape[1], mixture.degrees
    logs, distances = [], []
    for share, mean, root in zip(mixture.shares, mixture.means, mixture.roots, strict=True):
        distance = t_distances(points, mean, root)
        constant = log_t_constant(degrees, n) + (np.log(share) - np.sum(np.log(np.diag(root))))
        logs.append(constant - 0.5 * (degrees + n) * np.log1p(distance / degrees))
        distances.append(distance)
    return np.logaddexp.reduce(logs, axis=0), np.array(logs), np.array(distances)


def fitted_mixture(points: Floats, weights: Floats, degrees: float, rng: np.random.Generator, most: int) -> Mixture:
    """A mixture that follows the weighted points: some steps of EM from points drawn by weight.

    Weights are cut at 1 / root of their number: a single value must not draw a component to itself.
    """
    weights = np.minimum(weights, 1 / np.sqrt(len(weights)))
    weights = weights / weights.sum()
    mixture = _begun(points, weights, degrees, rng, most)
    for _ in range(_STEPS):
        mixture = _improved(points, weights, mixture)
    return mixture


def _begun(points: Floats, weights: Floats, degrees: float, rng: np.random.Generator, most: int) -> Mixture:
    n, effective = points.shape[1], 1 / np.sum(weights**2)
    d = int(np.clip(effective / (_PER_COMPONENT * n), 1, most))
    mean = weights @ points
    root = _root(points - mean, weights, effective)
    chosen = points[rng.choice(len(points), d, p=weights)]
    return Mixture(np.full(d, 1 / d), 0.5 * (mean + chosen), np.repeat(0.8 * root[None], d, axis=0), degrees)


def _improved(points: Floats, weights: Floats, mixture: Mixture) -> Mixture:
    n, degrees = points.shape[1], mixture.degrees
    whole, logs, distances = mixture_log_densities(points, mixture)
    kept = []
    for log, distance in zip(logs, distances, strict=True):
        of_component = weights * np.exp(log - whole)
        share = float(of_component.sum())
        if share < _LEAST_SHARE:
            continue
        # A t is a normal whose precision varies: far points count for less.
        precise = of_component * (degrees + n) / (degrees + distance)
        mean = precise @ points / precise.sum()
        kept.append((share, mean, _root(points - mean, precise / share, share**2 / float(of_component @ of_component))))
    shares, means, roots = (np.array(part) for part in zip(*kept, strict=True))
    return Mixture(shares / shares.sum(), means, roots, degrees)


def _root(deviations: Floats, weights: Floats, effective: float) -> Floats:
    """Lower root of the weighted covariance, made rounder the fewer values it rests on."""
    n = deviations.shape[1]
    covariance = (deviations.T * weights) @ deviations
    rounded = 0.5 * np.trace(covariance) / (effective + n)
    return np.linalg.cholesky(covariance + max(rounded, 1e-12) * np.eye(n))
