"""Small random mixed models, and the same quantities from n x n matrices."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from bayesmix.numerics.gaussian.arrangement import GroupColumns, dense_columns, pack
from bayesmix.numerics.gaussian.coefficient_prior import original_coefficients, working_prior
from bayesmix.numerics.gaussian.conditional import centred_effects, draw_dense, draw_levels
from bayesmix.numerics.gaussian.gradient import value_and_gradient


@dataclass(frozen=True)
class Model:
    y: np.ndarray
    X: np.ndarray
    terms: tuple
    weights: np.ndarray | None
    L: tuple
    sigma: float

    @property
    def data(self):
        return {"y": self.y, "X": self.X, "terms": self.terms, "weights": self.weights}

    def with_factors(self, *L):
        return replace(self, L=tuple(np.asarray(factor, dtype=float) for factor in L))


def random_model(seed):
    """1 to 3 crossed, nested or coinciding terms, k of 1 to 4, unbalanced, with empty levels and empty cells."""
    rng = np.random.default_rng(seed)
    n_obs = int(rng.integers(12, 60))
    outer = rng.integers(0, 4, n_obs)
    terms = []
    for number in range(rng.integers(1, 4)):
        k, n_levels = int(rng.integers(1, 5)), int(rng.integers(2, 9))
        index = rng.integers(0, n_levels, n_obs)
        kind = rng.random()
        if number == 0 and kind < 0.4:
            index, n_levels = outer, 5
        elif number == 1 and kind < 0.5:
            index, n_levels = 2 * outer + rng.integers(0, 2, n_obs), 9
        elif number == 2 and kind < 0.4:
            index, n_levels = terms[0].index, terms[0].n_levels
        columns = rng.normal(size=(n_obs, k))
        if rng.random() < 0.7:
            columns[:, rng.integers(0, k)] = 1.0
        terms.append(GroupColumns(index, columns, n_levels))
    p = int(rng.integers(0, 4))
    X = rng.normal(size=(n_obs, p)) + 3 * rng.normal(size=p)
    if p and rng.random() < 0.8:
        X[:, rng.integers(0, p)] = 1.0
    return Model(
        y=3 + 2 * rng.normal(size=n_obs),
        X=X,
        terms=tuple(terms),
        weights=rng.uniform(0.2, 3, n_obs) if rng.random() < 0.5 else None,
        L=tuple(np.tril(rng.normal(size=(t.k, t.k))) * rng.choice([0.1, 1, 4]) for t in terms),
        sigma=float(rng.uniform(0.3, 2)),
    )


def random_columns(term):
    """Z (n_obs, n_levels k) of a term."""
    Z = np.zeros((len(term.index), term.n_levels, term.k))
    Z[np.arange(len(term.index)), term.index] = term.columns
    return Z.reshape(len(term.index), -1)


def log_density_and_gradient(*, products, L, sigma, prior=None):
    """The compiled log p(y | L, sigma), and its derivatives by every L_t, lower triangles (k, k), and by log sigma."""
    packed = pack(L, sigma)
    gradient = np.empty_like(packed)
    value = value_and_gradient(products.arrays, working_prior(products, prior), packed, gradient)
    slopes, start = [], 0
    for factor in L:
        k = len(factor)
        slopes.append(np.zeros((k, k)))
        slopes[-1][np.tril_indices(k)] = gradient[start : start + k * (k + 1) // 2]
        start += k * (k + 1) // 2
    return SimpleNamespace(log_density=value, gradient_L=tuple(slopes), gradient_log_sigma=float(gradient[-1]))


def log_density(**given):
    return log_density_and_gradient(**given).log_density


def draw_conditional(*, products, L, sigma, standard_normals, prior=None):
    """Compiled draws of beta (n_draws, p) and every term's effects (n_draws, n_levels, k) from standard normals."""
    layout, arrays = products.arrangement, products.arrays
    n, p, m = len(standard_normals), products.p, layout.n_dense
    n_levels, k = int(layout.block_levels[0]), int(layout.block_k[0])
    packed, working = pack(L, sigma), working_prior(products, prior)
    fixed, others, levels = np.empty((n, p)), np.empty((n, m)), np.empty((n_levels, k, n))
    draw_dense(arrays, working, packed, np.ascontiguousarray(standard_normals[:, : p + m]), fixed, others)
    packed = np.tile(packed, (n, 1))
    normals = np.ascontiguousarray(standard_normals[:, p + m :].reshape(n, n_levels, k).transpose(1, 2, 0))
    draw_levels(arrays, packed, centred_effects(arrays, packed, fixed, others), np.arange(n_levels), normals, levels)
    effects = tuple(
        np.moveaxis(levels[:, place.columns], -1, 0) if place.block == 0 else others[:, dense_columns(layout, place)]
        for place in layout.places
    )
    return SimpleNamespace(beta=(fixed + products.least_squares) @ original_coefficients(products).T, effects=effects)


def marginal_covariance(model):
    weights = np.ones(len(model.y)) if model.weights is None else model.weights
    V = np.diag(model.sigma**2 / weights)
    for term, factor in zip(model.terms, model.L, strict=True):
        Z = random_columns(term)
        V += Z @ np.kron(np.eye(term.n_levels), factor @ factor.T) @ Z.T
    return V


def dense_log_density(model, prior):
    """log p(y): the normal density of y, or for a flat prior the restricted likelihood."""
    y, X, V = model.y, model.X, marginal_covariance(model)
    if prior is not None:
        return multivariate_normal(X @ prior.mean, V + X @ np.diag(prior.sd**2) @ X.T).logpdf(y)
    n_obs, p = X.shape
    solved = np.linalg.solve(V, np.column_stack([X, y]))
    information = X.T @ solved[:, :p]
    residual = y - X @ np.linalg.solve(information, X.T @ solved[:, p])
    return -0.5 * (
        (n_obs - p) * np.log(2 * np.pi)
        + np.linalg.slogdet(V)[1]
        + np.linalg.slogdet(information)[1]
        + residual @ np.linalg.solve(V, residual)
    )


def dense_conditional(model, prior):
    """Mean and covariance of (beta, b) given y, all terms' effects one after the other."""
    X, y = model.X, model.y
    p = X.shape[1]
    W = np.column_stack([X, *(random_columns(term) for term in model.terms)])
    V = marginal_covariance(model)
    blocks = [
        np.kron(np.eye(term.n_levels), factor @ factor.T) for term, factor in zip(model.terms, model.L, strict=True)
    ]
    G = np.zeros((W.shape[1], W.shape[1]))
    start = p
    for block in blocks:
        stop = start + len(block)
        G[start:stop, start:stop] = block
        start = stop
    if prior is not None:
        G[:p, :p] = np.diag(prior.sd**2)
        V = V + X @ G[:p, :p] @ X.T
        gain = np.linalg.solve(V, W @ G).T
        mean = gain @ (y - X @ prior.mean)
        mean[:p] += prior.mean
        return mean, G - gain @ W @ G
    # Generalised least squares, then the effects' prediction with the uncertainty of beta carried over.
    gain = np.linalg.solve(V, W @ G).T
    of_beta = np.linalg.inv(X.T @ np.linalg.solve(V, X))
    beta = of_beta @ X.T @ np.linalg.solve(V, y)
    response = -gain @ X
    response[:p] = np.eye(p)
    mean = gain @ (y - X @ beta)
    mean[:p] = beta
    return mean, G - gain @ W @ G + response @ of_beta @ response.T


@pytest.fixture(scope="session")
def gaussian():
    """The functions above, for tests in several files."""
    return SimpleNamespace(
        random_model=random_model,
        model=Model,
        log_density=dense_log_density,
        conditional=dense_conditional,
        marginal_covariance=marginal_covariance,
    )
