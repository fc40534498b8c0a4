"""Draws of the largest grouping factor's effects, for the levels that are asked for.

Given everything else in a draw, the levels are independent of each other, so their effects need not be kept: they can
be drawn again at any time and in any order, the same to the last digit.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats, Positions
from bayesmix.formula.design import Design
from bayesmix.modelling.blocks import work_in_stretches
from bayesmix.modelling.exact.model import Marginal, marginalise
from bayesmix.modelling.samplers.chains import theta_of
from bayesmix.numerics.gaussian.arrangement import Arrangement, dense_columns
from bayesmix.numerics.gaussian.coefficient_prior import original_coefficients
from bayesmix.numerics.gaussian.conditional import centred_effects, draw_levels
from bayesmix.numerics.variance_posterior import packed_factors
from bayesmix.posterior.layout import fixed_draws, group_draws

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

_VALUES_AT_ONCE = 2**20


@dataclass(frozen=True)
class LevelDraws:
    """All that the effects of the largest factor (block 0) depend on, in each of n_total draws.

    `packed` (n_total, n_packed) are the lower triangles of every L_t and log sigma; `dense` (n_total, m + p) are the
    effects of the smaller factors and of X, as `numerics.gaussian.conditional.centred_effects` gives them.
    """

    model: Marginal
    packed: Floats
    dense: Floats
    seed: int

    def effects(self, number: int, levels: Positions, *, cores: int = 1) -> Floats:
        """Effects (n_total, n_levels, k) of some `levels` of the term at `number`, which is of block 0.

        Every level has its own stream of random numbers, so that it does not matter which levels are asked for
        together.
        """
        arrays, place = self.model.products.arrays, self.model.products.arrangement.places[number]
        width, n_total = arrays.root.shape[1], len(self.packed)
        drawn = np.empty((n_total, len(levels), place.k))

        def work(part: slice) -> None:
            chosen = np.ascontiguousarray(levels[part], dtype=np.int64)
            normals, block = np.empty((len(chosen), width, n_total)), np.empty((len(chosen), width, n_total))
            for row, level in zip(normals, chosen, strict=True):
                np.random.Generator(np.random.Philox(key=[self.seed, level])).standard_normal(out=row)
            draw_levels(arrays, self.packed, self.dense, chosen, normals, block)
            drawn[:, part] = np.moveaxis(block[:, place.first : place.first + place.k], -1, 0)

        work_in_stretches(work, len(levels), _VALUES_AT_ONCE // (width * n_total), cores=cores)
        return drawn


def level_draws(model: Marginal, *, packed: Floats, beta: Floats, others: Floats, seed: int) -> LevelDraws:
    """The record for coefficients `beta` (n_total, p) and effects `others` (n_total, m) of the smaller factors."""
    products = model.products
    scaled = np.linalg.solve(original_coefficients(products), beta.T).T - products.least_squares
    return LevelDraws(model, packed, centred_effects(products.arrays, packed, scaled, others), seed)


def level_draws_of(fit: "Fit") -> LevelDraws:
    """What the effects of a fit depend on, read from its posterior and its seed."""
    model, design, drawn = marginalise(fit.model), fit.design, fit.posterior["posterior"].to_dataset()
    return level_draws(
        model,
        packed=packed_factors(model.plain_buffer(), theta_of(fit.posterior)),
        beta=fixed_draws(drawn, design).reshape(-1, len(design.fixed.names)),
        others=_others(drawn, design, model.products.arrangement),
        seed=fit.sampling.seed,
    )


def _others(posterior: xr.Dataset, design: Design, arrangement: Arrangement) -> Floats:
    """Effects (n_total, m) of the smaller factors."""
    n_total = posterior.sizes["chain"] * posterior.sizes["draw"]
    others = np.empty((n_total, arrangement.n_dense))
    for term, place in zip(design.random, arrangement.places, strict=True):
        if place.block > 0:
            others[:, dense_columns(arrangement, place)] = group_draws(posterior, term).reshape(
                n_total, term.n_levels, term.k
            )
    return others


def by_term(arrangement: Arrangement, others: Floats) -> list[Floats | None]:
    """Draws (n_total, n_levels, k) of each term's effects out of `others`; None for terms of the largest factor."""
    return [others[:, dense_columns(arrangement, place)] if place.block > 0 else None for place in arrangement.places]
