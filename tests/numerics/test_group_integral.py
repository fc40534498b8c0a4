"""Group effects integrated out: against the multivariate normal in closed form and against grids."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logsumexp

from bayesmix.numerics.group_integral import (
    log_gaussian_group_likelihood,
    log_group_likelihood,
    log_joint_group_likelihood,
)

N_DRAWS = 4


def roots(r, seed=1):
    rng = np.random.default_rng(seed)
    return 0.6 * rng.normal(size=(N_DRAWS, r, r)) + np.eye(r)


@pytest.mark.parametrize("r", [0, 1, 2, 3, 5])
def test_a_gaussian_likelihood_is_integrated_in_closed_form(r):
    rng = np.random.default_rng(2)
    eta, y, columns, root = rng.normal(size=(8, N_DRAWS)), rng.normal(size=8) * 3, rng.normal(size=(8, r)), roots(r)
    found = log_group_likelihood(lambda at: stats.norm.logpdf(y[:, None], at, 0.7), eta, columns, root)
    expected = [
        stats.multivariate_normal(eta[:, d], 0.49 * np.eye(8) + columns @ root[d] @ root[d].T @ columns.T).logpdf(y)
        for d in range(N_DRAWS)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    closed = log_gaussian_group_likelihood(y[:, None] - eta, np.full_like(eta, 0.7), columns, root)
    np.testing.assert_allclose(closed, expected, rtol=1e-10)


@pytest.mark.parametrize(("successes", "atol"), [("some", 1e-6), ("all", 1e-4)])
def test_one_effect_of_counts_against_a_grid(successes, atol):
    rng = np.random.default_rng(3)
    n = np.array([3, 8, 12, 5.0])
    y = n.copy() if successes == "all" else np.array([0, 3, 11, 2.0])
    eta, columns, root = rng.normal(size=(4, N_DRAWS)), np.ones((4, 1)), np.array([0.05, 0.5, 1.5, 4.0])[:, None, None]

    def log_density(at):
        return stats.binom.logpmf(y[:, None], n[:, None], expit(at))

    u, step = np.linspace(-12, 12, 4001, retstep=True)
    expected = [
        logsumexp(log_density(eta[:, [d]] + root[d] * u).sum(axis=0) + stats.norm.logpdf(u)) + np.log(step)
        for d in range(N_DRAWS)
    ]
    np.testing.assert_allclose(log_group_likelihood(log_density, eta, columns, root), expected, atol=atol)


def test_two_effects_of_counts_against_a_grid():
    rng = np.random.default_rng(4)
    y = np.array([0, 2, 9, 30.0])
    eta, columns, root = rng.normal(size=(4, N_DRAWS)), np.column_stack([np.ones(4), [-1, 0, 1, 2]]), roots(2)

    def log_density(at):
        return stats.poisson.logpmf(y[:, None], np.exp(np.minimum(at, 50)))

    u, step = np.linspace(-7, 7, 301, retstep=True)
    grid = np.stack(np.meshgrid(u, u), axis=-1).reshape(-1, 2)
    prior = stats.norm.logpdf(grid).sum(axis=1)
    expected = [
        logsumexp(log_density(eta[:, [d]] + columns @ root[d] @ grid.T).sum(axis=0) + prior) + 2 * np.log(step)
        for d in range(N_DRAWS)
    ]
    np.testing.assert_allclose(log_group_likelihood(log_density, eta, columns, root), expected, atol=2e-3)


def test_three_effects_of_counts_against_random_draws():
    rng = np.random.default_rng(5)
    y, columns, root = rng.poisson(3, size=9).astype(float), rng.normal(size=(9, 3)), 0.5 * roots(3)
    eta = np.ones((9, N_DRAWS))

    def log_density(at):
        return stats.poisson.logpmf(y[:, None], np.exp(at))

    normals = rng.normal(size=(200_000, 3))
    terms = [log_density(eta[:, [d]] + columns @ root[d] @ normals.T).sum(axis=0) for d in range(N_DRAWS)]
    expected = np.array([logsumexp(term) - np.log(len(normals)) for term in terms])
    np.testing.assert_allclose(log_group_likelihood(log_density, eta, columns, root), expected, atol=0.03)


def test_effects_in_two_predictors_of_zeros_and_counts():
    """Zero-inflated counts, in which neither predictor alone has a log-concave likelihood; on a fine grid."""
    y, eta = np.array([0.0, 0.0, 3.0, 1.0, 0.0]), np.array([[0.4], [0.1], [0.8], [0.2], [-0.3]])
    zi = np.array([[-1.0], [0.5], [0.0], [-0.2], [1.0]])

    def log_density(at):
        rate, share = np.exp(at[0]), 1 / (1 + np.exp(-at[1]))
        observed = y.reshape(-1, *[1] * (at[0].ndim - 1))
        poisson = stats.poisson.logpmf(observed, rate) + np.log1p(-share)
        return np.where(observed == 0, np.logaddexp(np.log(share), poisson), poisson)

    columns, root = np.zeros((2, 5, 2)), np.diag([0.9, 1.3])[None]
    columns[0, :, 0] = columns[1, :, 1] = 1.0
    found = log_joint_group_likelihood(log_density, np.stack([eta, zi]), columns, root)
    u, step = np.linspace(-7, 7, 281, retstep=True)
    a, b = np.meshgrid(u, u, indexing="ij")
    both = np.stack([eta[:, :, None] + 0.9 * a, zi[:, :, None] + 1.3 * b])
    density = np.exp(log_density(both).sum(axis=0) - (a**2 + b**2) / 2) / (2 * np.pi)
    assert found[0] == pytest.approx(np.log(density.sum() * step**2), abs=1e-4)
