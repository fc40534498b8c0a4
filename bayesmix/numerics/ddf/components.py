"""The variance components: V / sigma^2 = sum over i of gamma_i G_i, with the identity of the residuals last.

The k columns of a term span k (k + 1) / 2 symmetric G. Any basis of the span gives the same degrees of freedom. Here
the columns of each term are made orthonormal first, so that a year as covariate costs no digits.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from bayesmix.arrays import Floats, Positions
from bayesmix.numerics.gaussian.cross_products import CrossProducts

_DEPENDENT = 1e-12  # a column with this share left of its length, beside the others, is a combination of them


@dataclass(frozen=True)
class TermComponents:
    """One term with orthonormal columns, `rank` of them: Z_t = Z_hat R.

    `block`, the block of the term; `basis` (block_k, rank): Z_hat = centred columns of the block times it; `factor`
    (rank, k): R L / sigma, so that the term adds Z_hat factor factor' Z_hat' to V / sigma^2. `rows`, `columns` (rank
    (rank + 1) / 2,): where each component stands in the lower triangle.
    """

    block: int
    basis: Floats
    factor: Floats
    rows: Positions
    columns: Positions

    @property
    def rank(self) -> int:
        return self.basis.shape[1]

    @property
    def values(self) -> Floats:
        """The gamma of this term: the lower triangle of its covariance."""
        return (self.factor @ self.factor.T)[self.rows, self.columns]

    @property
    def directions(self) -> Floats:
        """E (n_components, block_k, block_k): G_i = sum over levels of Z_j E_i Z_j', Z_j the centred columns."""
        first, second = self.basis.T[self.rows], self.basis.T[self.columns]
        outer = first[:, :, None] * second[:, None, :]
        twice = np.where(self.rows == self.columns, 0.5, 1.0)[:, None, None]
        return twice * (outer + outer.transpose(0, 2, 1))


@dataclass(frozen=True)
class Components:
    """`terms` in the order of the model; `relative`, for every block L / sigma for its centred columns (k, k)."""

    terms: tuple[TermComponents, ...]
    relative: tuple[Floats, ...]

    @property
    def values(self) -> Floats:
        """gamma / sigma^2, (n_components,), the residual's 1 last."""
        return np.concatenate([*(term.values for term in self.terms), [1.0]])


def components(products: CrossProducts, L: tuple[Floats, ...], sigma: float) -> Components:
    """The components of a model at the factors `L` and `sigma`."""
    layout, arrays = products.arrangement, products.arrays
    relative, roots, inverses = [], [], []
    for block, members in enumerate(layout.block_terms):
        k = int(layout.block_k[block])
        factors = linalg.block_diag(np.zeros((0, 0)), *(np.asarray(L[t], dtype=float) / sigma for t in members))
        relative.append(arrays.shift[block, :k, :k] @ factors)
        root, inverse = _whiten(_block_products(products, block) / products.n_obs)
        roots.append(root)
        inverses.append(inverse)
    terms = []
    for place, factor in zip(layout.places, L, strict=True):
        k = int(layout.block_k[place.block])
        given = arrays.shift[place.block, :k, place.columns]
        basis, triangle = _orthonormal(roots[place.block] @ given)
        rows, columns = np.tril_indices(basis.shape[1])
        whole = triangle @ np.asarray(factor, dtype=float) / sigma
        terms.append(TermComponents(place.block, inverses[place.block] @ basis, whole, rows, columns))
    return Components(tuple(terms), tuple(relative))


def met_matrix(products: CrossProducts) -> sparse.csr_array:
    """Q'Z_others, (J k, m): row j k + r is row r of level j of block 0."""
    arrays = products.arrays
    n_levels, k, _ = arrays.root.shape
    counts = np.diff(arrays.met_start)
    rows = (np.repeat(np.arange(n_levels), counts)[:, None] * k + np.arange(k)).ravel()
    columns = np.repeat(arrays.met_column, k)
    return sparse.csr_array((arrays.met_value.ravel(), (rows, columns)), (n_levels * k, len(arrays.dense_block)))


def _block_products(products: CrossProducts, block: int) -> Floats:
    """Z'Z (k, k) of a block's centred columns, summed over its levels."""
    arrays, k = products.arrays, int(products.arrangement.block_k[block])
    if block == 0:
        return np.einsum("jsr,jsc->rc", arrays.root, arrays.root)
    start = int(arrays.block_start[block])
    stop = start + k * int(products.arrangement.block_levels[block])
    met = met_matrix(products)
    total = np.zeros((k, k))
    for r in range(k):
        for c in range(r + 1):
            first, second = slice(start + r, stop, k), slice(start + c, stop, k)
            share = met[:, first].multiply(met[:, second]).sum()
            total[r, c] = total[c, r] = (
                np.sum(arrays.remainder[range(start + r, stop, k), range(start + c, stop, k)]) + share
            )
    return total


def _whiten(products: Floats) -> tuple[Floats, Floats]:
    """root (r, k) and inverse (k, r) with root' root = products and root inverse = I; r its rank."""
    length = np.sqrt(np.diag(products))
    length = np.where(length > 0, length, 1.0)
    values, vectors = np.linalg.eigh(products / np.outer(length, length))
    kept = values > _DEPENDENT
    values, vectors = np.sqrt(values[kept]), vectors[:, kept]
    return (vectors * values).T * length, vectors / values / length[:, None]


def _orthonormal(columns: Floats) -> tuple[Floats, Floats]:
    """columns = Q R with Q (n, rank) orthonormal: Q and R."""
    length = np.linalg.norm(columns, axis=0)
    left, values, _ = np.linalg.svd(columns / np.where(length > 0, length, 1.0), full_matrices=False)
    basis = left[:, values > _DEPENDENT * values.max(initial=0.0)]
    return basis, basis.T @ columns
