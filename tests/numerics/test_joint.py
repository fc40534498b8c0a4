"""Parts of the joint density: its exp and log, the rows' likelihood by SciPy, and the coordinates that are sampled."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, gammaln

from bayesmix.numerics import prior_codes as codes
from bayesmix.numerics.gaussian.arrangement import GroupColumns, effect_positions
from bayesmix.numerics.joint.rough_fit import rough_fit
from bayesmix.numerics.laplace.likelihood import BINOMIAL
from bayesmix.numerics.prior_densities import coefficient_prior
from bayesmix.numerics.row_codes import BINOMIAL_LOGIT, POISSON_LOG
from bayesmix.numerics.row_distribution.compiled import row_densities


def test_binomial_rows_are_those_of_scipy():
    rng = np.random.default_rng(1)
    eta = np.concatenate([rng.normal(0, 3, 500), [-600.0, 600.0, -30.0, 40.0, 0.0]])
    trials = rng.integers(1, 30, len(eta)).astype(float)
    y = rng.binomial(trials.astype(int), expit(eta)).astype(float)
    score = np.empty_like(eta)
    value = row_densities(BINOMIAL_LOGIT, eta, y, trials, score)
    # SciPy's own is nan far out: log p = eta - log(1 + exp(eta))
    log_p, log_q = -np.logaddexp(0, -eta), -np.logaddexp(0, eta)
    assert value == pytest.approx(float(np.sum(y * log_p + (trials - y) * log_q)), rel=1e-13)
    near = row_densities(BINOMIAL_LOGIT, eta[:500], y[:500], trials[:500], np.empty(500))
    constant = (gammaln(trials + 1) - gammaln(y + 1) - gammaln(trials - y + 1))[:500].sum()
    assert near + constant == pytest.approx(stats.binom.logpmf(y, trials, expit(eta))[:500].sum(), rel=1e-9)
    np.testing.assert_allclose(score, y - trials * expit(eta), rtol=1e-9, atol=1e-12)


def test_poisson_rows_are_those_of_scipy():
    rng = np.random.default_rng(2)
    eta = np.concatenate([rng.normal(0, 2, 300), [12.0, -20.0]])
    y = rng.poisson(np.exp(eta)).astype(float)
    score = np.empty_like(eta)
    value = row_densities(POISSON_LOG, eta, y, np.ones_like(eta), score)
    assert value - gammaln(y + 1).sum() == pytest.approx(stats.poisson.logpmf(y, np.exp(eta)).sum(), rel=1e-12)
    np.testing.assert_allclose(score, y - np.exp(eta), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("kind", "freedom", "theirs"),
    [(codes.NORMAL, 1.0, stats.norm(0.3, 2.0)), (codes.STUDENT_T, 4.0, stats.t(4, 0.3, 2.0)),
     (codes.STUDENT_T, 1.0, stats.cauchy(0.3, 2.0)), (codes.LAPLACE, 1.0, stats.laplace(0.3, 2.0))],
)  # fmt: skip
def test_priors_of_coefficients_are_those_of_scipy(kind, freedom, theirs):
    for x in (-7.0, 0.1, 0.9, 30.0):
        density, slope = coefficient_prior(kind, 0.3, 2.0, freedom, x)
        assert density == pytest.approx(theirs.logpdf(x), rel=1e-12)
        assert slope == pytest.approx((theirs.logpdf(x + 1e-6) - theirs.logpdf(x - 1e-6)) / 2e-6, rel=1e-6)


def crossed(n_obs: int = 3000, seed: int = 3):
    """Bernoulli data, 25 and 6 levels, sds 1 and 0.5, coefficients -0.5 and 1."""
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 25, n_obs), rng.integers(0, 6, n_obs)
    X = np.column_stack([rng.normal(size=n_obs), np.ones(n_obs)])
    eta = X @ [-0.5, 1.0] + rng.normal(0, 1, 25)[first] + rng.normal(0, 0.5, 6)[second]
    ones = np.ones((n_obs, 1))
    y = (rng.random(n_obs) < expit(eta)).astype(float)
    return y, X, (GroupColumns(first, ones, 25), GroupColumns(second, ones, 6))


def rough_of(y, X, terms):
    return rough_fit(
        y=y, trials=np.ones(len(y)), offset=np.zeros(len(y)), X=X, locations=np.zeros(2), scales=np.full(2, 2.5),
        terms=terms, sds=(np.ones(1),) * len(terms), likelihood=BINOMIAL["logit"],
    )  # fmt: skip


def test_rough_fit_is_the_mode_of_the_dense_model():
    """Modes and variances by Newton's steps on all parameters at once, at the same sds."""
    y, X, terms = crossed()
    found = rough_of(y, X, terms)
    Z = np.column_stack([np.eye(25)[terms[0].index] * found.L[0][0, 0], np.eye(6)[terms[1].index] * found.L[1][0, 0]])
    A, x = np.column_stack([Z, X * 2.5]), np.zeros(33)
    for _ in range(30):
        mu = expit(A @ x)
        H = np.eye(33) + A.T @ (A * (mu * (1 - mu))[:, None])
        x += np.linalg.solve(H, A.T @ (y - mu) - x)
    places = np.concatenate([effect_positions(found.layout, found.layout.places[t]).ravel() for t in range(3)])
    np.testing.assert_allclose(found.u[places], x, atol=1e-8)
    variances = np.diag(np.linalg.inv(H))
    np.testing.assert_allclose(found.variances[places], variances, rtol=1e-6)
    assert found.shares == pytest.approx((1 - variances[:25].mean(), 1 - variances[25:31].mean()), rel=1e-6)


def test_shares_follow_the_information():
    """Rows without end tell everything of an effect, one row a level hardly anything."""
    y, X, terms = crossed(n_obs=20_000)
    assert min(rough_of(y, X, terms).shares) > 0.8
    y, X, _ = crossed(n_obs=300)
    own_level = (GroupColumns(np.arange(300), np.ones((300, 1)), 300),)
    assert rough_of(y, X, own_level).shares[0] < 0.3


def test_separated_data_leave_the_rough_fit_finite():
    y, X, terms = crossed(n_obs=400)
    y = (X[:, 0] > 0).astype(float)
    found = rough_of(y, X, terms)
    assert np.isfinite(found.u).all()
    assert all(0 < L[0, 0] < 3 for L in found.L)
