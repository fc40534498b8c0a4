"""The interface between the samplers and a model whose effects, or coefficients and effects, are integrated out.

Its remaining parameters on the whole line are theta (n,). A sampler draws theta; the model then draws exactly what was
integrated out, and puts everything together under its name. A new route needs an `IntegratedModel` and a `Proposal`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats, Integers
from bayesmix.modelling.samplers.compiled import CompiledFunctions
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.numerics.mode import Mode

Advance = Callable[[int], None]


@dataclass(frozen=True)
class Accuracy:
    """Whether a density is as precise as its draws need it, and the `figures` that are kept with the draws."""

    enough: bool = True
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Values[Given]:
    """Values of theta from a proposal.

    `points` (n_values, n) are in the proposal's coordinates; `log_densities` (n_values,) are those of the posterior at
    `theta` (n_values, n); `log_weights` (n_values,); `given` was drawn given each value.
    """

    points: Floats
    theta: Floats
    log_densities: Floats
    log_weights: Floats
    given: Given


class Proposal[Given](Protocol):
    """The distribution that importance sampling draws from."""

    @property
    def sizes(self) -> Sequence[int]:
        """The number of values of each round, if all rounds are needed."""

    def values(self, size: int, stream: int, rng: np.random.Generator, advance: Advance | None) -> Values[Given]:
        """Draw and weigh `size` values; each round has its own `stream`, and `advance` is told how many are done."""

    def refined(self, points: Floats, weights: Floats, rng: np.random.Generator) -> Self:
        """The proposal learnt from the weighted points of all rounds so far."""

    def chosen(self, given: Sequence[Given], positions: Integers) -> Given:
        """One draw of what was drawn given each of the values at `positions` of all rounds together."""


class IntegratedModel[Given](Protocol):
    """The posterior of theta, and what follows from it.

    `names` (n,) are those of the parameters; the search for the mode begins at `start` (n,). `fewest_values` is for
    importance sampling with cheap values. `Given` is what is drawn together with theta.
    """

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def start(self) -> Floats: ...
    @property
    def fewest_values(self) -> int: ...
    @property
    def seconds_per_value(self) -> float:
        """The rough time of one density on one core."""

    @property
    def functions(self) -> CompiledFunctions:
        """The density with its gradient, and the map to theta, which NUTS calls on a `buffer`."""

    def buffer(self, centre: Floats, scale: Floats) -> Floats:
        """The buffer that the compiled functions read, with theta = centre + scale x."""

    def log_densities(self, buffer: Floats, points: Floats, *, cores: int) -> Floats:
        """Log densities of the posterior, not normalised, at points x (n_points, n), which `buffer` maps to theta."""

    def approximations(self) -> Iterator[tuple[Self, Mode]]:
        """The model and its mode; if the density is approximated, one approximation after the other, each finer.

        Raises
        ------
        SamplingError
            No mode is found, or no further approximation is precise.
        """

    def reported(self, theta: Floats) -> Floats:
        """Draws (n_total, n) by NUTS as they are kept, without signs that mean nothing."""

    def accuracy(self, theta: Floats) -> Accuracy:
        """Whether the density was precise at draws (n_total, n)."""

    def proposal(
        self, mode: Mode, n_values: int, settings: SamplerSettings, rng: np.random.Generator
    ) -> Proposal[Given]:
        """The proposal that importance sampling begins with."""

    def given(self, theta: Floats, settings: SamplerSettings) -> Given:
        """Draw what belongs to draws of theta (n_total, n) by NUTS."""

    def posterior(self, theta: Floats, given: Given, settings: SamplerSettings) -> xr.Dataset:
        """All parameters under their names, from draws of theta (n_total, n), chain after chain."""


@dataclass(frozen=True)
class ThetaDraws[Given]:
    """Draws of theta (n_total, n), chain after chain, with what was drawn given them.

    `groups` of the posterior's tree hold what else is kept of the sampler; one of every `thin` draws is kept.
    """

    theta: Floats
    given: Given
    groups: dict[str, xr.Dataset]
    thin: int = 1
