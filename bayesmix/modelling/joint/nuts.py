"""NUTS on all parameters of a model for counts by nutpie, on the compiled joint density: no model is compiled.

What is sampled is x, in which the posterior is near a standard normal; what is kept are the parameters q of the PyMC
model on the whole line.
"""

from typing import Any

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats
from bayesmix.formula.design import Design
from bayesmix.modelling.assemble import as_posterior
from bayesmix.modelling.fixed_columns import FixedColumns
from bayesmix.modelling.joint.density import effect_starts
from bayesmix.modelling.samplers.compiled import CompiledFunctions, compiled_functions
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.samplers.run_nutpie import run_density
from bayesmix.numerics.joint.points import expand_points, log_density_at, parameters_at


def functions() -> CompiledFunctions:
    """The density, and the parameters q (n,) with the log of the Jacobian."""
    return compiled_functions("joint", log_density_at, parameters_at, (("q", None), ("log_jacobian", 1)))


def draw_by_kernel(
    buffer: Floats,
    n: int,
    *,
    chains: int,
    progress: bool,
    attempt: int,
    **run: Any,
) -> xr.DataTree:
    """nutpie's draws of `q` (n,) and its statistics, `logp` the density of q; `run` as `run_density` takes it."""
    with SamplingProgress(chains, shown=progress, attempt=attempt) as bar:
        tree = run_density(functions(), buffer, n, chains=chains, bar=bar, **run)
    statistics = tree["sample_stats"]
    statistics["logp"] = statistics["logp"] - tree["posterior"]["log_jacobian"]
    return tree


def parameters_of(points: Floats, buffer: Floats, design: Design, fixed: FixedColumns) -> xr.Dataset:
    """The posterior at `points` (n_chains, n_draws, n)."""
    shape, p = points.shape[:2], len(fixed.names)
    packed, effects = expand_points(buffer, np.ascontiguousarray(points.reshape(-1, points.shape[-1])))
    sds, correlations, by_term = [], [], []
    first, to = 0, 0
    for term in design.random:
        L = np.zeros((*shape, term.k, term.k))
        rows, columns = np.tril_indices(term.k)
        L[..., rows, columns] = packed[:, first : first + len(rows)].reshape(*shape, -1)
        sd = np.sqrt((L**2).sum(axis=-1))
        scaled = L / sd[..., None]
        below = np.tril_indices(term.k, -1)
        sds.append(sd)
        correlations.append((scaled @ np.swapaxes(scaled, -1, -2))[..., below[0], below[1]])
        own = effects[:, to : to + term.k * term.n_levels].reshape(*shape, term.k, term.n_levels)
        by_term.append(np.swapaxes(own, -1, -2))
        first += len(rows)
        to += term.k * term.n_levels
    return as_posterior(
        design,
        fixed=_coefficients(points[..., :p], design, fixed),
        sds=sds,
        correlations=correlations,
        effects=by_term,
        auxiliary={},
    )


def _coefficients(values: Floats, design: Design, fixed: FixedColumns) -> Floats:
    """In the order of the design, the intercept that at predictors equal to 0."""
    values = values.copy()
    if len(fixed.means):
        values[..., -1] -= values[..., :-1] @ fixed.means
    return values[..., [fixed.names.index(name) for name in design.fixed.names]]


def n_parameters(design: Design, fixed: FixedColumns) -> int:
    """Length of q."""
    return effect_starts(design, len(fixed.names))[1]
