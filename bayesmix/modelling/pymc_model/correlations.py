"""The correlations of a group term in a PyMC model: LKJ by canonical partial correlations.

The partial correlation of columns i < j given the columns before i is Beta on (-1, 1) under LKJ, independent
of the others; the map from the partials to R carries the product of Betas to det(R)^(eta - 1), normalised.
Scalars are written out: a product of small matrices costs seconds of compilation and slower gradients.
"""

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayesmix.modelling.variance_priors import partial_shapes
from bayesmix.posterior.layout import as_dim
from bayesmix.priors.prior import Prior


def add_correlations(name: str, pairs: tuple[tuple[str, str], ...], prior: Prior) -> list[list[TensorVariable]]:
    """Add the correlations of k columns to the current PyMC model.

    Parameters
    ----------
    name
        Of the correlations, such as ``"corr_Subject"``; they lie along `<name>_dim`, a pair each.
    pairs
        The k (k - 1) / 2 pairs of columns, in the order of `layout.column_pairs`.
    prior
        ``LKJ(eta)``.

    Returns
    -------
    list of list of TensorVariable
        The rows of the lower triangular L with L L' = R: row j holds L[j, 0] .. L[j, j].

    Notes
    -----
    The free variable is `<name>_partial` (a comma as `;`) on (0, 1); the partial correlations are 2 x - 1.

    References
    ----------
    Lewandowski, Kurowicka & Joe (2009), doi:10.1016/j.jmva.2009.04.008
    """
    dim = as_dim(f"{name}_dim")
    pm.modelcontext(None).add_coord(dim, [",".join(pair) for pair in pairs])
    shapes = partial_shapes(prior.args[0], _columns(len(pairs)))
    partials = 2 * pm.Beta(as_dim(f"{name}_partial"), shapes, shapes, dims=dim) - 1
    rows = cholesky_rows(partials, len(pairs))
    pm.Deterministic(name, partials if len(pairs) == 1 else _products(rows), dims=dim)
    return rows


def cholesky_rows(partials: TensorVariable, n_pairs: int) -> list[list[TensorVariable]]:
    """Rows of L: L[j, i] = partial[i, j] sqrt(prod over m < i of (1 - partial[m, j]^2)), partial[j, j] = 1."""
    shrinkage = pt.sqrt(1 - partials**2)
    rows: list[list[TensorVariable]] = [[pt.constant(1.0)]]
    pair = 0
    for row in range(1, _columns(n_pairs)):
        entries: list[TensorVariable] = []
        remaining: TensorVariable = pt.constant(1.0)
        for _ in range(row):
            entries.append(partials[pair] * remaining)
            remaining = remaining * shrinkage[pair]
            pair += 1
        rows.append([*entries, remaining])
    return rows


def _products(rows: list[list[TensorVariable]]) -> TensorVariable:
    """R = L L' below the diagonal, row by row."""
    below = []
    for j in range(1, len(rows)):
        for i in range(j):
            below.append(sum(rows[j][m] * rows[i][m] for m in range(1, i + 1)) + rows[j][0] * rows[i][0])
    return pt.stack(below)


def _columns(n_pairs: int) -> int:
    """k of n_pairs = k (k - 1) / 2."""
    return round((1 + np.sqrt(1 + 8 * n_pairs)) / 2)
