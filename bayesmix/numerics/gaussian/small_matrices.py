"""Kernels on matrices of a few rows: orthogonal factors, least squares with a penalty, semi-definite roots."""

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.kernels import kernel

# A pivot below this share of its diagonal is rounding: the column depends on those before it.
DEPENDENT = 1e-13


@kernel
def eliminate_below(work: Floats, n_columns: int) -> None:
    """Householder QR of the first `n_columns` columns of `work`, in place; the other columns are rotated along."""
    n_rows, n_all = work.shape
    for c in range(n_columns):
        norm = 0.0
        for i in range(c, n_rows):
            norm += work[i, c] * work[i, c]
        norm = np.sqrt(norm)
        if norm == 0.0:
            continue
        alpha = -norm if work[c, c] > 0.0 else norm
        head = work[c, c] - alpha
        work[c, c] = head
        half = -alpha * head
        for j in range(c + 1, n_all):
            dot = 0.0
            for i in range(c, n_rows):
                dot += work[i, c] * work[i, j]
            dot /= half
            if dot != 0.0:
                for i in range(c, n_rows):
                    work[i, j] -= dot * work[i, c]
        work[c, c] = alpha
        for i in range(c + 1, n_rows):
            work[i, c] = 0.0


@kernel
def rotate_level(w: Floats, work: Floats, upper: Floats, along: Floats, across: Floats) -> float:
    """Orthogonal factor of one level: [w; I] = Q [upper; 0], with Q' [I; 0] = [along; across]. Returns log |upper|.

    Then upper' upper = I + w'w and across' across = (I + w w')^-1, without a difference of large numbers, however large
    or small w is. `work` (2k, 2k) is overwritten.
    """
    k = w.shape[0]
    if k == 1:
        length = np.hypot(1.0, w[0, 0])
        upper[0, 0] = length
        along[0, 0] = w[0, 0] / length
        across[0, 0] = 1.0 / length
        return np.log(length)
    work[:, :] = 0.0
    for i in range(k):
        for j in range(k):
            work[i, j] = w[i, j]
        work[k + i, i] = 1.0
        work[i, k + i] = 1.0
    eliminate_below(work, k)
    log_det = 0.0
    for i in range(k):
        log_det += np.log(abs(work[i, i]))
        for j in range(k):
            upper[i, j] = work[i, j]
            along[i, j] = work[i, k + j]
            across[i, j] = work[k + i, k + j]
    return log_det


@kernel
def times_upper(upper: Floats, matrix: Floats, product: Floats) -> None:
    """product <- upper matrix, square, `upper` triangular."""
    n = upper.shape[0]
    for r in range(n):
        for c in range(n):
            total = 0.0
            for s in range(r, n):
                total += upper[r, s] * matrix[s, c]
            product[r, c] = total


@kernel
def solve_upper(upper: Floats, rhs: Floats) -> None:
    """rhs <- upper^-1 rhs, for a vector, in place."""
    for i in range(rhs.shape[0] - 1, -1, -1):
        total = rhs[i]
        for j in range(i + 1, rhs.shape[0]):
            total -= upper[i, j] * rhs[j]
        rhs[i] = total / upper[i, i]


@kernel
def invert_upper(upper: Floats, inverse: Floats) -> None:
    """inverse <- upper^-1."""
    n = upper.shape[0]
    for j in range(n):
        for i in range(n):
            inverse[i, j] = 0.0
        inverse[j, j] = 1.0 / upper[j, j]
        for i in range(j - 1, -1, -1):
            total = 0.0
            for s in range(i + 1, j + 1):
                total -= upper[i, s] * inverse[s, j]
            inverse[i, j] = total / upper[i, i]


@kernel(apart=True)
def semidefinite_root(matrix: Floats, root: Floats, floor: float) -> None:
    """Upper triangular root with root' root = matrix; a dependent column gets a row of zeros.

    `floor` (0 or `DEPENDENT`): the share of a dependent column's diagonal that stays as its pivot.
    """
    n = matrix.shape[0]
    for i in range(n):
        for j in range(n):
            root[i, j] = 0.0
    for i in range(n):
        pivot = matrix[i, i]
        for s in range(i):
            pivot -= root[s, i] * root[s, i]
        if pivot <= DEPENDENT * matrix[i, i] or pivot <= 0.0:
            root[i, i] = np.sqrt(floor * matrix[i, i])
            continue
        root[i, i] = np.sqrt(pivot)
        for j in range(i + 1, n):
            total = matrix[i, j]
            for s in range(i):
                total -= root[s, i] * root[s, j]
            root[i, j] = total / root[i, i]


@kernel(apart=True)
def project_on_root(root: Floats, products: Floats, coordinates: Floats, coefficients: Floats) -> None:
    """Z = Q root: from Z'd to Q'd (`coordinates`) and to root^-1 Q'd (`coefficients`); 0 along dependent columns."""
    k, n = products.shape
    for c in range(n):
        for i in range(k):
            total = products[i, c]
            for s in range(i):
                total -= root[s, i] * coordinates[s, c]
            coordinates[i, c] = total / root[i, i] if root[i, i] > 0.0 else 0.0
        for i in range(k - 1, -1, -1):
            total = coordinates[i, c]
            for s in range(i + 1, k):
                total -= root[i, s] * coefficients[s, c]
            coefficients[i, c] = total / root[i, i] if root[i, i] > 0.0 else 0.0


@kernel
def project_levels(root: Floats, level: Integers, products: Floats) -> Floats:
    """Q'D of each pair (n_pairs, k, columns), Z = Q root: from `products` Z'D and each pair's `level` (n_pairs,)."""
    coordinates, coefficients = np.zeros_like(products), np.zeros_like(products)
    for pair in range(len(level)):
        project_on_root(root[level[pair]], products[pair], coordinates[pair], coefficients[pair])
    return coordinates
