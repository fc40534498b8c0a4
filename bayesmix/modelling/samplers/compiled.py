"""Densities as C functions, which nutpie calls by their addresses with a buffer to read."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numba
import numpy as np
from numba import types

from bayesmix.numerics.kernels import kernel_pointer

type Outputs = tuple[tuple[str, int | None], ...]

_DOUBLES = types.CPointer(types.double)
C_LOG_DENSITY = types.int64(types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, types.voidptr)
C_EXPAND = types.int64(types.uint64, types.uint64, _DOUBLES, _DOUBLES, types.voidptr)
"""The signatures that nutpie calls."""

_THETA: Outputs = (("theta", None),)  # a vector of length n


@dataclass(frozen=True)
class CompiledFunctions:
    """`log_density` with its gradient at x, and `expand`, which gives the `outputs` with their lengths (None: n).

    Both read a buffer whose first number is its length.
    """

    log_density: Any
    expand: Any
    outputs: Outputs


@cache
def compiled_functions(
    name: str, log_density_at: Callable, outputs_at: Callable, outputs: Outputs = _THETA
) -> CompiledFunctions:
    """C functions of two kernels, compiled once per installation and then read from disk.

    `log_density_at` takes `buffer`, x (n,) and a gradient (n,) to fill; `outputs_at` takes `buffer` and x (n,) and
    returns all outputs one after the other. The `name` tells this density from others.
    """

    def log_density(n: int, point: Any, gradient: Any, value: Any, data: Any) -> int:
        """Called by nutpie; a status other than 0 says that the value or the gradient cannot be used."""
        size = numba.carray(data, (1,), np.int64)[0]
        buffer = numba.carray(data, (size,), np.float64)
        slopes = numba.carray(gradient, (n,))
        value[0] = log_density_at(buffer, numba.carray(point, (n,)), slopes)
        usable = np.isfinite(value[0])
        for i in range(n):
            usable = usable and np.isfinite(slopes[i])
        return 0 if usable else 3

    def expand(n: int, n_out: int, point: Any, out: Any, data: Any) -> int:
        size = numba.carray(data, (1,), np.int64)[0]
        values = outputs_at(numba.carray(data, (size,), np.float64), numba.carray(point, (n,)))
        if len(values) != n_out:
            return -1
        for i in range(n_out):
            out[i] = values[i]
        return 0

    for function in (log_density, expand):
        function.__name__ = function.__qualname__ = f"{function.__name__}_{name}"  # its code is kept under this name
    return CompiledFunctions(kernel_pointer(C_LOG_DENSITY, log_density), kernel_pointer(C_EXPAND, expand), outputs)
