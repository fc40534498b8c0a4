"""The distribution of a combination of coefficients given the variance parameters of a Gaussian mixed model."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.buffer import floats_2, integers
from bayesmix.numerics.gaussian.factor import factorise
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.variance_parameters import factors
from bayesmix.numerics.variance_posterior import unpack_arrays, unpack_prior


@kernel
def combination_moments(buffer: Floats, thetas: Floats, row: Floats, means: Floats, sds: Floats) -> None:
    """Fill `means` and `sds` (n_points,) of `row` (p,) times the coefficients of the scaled columns less least squares.

    They are normal given each theta (n_points, n): with S and U of the factor of M, S v with U v standard normal.
    `buffer` is that of `variance_posterior.pack_posterior`.
    """
    ks, kinds, numbers = integers(buffer, 20), integers(buffer, 21), floats_2(buffer, 22)
    arrays, prior = unpack_arrays(buffer), unpack_prior(buffer)
    size = 1
    for k in ks:
        size += k * (k + 1) // 2
    packed, p = np.empty(size), row.shape[0]
    along = np.empty(p)
    for i in range(p):
        along[i] = 0.0
        for j in range(p):
            along[i] += prior.factor[j, i] * row[j]
    solved = np.empty(p)
    for point in range(thetas.shape[0]):
        factors(thetas[point], ks, kinds, numbers, packed)
        factor = factorise(arrays, prior, packed, False)
        mean, variance = 0.0, 0.0
        for i in range(p):
            total = along[i]
            for j in range(i):
                total -= factor.fixed_upper[j, i] * solved[j]
            solved[i] = total / factor.fixed_upper[i, i]
            variance += solved[i] ** 2
            mean += row[i] * factor.fixed[i]
        means[point], sds[point] = mean, np.sqrt(variance)
