"""The least penalised sum of squares from its parts, where a difference of large numbers would lose it.

With group effects a million times the residual, y'y less what is explained keeps four digits of sixteen. Here the parts
are added up: what is left of the rows, level by level, and the penalties; an error of the solution enters squared.
"""

import numpy as np

from bayesmix.numerics.gaussian.coefficient_prior import WorkingPrior
from bayesmix.numerics.gaussian.cross_products import Arrays
from bayesmix.numerics.gaussian.factor import Factor
from bayesmix.numerics.gaussian.moments import dense_means, level_response
from bayesmix.numerics.kernels import kernel

ENOUGH = 1e-6
"""Share of y's sum of squares that a difference may leave: ten digits of it are then right."""


@kernel
def least_sum(arrays: Arrays, prior: WorkingPrior, factor: Factor, sigma: float) -> float:
    """`Factor.quadratic` with all its digits; before `factor.lower` is used up."""
    anchor, rest, null = arrays.anchor, arrays.rest, arrays.null
    width = anchor.shape[0]
    if width == 0 or factor.kept > ENOUGH:
        return factor.quadratic
    m = width - prior.offset.shape[0]
    effects, spherical = dense_means(arrays, factor, sigma)
    total = 0.0
    for i in range(prior.offset.shape[0]):
        total += prior.penalty[i] * factor.fixed_mean[i] ** 2
    for i in range(m):
        total += spherical[i] ** 2
    # The rows' share that block 0 does not reach: y = anchor's fit + a residual r, so that no large number is left.
    left = np.empty(width)
    for i in range(width):
        left[i] = anchor[i] / sigma - effects[i]
    for c in range(null.shape[1]):
        along = 0.0
        for i in range(width):
            along += null[i, c] * left[i]
        for i in range(width):
            left[i] -= along * null[i, c]
    total += float(rest[width]) / sigma**2
    for i in range(width):
        row = rest[i] / sigma + 0.5 * arrays.remainder[i, i] * left[i]
        for j in range(i):
            row += arrays.remainder[i, j] * left[j]
        total += 2.0 * float(row * left[i])
    n_levels, k, _ = arrays.root.shape
    response = np.empty(k)
    for j in range(n_levels):
        level_response(arrays, j, effects, sigma, response)
        for r in range(k):
            part = 0.0
            for s in range(k):
                part += factor.across[j, r, s] * response[s]
            total += part**2
    return total
