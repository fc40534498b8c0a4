"""The proposal for the parameters of counts: a split t about the mode, whose place and width follow the sd.

The posterior of a folded sd on the whole line is even in it: a value and its mirror image mean the same. Values are
drawn about the mode on the positive side, and weighted by the density of drawing either image.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.modelling.blocks import work_in_stretches
from bayesmix.modelling.quadrature.model import Counts
from bayesmix.modelling.samplers.integrated import Advance, Values
from bayesmix.numerics.importance import SplitT, log_density_of, measure_sides, propose
from bayesmix.numerics.level_quadrature.posterior import evaluate_counts, log_posterior_at
from bayesmix.numerics.mode import Mode
from bayesmix.numerics.sd_coordinates import Placed, follow, mirrored, place

_POINTS_AT_ONCE = 256


@dataclass(frozen=True)
class CountsProposal:
    """A split t in coordinates that `to_theta` maps to theta, and `mirror` to those of a folded sd's mirror image."""

    buffer: Floats
    split: SplitT
    to_theta: Callable[[Floats], Placed]
    mirror: Callable[[Floats], Floats] | None
    folded: int | None
    n_values: int
    cores: int

    @property
    def sizes(self) -> Sequence[int]:
        return self.n_values, 2 * self.n_values, 4 * self.n_values

    def values(self, size: int, stream: int, rng: np.random.Generator, advance: Advance | None) -> Values[None]:
        proposals = propose(self.split, size, rng)
        placed = self.to_theta(proposals.points)
        log_densities = densities(self.buffer, placed.theta, cores=self.cores, advance=advance)
        drawn_with = proposals.log_densities
        if self.mirror is not None:
            drawn_with = np.logaddexp(drawn_with, log_density_of(self.split, self.mirror(proposals.points)))
            placed.theta[:, self.folded] = np.abs(placed.theta[:, self.folded])
        log_weights = log_densities + placed.log_jacobian - drawn_with
        return Values(proposals.points, placed.theta, log_densities, log_weights, None)

    def refined(self, points: Floats, weights: Floats, rng: np.random.Generator) -> Self:
        """The same proposal: a mixture learnt from the values would not follow the sd."""
        return self

    def chosen(self, given: Sequence[None], positions: Integers) -> None:
        """Nothing is drawn with the values."""


def counts_proposal(model: Counts, mode: Mode, *, fineness: float, n_values: int, cores: int) -> CountsProposal:
    """A proposal whose width is measured along both directions of every coordinate."""
    buffer = model.plain_buffer(fineness)
    to_theta, mirror = _coordinates(model, buffer, mode)

    def log_density(point: Floats) -> float:
        placed = to_theta(point[None])
        return float(densities(buffer, placed.theta, cores=1)[0] + placed.log_jacobian[0])

    split = measure_sides(log_density, model.parameters.n, plateaus=True)
    return CountsProposal(buffer, split, to_theta, mirror, model.folded, n_values, cores)


def _coordinates(
    model: Counts, buffer: Floats, mode: Mode
) -> tuple[Callable[[Floats], Placed], Callable[[Floats], Floats] | None]:
    """The map from coordinates about the mode to theta, and for a folded sd that to its mirror image."""
    if not model.n_levels or model.parameters.n == 1:
        volume = mode.log_volume
        return lambda x: Placed(mode.point + x @ mode.scale.T, np.full(len(x), volume)), None
    folded = model.folded is not None

    def log_density(theta: Floats) -> tuple[float, Floats]:
        gradient = np.empty(len(theta))
        return float(log_posterior_at(buffer, theta, gradient)), gradient

    following = follow(log_density, mode, at=model.p, folded=folded)
    return partial(place, following), partial(mirrored, following) if folded else None


def densities(buffer: Floats, points: Floats, *, cores: int, advance: Callable[[int], None] | None = None) -> Floats:
    """The log densities at `points` (n_points, n), on several cores; `advance` is told how many are done."""
    values = np.empty(len(points))

    def work(part: slice) -> None:
        evaluate_counts(buffer, points[part], values[part])

    work_in_stretches(work, len(points), _POINTS_AT_ONCE, cores=cores, advance=advance)
    return values
