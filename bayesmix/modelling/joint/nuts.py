"""NUTS on all parameters of a model for counts by nutpie, on the compiled joint density: no model is compiled.

The chains sample x, in which the posterior is near a standard normal; the draws that are kept are the parameters q of
the PyMC model on the whole line.
"""

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats
from bayesmix.formula.design import Design
from bayesmix.modelling.assemble import as_posterior, correlation_factors
from bayesmix.modelling.joint.density import effect_starts
from bayesmix.modelling.parameters import FixedColumns
from bayesmix.modelling.samplers.compiled import CompiledFunctions, compiled_functions
from bayesmix.modelling.samplers.nutpie_chains import run_density
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.numerics.joint.expand import expand_points
from bayesmix.numerics.joint.sampled import log_density_at, parameters_at


def functions() -> CompiledFunctions:
    """The density, and the map to the parameters q (n,) with the log of its Jacobian."""
    return compiled_functions("joint", log_density_at, parameters_at, (("q", None), ("log_jacobian", 1)))


def draw_by_kernel(buffer: Floats, n: int, settings: SamplerSettings) -> xr.DataTree:
    """nutpie's draws of `q` (n,) with its statistics; `logp` is the log density of q."""
    with SamplingProgress(settings.chains, shown=settings.progress, attempt=settings.attempt) as bar:
        tree = run_density(functions(), buffer, n, settings, bar)
    statistics = tree["sample_stats"]
    statistics["logp"] = statistics["logp"] - tree["posterior"]["log_jacobian"]
    return tree


def parameters_of(points: Floats, buffer: Floats, design: Design, fixed: FixedColumns) -> xr.Dataset:
    """The posterior at `points` (n_chains, n_draws, n)."""
    shape, p = points.shape[:2], len(fixed.names)
    packed, effects = expand_points(buffer, np.ascontiguousarray(points.reshape(-1, points.shape[-1])))
    sds, correlations, by_term, start = [], [], [], 0
    for term, (sd, rows) in zip(design.random, correlation_factors(packed, [t.k for t in design.random]), strict=True):
        row, column = np.tril_indices(term.k, -1)
        sds.append(sd.reshape(*shape, -1))
        correlations.append((rows @ np.swapaxes(rows, -1, -2))[:, row, column].reshape(*shape, -1))
        stop = start + term.k * term.n_levels
        by_term.append(np.swapaxes(effects[:, start:stop].reshape(*shape, term.k, term.n_levels), -1, -2))
        start = stop
    return as_posterior(
        design,
        fixed=_coefficients(points[..., :p], design, fixed),
        sds=sds,
        correlations=correlations,
        effects=by_term,
        auxiliary={},
    )


def _coefficients(values: Floats, design: Design, fixed: FixedColumns) -> Floats:
    """Coefficients in the order of the design, with the intercept at predictors equal to 0."""
    values = values.copy()
    if len(fixed.means):
        values[..., -1] -= values[..., :-1] @ fixed.means
    return values[..., [fixed.names.index(name) for name in design.fixed.names]]


def n_parameters(design: Design, fixed: FixedColumns) -> int:
    """The length of q."""
    return effect_starts(design, len(fixed.names))[1]
