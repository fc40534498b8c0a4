"""Densities as C functions, which nutpie calls by their addresses and hands a buffer to read."""

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
_THETA: Outputs = (("theta", None),)


@dataclass(frozen=True)
class CompiledFunctions:
    """`log_density` with its gradient at x, and `expand`, which gives `outputs`: variables and their lengths, None: n.

    Both read a buffer whose first number is its length.
    """

    log_density: Any
    expand: Any
    outputs: Outputs


@cache
def compiled_functions(
    name: str,
    log_density_at: Callable,
    outputs_at: Callable,
    outputs: tuple[tuple[str, int | None], ...] = (("theta", None),),
) -> CompiledFunctions:
    """C functions of two kernels, compiled once per installation and then read from disk.

    Parameters
    ----------
    name
        Tells this density from others.
    log_density_at
        Kernel of `buffer`, x (n,) and a gradient (n,) to fill.
    outputs_at
        Kernel of `buffer` and x (n,): all outputs one after the other.
    """

    def log_density(n: int, point: Any, gradient: Any, value: Any, data: Any) -> int:
        """What nutpie calls; a status other than 0 says that value or gradient cannot be used."""
        size = numba.carray(data, (1,), np.int64)[0]
        buffer = numba.carray(data, (size,), np.float64)
        slopes = numba.carray(gradient, (n,))
        found = log_density_at(buffer, numba.carray(point, (n,)), slopes)
        value[0] = found
        usable = np.isfinite(found)
        for i in range(n):
            usable = usable and np.isfinite(slopes[i])
        return 0 if usable else 3

    def expand(n: int, n_out: int, point: Any, out: Any, data: Any) -> int:
        size = numba.carray(data, (1,), np.int64)[0]
        found = outputs_at(numba.carray(data, (size,), np.float64), numba.carray(point, (n,)))
        if len(found) != n_out:
            return -1
        for i in range(n_out):
            out[i] = found[i]
        return 0

    for function in (log_density, expand):
        function.__name__ = function.__qualname__ = f"{function.__name__}_{name}"  # what its code is kept under
    c_log_density = types.int64(types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, types.voidptr)
    c_expand = types.int64(types.uint64, types.uint64, _DOUBLES, _DOUBLES, types.voidptr)
    return CompiledFunctions(kernel_pointer(c_log_density, log_density), kernel_pointer(c_expand, expand), outputs)
