"""A model of counts as the samplers take it, and its posterior from draws of the parameters that are left."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.modelling.assemble import as_posterior
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.quadrature import precision
from bayesmix.modelling.quadrature.model import Counts, CountsEffects, coefficients_at_zero, integrate_effects
from bayesmix.modelling.quadrature.proposal import CountsProposal, counts_proposal, densities
from bayesmix.modelling.samplers.compiled import CompiledFunctions, compiled_functions
from bayesmix.modelling.samplers.integrated import Accuracy
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.numerics.level_quadrature.posterior import log_posterior_at, parameter_values, theta_of
from bayesmix.numerics.mode import Mode


@dataclass(frozen=True)
class IntegratedCounts:
    """The effects of one random intercept are integrated out by quadrature and drawn given all other parameters.

    `fineness` is the distance of the nodes relative to the default.
    """

    design: Design
    family: Family
    model: Counts
    fineness: float = 1.0
    fewest_values: int = 1000

    @property
    def names(self) -> tuple[str, ...]:
        return self.model.names

    @property
    def start(self) -> Floats:
        return self.model.start

    @property
    def seconds_per_value(self) -> float:
        return self.model.seconds_per_value()

    @property
    def functions(self) -> CompiledFunctions:
        return compiled_functions("counts", log_posterior_at, theta_of)

    def buffer(self, centre: Floats, scale: Floats) -> Floats:
        return self.model.buffer(centre, scale, self.fineness)

    def log_densities(self, buffer: Floats, points: Floats, *, cores: int) -> Floats:
        return densities(buffer, points, cores=cores)

    def approximations(self) -> Iterator[tuple[Self, Mode]]:
        for fineness, mode in precision.fine_enough(self.model):
            yield replace(self, fineness=fineness), mode

    def reported(self, theta: Floats) -> Floats:
        """A folded sd may have either sign; its size is reported."""
        if self.model.folded is not None:
            theta[:, self.model.folded] = np.abs(theta[:, self.model.folded])
        return theta

    def accuracy(self, theta: Floats) -> Accuracy:
        error, n_nodes = precision.disagreement(self.model, precision.extremes(theta), self.fineness)
        return Accuracy(error <= precision.TOLERANCE, {"nodes_per_level": n_nodes, "quadrature_error": error})

    def proposal(
        self, mode: Mode, n_values: int, settings: SamplerSettings, rng: np.random.Generator
    ) -> CountsProposal:
        return counts_proposal(self.model, mode, fineness=self.fineness, n_values=n_values, cores=settings.cores)

    def given(self, theta: Floats, settings: SamplerSettings) -> None:
        """Nothing: the effects follow from theta and the seed."""

    def posterior(self, theta: Floats, given: None, settings: SamplerSettings) -> xr.Dataset:
        """Coefficients, sd, the family's further parameters, and the group effects."""
        model, random = self.model, self.design.random
        values = parameter_values(model.plain_buffer(1.0), theta)
        effects: list[Floats | None] = [None for _ in random]
        if model.n_levels and settings.keeps(model.n_levels):
            of_levels = CountsEffects(model, theta, settings.seed)
            effects = [settings.by_chain(of_levels.effects(0, np.arange(model.n_levels), cores=settings.cores))]
        return as_posterior(
            self.design,
            fixed=settings.by_chain(coefficients_at_zero(model, values)),
            sds=[settings.by_chain(values[:, [model.p]]) for _ in random],
            correlations=[np.empty((settings.chains, settings.draws, 0)) for _ in random],
            effects=effects,
            auxiliary={name: settings.by_chain(values[:, model.names.index(name)]) for name in self.family.auxiliary},
        )


def integrated_counts(model: MixedModel) -> IntegratedCounts:
    """The model of the samplers, for a model that nothing keeps from the quadrature route."""
    return IntegratedCounts(model.design, model.family, integrate_effects(model))
