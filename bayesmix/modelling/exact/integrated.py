"""A Gaussian model as the samplers take it: its mode, and its posterior from draws of the variance parameters."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats
from bayesmix.errors import SamplingError
from bayesmix.formula.design import Design
from bayesmix.modelling.assemble import as_posterior, correlation_factors
from bayesmix.modelling.exact.level_effects import by_term, level_draws
from bayesmix.modelling.exact.model import DenseSide, Marginal, dense_draws, marginalise
from bayesmix.modelling.exact.proposal import GaussianProposal, gaussian_proposal
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.samplers.compiled import CompiledFunctions, compiled_functions
from bayesmix.modelling.samplers.integrated import Accuracy
from bayesmix.modelling.samplers.mode import climb
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.numerics.gaussian.coefficient_prior import original_coefficients
from bayesmix.numerics.gaussian.cost import rounding_of, value_cost
from bayesmix.numerics.mode import Mode
from bayesmix.numerics.variance_posterior import log_posterior_at, packed_factors, theta_at
from bayesmix.posterior.layout import theta_names

_MOST_ROUNDING = 0.3  # in the log density


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
        return dense_draws(self.model, buffer, points, cores=cores).log_densities

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
        buffer = self.model.plain_buffer()
        side = dense_draws(self.model, buffer, theta, copies=1, seed=settings.seed, cores=settings.cores).side
        return DenseSide(side.fixed[:, 0], side.others[:, 0])

    def posterior(self, theta: Floats, given: DenseSide, settings: SamplerSettings) -> xr.Dataset:
        """Variance parameters, coefficients, and the effects of all grouping factors."""
        products = self.model.products
        packed = packed_factors(self.model.plain_buffer(), theta)
        beta = (given.fixed + products.least_squares) @ original_coefficients(products).T
        sds, correlations = [], []
        for term_sds, rows in correlation_factors(packed, self.model.ks):
            row, column = np.tril_indices(rows.shape[-1], -1)
            sds.append(settings.by_chain(term_sds))
            correlations.append(settings.by_chain((rows[:, row] * rows[:, column]).sum(axis=2)))
        effects = self._effects(packed, beta, given.others, settings)
        return as_posterior(
            self.design,
            fixed=settings.by_chain(beta),
            sds=sds,
            correlations=correlations,
            effects=[None if values is None else settings.by_chain(values) for values in effects],
            auxiliary={"sigma": settings.by_chain(np.exp(packed[:, -1]))},
        )

    def _effects(self, packed: Floats, beta: Floats, others: Floats, settings: SamplerSettings) -> list[Floats | None]:
        """Effects (n_total, n_levels, k) of each term; None for those of the largest factor if they are not kept."""
        arrangement = self.model.products.arrangement
        effects = by_term(arrangement, others)
        if settings.keeps(int(arrangement.block_levels[0] * arrangement.block_k[0])):
            largest = level_draws(self.model, packed=packed, beta=beta, others=others, seed=settings.seed)
            for number, place in enumerate(arrangement.places):
                if place.block == 0:
                    effects[number] = largest.effects(number, np.arange(place.n_levels), cores=settings.cores)
        return effects


def integrated_gaussian(model: MixedModel) -> IntegratedGaussian:
    """The model of the samplers, made in one pass over the rows."""
    return IntegratedGaussian(model.design, marginalise(model))


def mode_of(model: Marginal) -> Mode:
    """The mode of the variance parameters' posterior, on the whole line.

    Raises
    ------
    SamplingError
        As `climb`; or sigma has no posterior, or rounding decides its posterior at the mode.
    """
    _refuse_exact_fit(model)
    plain = model.plain_buffer()

    def rounding(theta: Floats) -> float:
        packed = packed_factors(plain, theta[None])[0]
        error = rounding_of(model.products, packed)
        _refuse_rounding(model, float(np.exp(packed[-1])), error)
        return error

    return climb(log_posterior_at, plain, model.start, model.spread, rounding)


def _refuse_exact_fit(model: Marginal) -> None:
    """Refuse a residual of 0 with degrees of freedom left, for which the density of sigma is infinite at 0."""
    products = model.products
    residual, degrees = products.residual, products.n_obs - products.residual.rank
    if not (residual.is_rounding and degrees > 0):
        return
    by_fixed = residual.total <= residual.rounding
    terms = "The fixed part reproduces" if by_fixed else "Fixed and group effects reproduce"
    raise SamplingError(
        f"{terms} the response to the last digit (residual sd {np.sqrt(max(residual.left, 0.0) / degrees):.1e} with "
        f"{degrees} degrees of freedom, rounding {np.sqrt(residual.rounding / products.n_obs):.1e}): sigma has no "
        "posterior. Is a column made from the response, or the response from the columns?"
    )


def _refuse_rounding(model: Marginal, sigma: float, rounding: float) -> None:
    """Refuse a residual that is 0 at the mode, or decided by rounding."""
    residual, n_obs = model.products.residual, model.products.n_obs
    allowed = np.sqrt(residual.rounding / n_obs)
    if sigma <= allowed:
        raise SamplingError(
            f"The residual sd goes to 0 ({sigma:.1e}, rounding {allowed:.1e}): some terms reproduce the response to "
            "the last digit, and sigma has no posterior. Leave terms out, or a column that the response was made from."
        )
    if rounding > _MOST_ROUNDING:
        raise SamplingError(
            f"The residual sd is {sigma:.1e} beside {np.sqrt(residual.total / n_obs):.1e} of the response: with "
            f"crossed factors rounding moves the log density by up to {rounding:.1g}, more than {_MOST_ROUNDING:g}. Is "
            "the response made from the groups? Leave one of the crossed terms out."
        )
