"""The proposal for the variance parameters: about the mode, near 0, and as earlier values have taught it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.modelling.exact.model import DenseSide, Marginal, dense_draws
from bayesmix.modelling.samplers.importance import split_copies
from bayesmix.modelling.samplers.integrated import Advance, Values
from bayesmix.modelling.samplers.mode import with_gradient
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.numerics.adaptive_importance import Aside, Blend, draw_from, learn, refined
from bayesmix.numerics.importance import measure_sides
from bayesmix.numerics.mode import Mode
from bayesmix.numerics.vanishing_sds import draw_vanishing, find_vanishing, log_density_of_vanishing
from bayesmix.numerics.variance_posterior import log_posterior_at
from bayesmix.parallel import one_blas_thread

_FEWEST_ROUNDS = 3
_MOST_VALUES = 20_000  # of more rounds, a third of the cost of the usual draws by NUTS, which would follow
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
        """As many rounds as the draws that go with the values leave memory for."""
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
        evaluated = dense_draws(
            self.model,
            self.buffer,
            drawn.points,
            copies=self.copies,
            seed=self.seed,
            cores=self.cores,
            stream=stream,
            advance=advance,
        )
        # Only the density of this round counts: what was learnt from a value must not weigh that value.
        log_weights = evaluated.log_densities - drawn.log_densities + self.mode.log_volume
        theta = self.mode.point + drawn.points @ self.mode.scale.T
        return Values(drawn.points, theta, evaluated.log_densities, log_weights, evaluated.side)

    def refined(self, points: Floats, weights: Floats, rng: np.random.Generator) -> Self:
        return replace(self, blend=refined(self.blend, points, weights, rng))

    def chosen(self, given: Sequence[DenseSide], positions: Integers) -> DenseSide:
        """The first copy of a value gets the first draw of the dense side, the second the second, and so on around."""
        number = split_copies(positions, self.copies)
        fixed, others = (np.concatenate(parts) for parts in zip(*((g.fixed, g.others) for g in given), strict=True))
        return DenseSide(fixed[positions, number], others[positions, number])


def gaussian_proposal(
    model: Marginal, mode: Mode, n_values: int, settings: SamplerSettings, rng: np.random.Generator
) -> GaussianProposal:
    """A proposal for `n_values` values, learnt from up to four fifths as many."""
    buffer = model.buffer(mode.point, mode.scale)

    def log_densities(points: Floats) -> Floats:
        return dense_draws(model, buffer, points, seed=settings.seed, cores=settings.cores).log_densities

    sides = measure_sides(lambda point: float(log_densities(point[None])[0]), len(model.start))
    blend = learn(log_densities, sides, n_values, rng, _near_zero(model, mode))
    copies = max(1, round(settings.n_total / n_values))
    return GaussianProposal(model, mode, buffer, blend, n_values, copies, settings.seed, settings.cores)


def _near_zero(model: Marginal, mode: Mode) -> Aside | None:
    """The proposal for standard deviations near 0, in coordinates about the mode."""
    axes: list[int] = []
    start = 0
    for k in model.ks:
        axes += range(start, start + k)
        start += k * (k + 1) // 2
    with one_blas_thread():
        regions = find_vanishing(with_gradient(log_posterior_at, model.plain_buffer()), mode, axes)
    if not regions:
        return None
    volume = mode.log_volume

    def draw(n_values: int, rng: np.random.Generator) -> Floats:
        theta = draw_vanishing(regions, n_values, rng)
        return np.linalg.solve(mode.scale, (theta - mode.point).T).T

    def log_density_at(points: Floats) -> Floats:
        return log_density_of_vanishing(regions, mode.point + points @ mode.scale.T) + volume

    return Aside(draw, log_density_at)
