"""Linear predictors of any rows and their standard errors, against dense matrices, closed forms and other tables."""

import numpy as np
import pytest
from scipy.linalg import block_diag
from scipy.optimize import brentq
from scipy.sparse import csr_array
from scipy.special import expit

import bayesmix as bm
from bayesmix.estimates.linear_predictors import (
    LinearRows,
    level_rows_of,
    linear_predictor_covariance,
    linear_predictors,
)


def rows_of(fit):
    return LinearRows(fit.design.fixed.matrix, tuple(level_rows_of(term) for term in fit.design.random))


@pytest.fixture(scope="module")
def weighted():
    data = bm.load_data("Penicillin")
    data["x"] = np.random.default_rng(1).normal(size=len(data))
    data["w"] = np.random.default_rng(2).uniform(0.5, 2, len(data))
    return bm.reml("diameter ~ x + (x | plate) + (1 | sample)", data, weights="w")


def dense(fit):
    """All columns of beta and effects of the fitted rows, and Henderson's covariance of their errors.

    Effects are L times spherical ones, so that a variance may be 0.
    """
    X, terms = fit.design.fixed.matrix, fit.design.random
    factor = block_diag(
        np.eye(X.shape[1]), *(np.kron(np.eye(term.n_levels), L) for term, L in zip(terms, fit.L, strict=True))
    )
    columns = np.column_stack([X, *(level_rows_of(term).toarray() for term in terms)])
    spherical = columns @ factor
    weighted = spherical * (fit.design.weights / fit.sigma**2)[:, None]
    penalty = np.diag(np.arange(len(factor)) >= X.shape[1]).astype(float)
    return columns, factor @ np.linalg.inv(spherical.T @ weighted + penalty) @ factor.T


def test_fitted_rows_have_hendersons_prediction_errors(weighted):
    columns, inverse = dense(weighted)
    found = linear_predictors(weighted, rows_of(weighted), groups="fitted")
    np.testing.assert_allclose(found.estimate, bm.fitted(weighted)["estimate"], rtol=1e-10)
    expected = np.einsum("ij,jk,ik->i", columns, inverse, columns)
    np.testing.assert_allclose(found.se**2, expected, rtol=1e-7)
    covariance = linear_predictor_covariance(weighted, rows_of(weighted), groups="fitted")
    np.testing.assert_allclose(covariance, columns @ inverse @ columns.T, rtol=1e-7, atol=1e-10)


def test_rows_may_be_means_over_levels(weighted):
    """A mean over all plates and samples, as a table of means with the policy "fitted" has it."""
    _, inverse = dense(weighted)
    p = len(weighted.beta)
    random = tuple(
        np.tile(term.columns.mean(axis=0), term.n_levels)[None] / term.n_levels for term in weighted.design.random
    )
    fixed = weighted.design.fixed.matrix.mean(axis=0)[None]
    rows = LinearRows(fixed, tuple(csr_array(block) for block in random))
    row = np.column_stack([fixed, *random])[0]
    found = linear_predictors(weighted, rows, groups="fitted")
    assert found.se[0] ** 2 == pytest.approx(row @ inverse @ row, rel=1e-7)
    effects = np.concatenate([modes.ravel() for modes in weighted.effects])
    assert found.estimate[0] == pytest.approx(row[:p] @ weighted.beta + row[p:] @ effects, rel=1e-12)


def test_typical_and_new_rows(weighted):
    X, V = weighted.design.fixed.matrix, weighted.vcov
    typical = linear_predictors(weighted, rows_of(weighted), groups="typical")
    new = linear_predictors(weighted, rows_of(weighted), groups="new")
    np.testing.assert_allclose(typical.estimate, X @ weighted.beta)
    np.testing.assert_array_equal(new.estimate, typical.estimate)
    np.testing.assert_allclose(typical.se**2, np.sum(X @ V * X, axis=1), rtol=1e-10)
    of_levels = [
        np.sum(term.columns @ L @ L.T * term.columns, axis=1)
        for term, L in zip(weighted.design.random, weighted.L, strict=True)
    ]
    np.testing.assert_allclose(new.se**2 - typical.se**2, sum(of_levels), rtol=1e-8)


def test_rows_of_one_new_level_share_its_effects(weighted):
    """Their difference is that of their fixed parts alone where the columns of the effects are the same."""
    plate, sample = weighted.design.random
    same = LinearRows(
        np.array([[1.0, 0.3], [1.0, 0.3]]), tuple(level_rows_of(term)[[0, 0]] for term in (plate, sample))
    )
    covariance = linear_predictor_covariance(weighted, same, groups="new")
    np.testing.assert_allclose(covariance, covariance[0, 0])


def test_least_squares_rows():
    fit = bm.lm("yield ~ gen + loc", bm.load_data("cochran_bib"))
    found = linear_predictors(fit, LinearRows(fit.design.fixed.matrix), groups="fitted")
    X = fit.design.fixed.matrix
    np.testing.assert_allclose(found.estimate, fit.fitted)
    np.testing.assert_allclose(found.se**2, fit.sigma**2 * np.diag(X @ np.linalg.inv(X.T @ X) @ X.T), rtol=1e-9)


def test_effects_given_the_coefficients_are_those_of_ranef():
    """Without the errors of beta what is left is lme4's conditional variance, for counts too."""
    fit = bm.laplace("cbind(incidence, size - incidence) ~ period + (1 | herd)", bm.load_data("cbpp"), "binomial")
    (term,), p = fit.design.random, len(fit.beta)
    rows = LinearRows(np.zeros((term.n_levels, p)), (csr_array(np.eye(term.n_levels)),))
    found = linear_predictors(fit, rows, groups="fitted", beta_covariance=np.zeros((p, p)))
    np.testing.assert_allclose(found.estimate, fit.effects[0][:, 0])
    np.testing.assert_allclose(found.se, bm.ranef(fit)["sd"], rtol=1e-8)


def test_modes_of_counts_move_with_the_coefficients():
    """The law of total variance: the mode of a herd, found anew at other coefficients, and its variance given them."""
    data = bm.load_data("cbpp")
    fit = bm.laplace("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, "binomial")
    (term,), X, y, n = (
        fit.design.random,
        fit.design.fixed.matrix,
        fit.design.response.values,
        fit.design.response.trials,
    )
    sd = fit.L[0][0, 0]

    def mode(beta, own):
        return brentq(lambda b: (y - n * expit(X @ beta + b))[own].sum() - b / sd**2, -10, 10, xtol=1e-13)

    found = linear_predictors(fit, rows_of(fit), groups="fitted")
    for herd in range(3):
        own = term.index == herd
        probability = expit(X @ fit.beta + mode(fit.beta, own))[own]
        given = 1 / ((n[own] * probability * (1 - probability)).sum() + 1 / sd**2)
        steps = 1e-5 * np.eye(len(fit.beta))
        moved = np.array([(mode(fit.beta + h, own) - mode(fit.beta - h, own)) / 2e-5 for h in steps])
        rows = X[own] + moved
        expected = given + np.einsum("ij,jk,ik->i", rows, fit.vcov, rows)
        np.testing.assert_allclose(found.se[own] ** 2, expected, rtol=1e-5)
