"""A Gaussian model as the samplers take it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats
from bayesmix.formula.design import Design
from bayesmix.modelling.exact.dense_draws import DenseSide, dense_draws
from bayesmix.modelling.exact.mode import mode_of
from bayesmix.modelling.exact.model import Marginal, marginalise
from bayesmix.modelling.exact.posterior import posterior_of
from bayesmix.modelling.exact.proposal import GaussianProposal, gaussian_proposal
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.samplers.compiled import CompiledFunctions, compiled_functions
from bayesmix.modelling.samplers.integrated import Accuracy
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.numerics.gaussian.cost import value_cost
from bayesmix.numerics.mode import Mode
from bayesmix.numerics.variance_posterior import log_posterior_at, theta_at
from bayesmix.posterior.layout import theta_names


@dataclass(frozen=True)
class IntegratedGaussian:
    """Coefficients and group effects are integrated out in closed form and drawn given the variance parameters."""

    design: Design
    model: Marginal
    fewest_values: int = 4000  # the tails of a sd near 0 need them

    @property
    def names(self) -> tuple[str, ...]:
        return theta_names(self.design)

    @property
    def start(self) -> Floats:
        return self.model.start

    @property
    def seconds_per_value(self) -> float:
        return value_cost(self.model.products.arrays)

    @property
    def functions(self) -> CompiledFunctions:
        return compiled_functions("gaussian", log_posterior_at, theta_at)

    def buffer(self, centre: Floats, scale: Floats) -> Floats:
        return self.model.buffer(centre, scale)

    def log_densities(self, buffer: Floats, points: Floats, *, cores: int) -> Floats:
        return dense_draws(self.model, buffer, points, copies=0, seed=0, cores=cores).log_densities

    def approximations(self) -> Iterator[tuple[Self, Mode]]:
        yield self, mode_of(self.model)

    def reported(self, theta: Floats) -> Floats:
        return theta

    def accuracy(self, theta: Floats) -> Accuracy:
        return Accuracy()

    def proposal(
        self, mode: Mode, n_values: int, settings: SamplerSettings, rng: np.random.Generator
    ) -> GaussianProposal:
        return gaussian_proposal(self.model, mode, n_values, settings, rng)

    def given(self, theta: Floats, settings: SamplerSettings) -> DenseSide:
        found = dense_draws(
            self.model, self.model.plain_buffer(), theta, copies=1, seed=settings.seed, cores=settings.cores
        ).side
        return DenseSide(found.fixed[:, 0], found.others[:, 0])

    def posterior(self, theta: Floats, given: DenseSide, settings: SamplerSettings) -> xr.Dataset:
        return posterior_of(self.design, self.model, theta, given, settings)


def integrated_gaussian(model: MixedModel) -> IntegratedGaussian:
    """One pass over the rows."""
    return IntegratedGaussian(model.design, marginalise(model))
