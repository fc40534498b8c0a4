"""NUTS on all parameters of a model for counts by nutpie, on the compiled joint density: no model is compiled.

nutpie is handed two functions by their addresses and a buffer to read, as in `nuts_theta`. It samples x, in which the
posterior is near a standard normal; what is kept are the parameters q of the PyMC model on the whole line.
"""

from functools import cache
from typing import Any

import numba
import numpy as np
import xarray as xr
from numba import types
from numpy.typing import NDArray
from nutpie.compile_pymc import CompiledPyMCModel

from bayesmix.formula.design import Design
from bayesmix.modelling.assemble import as_posterior
from bayesmix.modelling.fixed_columns import FixedColumns
from bayesmix.modelling.joint.density import effect_starts
from bayesmix.modelling.parallel import one_blas_thread
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.samplers.run_nutpie import run_nutpie
from bayesmix.modelling.samplers.starts import Dispersed, start_about_mode
from bayesmix.numerics.joint.affine import point_at, slopes_at
from bayesmix.numerics.joint.density import joint_density
from bayesmix.numerics.joint.expand import expand_points
from bayesmix.numerics.joint.nested import nested_point, nested_slopes
from bayesmix.numerics.kernels import kernel_pointer

Floats = NDArray[np.float64]

_DOUBLES = types.CPointer(types.double)


def _log_density(n: int, point: Any, gradient: Any, value: Any, data: Any) -> int:
    """What nutpie calls; a status other than 0 says that value or gradient cannot be used."""
    size = numba.carray(data, (1,), np.int64)[0]
    buffer = numba.carray(data, (size,), np.float64)
    slopes, by_q = numba.carray(gradient, (n,)), np.empty(n)
    x = point_at(buffer, numba.carray(point, (n,)))
    q = x.copy()
    jacobian = nested_point(buffer, q)
    found = joint_density(buffer, q, by_q) + jacobian
    nested_slopes(buffer, x, by_q)
    slopes_at(buffer, by_q, slopes)
    value[0] = found
    usable = np.isfinite(found)
    for i in range(n):
        usable = usable and np.isfinite(slopes[i])
    return 0 if usable else 3


def _expand(n: int, n_out: int, point: Any, out: Any, data: Any) -> int:
    """q at x, and the log of the Jacobian."""
    if n + 1 != n_out:
        return -1
    size = numba.carray(data, (1,), np.int64)[0]
    buffer = numba.carray(data, (size,), np.float64)
    q = point_at(buffer, numba.carray(point, (n,)))
    out[n] = nested_point(buffer, q)
    for i in range(n):
        out[i] = q[i]
    return 0


@cache
def compiled_functions() -> tuple[Any, Any]:
    """Both functions, compiled once per installation and then read from disk."""
    log_density = types.int64(types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, types.voidptr)
    expand = types.int64(types.uint64, types.uint64, _DOUBLES, _DOUBLES, types.voidptr)
    return kernel_pointer(log_density, _log_density), kernel_pointer(expand, _expand)


def draw_by_kernel(
    buffer: Floats,
    n: int,
    *,
    chains: int,
    progress: bool,
    attempt: int,
    dispersed: Dispersed | None = None,
    **how: Any,
) -> xr.DataTree:
    """nutpie's draws of `q` (n,) and its statistics, `logp` the density of q; `how` as `run_nutpie` takes it."""
    with SamplingProgress(chains, shown=progress, attempt=attempt) as bar, one_blas_thread():
        tree = run_nutpie(_compiled(buffer, n, dispersed), chains=chains, bar=bar, **how)
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


def _compiled(buffer: Floats, n: int, dispersed: Dispersed | None) -> CompiledPyMCModel:
    log_density, expand = compiled_functions()
    return CompiledPyMCModel(
        _n_dim=n,
        dims={"q": ("free_parameter",)},
        _coords={"free_parameter": np.arange(n)},
        _shapes={"q": (n,), "log_jacobian": ()},
        compiled_logp_func=log_density,
        compiled_expand_func=expand,
        initial_point_func=start_about_mode(n, dispersed),
        shared_data={},
        shared_var_keys={},
        user_data=buffer,
        n_expanded=n + 1,
        shape_info=(["q", "log_jacobian"], [slice(0, n), slice(n, n + 1)], [(n,), ()]),
        logp_func=None,
        expand_func=None,
        reparameterized_names=None,
    )


def n_parameters(design: Design, fixed: FixedColumns) -> int:
    """Length of q."""
    return effect_starts(design, len(fixed.names))[1]
