"""Where values of the variance parameters are drawn from: about the mode, near 0, and by what earlier values taught."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.modelling.exact.dense_draws import DenseSide, dense_draws
from bayesmix.modelling.exact.model import Marginal
from bayesmix.modelling.samplers.importance import split_copies
from bayesmix.modelling.samplers.integrated import Advance, Values
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.numerics.adaptive_importance import Aside, Blend, draw_from, learn, refined
from bayesmix.numerics.importance import measure_sides
from bayesmix.numerics.mode import Mode
from bayesmix.numerics.vanishing_sds import draw_vanishing, find_vanishing, log_density_of_vanishing
from bayesmix.numerics.variance_posterior import log_posterior_at
from bayesmix.parallel import one_blas_thread

_FEWEST_ROUNDS = 3
_MOST_VALUES = 20_000  # of more rounds: a third of what the usual draws by NUTS cost, which come after them
_MOST_HELD = 2**25  # numbers of draws given the values, 256 MiB


@dataclass(frozen=True)
class GaussianProposal:
    """A blend of distributions in coordinates about the mode; `copies` draws of the dense side at each value."""

    model: Marginal
    mode: Mode
    buffer: Floats
    blend: Blend
    n_values: int
    copies: int
    seed: int
    cores: int

    @property
    def sizes(self) -> Sequence[int]:
        """As many rounds as the draws given their values can be held."""
        at_each = self.copies * (self.model.products.p + self.model.products.arrangement.n_dense)
        sizes, held = [self.n_values], self.n_values
        while len(sizes) < _FEWEST_ROUNDS or held + 2 * sizes[-1] <= _MOST_VALUES:
            if (held + 2 * sizes[-1]) * at_each > _MOST_HELD:
                break
            sizes.append(2 * sizes[-1])
            held += sizes[-1]
        return sizes

    def values(self, size: int, stream: int, rng: np.random.Generator, advance: Advance | None) -> Values[DenseSide]:
        drawn = draw_from(self.blend, size, rng)
        found = dense_draws(
            self.model,
            self.buffer,
            drawn.points,
            copies=self.copies,
            seed=self.seed,
            cores=self.cores,
            stream=stream,
            advance=advance,
        )
        # By the density of the own round alone: what was learnt from a value must not weigh it.
        log_weights = found.log_densities - drawn.log_densities + self.mode.log_volume
        theta = self.mode.point + drawn.points @ self.mode.scale.T
        return Values(drawn.points, theta, found.log_densities, log_weights, found.side)

    def refined(self, points: Floats, weights: Floats, rng: np.random.Generator) -> Self:
        return replace(self, blend=refined(self.blend, points, weights, rng))

    def chosen(self, given: Sequence[DenseSide], positions: Integers) -> DenseSide:
        """For the first copy of a value its first draw of the dense side, for the second the second, and around."""
        number = split_copies(positions, self.copies)
        fixed, others = (np.concatenate(parts) for parts in zip(*((g.fixed, g.others) for g in given), strict=True))
        return DenseSide(fixed[positions, number], others[positions, number])


def gaussian_proposal(
    model: Marginal, mode: Mode, n_values: int, settings: SamplerSettings, rng: np.random.Generator
) -> GaussianProposal:
    """A proposal for `n_values` values, as good as up to four fifths as many can teach it."""
    buffer = model.buffer(mode.point, mode.scale)

    def log_densities(points: Floats) -> Floats:
        return dense_draws(model, buffer, points, copies=0, seed=settings.seed, cores=settings.cores).log_densities

    sides = measure_sides(lambda point: float(log_densities(point[None])[0]), len(model.start))
    blend = learn(log_densities, sides, n_values, rng, _near_zero(model, mode))
    copies = max(1, round(settings.n_total / n_values))
    return GaussianProposal(model, mode, buffer, blend, n_values, copies, settings.seed, settings.cores)


def _near_zero(model: Marginal, mode: Mode) -> Aside | None:
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
    volume = mode.log_volume

    def draw(n_values: int, rng: np.random.Generator) -> Floats:
        theta = draw_vanishing(regions, n_values, rng)
        return np.linalg.solve(mode.scale, (theta - mode.point).T).T

    def log_density_at(points: Floats) -> Floats:
        return log_density_of_vanishing(regions, mode.point + points @ mode.scale.T) + volume

    return Aside(draw, log_density_at)
