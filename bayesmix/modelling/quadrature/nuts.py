"""Parameters of counts by nutpie's NUTS, where importance sampling does not do or NUTS is asked for.

As `nuts_theta`, with another density: one compiled function for all models and data, started at the mode with the
curvature there. A folded sd may have either sign; it is its size that is reported.
"""

from functools import cache
from typing import Any

import numba
import numpy as np
import xarray as xr
from numba import types
from numpy.typing import NDArray

from bayesmix.modelling.exact.nuts import nuts_at
from bayesmix.modelling.quadrature.model import Counts
from bayesmix.modelling.samplers.chains import sample_stats
from bayesmix.numerics.kernels import kernel_pointer
from bayesmix.numerics.level_quadrature.posterior import log_posterior_at, theta_of
from bayesmix.numerics.mode import Mode

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
    theta = theta_of(numba.carray(data, (size,), np.float64), numba.carray(point, (n,)))
    for i in range(n):
        out[i] = theta[i]
    return 0


@cache
def compiled_functions() -> tuple[Any, Any]:
    """Both functions, compiled once per installation and then read from disk."""
    log_density = types.int64(types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, types.voidptr)
    expand = types.int64(types.uint64, types.uint64, _DOUBLES, _DOUBLES, types.voidptr)
    return kernel_pointer(log_density, _log_density), kernel_pointer(expand, _expand)


def draw_by_nuts(model: Counts, mode: Mode, *, fineness: float, **how: Any) -> tuple[Floats, dict[str, xr.Dataset]]:
    """Draws of theta (n_total, n), and the group `sample_stats`; `how` as `nuts_at` takes it."""
    buffer = model.buffer(mode.point, mode.scale, fineness)
    tree, theta = nuts_at(compiled_functions(), buffer, model.parameters.n, **how)
    if model.folded is not None:
        theta[:, model.folded] = np.abs(theta[:, model.folded])
    return theta, {"sample_stats": sample_stats(tree)}
