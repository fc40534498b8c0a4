"""A term whose columns share one standard deviation: against n x n matrices, and beside ordinary terms."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from bayesmix.numerics.gaussian.arrangement import GroupColumns, pack, spread_over
from bayesmix.numerics.gaussian.coefficient_prior import CoefficientPrior, working_prior
from bayesmix.numerics.gaussian.cross_products import cross_products
from bayesmix.numerics.gaussian.gradient import value_and_gradient

rng = np.random.default_rng(14)
Y, X = 3 + rng.normal(size=40), np.column_stack([np.ones(40), rng.normal(size=40)])
GROUP, OTHER = rng.integers(0, 5, 40), rng.integers(0, 3, 40)
WIDE, NARROW = rng.normal(size=(40, 9)) + 1, rng.normal(size=(40, 2))
ORDINARY = (
    GroupColumns(GROUP, np.column_stack([np.ones(40), X[:, 1]]), 5),
    GroupColumns(OTHER, np.ones((40, 1)), 3),
)
FACTORS = (np.array([[0.8, 0.0], [0.3, 0.5]]), np.array([[1.2]]))
PRIOR = CoefficientPrior(np.array([1.0, -0.5]), np.array([3.0, 2.0]))


def covariance(sds, n_ordinary, weights):
    """Of y, element by element from what the terms say."""
    matrix = np.diag(0.7**2 / (np.ones(40) if weights is None else weights)) + X @ np.diag([9.0, 4.0]) @ X.T
    for term, factor in zip(ORDINARY[:n_ordinary], FACTORS, strict=False):
        same = term.index[:, None] == term.index[None, :]
        matrix += same * (term.columns @ factor @ factor.T @ term.columns.T)
    for columns, sd in zip((WIDE, NARROW), sds, strict=True):
        matrix += sd**2 * columns @ columns.T
    return matrix


@pytest.mark.parametrize("n_ordinary", [0, 1, 2])
@pytest.mark.parametrize("weighted", [False, True])
def test_density_and_gradient(n_ordinary, weighted):
    """Nine effects in one spread term are more than either ordinary factor has levels."""
    weights = rng.uniform(0.3, 2, 40) if weighted else None
    terms = (*ORDINARY[:n_ordinary], spread_over(WIDE), spread_over(NARROW))
    products = cross_products(y=Y, X=X, terms=terms, weights=weights)
    prior = working_prior(products, PRIOR)

    def at(point):
        gradient = np.empty_like(point)
        return value_and_gradient(products.arrays, prior, point, gradient), gradient

    for sds in ((0.4, 1.5), (0.0, 2.0)):
        packed = pack((*FACTORS[:n_ordinary], *(np.array([[sd]]) for sd in sds)), 0.7)
        value, gradient = at(packed)
        expected = multivariate_normal.logpdf(Y, X @ PRIOR.mean, covariance(sds, n_ordinary, weights))
        assert value == pytest.approx(expected, rel=1e-10)
        steps = 1e-5 * np.eye(len(packed))
        slopes = [(at(packed + step)[0] - at(packed - step)[0]) / 2e-5 for step in steps]
        np.testing.assert_allclose(gradient, slopes, atol=2e-6, rtol=1e-6)
