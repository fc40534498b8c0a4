"""Cholesky factor and inverse of I + (positive semi-definite), called from compiled code without Python's lock."""

from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numba import types
from numba.extending import get_cython_function_address

from bayesmix.arrays import Floats
from bayesmix.numerics.kernels import kernel

# Below this size plain loops are faster than a call of LAPACK.
_SMALL = 24

# Called by name, not by address, so that compiled code can be kept on disk; the name is bound at import.
for _routine in ("dpotrf", "dpotri"):
    llvm.add_symbol(f"bayesmix_{_routine}", get_cython_function_address("scipy.linalg.cython_lapack", _routine))
_SIGNATURE = types.void(types.voidptr, types.voidptr, types.voidptr, types.voidptr, types.voidptr)
_dpotrf: Any = types.ExternalFunction("bayesmix_dpotrf", _SIGNATURE)
_dpotri: Any = types.ExternalFunction("bayesmix_dpotri", _SIGNATURE)


@kernel(apart=True)
def factor_plainly(matrix: Floats, n: int, least: float) -> bool:
    """Lower Cholesky factor of the leading n x n part in place; whether all squared pivots exceed `least`.

    A pivot that does not is set to 1: in I + (positive semi-definite) an exact one is at least 1.
    """
    sound = True
    for i in range(n):
        for j in range(i + 1):
            total = matrix[i, j]
            for s in range(j):
                total -= matrix[i, s] * matrix[j, s]
            if i > j:
                matrix[i, j] = total / matrix[j, j]
            else:
                sound = sound and total > least
                matrix[i, i] = np.sqrt(total) if total > least else 1.0
    return sound


@kernel(apart=True)
def factor_with_lapack(matrix: Floats, n: int) -> bool:
    """Lower Cholesky factor of the leading n x n part, I + (positive semi-definite), in place.

    The upper triangle is left as it was. False when rounding took a pivot; the matrix is then spoilt.
    """
    if n < _SMALL:
        factor_plainly(matrix, n, 1.0)
        return True
    row_length = np.array([matrix.shape[1]], dtype=np.int32)
    side = np.array([ord("U")], dtype=np.uint8)
    size = np.array([n], dtype=np.int32)
    info = np.zeros(1, dtype=np.int32)
    # Fortran's upper triangle is the lower one of an array in C order.
    _dpotrf(side.ctypes, size.ctypes, matrix.ctypes, row_length.ctypes, info.ctypes)
    return info[0] == 0


@kernel(apart=True)
def invert_factored(lower: Floats) -> None:
    """Turn the lower Cholesky factor into the whole inverse of the matrix, in place."""
    n = lower.shape[0]
    if n < _SMALL:
        inverse = np.zeros((n, n))
        for j in range(n):
            inverse[j, j] = 1.0 / lower[j, j]
            for i in range(j + 1, n):
                total = 0.0
                for s in range(j, i):
                    total -= lower[i, s] * inverse[s, j]
                inverse[i, j] = total / lower[i, i]
        for i in range(n):
            for j in range(i + 1):
                total = 0.0
                for s in range(i, n):
                    total += inverse[s, i] * inverse[s, j]
                lower[i, j] = total
    else:
        side = np.array([ord("U")], dtype=np.uint8)
        size = np.array([n], dtype=np.int32)
        info = np.zeros(1, dtype=np.int32)
        _dpotri(side.ctypes, size.ctypes, lower.ctypes, size.ctypes, info.ctypes)
    mirror(lower, n)


@kernel
def mirror(matrix: Floats, n: int) -> None:
    """Copy the lower triangle of the leading n x n part into the upper one, tile by tile."""
    tile = 32
    for i0 in range(0, n, tile):
        for j0 in range(0, i0 + 1, tile):
            for i in range(i0, min(i0 + tile, n)):
                for j in range(j0, min(j0 + tile, i)):
                    matrix[j, i] = matrix[i, j]


@kernel(fastmath={"reassoc", "contract"})
def solve_lower(lower: Floats, rhs: Floats) -> None:
    """rhs <- lower^-1 rhs, for a vector, in place."""
    for i in range(rhs.shape[0]):
        total = rhs[i]
        for j in range(i):
            total -= lower[i, j] * rhs[j]
        rhs[i] = total / lower[i, i]


@kernel
def solve_lower_transposed(lower: Floats, rhs: Floats) -> None:
    """rhs <- lower'^-1 rhs, for a vector, in place."""
    for i in range(rhs.shape[0] - 1, -1, -1):
        rhs[i] /= lower[i, i]
        for j in range(i):
            rhs[j] -= lower[i, j] * rhs[i]


@kernel
def solve_rows_transposed(lower: Floats, rhs: Floats) -> None:
    """rhs <- lower'^-1 rhs for every row of rhs (n, m), in place; `lower` is read only once."""
    for i in range(rhs.shape[1] - 1, -1, -1):
        row = lower[i]
        for d in range(rhs.shape[0]):
            vector = rhs[d]
            vector[i] /= row[i]
            value = vector[i]
            for j in range(i):
                vector[j] -= row[j] * value
