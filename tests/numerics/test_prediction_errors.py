"""Prediction errors of coefficients and effects against the inverse of Henderson's dense matrix."""

import numpy as np
import pytest
from scipy.linalg import block_diag
from scipy.sparse import csr_array

from bayesmix.numerics.prediction_errors import mixed_equations, whitened_rows

from .conftest import random_columns, random_model


def henderson(model):
    """The inverse of [X'WX, X'WZ; Z'WX, Z'WZ + Sigma^-1], beta first, effects term after term."""
    weights = (np.ones(len(model.y)) if model.weights is None else model.weights) / model.sigma**2
    W = np.column_stack([model.X, *(random_columns(term) for term in model.terms)])
    precision = block_diag(
        np.zeros((model.X.shape[1],) * 2),
        *(np.kron(np.eye(term.n_levels), np.linalg.inv(L @ L.T)) for term, L in zip(model.terms, model.L, strict=True)),
    )
    return np.linalg.inv(W.T @ (weights[:, None] * W) + precision)


@pytest.mark.parametrize("seed", range(20))
def test_errors_of_any_rows_are_those_of_the_dense_matrix(seed):
    model = random_model(seed)
    p = model.X.shape[1]
    weights = (np.ones(len(model.y)) if model.weights is None else model.weights) / model.sigma**2
    whole = henderson(model)
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(6, p))
    Z = [
        rng.normal(size=(6, term.n_levels * term.k)) * (rng.random(term.n_levels * term.k) < 0.4)
        for term in model.terms
    ]
    equations = mixed_equations(X=model.X, terms=model.terms, L=model.L, weights=weights)
    own = whitened_rows(equations, tuple(csr_array(block) for block in Z))
    fixed = X - own @ equations.carried
    rows = np.column_stack([X, *Z])
    expected = rows @ whole @ rows.T
    found = own @ own.T + fixed @ whole[:p, :p] @ fixed.T
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8 * np.abs(expected).max())


def test_a_term_without_variance_adds_nothing():
    model = random_model(3)
    L = tuple(np.zeros_like(factor) for factor in model.L)
    equations = mixed_equations(X=model.X, terms=model.terms, L=L, weights=np.ones(len(model.y)))
    own = whitened_rows(equations, tuple(csr_array(random_columns(term)) for term in model.terms))
    assert not own.any()
    assert not equations.carried.any()
