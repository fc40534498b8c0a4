"""The variance parameters by importance sampling: independent values from about the mode, weighted.

A value costs one evaluation of the density and no gradient, some five times less than a draw by NUTS. Whether the
weights can be trusted is seen from themselves: the Pareto k of their tail and their effective size.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats
from numpy.typing import NDArray

from bayesmix.modelling.dense_draws import DenseDraws, ThetaDraws, dense_draws
from bayesmix.modelling.marginal import Marginal
from bayesmix.numerics.adaptive_importance import propose_adaptively
from bayesmix.numerics.importance import measure_sides, resample, weigh
from bayesmix.numerics.mode import Mode

Floats = NDArray[np.float64]

GREATEST_K = 0.7
"""Pareto k up to which weights can be trusted, for few values less; Vehtari et al. (2024), arXiv:1507.02646."""

_FEWEST_IN_TAIL = 5


@dataclass(frozen=True)
class Importance:
    """What the weights say of themselves.

    Attributes
    ----------
    n_values : int
        Values drawn from the proposal.
    effective_size : float
        Independent draws from the posterior that the weighted values are worth.
    pareto_k : float
        Shape of the tail of the weights; reliable below 0.7, for N values below 1 - 1 / log10(N).
    log_marginal, log_marginal_error : float
        Log marginal likelihood (natural logarithm) of the model and its Monte Carlo standard error.
    """

    n_values: int
    effective_size: float
    pareto_k: float
    log_marginal: float
    log_marginal_error: float

    @property
    def greatest_k(self) -> float:
        """The limit for `pareto_k`."""
        return min(GREATEST_K, 1 - 1 / np.log10(self.n_values))


def importance_of(log_weights: Floats) -> Importance:
    """Figures of the weights: `log_weights` (n_values,), whose mean is the marginal likelihood."""
    weighted = weigh(log_weights)
    return Importance(
        n_values=len(log_weights),
        effective_size=weighted.effective_size,
        pareto_k=pareto_k_of(log_weights),
        log_marginal=weighted.log_integral,
        log_marginal_error=weighted.log_integral_error,
    )


def draw_by_importance(
    model: Marginal,
    mode: Mode,
    *,
    n_values: int,
    draws: int,
    chains: int,
    seed: int,
    cores: int,
    advance: Callable[[int], None] | None,
) -> ThetaDraws:
    """Draws of theta: `n_values` weighted values, resampled to the number of draws asked for.

    Copies of a value stand next to each other, so that effective sample sizes count values, not copies. Groups:
    `importance` with every value (`theta`, `log_weight`); `sample_stats` with `lp` of each draw.
    """
    n, n_total = len(model.start), draws * chains
    buffer = model.buffer(mode.point, mode.scale)

    def log_density(point: Floats) -> float:
        return float(dense_draws(model, buffer, point[None], copies=0, seed=seed, cores=1).log_densities[0])

    rng = np.random.default_rng([seed, n, n_values])
    copies = max(1, round(n_total / n_values))
    parts: list[DenseDraws] = []

    def log_densities(points: Floats) -> Floats:
        before = sum(len(part.log_densities) for part in parts)
        told = None if advance is None else lambda done: advance(before + done)
        parts.append(
            dense_draws(
                model, buffer, points, copies=copies, seed=seed, cores=cores, stream=1 + len(parts), advance=told
            )
        )
        return parts[-1].log_densities

    proposals, _ = propose_adaptively(log_densities, measure_sides(log_density, n), n_values, rng)
    found = DenseDraws(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(DenseDraws)))
    log_weights = found.log_densities - proposals.log_densities + np.sum(np.log(np.diag(mode.scale)))
    theta = mode.point + proposals.points @ mode.scale.T
    chosen = resample(weigh(log_weights).weights, n_total, rng)
    return ThetaDraws(theta[chosen], *_one_of_each(found, chosen), _groups(theta, log_weights, found, chosen, chains))


def pareto_k_of(log_weights: Floats) -> float:
    """Shape of the tail of the weights, unusable values left out.

    The tail that ArviZ fits is read for its k alone: draws taken by weights that were smoothed with it come short of
    what the greatest weights stand for, by a tenth of the probability of a small sd where k is 0.5. Weights that are
    too few for a tail, or the same in all of it, say nothing: the proposal missed the posterior, and k is infinite.
    """
    usable = log_weights[np.isfinite(log_weights)]
    n_tail = int(3 * np.sqrt(len(usable))) if len(usable) > 225 else len(usable) // 5  # as ArviZ has it
    tail = np.sort(usable)[len(usable) - n_tail :]
    if n_tail < _FEWEST_IN_TAIL or tail[-1] - tail[0] < np.finfo(float).tiny:
        return np.inf
    return float(array_stats.psislw(-usable)[1])


def _one_of_each(found: DenseDraws, chosen: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """For the first copy of a value its first draw of the dense side, for the second the second, and around again."""
    starts = np.flatnonzero(np.diff(chosen, prepend=-1))
    number = np.arange(len(chosen)) - np.repeat(starts, np.diff(starts, append=len(chosen)))
    number %= found.fixed.shape[1]
    return found.fixed[chosen, number], found.others[chosen, number]


def _groups(
    theta: Floats, log_weights: Floats, found: DenseDraws, chosen: NDArray[np.int64], chains: int
) -> dict[str, xr.Dataset]:
    lp = found.log_densities[chosen].reshape(chains, -1)
    return {
        "sample_stats": xr.Dataset({"lp": (("chain", "draw"), lp)}),
        "importance": xr.Dataset({"theta": (("value", "parameter"), theta), "log_weight": ("value", log_weights)}),
    }
