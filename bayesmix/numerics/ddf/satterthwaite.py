"""Satterthwaite's degrees of freedom, as in lmerTest, from derivatives in closed form."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from bayesmix.arrays import Floats, Positions
from bayesmix.numerics.ddf.components import TermComponents
from bayesmix.numerics.ddf.sums import Sums, inverse_of_information, sums
from bayesmix.numerics.gaussian.cross_products import CrossProducts

_BOUNDARY = 1e-6  # of sigma, for columns of unit size: a direction with less spread has a variance of 0


@dataclass(frozen=True)
class Satterthwaite:
    """c variance parameters.

    `covariance` (p, p) of beta, its `derivatives` (c, p, p) by the parameters, and `parameter_covariance` (c, c) of the
    parameters from the observed information. `n_boundary` is the number of directions of group effects whose variance
    is 0 and held there, `n_flat` that of directions in which the criterion does not bend upwards, which are left out.
    It exceeds 0 if the data cannot tell a variance or the estimate is not an optimum.
    """

    covariance: Floats
    derivatives: Floats
    parameter_covariance: Floats
    n_boundary: int
    n_flat: int


def satterthwaite(*, products: CrossProducts, L: tuple[Floats, ...], sigma: float, reml: bool = True) -> Satterthwaite:
    """Compute what `degrees_of_freedom` and `f_test` need for Satterthwaite's method.

    Parameters
    ----------
    products
        The data, from `cross_products`.
    L
        For every term the lower triangular factor (k, k) of its effects' covariance at the optimum; it may be singular.
    sigma
        Residual standard deviation at weight 1, at the optimum.
    reml
        Whether the optimum is that of the REML criterion or of the likelihood.

    Raises
    ------
    ValueError
        X lacks full rank, or the factors outside the largest have too many levels for memory.

    Notes
    -----
    Df of a contrast l are 2 (l'Cl)^2 / (g'Ag), with C the covariance of beta, g the derivatives of l'Cl by the variance
    parameters, and A their asymptotic covariance, twice the inverse Hessian of the criterion.

    Variances of 0, and correlations of 1 or -1, are held: the parameters are the elements of a factor of full column
    rank. lmerTest gives the same if the zeros are at the end of its factors, as they mostly are (its elements at 0
    change no variance to first order, and drop out). Otherwise its answer depends on which of the factors with the same
    covariance the optimiser stopped at; this one does not.

    References
    ----------
    Kuznetsova, Brockhoff & Christensen (2017), doi:10.18637/jss.v082.i13
    """
    parts = sums(products, L, sigma)
    jacobian, bends, n_boundary = _parameters(parts)
    hessian = _hessian(parts, reml, jacobian, bends)
    size = np.einsum("ia,ij,ja->a", jacobian, parts.pair_traces, jacobian)
    covariance, n_flat = inverse_of_information(hessian, np.maximum(np.abs(np.diag(hessian)), size))
    back = sigma * parts.to_beta
    return Satterthwaite(
        covariance=back @ parts.covariance @ back.T,
        derivatives=np.einsum("ia,ixy->axy", jacobian, back @ parts.derivatives @ back.T),
        parameter_covariance=2.0 * covariance,
        n_boundary=n_boundary,
        n_flat=n_flat,
    )


def _hessian(parts: Sums, reml: bool, jacobian: Floats, bends: Floats) -> Floats:
    """Hessian of -2 log likelihood by the parameters, whose components have `jacobian` and second derivatives `bends`.

    The Hessian by the components is -tr P G_i P G_j + 2 e'V^-1 G_i P G_j V^-1 e, and the gradient tr P G_i - e'V^-1 G_i
    V^-1 e. Without REML the traces have V^-1 in place of P.
    """
    p = len(parts.covariance)
    quadratic = parts.forms[:, p, p]
    mixed = parts.forms[:, p, :p]
    pairs = parts.pair_forms[:, :, p, p] - mixed @ parts.covariance @ mixed.T
    traces, pair_traces = parts.traces, parts.pair_traces
    if reml:
        traces = traces - np.einsum("ab,iba->i", parts.covariance, parts.forms[:, :p, :p])
        pair_traces = parts.information
    gradient = traces - quadratic
    return jacobian.T @ (2.0 * pairs - pair_traces) @ jacobian + np.einsum("i,iab->ab", gradient, bends)


def _parameters(parts: Sums) -> tuple[Floats, Floats, int]:
    """Free parameters a: elements of a factor of full column rank for each term, and the residual's sd.

    Returns the derivatives (c, a) of the components, their second derivatives (c, a, a), and how many directions
    of group effects are held at 0.
    """
    blocks, seconds, n_boundary = [], [], 0
    for term in parts.components.terms:
        factor, free = _full_rank(term)
        n_boundary += term.rank - factor.shape[1]
        blocks.append(_term_jacobian(term, factor)[:, free])
        seconds.append(_term_bends(term, factor.shape[1])[np.ix_(range(len(term.rows)), free, free)])
    jacobian = linalg.block_diag(*blocks, [[2.0]])
    bends = np.zeros((jacobian.shape[0], jacobian.shape[1], jacobian.shape[1]))
    row = column = 0
    for second in seconds:
        c, a = second.shape[:2]
        bends[row : row + c, column : column + a, column : column + a] = second
        row, column = row + c, column + a
    bends[-1, -1, -1] = 2.0
    return jacobian, bends, n_boundary


def _full_rank(term: TermComponents) -> tuple[Floats, Positions]:
    """Factor (rank, r) with full column rank, and which of its elements, row after row, are free.

    Pivoting orders its rows so that it is lower triangular. The other elements are held at 0, as rotations would leave
    the criterion flat otherwise.
    """
    _, upper, order = linalg.qr(term.factor.T, mode="economic", pivoting=True)
    diagonal = np.abs(np.diag(upper))
    r = int(np.sum(diagonal > _BOUNDARY))
    factor = np.zeros((term.rank, r))
    factor[order] = upper[:r].T
    free = np.zeros((term.rank, r), dtype=bool)
    free[order] = np.arange(term.rank)[:, None] >= np.arange(r)
    return factor, np.flatnonzero(free)


def _term_jacobian(term: TermComponents, factor: Floats) -> Floats:
    """Derivatives of the lower triangle of factor factor' by the elements of factor, row after row."""
    rank, r = factor.shape
    jacobian = np.zeros((len(term.rows), rank, r))
    for i, (row, column) in enumerate(zip(term.rows, term.columns, strict=True)):
        jacobian[i, row] += factor[column]
        jacobian[i, column] += factor[row]
    return jacobian.reshape(len(term.rows), rank * r)


def _term_bends(term: TermComponents, r: int) -> Floats:
    bends = np.zeros((len(term.rows), term.rank, r, term.rank, r))
    for i, (row, column) in enumerate(zip(term.rows, term.columns, strict=True)):
        for s in range(r):
            bends[i, row, s, column, s] += 1.0
            bends[i, column, s, row, s] += 1.0
    return bends.reshape(len(term.rows), term.rank * r, term.rank * r)
