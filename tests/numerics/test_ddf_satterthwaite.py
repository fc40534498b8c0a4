"""Satterthwaite's method against differences of the n x n criterion at its optimum, singular fits included."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from bayesmix.numerics.ddf import degrees_of_freedom, kenward_roger, satterthwaite
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.cross_products import cross_products


def random_columns(term):
    Z = np.zeros((len(term.index), term.n_levels, term.k))
    Z[np.arange(len(term.index)), term.index] = term.columns
    return Z


def dense_deviance(model, factors, sigma, reml):
    """-2 log (restricted) likelihood with beta profiled out, and the covariance of beta; any factors L."""
    weights = np.ones(len(model.y)) if model.weights is None else model.weights
    V = np.diag(sigma**2 / weights)
    for term, factor in zip(model.terms, factors, strict=True):
        scaled = (random_columns(term) @ factor).reshape(len(V), -1)
        V += scaled @ scaled.T
    solved = np.linalg.solve(V, np.column_stack([model.X, model.y]))
    information = model.X.T @ solved[:, :-1]
    covariance = np.linalg.inv(information)
    residual = model.y - model.X @ covariance @ model.X.T @ solved[:, -1]
    value = np.linalg.slogdet(V)[1] + residual @ np.linalg.solve(V, residual)
    return value + (np.linalg.slogdet(information)[1] if reml else 0.0), covariance


# Weights of the values at -2, -1, 0, 1, 2 steps, for first and second derivatives of fourth order.
_FIRST = np.array([1, -8, 0, 8, -1]) / 12
_SECOND = np.array([-1, 16, -30, 16, -1]) / 12


def hessian(value, at, step=3e-3):
    n = len(at)
    result = np.empty((n, n))
    for i in range(n):
        for j in range(i + 1):
            one, other = step * np.eye(n)[i], step * np.eye(n)[j]
            if i == j:
                total = sum(w * value(at + s * one) for w, s in zip(_SECOND, range(-2, 3), strict=True))
            else:
                total = sum(
                    v * w * value(at + s * one + t * other)
                    for v, s in zip(_FIRST, range(-2, 3), strict=True)
                    for w, t in zip(_FIRST, range(-2, 3), strict=True)
                    if v * w
                )
            result[i, j] = result[j, i] = total / step**2
    return result


def jacobian(value, at, step=3e-3):
    return np.array(
        [
            sum(w * value(at + s * step * direction) for w, s in zip(_FIRST, range(-2, 3), strict=True)) / step
            for direction in np.eye(len(at))
        ]
    )


def optimum(value, start):
    """By a simplex and then Newton's steps on differences: good to ten digits on smooth small problems."""
    at = minimize(value, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9, "maxiter": 20000}).x
    for _ in range(4):
        at = at - np.linalg.solve(hessian(value, at), jacobian(value, at))
    return at


def dense_degrees(model, reml, read, start):
    """Parameters at the optimum of the dense criterion, and the degrees of freedom of every coefficient there.

    `read` takes parameters to the factors of all terms and sigma.
    """

    def value(parameters):
        return dense_deviance(model, *read(parameters), reml)[0]

    at = optimum(value, np.asarray(start, dtype=float))
    slopes = jacobian(lambda parameters: dense_deviance(model, *read(parameters), reml)[1], at)
    covariance = dense_deviance(model, *read(at), reml)[1]
    spread = 2 * np.linalg.inv(hessian(value, at))
    degrees = []
    for contrast in np.eye(len(covariance)):
        slope = slopes @ contrast @ contrast
        degrees.append(2 * (contrast @ covariance @ contrast) ** 2 / (slope @ spread @ slope))
    return at, covariance, np.array(degrees)


def simulated(gaussian, *, terms, factors, weights, seed):
    rng = np.random.default_rng(seed)
    n_obs = len(terms[0].index)
    X = np.column_stack([np.ones(n_obs), terms[0].columns[:, -1], rng.integers(0, 2, n_obs)])
    w = rng.uniform(0.3, 3, n_obs) if weights else None
    y = X @ np.array([5, 1, -1]) + rng.normal(size=n_obs) / np.sqrt(1 if w is None else w)
    for term, factor in zip(terms, factors, strict=True):
        effects = rng.normal(size=(term.n_levels, term.k)) @ np.asarray(factor).T
        y += np.sum(term.columns * effects[term.index], axis=1)
    return gaussian.model(y, X, terms, w, (), 1.0)


def crossed_terms(seed, n_obs=70):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n_obs) + 1
    slopes = GroupColumns(rng.integers(0, 9, n_obs), np.column_stack([np.ones(n_obs), x]), 9)
    return slopes, GroupColumns(rng.integers(0, 6, n_obs), np.ones((n_obs, 1)), 6)


def read_crossed(parameters):
    a, b, c, d, sigma = parameters
    return (np.array([[a, 0], [b, c]]), np.array([[d]])), sigma


@pytest.fixture(scope="module")
def crossed_slopes(gaussian):
    """Model and `dense_degrees` by (weights, reml)."""
    found = {}
    for weights in (False, True):
        factors = ([[1.5, 0], [0.5, 1]], [[1.2]])
        model = simulated(gaussian, terms=crossed_terms(1), factors=factors, weights=weights, seed=2)
        for reml in (False, True):
            found[weights, reml] = model, *dense_degrees(model, reml, read_crossed, [1.5, 0.5, 1, 1.2, 1])
    return found


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("weights", [False, True])
def test_satterthwaite_of_crossed_slopes(crossed_slopes, weights, reml):
    model, at, covariance, degrees = crossed_slopes[weights, reml]
    L, sigma = read_crossed(at)
    found = satterthwaite(products=cross_products(**model.data), L=L, sigma=sigma, reml=reml)
    assert (found.n_boundary, found.n_flat) == (0, 0)
    assert found.covariance == pytest.approx(covariance, rel=1e-9)
    assert [degrees_of_freedom(found, contrast) for contrast in np.eye(3)] == pytest.approx(degrees, rel=1e-6)


@pytest.mark.parametrize("reml", [True, False])
def test_satterthwaite_of_independent_slopes(gaussian, reml):
    """(1 | g) + (0 + x | g): two terms in one block."""
    both, other = crossed_terms(3)
    terms = tuple(GroupColumns(both.index, both.columns[:, [c]], both.n_levels) for c in (1, 0))
    terms = (terms[0], terms[1], other)
    model = simulated(gaussian, terms=terms, factors=([[1]], [[1.5]], [[1.2]]), weights=False, seed=4)

    def read(parameters):
        return tuple(np.array([[p]]) for p in parameters[:-1]), parameters[-1]

    at, covariance, degrees = dense_degrees(model, reml, read, [1, 1.5, 1.2, 1])
    L, sigma = read(at)
    found = satterthwaite(products=cross_products(**model.data), L=L, sigma=sigma, reml=reml)
    assert found.covariance == pytest.approx(covariance, rel=1e-9)
    assert [degrees_of_freedom(found, contrast) for contrast in np.eye(3)] == pytest.approx(degrees, rel=1e-6)


def read_rank_one(parameters):
    a, b, d, sigma = parameters
    return (np.array([[a, 0], [b, 0]]), np.array([[d]])), sigma


def test_satterthwaite_at_a_correlation_of_one(gaussian):
    """The optimum among factors of rank one, which is where a fit with correlation 1 stands."""
    terms = crossed_terms(5)
    model = simulated(gaussian, terms=terms, factors=([[1.5, 0], [0.8, 0]], [[1.2]]), weights=True, seed=6)
    at, covariance, degrees = dense_degrees(model, True, read_rank_one, [1.5, 0.8, 1.2, 1])
    L, sigma = read_rank_one(at)
    found = satterthwaite(products=cross_products(**model.data), L=L, sigma=sigma)
    assert (found.n_boundary, found.n_flat) == (1, 0)
    assert found.covariance == pytest.approx(covariance, rel=1e-9)
    assert [degrees_of_freedom(found, contrast) for contrast in np.eye(3)] == pytest.approx(degrees, rel=1e-6)


def test_satterthwaite_does_not_depend_on_which_factor_of_a_singular_covariance(gaussian):
    terms = crossed_terms(5)
    model = simulated(gaussian, terms=terms, factors=([[0, 0], [0.8, 0]], [[1.2]]), weights=False, seed=7)
    one, other = (
        satterthwaite(products=cross_products(**model.data), L=(np.array(first), np.array([[1.1]])), sigma=0.9)
        for first in ([[0, 0], [0.7, 0]], [[0, 0], [0, 0.7]])
    )
    for contrast in np.eye(3):
        assert degrees_of_freedom(one, contrast) == pytest.approx(degrees_of_freedom(other, contrast), rel=1e-10)


@pytest.mark.parametrize("method", [satterthwaite, kenward_roger])
def test_units_and_origins_do_not_matter(crossed_slopes, method):
    """x in other units and from another origin, in X and in the slopes, with the covariance carried along."""
    model, at, _, _ = crossed_slopes[True, True]
    L, sigma = read_crossed(at)
    terms = model.terms
    unit, origin = 1e6, 2e9
    turn = np.array([[1, origin], [0, unit]])  # (1, x) turned into (1, unit x + origin)
    moved = np.linalg.qr((np.linalg.inv(turn) @ L[0]).T)[1].T
    X = model.X.copy()
    X[:, 1] = unit * X[:, 1] + origin
    far = replace(model, X=X, terms=(replace(terms[0], columns=terms[0].columns @ turn), terms[1]))
    here = method(products=cross_products(**model.data), L=L, sigma=sigma)
    there = method(products=cross_products(**far.data), L=(moved, L[1]), sigma=sigma)
    assert degrees_of_freedom(there, np.array([0, 1, 0])) == pytest.approx(
        degrees_of_freedom(here, np.array([0, 1, 0])), rel=1e-7
    )
    assert unit**2 * there.covariance[1, 1] == pytest.approx(here.covariance[1, 1], rel=1e-9)
