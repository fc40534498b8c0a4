"""A model of counts as the samplers take it, its posterior, and the precision of the quadrature.

Nodes half as far apart show how precise the quadrature over the group effects is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats
from bayesmix.errors import QuadratureError
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.modelling.assemble import as_posterior
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.quadrature.model import Counts, CountsEffects, coefficients_at_zero, integrate_effects
from bayesmix.modelling.quadrature.proposal import CountsProposal, counts_proposal, densities
from bayesmix.modelling.samplers.compiled import CompiledFunctions, compiled_functions
from bayesmix.modelling.samplers.integrated import Accuracy
from bayesmix.modelling.samplers.mode import climb
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.numerics.level_quadrature.posterior import evaluate_counts, log_posterior_at, parameter_values, theta_of
from bayesmix.numerics.mode import Mode

TOLERANCE = 1e-5
"""The greatest change of the log density by nodes half as far apart, at the mode and at the most extreme draws."""

_FINENESS = (1.0, 0.5, 0.25, 0.125)


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
        for fineness, mode in fine_enough(self.model):
            yield replace(self, fineness=fineness), mode

    def reported(self, theta: Floats) -> Floats:
        """A folded sd may have either sign; its size is reported."""
        if self.model.folded is not None:
            theta[:, self.model.folded] = np.abs(theta[:, self.model.folded])
        return theta

    def accuracy(self, theta: Floats) -> Accuracy:
        error, n_nodes = disagreement(self.model, extremes(theta), self.fineness)
        return Accuracy(error <= TOLERANCE, {"nodes_per_level": n_nodes, "quadrature_error": error})

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


def fine_enough(model: Counts) -> Iterator[tuple[float, Mode]]:
    """Each distance of the nodes that is precise at the mode and about it, with that mode; a folded sd has either sign.

    Raises
    ------
    QuadratureError
        No further distance is precise.
    """
    for fineness in _FINENESS:
        mode = climb(log_posterior_at, model.plain_buffer(fineness), model.start, model.spread)
        around = mode.point + 2 * np.vstack([np.zeros(model.parameters.n), mode.scale.T, -mode.scale.T])
        if disagreement(model, around, fineness)[0] <= TOLERANCE:
            yield fineness, mode
    raise QuadratureError(
        "the quadrature over the group effects is not precise: nodes half as far apart change the log density by more "
        f"than {TOLERANCE:g}"
    )


def disagreement(model: Counts, thetas: Floats, fineness: float) -> tuple[float, float]:
    """The change of the log densities at `thetas` (n_points, n) by nodes half as far apart; nodes for each level."""
    thetas = np.ascontiguousarray(thetas)
    coarse, fine = np.empty(len(thetas)), np.empty(len(thetas))
    n_nodes = evaluate_counts(model.plain_buffer(fineness), thetas, coarse)
    evaluate_counts(model.plain_buffer(fineness / 2), thetas, fine)
    usable = np.isfinite(fine)
    error = float(np.abs(coarse - fine)[usable].max(initial=0.0))
    return error, n_nodes / (len(thetas) * max(model.n_levels, 1))


def extremes(theta: Floats) -> Floats:
    """The draws out of (n_total, n) in which a parameter is least or greatest."""
    return theta[np.unique([theta.argmin(axis=0), theta.argmax(axis=0)])]


def precision(posterior: xr.DataTree) -> str:
    """A remark on the precision of the quadrature, to be added to the reason for the route; empty without nodes."""
    group = posterior.children.get("unconstrained_posterior")
    if group is None or not group.attrs.get("nodes_per_level"):
        return ""
    nodes, error = group.attrs["nodes_per_level"], max(group.attrs["quadrature_error"], 1e-12)
    return f", {nodes:.0f} nodes a level, log density to {error:.0e}"
