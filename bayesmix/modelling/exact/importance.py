"""The variance parameters by importance sampling: independent values from about the mode, weighted.

A value costs one evaluation of the density and no gradient, some five times less than a draw by NUTS. Whether the
weights can be trusted is seen from themselves: the Pareto k of their tail and their effective size.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats
from numpy.typing import NDArray

from bayesmix.modelling.exact.dense_draws import DenseDraws, ThetaDraws, dense_draws
from bayesmix.modelling.exact.model import Marginal
from bayesmix.modelling.method import EFFECTIVE_PER_CHAIN
from bayesmix.modelling.parallel import one_blas_thread
from bayesmix.modelling.samplers.weight_tails import tail_trouble
from bayesmix.numerics.adaptive_importance import Aside, draw_from, learn, refined
from bayesmix.numerics.importance import measure_sides, resample, weigh
from bayesmix.numerics.mode import Mode
from bayesmix.numerics.vanishing import draw_vanishing, find_vanishing, log_density_of_vanishing
from bayesmix.numerics.variance_posterior import log_posterior_at

Floats = NDArray[np.float64]

_FEWEST_ROUNDS = 3
_MOST_VALUES = 20_000  # of more rounds: a third of what the usual draws by NUTS cost, which come after them
_MOST_HELD = 2**25  # numbers of draws given the values, 256 MiB

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
    advance: Callable[[int, int], None] | None,
) -> ThetaDraws:
    """Draws of theta: `n_values` weighted values, resampled to the number of draws asked for.

    Where the weights do not hold the limits of every parameter, twice as many values are added, up to two times and of
    few values more often, from a proposal that all before have taught. Copies of a value stand next to each other, so
    that effective sample sizes count values, not copies. Groups: `importance` with every value (`theta`,
    `log_weight`); `sample_stats` with `lp` of each draw.

    Parameters
    ----------
    advance
        Told how many values of a round are done, and of how many.
    """
    n, n_total = len(model.start), draws * chains
    buffer = model.buffer(mode.point, mode.scale)

    def log_densities(points: Floats) -> Floats:
        return dense_draws(model, buffer, points, copies=0, seed=seed, cores=cores).log_densities

    rng = np.random.default_rng([seed, n, n_values])
    copies = max(1, round(n_total / n_values))
    sides = measure_sides(lambda point: float(log_densities(point[None])[0]), n)
    blend = learn(log_densities, sides, n_values, rng, _aside(model, mode))
    volume = float(np.sum(np.log(np.diag(mode.scale))))
    points, theta, log_weights = np.empty((0, n)), np.empty((0, n)), np.empty(0)
    parts: list[DenseDraws] = []
    for stream, size in enumerate(_sizes(model, n_values, copies), start=1):
        if parts:
            if trouble_with(theta, log_weights, chains) is None:
                break
            blend = refined(blend, points, weigh(log_weights).weights, rng)
        drawn = draw_from(blend, size, rng)
        told = None if advance is None else partial(_tell, advance, size)
        parts.append(
            dense_draws(model, buffer, drawn.points, copies=copies, seed=seed, cores=cores, stream=stream, advance=told)
        )
        points = np.concatenate([points, drawn.points])
        theta = mode.point + points @ mode.scale.T
        # By the density of the own round alone: what was learnt from a value must not weigh it.
        log_weights = np.concatenate([log_weights, parts[-1].log_densities - drawn.log_densities + volume])
    found = DenseDraws(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(DenseDraws)))
    chosen = resample(weigh(log_weights).weights, n_total, rng)
    return ThetaDraws(theta[chosen], *_one_of_each(found, chosen), _groups(theta, log_weights, found, chosen, chains))


def _tell(advance: Callable[[int, int], None], size: int, done: int) -> None:
    advance(done, size)


def _sizes(model: Marginal, n_values: int, copies: int) -> list[int]:
    """Values of each round, should all be needed, as far as the draws given them can be held."""
    at_each = copies * (model.products.p + model.products.arrangement.n_dense)
    sizes, held = [n_values], n_values
    while len(sizes) < _FEWEST_ROUNDS or held + 2 * sizes[-1] <= _MOST_VALUES:
        if (held + 2 * sizes[-1]) * at_each > _MOST_HELD:
            break
        sizes.append(2 * sizes[-1])
        held += sizes[-1]
    return sizes


def _aside(model: Marginal, mode: Mode) -> Aside | None:
    """The proposal for standard deviations near 0, in coordinates about the mode."""
    buffer, n = model.plain_buffer(), len(model.start)
    axes: list[int] = []
    start = 0
    for k in model.ks:
        axes += range(start, start + k)
        start += k * (k + 1) // 2

    def log_density(theta: Floats) -> tuple[float, Floats]:
        gradient = np.empty(n)
        value = log_posterior_at(buffer, np.ascontiguousarray(theta), gradient)
        usable = np.isfinite(value) and np.isfinite(gradient).all()
        return (float(value), gradient) if usable else (-np.inf, np.zeros(n))

    with one_blas_thread():
        regions = find_vanishing(log_density, mode, axes)
    if not regions:
        return None
    volume = float(np.sum(np.log(np.diag(mode.scale))))

    def draw(n_values: int, rng: np.random.Generator) -> Floats:
        theta = draw_vanishing(regions, n_values, rng)
        return np.linalg.solve(mode.scale, (theta - mode.point).T).T

    def log_density_at(points: Floats) -> Floats:
        return log_density_of_vanishing(regions, mode.point + points @ mode.scale.T) + volume

    return Aside(draw, log_density_at)


def trouble_with(values: Floats, log_weights: Floats, n_chains: int) -> str | None:
    """Why weights cannot be trusted, in words; None if they can.

    Parameters
    ----------
    values
        Of the parameters whose limits are looked at, shape (n_values, n).
    """
    found, fewest = importance_of(log_weights), EFFECTIVE_PER_CHAIN * n_chains
    if not found.pareto_k <= found.greatest_k:
        return f"Pareto k {found.pareto_k:.2f} > {found.greatest_k:.2f}"
    if found.effective_size < fewest:
        return f"effective size {found.effective_size:.0f} < {fewest}"
    return tail_trouble(values, weigh(log_weights).weights, fewest)


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
