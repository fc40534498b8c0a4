"""The variance parameters by nutpie's NUTS, where importance sampling does not do or NUTS is asked for.

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

from bayesmix.modelling.convergence import convergence
from bayesmix.modelling.exact.dense_draws import ThetaDraws, dense_draws
from bayesmix.modelling.exact.model import Marginal
from bayesmix.modelling.method import EFFECTIVE_PER_CHAIN
from bayesmix.modelling.parallel import one_blas_thread
from bayesmix.modelling.samplers.chains import sample_stats, thinned
from bayesmix.modelling.samplers.run_nutpie import run_nutpie
from bayesmix.modelling.samplers.starts import Dispersed, start_about_mode
from bayesmix.numerics.kernels import kernel_pointer
from bayesmix.numerics.mode import Mode
from bayesmix.numerics.variance_posterior import log_posterior_at, theta_at

Floats = NDArray[np.float64]

_FEWEST_DRAWS = 200  # of a chain
_RHAT = 1.009  # the verdict's limit is 1.01, and it looks at functions of theta
_MARGIN = 1.2

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
    """Both functions, compiled once per installation and then read from disk."""
    log_density = types.int64(types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, types.voidptr)
    expand = types.int64(types.uint64, types.uint64, _DOUBLES, _DOUBLES, types.voidptr)
    return kernel_pointer(log_density, _log_density), kernel_pointer(expand, _expand)


def draw_by_nuts(
    model: Marginal, mode: Mode, *, draws: int, chains: int, seed: int, cores: int, thin: int = 1, **how: Any
) -> ThetaDraws:
    """Draws of theta by NUTS, the last of every `thin`, and one draw of the dense side for each.

    `how` as `nuts_at` takes it. Groups: `sample_stats`.
    """
    how |= {"draws": thin * draws, "chains": chains, "seed": seed, "cores": cores}
    n = len(model.start)
    tree, whole = nuts_at(compiled_functions(), model.buffer(mode.point, mode.scale), n, **how)
    theta = np.ascontiguousarray(whole.reshape(chains, thin * draws, n)[:, thin - 1 :: thin].reshape(-1, n))
    found = dense_draws(model, model.plain_buffer(), theta, copies=1, seed=seed, cores=cores)
    statistics = thinned(xr.DataTree.from_dict({"sample_stats": sample_stats(tree)}), thin)["sample_stats"]
    return ThetaDraws(theta, found.fixed[:, 0], found.others[:, 0], {"sample_stats": statistics.to_dataset()})


def mixes_slowly(theta: Floats, chains: int) -> bool:
    """Whether chains of theta (n_total, n) disagree, or hold too few effective draws of a mean or a limit.

    Chains shorter than `_FEWEST_DRAWS` say nothing.
    """
    draws = np.moveaxis(theta.reshape(chains, -1, theta.shape[1]), 2, 0)
    if draws.shape[2] < _FEWEST_DRAWS:
        return False
    found = convergence(draws)
    effective = min(np.nanmin(found.ess_bulk), np.nanmin(found.ess_tail))
    disagree = chains > 1 and np.nanmax(found.rhat) > _RHAT
    return bool(disagree or effective < _MARGIN * EFFECTIVE_PER_CHAIN * chains)


def nuts_at(
    functions: tuple[Any, Any], buffer: Floats, n: int, *, dispersed: Dispersed | None = None, **how: Any
) -> tuple[xr.DataTree, Floats]:
    """What nutpie gives for a density of `n` parameters, and the draws of theta (n_total, n), chain after chain.

    `functions`: the density and the map to theta as C functions, which read `buffer`; `dispersed`: how far apart the
    chains start, by default as the posterior is wide; `how` as `run_nutpie` takes it.
    """
    log_density, expand = functions
    compiled = CompiledPyMCModel(
        _n_dim=n,
        dims={"theta": ("parameter",)},
        _coords={"parameter": np.arange(n)},
        _shapes={"theta": (n,)},
        compiled_logp_func=log_density,
        compiled_expand_func=expand,
        initial_point_func=start_about_mode(n, dispersed),
        shared_data={},
        shared_var_keys={},
        user_data=buffer,
        n_expanded=n,
        shape_info=(["theta"], [slice(0, n)], [(n,)]),
        logp_func=None,
        expand_func=None,
        reparameterized_names=None,
    )
    with one_blas_thread():
        tree = run_nutpie(compiled, **how)
    theta = tree["posterior"]["theta"].transpose("chain", "draw", "parameter").to_numpy()
    return tree, np.ascontiguousarray(theta.reshape(-1, n))
