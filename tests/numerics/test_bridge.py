"""Bridge sampling: against integrals known in closed form, with an error that says how far off it is."""

import re

import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy.signal import lfilter
from scipy.special import gammaln
from scipy.stats import multivariate_normal

from bayesmix.numerics.bridge import bridge
from bayesmix.numerics.monte_carlo import autocorrelation_time, pareto_k


def log_gammas(shape, n):
    """The density of logarithms of gamma variables, not normalised: skewed to the left; and its integral."""
    return lambda x: (shape * x - np.exp(x)).sum(axis=1), n * gammaln(shape)


def autoregressive(rng, correlation, n_chains, n_draws, n):
    """Standard normal draws, each correlated with the one before."""
    first = rng.standard_normal((n_chains, n))
    innovations = np.sqrt(1 - correlation**2) * rng.standard_normal((n_draws, n_chains, n))
    draws, _ = lfilter([1.0], [1.0, -correlation], innovations, axis=0, zi=correlation * first[None])
    return np.ascontiguousarray(draws.swapaxes(0, 1))


def test_standard_normal():
    draws = np.random.default_rng(1).standard_normal((4, 1000, 1))
    found = bridge(lambda x: -0.5 * (x**2).sum(axis=1), draws, seed=1)
    assert not found.reason
    assert found.log_integral == pytest.approx(0.5 * np.log(2 * np.pi), abs=0.001)
    assert 0 < found.error < 0.001


@pytest.mark.parametrize("n", [5, 50])
def test_correlated_normals(n):
    scale = np.linalg.cholesky(0.5 * np.eye(n) + 0.5)
    draws = 3 + np.random.default_rng(n).standard_normal((4, 1000, n)) @ scale.T

    def log_densities(x):
        return -0.5 * (np.linalg.solve(scale, (x - 3).T) ** 2).sum(axis=0)

    found = bridge(log_densities, draws, seed=1)
    exact = 0.5 * n * np.log(2 * np.pi) + np.log(np.diag(scale)).sum()
    assert abs(found.log_integral - exact) < 4 * found.error < 0.08


def test_a_skewed_density():
    draws = np.log(np.random.default_rng(2).gamma(1.5, size=(4, 1000, 5)))
    log_densities, exact = log_gammas(1.5, 5)
    found = bridge(log_densities, draws, seed=1)
    assert abs(found.log_integral - exact) < 4 * found.error < 0.03


def test_conjugate_normal_model():
    """y ~ N(mean, 1), mean ~ N(0, 3): the marginal likelihood is a multivariate normal density."""
    rng = np.random.default_rng(3)
    y = rng.normal(1.0, 1.0, 12)
    precision = len(y) + 1 / 9
    draws = rng.normal(y.sum() / precision, precision**-0.5, (4, 500, 1))

    def log_densities(mean):
        likelihood = -0.5 * ((y - mean) ** 2).sum(axis=1) - 0.5 * len(y) * np.log(2 * np.pi)
        return likelihood - 0.5 * (mean[:, 0] / 3) ** 2 - np.log(3 * np.sqrt(2 * np.pi))

    found = bridge(log_densities, draws, seed=1)
    exact = multivariate_normal(np.zeros(12), np.eye(12) + 9).logpdf(y)
    assert abs(found.log_integral - exact) < 4 * found.error < 0.01


@pytest.mark.parametrize(
    "case", [*(pytest.param(case, marks=pytest.mark.slow) for case in ("normal, 10", "skewed, 4")), "autocorrelated, 3"]
)
def test_the_stated_error_covers(case):
    scores, disagreements = [], 0
    for seed in range(100):
        rng = np.random.default_rng([seed, 7])
        if case == "normal, 10":
            draws, exact = rng.standard_normal((4, 300, 10)), 5 * np.log(2 * np.pi)
            found = bridge(lambda x: -0.5 * (x**2).sum(axis=1), draws, seed=seed)
        elif case == "skewed, 4":
            log_densities, exact = log_gammas(1.5, 4)
            draws = np.log(rng.gamma(1.5, size=(4, 300, 4)))
            found = bridge(log_densities, draws, seed=seed)
        else:
            # Of chi-square variables with 2 degrees of freedom the logarithms: exponentials are gammas of shape 1.
            pairs = autoregressive(rng, 0.8, 4, 1000, 6)
            draws = np.log((pairs[..., :3] ** 2 + pairs[..., 3:] ** 2) / 2)
            log_densities, exact = log_gammas(1.0, 3)
            found = bridge(log_densities, draws, seed=seed)
        disagreements += bool(found.reason)
        scores.append((found.log_integral - exact) / found.error)
    assert disagreements <= 2
    assert abs(np.nanmean(scores)) < 0.35
    assert 0.7 < np.nanstd(scores) < 1.3


def test_autocorrelation_costs():
    rng = np.random.default_rng(4)
    log_densities, exact = log_gammas(1.0, 3)
    found = []
    for pairs in (autoregressive(rng, 0.95, 4, 2000, 6), rng.standard_normal((4, 2000, 6))):
        draws = np.log((pairs[..., :3] ** 2 + pairs[..., 3:] ** 2) / 2)
        found.append(bridge(log_densities, draws, seed=1))
    assert found[0].effective_size < 0.2 * found[1].effective_size
    assert found[0].formula_error > 1.25 * found[1].formula_error
    assert all(abs(one.log_integral - exact) < 4 * one.error for one in found)


def test_what_does_not_suffice_has_a_reason_and_no_number():
    rng = np.random.default_rng(5)

    def normal(x):
        return -0.5 * (x**2).sum(axis=1)

    nowhere = rng.standard_normal((4, 500, 2))
    elsewhere = nowhere.copy()
    elsewhere[:2] += 30
    flat = nowhere.copy()
    flat[..., 1] = 1.0
    for draws, log_densities, words in (
        (rng.standard_normal((4, 100, 200)), normal, "400 draws of 200 parameters, at least 1200"),
        (flat, normal, "do not vary"),
        (nowhere, lambda x: np.full(len(x), np.nan), "not finite"),
        (elsewhere, normal, "effective size"),
        (rng.standard_cauchy((4, 500, 30)), lambda x: -np.log1p(x**2).sum(axis=1), "Pareto k|error"),
    ):
        found = bridge(log_densities, draws, seed=1)
        assert np.isnan(found.log_integral)
        assert re.search(words, found.reason), found.reason


def test_equal_seeds_give_equal_numbers():
    draws = np.random.default_rng(6).standard_normal((4, 300, 3))
    one, two, other = (bridge(lambda x: -0.5 * (x**2).sum(axis=1), draws, seed=seed) for seed in (1, 1, 2))
    assert one.log_integral == two.log_integral != other.log_integral


def test_autocorrelation_time_against_arviz_and_theory():
    draws = autoregressive(np.random.default_rng(7), 0.8, 4, 5000, 1)[..., 0]
    found = autocorrelation_time(draws)
    assert found == pytest.approx(9.0, rel=0.15)  # (1 + 0.8) / (1 - 0.8)
    expected = draws.size / array_stats.ess(draws, chain_axis=0, draw_axis=1, method="identity")
    assert found == pytest.approx(float(expected), rel=0.05)
    assert autocorrelation_time(np.ones((2, 10))) == 1.0


@pytest.mark.parametrize("shape", [-0.3, 0.2, 0.9])
def test_pareto_k_against_arviz_and_truth(shape):
    uniform = np.random.default_rng(8).random(4000)
    values = (uniform**-shape - 1) / shape + 1
    assert pareto_k(values) == pytest.approx(float(array_stats.psislw(-np.log(values))[1]), abs=0.02)
    assert pareto_k(values) == pytest.approx(shape, abs=0.3)


@pytest.mark.slow
def test_the_halves_are_not_taken_for_independent():
    """Of a normal density all error is that of the fitted normal, which both halves share: the mean of two is no
    better than one of them."""
    rng = np.random.default_rng(3)
    found = [bridge(standard_normal, rng.standard_normal((2, 300, 8)), seed=seed) for seed in range(90)]
    scatter = np.nanstd([one.log_integral for one in found])
    assert 0.75 < scatter / np.mean([one.formula_error for one in found]) < 1.2  # 1.4 were they independent


def standard_normal(x):
    return -0.5 * (x**2).sum(axis=1)
