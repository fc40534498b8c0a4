"""Products through V^-1, from the cross-products: block 0 level by level, then the other blocks.

With V_0 block 0's part of V and the residual's, and Z (m columns) of the other blocks,

    V^-1 = V_0^-1 - V_0^-1 Z R Z'V_0^-1,     R = Lambda (I + Lambda' Z'V_0^-1 Z Lambda)^-1 Lambda'.

V is in units of sigma^2 throughout.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from bayesmix.arrays import Floats
from bayesmix.numerics.ddf.components import met_matrix
from bayesmix.numerics.gaussian.cross_products import CrossProducts


@dataclass(frozen=True)
class LevelProducts:
    """Products through V_0^-1. Level j of block 0 has k columns Z_j; D = [X, y / sigma] has p + 1.

    `inner` (J, k, k) = Z_j'V_0^-1 Z_j; `dense` (J k, m) = Z_j'V_0^-1 Z, `fixed` (J, k, p + 1) = Z_j'V_0^-1 D;
    `schur` (m + p + 1, m + p + 1) = [Z, D]'V_0^-1 [Z, D].
    """

    inner: Floats
    dense: sparse.csr_array
    fixed: Floats
    schur: Floats


@dataclass(frozen=True)
class DenseProducts:
    """Products for the other blocks, all (m, m): `inverse` = R; `keep` = I - R Z'V_0^-1 Z, so that A'V^-1 Z = A'V_0^-1
    Z keep for every A; `inner` = Z'V^-1 Z.
    """

    inverse: Floats
    keep: Floats
    inner: Floats


def eliminate_levels(products: CrossProducts, relative: Floats, sigma: float) -> LevelProducts:
    """Eliminate block 0, which has L / sigma = `relative` (k, k)."""
    arrays, m = products.arrays, products.arrangement.n_dense
    n_levels, k, width = arrays.level_fixed.shape
    unit = np.ones(width)
    unit[-1] = 1.0 / sigma
    # (I + w w')^-1 from the singular values of w: of full precision for variances of any size, and for 0.
    left, stretch, _ = np.linalg.svd(arrays.root @ relative)
    within = (left / (1.0 + stretch**2)[:, None, :]) @ left.transpose(0, 2, 1)
    towards = arrays.root.transpose(0, 2, 1) @ within
    fixed = arrays.level_fixed * unit
    units = np.concatenate([np.ones(m), unit])
    schur = (np.tril(arrays.remainder) + np.tril(arrays.remainder, -1).T) * units * units[:, None]
    schur[m:, m:] += np.einsum("jrx,jry->xy", fixed, within @ fixed)
    dense = met = met_matrix(products)
    if m and k:
        weighted = _block_diagonal(within) @ met
        schur[:m, :m] += (met.T @ weighted).toarray()
        cross = weighted.T @ fixed.reshape(n_levels * k, width)
        schur[:m, m:] += cross
        schur[m:, :m] += cross.T
        dense = sparse.csr_array(_block_diagonal(towards) @ met)
    return LevelProducts(towards @ arrays.root, dense, towards @ fixed, schur)


def eliminate_dense(products: CrossProducts, relative: tuple[Floats, ...], schur: Floats) -> DenseProducts:
    """Eliminate the other blocks, which have L / sigma = `relative` (k, k) each; `schur` (m, m) = Z'V_0^-1 Z."""
    m, levels = len(schur), products.arrangement.block_levels[1:]
    spread = linalg.block_diag(
        np.zeros((0, 0)), *(np.kron(np.eye(n), r) for n, r in zip(levels, relative, strict=True))
    )
    if not m:
        return DenseProducts(spread, spread, spread)
    lower = np.linalg.cholesky(np.eye(m) + spread.T @ schur @ spread)
    half = linalg.solve_triangular(lower, spread.T, lower=True)
    inverse = half.T @ half
    # Z'V^-1 Z by a root of Z'V_0^-1 Z: as a difference it would lose its digits where the variances are large.
    root = _semidefinite_root(schur)
    stretched = root @ spread
    lower = np.linalg.cholesky(np.eye(len(root)) + stretched @ stretched.T)
    inner = linalg.solve_triangular(lower, root, lower=True)
    return DenseProducts(inverse, np.eye(m) - inverse @ schur, inner.T @ inner)


def _block_diagonal(blocks: Floats) -> sparse.bsr_array:
    n_levels, k, _ = blocks.shape
    return sparse.bsr_array((blocks, np.arange(n_levels), np.arange(n_levels + 1)), (n_levels * k, n_levels * k))


def _semidefinite_root(matrix: Floats) -> Floats:
    """root (rank, m) with root' root = matrix.

    The rank is that of columns of unit length: beside columns in other units, short ones would count as 0.
    """
    length = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    length = np.where(length > 0, length, 1.0)
    factor, pivots, rank, _ = linalg.lapack.dpstrf(matrix / length / length[:, None])
    root = np.zeros((rank, len(matrix)))
    root[:, pivots - 1] = np.triu(factor)[:rank]
    return root * length
