"""The posterior's draws as arrays: parameters first, the draws of all chains joined along the last axis.

Shapes: p fixed coefficients, k columns of a group term, n_draws draws of all chains together.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesmix.arrays import Floats, Positions
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.modelling.blocks import group_draws_at
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import constant_parameters as names_of_constant
from bayesmix.posterior.layout import corr_draws, fixed_draws, keeps_effects, sd_draws, threshold_draws


def posterior_of(fit: Fit) -> xr.Dataset:
    """The posterior's variables."""
    return fit.posterior.children["posterior"].to_dataset()


def n_draws_of(fit: Fit) -> int:
    """Draws of all chains together."""
    sizes = posterior_of(fit).sizes
    return sizes["chain"] * sizes["draw"]


def by_chain(draws: Floats) -> Floats:
    """Shape (n_chains, n_draws, m) as (m, n_chains, n_draws)."""
    return np.moveaxis(draws, -1, 0)


def joined(draws: Floats) -> Floats:
    """Shape (..., n_chains, n_draws) with the chains joined, (..., n_chains * n_draws)."""
    *before, n_chains, n_draws = draws.shape
    return draws.reshape(*before, n_chains * n_draws)


def as_array(fit: Fit, values: Floats, name: str, coords: Mapping[str, NDArray[Any]]) -> xr.DataArray:
    """Values (..., n_draws), chains joined, as an array with the dims `chain` and `draw` before those of `coords`."""
    sizes = posterior_of(fit).sizes
    by_chain = values.reshape(*values.shape[:-1], sizes["chain"], sizes["draw"])
    numbers = {dim: np.arange(sizes[dim]) for dim in ("chain", "draw")}
    return xr.DataArray(
        np.moveaxis(by_chain, (-2, -1), (0, 1)), dims=(*numbers, *coords), coords={**numbers, **coords}, name=name
    )


def fixed(fit: Fit, predictor: Design | None = None) -> Floats:
    """Fixed coefficients of the mean, or of another predictor, by chain, shape (p, n_chains, n_draws)."""
    return by_chain(fixed_draws(posterior_of(fit), predictor or fit.design))


def thresholds(fit: Fit) -> Floats:
    """Thresholds by chain, shape (n_thresholds, n_chains, n_draws); none unless the response is ordinal."""
    return by_chain(threshold_draws(posterior_of(fit), fit.design))


def constant_parameters(fit: Fit) -> tuple[str, ...]:
    """The family's further parameters that are the same for all rows."""
    return names_of_constant(fit.design, fit.family.auxiliary)


def standard_deviations(fit: Fit, term: GroupTerm) -> Floats:
    """Standard deviations of a term by chain, shape (k, n_chains, n_draws)."""
    return by_chain(sd_draws(posterior_of(fit), term))


def correlations(fit: Fit, term: GroupTerm) -> Floats:
    """Correlations of a term by chain, shape (k (k - 1) / 2, n_chains, n_draws)."""
    predictor = next(part for part in fit.design.predictors if any(other is term for other in part.random))
    values = corr_draws(posterior_of(fit), term, predictor)
    return by_chain(values.reshape(*values.shape[:2], -1))


def auxiliary(fit: Fit, name: str) -> Floats:
    """A parameter of the family by chain, such as `sigma`, shape (n_chains, n_draws)."""
    return posterior_of(fit)[name].transpose("chain", "draw").to_numpy()


def group_effects(fit: Fit, term: GroupTerm, levels: slice | Positions) -> Floats:
    """Effects of `levels` (positions in `term.levels`), chains joined, shape (len(levels), k, n_draws)."""
    posterior = posterior_of(fit)
    if keeps_effects(posterior, term):
        return joined(group_draws_at(posterior, term, levels))
    number = next(i for i, other in enumerate(fit.design.random) if other is term)
    positions = np.arange(term.n_levels)[levels]
    drawn = fit.level_effects.effects(number, positions, cores=fit.sampling.cores)
    return np.moveaxis(drawn, 0, -1)
