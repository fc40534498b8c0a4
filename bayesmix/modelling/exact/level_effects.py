"""Draws of the largest grouping factor's effects, for the levels that are asked for.

Given everything else in a draw the levels are independent of each other, so their effects need not be kept: they can
be drawn again, the same to the last digit, at any time and in any order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats, Positions
from bayesmix.formula.design import Design
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.exact.model import Marginal, marginalise
from bayesmix.numerics.gaussian.arrangement import Arrangement, dense_columns
from bayesmix.numerics.gaussian.coefficient_prior import original_coefficients
from bayesmix.numerics.gaussian.conditional import centred_effects, draw_levels
from bayesmix.numerics.variance_posterior import packed_factors
from bayesmix.parallel import in_parallel
from bayesmix.posterior.layout import fixed_draws, group_draws

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

_VALUES_AT_ONCE = 2**20


@dataclass(frozen=True)
class LevelDraws:
    """All that the effects of the largest factor (block 0) depend on, in each of n_total draws.

    `packed` (n_total, n_packed), lower triangles of every L_t and log sigma; `dense` (n_total, m + p), effects of
    the smaller factors and of X, as `numerics.gaussian.conditional.centred_effects` gives them.
    """

    model: Marginal
    packed: Floats
    dense: Floats
    seed: int

    def effects(self, number: int, levels: Positions, *, cores: int = 1) -> Floats:
        """Effects (n_total, n_levels, k) of some `levels` of a term of block 0, `number` in the order of the terms.

        Every level has a stream of random numbers of its own: which levels are asked for together does not matter.
        """
        arrays, place = self.model.products.arrays, self.model.products.arrangement.places[number]
        width, n_total = arrays.root.shape[1], len(self.packed)
        drawn = np.empty((n_total, len(levels), place.k))

        def work(part: slice) -> None:
            own = np.ascontiguousarray(levels[part], dtype=np.int64)
            normals, block = np.empty((len(own), width, n_total)), np.empty((len(own), width, n_total))
            for row, level in zip(normals, own, strict=True):
                np.random.Generator(np.random.Philox(key=[self.seed, level])).standard_normal(out=row)
            draw_levels(arrays, self.packed, self.dense, own, normals, block)
            drawn[:, part] = np.moveaxis(block[:, place.first : place.first + place.k], -1, 0)

        parts = list(stretches(len(levels), _VALUES_AT_ONCE // (width * n_total)))
        in_parallel(work, parts, cores=cores)
        return drawn


def level_draws(model: Marginal, *, packed: Floats, beta: Floats, others: Floats, seed: int) -> LevelDraws:
    """From coefficients `beta` (n_total, p) and effects of the smaller factors `others` (n_total, m)."""
    products = model.products
    scaled = np.linalg.solve(original_coefficients(products), beta.T).T - products.least_squares
    return LevelDraws(model, packed, centred_effects(products.arrays, packed, scaled, others), seed)


def level_draws_of(fit: "Fit") -> LevelDraws:
    """What the effects depend on, out of the posterior and the seed that it was drawn with."""
    model, design, drawn = marginalise(fit.model), fit.design, fit.posterior["posterior"].to_dataset()
    theta = fit.posterior["unconstrained_posterior"]["theta"].transpose("chain", "draw", ...).to_numpy()
    return level_draws(
        model,
        packed=packed_factors(model.plain_buffer(), np.ascontiguousarray(theta.reshape(-1, theta.shape[-1]))),
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


def by_term(design: Design, arrangement: Arrangement, others: Floats) -> Sequence[Floats | None]:
    """Of each term the draws (n_total, n_levels, k) that `others` holds; None for those of the largest factor."""
    return [
        others[:, dense_columns(arrangement, place)] if place.block > 0 else None
        for _, place in zip(design.random, arrangement.places, strict=True)
    ]
