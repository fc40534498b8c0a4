"""NUTS by nutpie on the variance parameters alone, then exact draws of coefficients and group effects.

The density is one compiled function for all models and data; nutpie is handed its address and a buffer to read.
theta = mode + scale x with the curvature at the mode, so that x is near a standard normal: a hundred tuning steps are
enough. Leans on the same internals of nutpie as `compile_nutpie`.
"""

from functools import cache
from typing import Any

import numba
import numpy as np
import xarray as xr
from numba import types
from numpy.typing import NDArray
from nutpie.compile_pymc import CompiledPyMCModel

from bayesmix.modelling.marginal import Marginal
from bayesmix.modelling.nutpie_run import run_nutpie
from bayesmix.numerics.kernels import kernel_pointer
from bayesmix.numerics.mode import Mode, find_mode
from bayesmix.numerics.variance_posterior import log_posterior_at, theta_at

Floats = NDArray[np.float64]

_DOUBLES = types.CPointer(types.double)


def _log_density(n: int, point: Any, gradient: Any, value: Any, data: Any) -> int:
    """What nutpie calls; a status other than 0 says that value or gradient cannot be used."""
    size = numba.carray(data, (1,), np.int64)[0]
    buffer = numba.carray(data, (size,), np.float64)
    slopes = numba.carray(gradient, (n,))
    found = log_posterior_at(buffer, numba.carray(point, (n,)), slopes)
    value[0] = found
    usable = np.isfinite(found)
    for i in range(n):
        usable = usable and np.isfinite(slopes[i])
    return 0 if usable else 3


def _expand(n: int, n_out: int, point: Any, out: Any, data: Any) -> int:
    """theta at x."""
    if n != n_out:
        return -1
    size = numba.carray(data, (1,), np.int64)[0]
    theta = theta_at(numba.carray(data, (size,), np.float64), numba.carray(point, (n,)))
    for i in range(n):
        out[i] = theta[i]
    return 0


@cache
def compiled_functions() -> tuple[Any, Any]:
    """Both functions, compiled: half a minute once per installation, then read from the disk's cache."""
    log_density = types.int64(types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, types.voidptr)
    expand = types.int64(types.uint64, types.uint64, _DOUBLES, _DOUBLES, types.voidptr)
    return kernel_pointer(log_density, _log_density), kernel_pointer(expand, _expand)


def mode_of(model: Marginal) -> Mode:
    """The mode of the variance parameters' posterior, on the whole line."""
    n = len(model.start)
    plain = model.buffer(np.zeros(n), np.eye(n))

    def log_density(theta: Floats) -> tuple[float, Floats]:
        gradient = np.empty(n)
        value = log_posterior_at(plain, np.ascontiguousarray(theta), gradient)
        if not (np.isfinite(value) and np.isfinite(gradient).all()):
            return -1e300, np.zeros(n)
        return value, gradient

    return find_mode(log_density, model.start)


def sample_theta(model: Marginal, mode: Mode, **how: Any) -> xr.DataTree:
    """Draws of theta, variable `theta` (chain, draw, parameter), and what nutpie says about them.

    `how` as `run_nutpie` takes it.
    """
    n = len(model.start)
    buffer = model.buffer(mode.point, mode.scale)
    log_density, expand = compiled_functions()
    compiled = CompiledPyMCModel(
        _n_dim=n,
        dims={"theta": ("parameter",)},
        _coords={"parameter": np.arange(n)},
        _shapes={"theta": (n,)},
        compiled_logp_func=log_density,
        compiled_expand_func=expand,
        initial_point_func=lambda chain_seed: np.random.default_rng(chain_seed).normal(size=n),
        shared_data={},
        shared_var_keys={},
        user_data=buffer,
        n_expanded=n,
        shape_info=(["theta"], [slice(0, n)], [(n,)]),
        logp_func=None,
        expand_func=None,
        reparameterized_names=None,
    )
    return run_nutpie(compiled, **how)
