"""The distribution of combinations of coefficients given the variance parameters: normal, in closed form."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.modelling.blocks import work_in_stretches
from bayesmix.modelling.exact.model import marginalise
from bayesmix.modelling.route import GivenVariances
from bayesmix.modelling.samplers.chains import theta_of
from bayesmix.numerics.gaussian.coefficient_prior import original_coefficients
from bayesmix.numerics.variance_posterior import evaluate

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

_NORMALS_AT_ONCE = 2**18


def given_variances(fit: "Fit", row: Floats, positions: Positions) -> GivenVariances:
    """Mean and sd of `row` (p,) times the coefficients, given theta of each of the draws at `positions`.

    A draw of the coefficients is their mean plus a matrix times independent standard normal numbers. With these at 0
    and at each unit vector in turn the kernel that draws gives the mean and the columns of that matrix. Draws that are
    copies of one value share their moments.
    """
    model = marginalise(fit.model)
    buffer = model.plain_buffer()
    thetas, copies = np.unique(theta_of(fit.posterior)[positions], axis=0, return_inverse=True)
    p, m = model.products.p, model.products.arrangement.n_dense
    row = row @ original_coefficients(model.products)
    mean, sd = np.empty(len(thetas)), np.empty(len(thetas))

    def work(part: slice) -> None:
        n = part.stop - part.start
        normals = np.zeros((n, p + 1, p + m))
        normals[:, np.arange(1, p + 1), np.arange(p)] = 1.0
        fixed, others = np.empty((n, p + 1, p)), np.empty((n, p + 1, m))
        evaluate(buffer, np.ascontiguousarray(thetas[part]), normals, np.empty(n), fixed, others)
        drawn = (fixed + model.products.least_squares) @ row
        mean[part] = drawn[:, 0]
        sd[part] = np.sqrt(np.sum((drawn[:, 1:] - drawn[:, :1]) ** 2, axis=1))

    at_once = max(1, _NORMALS_AT_ONCE // ((p + 1) * (p + m)))
    work_in_stretches(work, len(thetas), at_once, cores=fit.sampling.cores)
    return GivenVariances(mean[copies.ravel()], sd[copies.ravel()])
