"""Kenward and Roger's method against the paper's formulas, literally, with n x n matrices."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import f as f_distribution

from bayesmix.numerics.ddf import degrees_of_freedom, f_test, kenward_roger
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.cross_products import cross_products


def random_columns(term):
    Z = np.zeros((len(term.index), term.n_levels, term.k))
    Z[np.arange(len(term.index)), term.index] = term.columns
    return Z


def structure(model):
    """The G of V = sum gamma_i G_i, n x n each, the residual's last; a model without weights has all weights 1."""
    matrices = []
    for term in model.terms:
        Z = random_columns(term)
        for r in range(term.k):
            for c in range(r + 1):
                G = Z[:, :, r] @ Z[:, :, c].T
                matrices.append(G if r == c else G + G.T)
    weights = np.ones(len(model.y)) if model.weights is None else model.weights
    return [*matrices, np.diag(1 / weights)]


def literal_adjustment(model, V):
    """Kenward & Roger (1997), section 2, for a covariance that is linear in its parameters: Phi, Phi adjusted, P, W;
    and the least eigenvalue of the information."""
    X, matrices = model.X, structure(model)
    n, range_ = np.linalg.inv(V), range(len(matrices))
    phi = np.linalg.inv(X.T @ n @ X)
    solved = [n @ G for G in matrices]
    onto = [G @ n @ X for G in matrices]
    P = [-(n @ X).T @ part for part in onto]
    Q = [[one.T @ n @ other for other in onto] for one in onto]
    information = np.array(
        [
            [np.sum(solved[i] * solved[j].T) - np.trace(2 * phi @ Q[i][j] - phi @ P[i] @ phi @ P[j]) for j in range_]
            for i in range_
        ]
    )
    # In units in which no component matters more than another.
    unit = 1 / np.sqrt([np.sum(G * G.T) for G in solved])
    scaled = information * unit * unit[:, None]
    W = 2 * np.linalg.inv(scaled) * unit * unit[:, None]
    inside = sum(W[i, j] * (Q[i][j] - P[i] @ phi @ P[j]) for i in range_ for j in range_)
    return phi, phi + 2 * phi @ inside @ phi, P, W, np.linalg.eigvalsh(scaled)[0]


def literal_test(beta, adjustment, contrasts):
    """Section 3: denominator and scaled statistic."""
    phi, adjusted, P, W, _ = adjustment
    range_, L = range(len(P)), contrasts.T
    theta = L @ np.linalg.inv(L.T @ phi @ L) @ L.T
    u = [theta @ phi @ P[i] @ phi for i in range_]
    A1 = sum(W[i, j] * np.trace(u[i]) * np.trace(u[j]) for i in range_ for j in range_)
    A2 = sum(W[i, j] * np.trace(u[i] @ u[j]) for i in range_ for j in range_)
    ell = len(contrasts)
    B = (A1 + 6 * A2) / (2 * ell)
    g = ((ell + 1) * A1 - (ell + 4) * A2) / ((ell + 2) * A2)
    c1, c2, c3 = (c / (3 * ell + 2 * (1 - g)) for c in (g, ell - g, ell + 2 - g))
    mean = 1 / (1 - A2 / ell)
    variance = 2 / ell * (1 + c1 * B) / ((1 - c2 * B) ** 2 * (1 - c3 * B))
    rho = variance / (2 * mean**2)
    m = 4 + (ell + 2) / (ell * rho - 1)
    scale = m / (mean * (m - 2))
    wald = beta @ L @ np.linalg.solve(L.T @ adjusted @ L, L.T @ beta) / ell
    return m, scale * wald


def enough_rows(gaussian, seed):
    """A random model with coefficients, and three times its rows: most components can then be told apart."""
    model = gaussian.random_model(seed)
    rng = np.random.default_rng(1000 + seed)
    n_obs = 3 * len(model.y)
    columns = [
        np.where(np.ptp(t.columns, axis=0) == 0, 1.0, rng.normal(size=(n_obs, t.k))) if t.k else t.columns
        for t in model.terms
    ]
    return replace(
        model,
        y=rng.normal(size=n_obs),
        X=np.column_stack([np.ones(n_obs), rng.normal(size=(n_obs, 2)), rng.integers(0, 2, n_obs)]),
        terms=tuple(
            GroupColumns(np.concatenate([t.index, *(rng.permutation(t.index) for _ in range(2))]), c, t.n_levels)
            for t, c in zip(model.terms, columns, strict=True)
        ),
        weights=None if model.weights is None else rng.uniform(0.2, 3, n_obs),
    )


@pytest.mark.parametrize("seed", [*range(12), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(12, 60))])
def test_kenward_roger(gaussian, seed):
    model = enough_rows(gaussian, seed)
    if seed % 4 == 0:
        model = replace(model, L=(0 * model.L[0], *model.L[1:]))
    V = gaussian.marginal_covariance(model)
    adjustment = literal_adjustment(model, V)
    phi, adjusted, *_, least = adjustment
    assert least > 1e-6
    beta = phi @ model.X.T @ np.linalg.solve(V, model.y)
    contrasts = np.random.default_rng(seed).normal(size=(3, 4))
    denominator, statistic = literal_test(beta, adjustment, contrasts)
    found = kenward_roger(products=cross_products(**model.data), L=model.L, sigma=model.sigma)
    assert found.n_flat == 0
    assert found.covariance == pytest.approx(adjusted, rel=1e-7, abs=1e-9 * np.abs(adjusted).max())
    tested = f_test(found, beta, contrasts)
    assert (tested.numerator, tested.denominator) == (3, pytest.approx(denominator, rel=1e-7))
    assert tested.statistic == pytest.approx(statistic, rel=1e-7)
    assert tested.p_value == pytest.approx(f_distribution.sf(statistic, 3, denominator), rel=1e-6)
    for contrast in contrasts:
        denominator, _ = literal_test(beta, adjustment, contrast[None])
        assert degrees_of_freedom(found, contrast) == pytest.approx(denominator, rel=1e-7)
