"""What the samplers know of a model whose effects, or coefficients and effects, are integrated out.

What is left are its parameters on the whole line, theta (n,). A sampler draws them; the model then draws what was
integrated out, exactly, and puts everything together under its name. A new route gives these two and is sampled.
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
    """Whether a density is as precise as its draws need it, and the `figures` that are kept with them."""

    enough: bool = True
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Values[Given]:
    """Values of theta from a proposal.

    `points` (n_values, n) in the proposal's coordinates, `theta` (n_values, n), `log_densities` (n_values,) of the
    posterior at theta, `log_weights` (n_values,); `given`: what was drawn given each value.
    """

    points: Floats
    theta: Floats
    log_densities: Floats
    log_weights: Floats
    given: Given


class Proposal[Given](Protocol):
    """Where importance sampling draws from."""

    @property
    def sizes(self) -> Sequence[int]:
        """Values of each round, should all rounds be needed."""

    def values(self, size: int, stream: int, rng: np.random.Generator, advance: Advance | None) -> Values[Given]:
        """Draw and weigh `size` values; the `stream` tells the rounds apart, `advance` is told how many are done."""

    def refined(self, points: Floats, weights: Floats, rng: np.random.Generator) -> Self:
        """The proposal that weighted points of all rounds so far have taught."""

    def chosen(self, given: Sequence[Given], positions: Integers) -> Given:
        """What was drawn given the values at `positions` of all rounds together, one draw for each."""


class IntegratedModel[Given](Protocol):
    """The posterior of theta, and what follows from it.

    `names` (n,) of the parameters, `start` (n,) of the search for the mode. `fewest_values`: of importance sampling,
    where a value is cheap. `Given`: what is drawn together with theta.
    """

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def start(self) -> Floats: ...
    @property
    def fewest_values(self) -> int: ...
    @property
    def seconds_per_value(self) -> float:
        """What a density costs on one core, roughly."""

    @property
    def functions(self) -> CompiledFunctions:
        """The density with its gradient, and the map to theta, as NUTS calls them on a `buffer`."""

    def buffer(self, centre: Floats, scale: Floats) -> Floats:
        """What the compiled functions read, with theta = centre + scale x."""

    def log_densities(self, buffer: Floats, points: Floats, *, cores: int) -> Floats:
        """Of the posterior, not normalised, at points x (n_points, n), which `buffer` maps to theta."""

    def approximations(self) -> Iterator[tuple[Self, Mode]]:
        """The model and its mode; where the density is approximated, one after the other, each finer than before.

        Raises
        ------
        SamplingError
            No mode is found, or no further approximation is precise.
        """

    def reported(self, theta: Floats) -> Floats:
        """Draws (n_total, n) by NUTS as they are kept: signs that mean nothing are taken off."""

    def accuracy(self, theta: Floats) -> Accuracy:
        """Whether the density was precise at draws (n_total, n)."""

    def proposal(
        self, mode: Mode, n_values: int, settings: SamplerSettings, rng: np.random.Generator
    ) -> Proposal[Given]:
        """Where importance sampling begins."""

    def given(self, theta: Floats, settings: SamplerSettings) -> Given:
        """What is drawn together with draws of theta (n_total, n) by NUTS."""

    def posterior(self, theta: Floats, given: Given, settings: SamplerSettings) -> xr.Dataset:
        """Everything under its name, from draws of theta (n_total, n), chain after chain."""


@dataclass(frozen=True)
class ThetaDraws[Given]:
    """Draws of theta (n_total, n), chain after chain, with what was drawn given them.

    `groups`: what else is kept of the sampler, as groups of the posterior's tree; `thin`: of how many draws one is.
    """

    theta: Floats
    given: Given
    groups: dict[str, xr.Dataset]
    thin: int = 1
