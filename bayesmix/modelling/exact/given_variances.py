"""The distribution of combinations of coefficients given the variance parameters: normal, in closed form."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.modelling.blocks import work_in_stretches
from bayesmix.modelling.exact.model import marginalise
from bayesmix.modelling.route import GivenVariances
from bayesmix.modelling.samplers.chains import theta_of
from bayesmix.numerics.combination_moments import combination_moments
from bayesmix.numerics.gaussian.coefficient_prior import original_coefficients
from bayesmix.numerics.gaussian.cost import value_cost

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

_POINTS_AT_ONCE = 256
_SECONDS = 10.0  # that the moments may take on one core, roughly; beyond, those of fewer draws are taken
_FEWEST = 400


def given_variances(fit: "Fit", row: Floats) -> GivenVariances:
    """Mean and sd of `row` (p,) times the coefficients, given theta of each draw.

    Draws that are copies of one value share their moments.
    """
    model = marginalise(fit.model)
    buffer = model.plain_buffer()
    theta = theta_of(fit.posterior)
    n = min(len(theta), max(_FEWEST, int(_SECONDS / max(value_cost(model.products.arrays), 1e-6))))
    positions = np.linspace(0, len(theta) - 1, n).round().astype(np.intp)
    thetas, copies = np.unique(theta[positions], axis=0, return_inverse=True)
    scaled = row @ original_coefficients(model.products)
    mean, sd = np.empty(len(thetas)), np.empty(len(thetas))

    def work(part: slice) -> None:
        combination_moments(buffer, np.ascontiguousarray(thetas[part]), scaled, mean[part], sd[part])

    work_in_stretches(work, len(thetas), _POINTS_AT_ONCE, cores=fit.sampling.cores)
    mean += scaled @ model.products.least_squares
    return GivenVariances(mean[copies.ravel()], sd[copies.ravel()], positions)
