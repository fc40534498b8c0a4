"""Everything under its name, from draws of the parameters of counts."""

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.modelling.assemble import as_posterior
from bayesmix.modelling.quadrature.level_effects import CountsEffects
from bayesmix.modelling.quadrature.model import Counts, coefficients_at_zero
from bayesmix.modelling.settings import MOST_KEPT, SamplerSettings
from bayesmix.numerics.level_quadrature.posterior import parameter_values


def posterior_of(design: Design, family: Family, model: Counts, theta: Floats, settings: SamplerSettings) -> xr.Dataset:
    """Coefficients, sd, the family's own parameter, group effects; `theta` (n_total, n), chain after chain."""
    values = parameter_values(model.plain_buffer(1.0), theta)

    def by_chain(drawn: Floats) -> Floats:
        return drawn.reshape(settings.chains, settings.draws, *drawn.shape[1:])

    effects: list[Floats | None] = [None for _ in design.random]
    keep = model.n_levels * len(theta) <= MOST_KEPT if settings.keep_effects is None else settings.keep_effects
    if model.n_levels and keep:
        drawn = CountsEffects(model, theta, settings.seed).effects(0, np.arange(model.n_levels), cores=settings.cores)
        effects = [by_chain(drawn)]
    return as_posterior(
        design,
        fixed=by_chain(coefficients_at_zero(model, values)),
        sds=[by_chain(values[:, [model.p]]) for _ in design.random],
        correlations=[np.empty((settings.chains, settings.draws, 0)) for _ in design.random],
        effects=effects,
        auxiliary={name: by_chain(values[:, model.names.index(name)]) for name in family.auxiliary},
    )
