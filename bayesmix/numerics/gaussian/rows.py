"""Kernels that read the rows: sums of products, a chunk of rows at a time."""

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.gaussian.small_matrices import project_on_root, semidefinite_root
from bayesmix.numerics.kernels import kernel


@kernel
def add_moments(columns: Floats, shift: Floats, total: Floats, squares: Floats) -> None:
    """Add sum and sum of squares of `columns` - `shift`, column by column."""
    for i in range(columns.shape[0]):
        for c in range(columns.shape[1]):
            value = columns[i, c] - shift[c]
            total[c] += value
            squares[c] += value * value


@kernel
def add_level_products(index: Integers, z: Floats, d: Floats, zz: Floats, zd: Floats) -> None:
    """Add each level's Z'Z (n_levels, k, k), lower triangle, and Z'D (n_levels, k, columns of d)."""
    k, width = z.shape[1], d.shape[1]
    for i in range(z.shape[0]):
        j = index[i]
        for r in range(k):
            for c in range(r + 1):
                zz[j, r, c] += z[i, r] * z[i, c]
            for c in range(width):
                zd[j, r, c] += z[i, r] * d[i, c]


@kernel
def root_levels(zz: Floats, zd: Floats, root: Floats, coordinates: Floats, coefficients: Floats) -> None:
    """Level by level: Z = Q root, Q'D, and the coefficients of D's projection on Z."""
    n_levels, k, _ = zz.shape
    for j in range(n_levels):
        for r in range(k):
            for c in range(r):
                zz[j, c, r] = zz[j, r, c]
        semidefinite_root(zz[j], root[j], 0.0)
        project_on_root(root[j], zd[j], coordinates[j], coefficients[j])


@kernel
def add_pair_products(row_pair: Integers, z: Floats, other: Floats, products: Floats) -> None:
    """Add Z_j'Z_o (k, k_o) of the pair of levels that each row belongs to."""
    for i in range(z.shape[0]):
        pair = row_pair[i]
        for r in range(z.shape[1]):
            for c in range(other.shape[1]):
                products[pair, r, c] += z[i, r] * other[i, c]


@kernel
def add_remainders(
    index: Integers,
    z: Floats,
    d: Floats,
    coefficients: Floats,
    other_columns: Integers,
    other_values: Floats,
    remainder: Floats,
) -> None:
    """Add to `remainder`, lower triangle: what products of [Z_others, D] are left once D is projected on Z.

    `other_columns`, `other_values` (rows, sum of k_o): dense column and value of the other terms in each row.
    """
    k, width, m = z.shape[1], d.shape[1], remainder.shape[0] - d.shape[1]
    left = np.empty(width)
    for i in range(d.shape[0]):
        for c in range(width):
            left[c] = d[i, c]
        if k > 0:
            j = index[i]
            for r in range(k):
                for c in range(width):
                    left[c] -= z[i, r] * coefficients[j, r, c]
        for a in range(other_values.shape[1]):
            column, value = other_columns[i, a], other_values[i, a]
            for b in range(a + 1):
                remainder[column, other_columns[i, b]] += value * other_values[i, b]
            for c in range(width):
                remainder[m + c, column] += value * left[c]
        for c in range(width):
            for b in range(c + 1):
                remainder[m + c, m + b] += left[c] * left[b]


@kernel
def subtract_met(met_start: Integers, met_column: Integers, met_value: Floats, remainder: Floats) -> None:
    """Take from the lower triangle of `remainder` what the eliminated term explains of the other terms."""
    for j in range(met_start.shape[0] - 1):
        for a in range(met_start[j], met_start[j + 1]):
            for b in range(met_start[j], a + 1):
                total = 0.0
                for r in range(met_value.shape[1]):
                    total += met_value[a, r] * met_value[b, r]
                remainder[met_column[a], met_column[b]] -= total
