"""Everything under its name, from draws of the variance parameters of a Gaussian model."""

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats, Integers
from bayesmix.formula.design import Design
from bayesmix.modelling.assemble import as_posterior
from bayesmix.modelling.exact.dense_draws import DenseSide
from bayesmix.modelling.exact.level_effects import by_term, level_draws
from bayesmix.modelling.exact.model import Marginal
from bayesmix.modelling.settings import MOST_KEPT, SamplerSettings
from bayesmix.numerics.gaussian.coefficient_prior import original_coefficients
from bayesmix.numerics.variance_posterior import packed_factors


def posterior_of(
    design: Design, model: Marginal, theta: Floats, side: DenseSide, settings: SamplerSettings
) -> xr.Dataset:
    """Variance parameters, coefficients, effects of all grouping factors; `theta` (n_total, n), chain after chain."""
    products = model.products
    layout = products.arrangement
    packed = packed_factors(model.plain_buffer(), theta)
    beta = (side.fixed + products.least_squares) @ original_coefficients(products).T
    effects = list(by_term(design, layout, side.others))
    n_largest = int(layout.block_levels[0] * layout.block_k[0])
    keep = n_largest * len(packed) <= MOST_KEPT if settings.keep_effects is None else settings.keep_effects
    if keep:
        given = level_draws(model, packed=packed, beta=beta, others=side.others, seed=settings.seed)
        for number, place in enumerate(layout.places):
            if place.block == 0:
                effects[number] = given.effects(number, np.arange(place.n_levels), cores=settings.cores)

    def by_chain(values: Floats) -> Floats:
        return values.reshape(settings.chains, settings.draws, *values.shape[1:])

    sds, correlations = _sds_and_correlations(packed, model.ks)
    return as_posterior(
        design,
        fixed=by_chain(beta),
        sds=[by_chain(values) for values in sds],
        correlations=[by_chain(values) for values in correlations],
        effects=[None if values is None else by_chain(values) for values in effects],
        auxiliary={"sigma": by_chain(np.exp(packed[:, -1]))},
    )


def _sds_and_correlations(packed: Floats, ks: Integers) -> tuple[list[Floats], list[Floats]]:
    """Of each term sds (n, k) and correlations (n, k (k - 1) / 2), pairs as `layout.column_pairs`."""
    sds, correlations, start = [], [], 0
    for k in ks:
        stop = start + k * (k + 1) // 2
        factors = np.zeros((len(packed), k, k))
        factors[:, *np.tril_indices(k)] = packed[:, start:stop]
        sd = np.sqrt((factors**2).sum(axis=2))
        rows = factors / sd[:, :, None]
        row, column = np.tril_indices(k, -1)
        sds.append(sd)
        correlations.append((rows[:, row] * rows[:, column]).sum(axis=2))
        start = stop
    return sds, correlations
