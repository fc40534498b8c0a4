"""Group effects of counts integrated out: densities, gradients and draws against SciPy alone."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from scipy.integrate import quad
from scipy.special import betaln, gammaln, log_expit, log_ndtr

from bayesmix.families.table import FAMILIES as RECORDS
from bayesmix.numerics.level_quadrature.posterior import (
    COEFFICIENT,
    FOLDED,
    POSITIVE,
    Parameters,
    evaluate_counts,
    log_posterior_at,
    pack_counts,
    parameter_values,
)
from bayesmix.numerics.level_quadrature.rows import count_rows
from bayesmix.numerics.prior_codes import GAMMA, HALF_NORMAL, LAPLACE, NORMAL, STUDENT_T
from bayesmix.numerics.row_distribution.compiled import apart_from_predictor, log_density, with_slopes

FAMILIES = [
    ("binomial", "logit"),
    ("binomial", "probit"),
    ("binomial", "cloglog"),
    ("poisson", "log"),
    ("negative_binomial", "log"),
    ("beta_binomial", "logit"),
    ("beta_binomial", "probit"),
    ("beta_binomial", "cloglog"),
]


def log_shares(link, eta):
    """log p and log(1 - p)."""
    if link == "logit":
        return log_expit(eta), log_expit(-eta)
    if link == "probit":
        return log_ndtr(eta), log_ndtr(-eta)
    rate = np.exp(eta)
    with np.errstate(divide="ignore"):
        return np.where(eta < -20, eta - rate / 2, np.log(-np.expm1(-rate))), -rate


def log_pmf(family, link, eta, y, trials, own):
    """Log probability of counts, elementwise."""
    if family == "poisson":
        return y * eta - np.exp(eta) - gammaln(y + 1)
    if family == "negative_binomial":
        log_share = -np.logaddexp(0, eta - np.log(own))  # log of own / (own + mu)
        choose = gammaln(y + own) - gammaln(own) - gammaln(y + 1)
        return choose + own * log_share + y * (eta - np.log(own) + log_share)
    log_up, log_down = log_shares(link, eta)
    choose = gammaln(trials + 1) - gammaln(y + 1) - gammaln(trials - y + 1)
    if family == "binomial":
        return choose + y * log_up + (trials - y) * log_down
    a, b = np.maximum(own * np.exp(log_up), 1e-300), np.maximum(own * np.exp(log_down), 1e-300)
    return choose + betaln(y + a, trials - y + b) - betaln(a, b)


def log_integrand(family, link, eta, y, trials, own, sd):
    """log of the density of a level's rows (n_rows,) times that of its effect, as a function of u (n_points,)."""

    def of(u):
        u = np.atleast_1d(u)[:, None]
        rows = log_pmf(family, link, eta + sd * u, y, trials, own)
        return rows.sum(axis=1) - 0.5 * u[:, 0] ** 2 - 0.5 * np.log(2 * np.pi)

    return of


def log_level(family, link, eta, y, trials, own, sd):
    """log of the integral over a level's effect: adaptive quadrature on pieces about the greatest value."""
    of = log_integrand(family, link, eta, y, trials, own, sd)
    grid = np.linspace(-40, 40, 16_001)
    with np.errstate(over="ignore", invalid="ignore"):
        heights = np.nan_to_num(of(grid), nan=-np.inf)
    top = heights.max()
    inside = grid[heights > top - 45]
    ends = np.linspace(inside[0] - 0.005, inside[-1] + 0.005, 25)
    pieces = [
        quad(lambda u: float(np.exp(of(u)[0] - top)), low, high, epsabs=1e-14, epsrel=1e-12, limit=200)[0]
        for low, high in pairwise(ends)
    ]
    return top + np.log(sum(pieces))


HAS_OWN = ("negative_binomial", "beta_binomial")
PRIORS = [stats.norm(0.3, 2.0), stats.t(4, 0.1, 1.5), stats.laplace(-0.2, 0.8)]
OF_SD, OF_OWN = stats.halfnorm(scale=1.5), stats.gamma(2.0, scale=10.0)


class Case:
    """A random model with three coefficients: rows of `n_levels` levels of a certain kind, and a parameter vector."""

    def __init__(self, family, link, *, sd, trials, kind, seed, n_levels=3, own=None):
        rng = np.random.default_rng(seed)
        n_obs = 4 * n_levels
        self.family, self.link, self.sd = family, link, sd
        self.index = rng.permutation(np.arange(n_obs) % n_levels)
        self.X = np.column_stack([np.ones(n_obs), rng.normal(size=n_obs), rng.integers(0, 2, n_obs)])
        self.offset = rng.normal(scale=0.3, size=n_obs)
        self.beta = rng.normal(scale=0.5, size=3)
        self.own = float(np.exp(rng.normal(1, 1))) if own is None else own
        self.trials = np.full(n_obs, float(trials))
        half = np.floor(self.trials / 2)
        pure = np.where(self.index % 2 == 0, 0.0, self.trials)
        self.y = {"none": 0 * half, "all": self.trials, "half": half, "pure": pure}[kind]

    @property
    def eta(self):
        return self.offset + self.X @ self.beta

    def rows(self, *, grouped=True):
        return count_rows(
            code=RECORDS[self.family].row_codes[self.link],
            y=self.y,
            trials=None if self.family in ("poisson", "negative_binomial") else self.trials,
            X=self.X,
            offset=self.offset,
            index=self.index if grouped else None,
            n_levels=self.index.max() + 1 if grouped else 0,
        )

    def parameters(self, *, grouped=True):
        own = self.family in HAS_OWN
        roles = [COEFFICIENT] * 3 + [FOLDED] * grouped + [POSITIVE] * own
        kinds = [NORMAL, STUDENT_T, LAPLACE] + [HALF_NORMAL] * grouped + [GAMMA] * own
        numbers = [(0.3, 2.0, 0.0), (0.1, 1.5, 4.0), (-0.2, 0.8, 0.0)]
        numbers += [(1.5, 0.0, 0.0)] * grouped + [(2.0, 0.1, 0.0)] * own
        units = [1.0, 0.5, 2.0] + [1.0] * (grouped + own)
        return Parameters(np.array(roles), np.array(kinds), np.array(numbers), np.array(units))

    def theta(self, *, grouped=True):
        own = [np.log(self.own)] if self.family in HAS_OWN else []
        return np.array([*(self.beta / np.array([1.0, 0.5, 2.0])), *([self.sd] if grouped else []), *own])

    def buffer(self, *, fineness=1.0, grouped=True):
        n = len(self.theta(grouped=grouped))
        return pack_counts(
            self.rows(grouped=grouped),
            self.parameters(grouped=grouped),
            centre=np.zeros(n),
            scale=np.eye(n),
            fineness=fineness,
        )

    def log_prior(self, *, grouped=True):
        """By SciPy, with the Jacobians of the units and of the logarithm."""
        found = sum(prior.logpdf(value) for prior, value in zip(PRIORS, self.beta, strict=True)) + np.log(0.5 * 2.0)
        found += OF_SD.logpdf(self.sd) if grouped else 0.0
        return found + (OF_OWN.logpdf(self.own) + np.log(self.own) if self.family in HAS_OWN else 0.0)

    def reference(self):
        levels = [
            log_level(self.family, self.link, self.eta[own], self.y[own], self.trials[own], self.own, self.sd)
            for own in (self.index == level for level in range(self.index.max() + 1))
        ]
        return sum(levels) + self.log_prior()


def value_of(buffer, theta):
    found = np.empty(1)
    evaluate_counts(buffer, theta[None], found)
    return found[0]


@pytest.mark.parametrize(("family", "link"), FAMILIES)
@pytest.mark.parametrize(
    "kind", ["all", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("pure", "none", "half"))]
)
def test_density_is_that_of_adaptive_quadrature(family, link, kind):
    """For every shape of level, 1 to 1000 trials a row and sds to 20; beyond 2 the nodes are too few for 9 digits."""
    for seed, (sd, trials) in enumerate([(0.0, 5), (0.4, 1), (0.4, 1000), (1.0, 20), (2.0, 1), (2.0, 50), (20.0, 3)]):
        case = Case(family, link, sd=sd, trials=trials, kind=kind, seed=seed)
        exact = case.reference()
        assert abs(value_of(case.buffer(fineness=0.25), case.theta()) - exact) < 1e-8 * max(1, abs(exact))
        likely = sd <= 2 and family != "beta_binomial"
        assert abs(value_of(case.buffer(), case.theta()) - exact) < (1e-7 if likely else 1e-4)


@pytest.mark.parametrize(("family", "link"), FAMILIES)
def test_without_levels_the_density_is_that_of_the_rows(family, link):
    case = Case(family, link, sd=0.0, trials=8, kind="half", seed=3)
    exact = log_pmf(family, link, case.eta, case.y, case.trials, case.own).sum() + case.log_prior(grouped=False)
    buffer, theta = case.buffer(grouped=False), case.theta(grouped=False)
    assert_allclose(value_of(buffer, theta), exact, rtol=1e-12)
    assert_allclose(log_posterior_at(buffer, theta, np.empty(len(theta))), exact, rtol=1e-12)


@pytest.mark.parametrize(("family", "link"), FAMILIES)
@pytest.mark.parametrize("grouped", [True, False])
def test_gradient_is_that_of_differences(family, link, grouped):
    for seed, (sd, trials, kind) in enumerate([(0.7, 12, "half"), (-1.5, 3, "pure"), (0.3, 1, "none")]):
        case = Case(family, link, sd=sd, trials=trials, kind=kind, seed=20 + seed)
        theta = case.theta(grouped=grouped)
        n = len(theta)
        rng = np.random.default_rng(seed)
        scale = np.eye(n) + 0.2 * rng.normal(size=(n, n))
        x = rng.normal(scale=0.1, size=n)
        buffer = pack_counts(
            case.rows(grouped=grouped), case.parameters(grouped=grouped), centre=theta, scale=scale, fineness=0.3
        )
        gradient = np.empty(n)
        value = log_posterior_at(buffer, x, gradient)
        assert_allclose(value, value_of(buffer, x), rtol=1e-12)
        differences = [(value_of(buffer, x + step) - value_of(buffer, x - step)) / 2e-5 for step in 1e-5 * np.eye(n)]
        assert_allclose(gradient, differences, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("n_levels", "rows_of_a_level", "shift"), [(70, 4, 0.0), (150, 1, 0.0), (2, 90, 0.0), (5, 40, 0.0), (6, 4, 400.0)]
)
def test_levels_taken_together_are_those_taken_one_by_one(n_levels, rows_of_a_level, shift):
    """Many levels, levels of more rows than are taken together, and linear predictors whose odds overflow."""
    rng = np.random.default_rng(n_levels)
    n_obs = n_levels * rows_of_a_level
    trials = rng.integers(1, 40, n_obs).astype(float)
    rows = count_rows(
        code=RECORDS["binomial"].row_codes["logit"],
        y=rng.binomial(trials.astype(int), 0.4).astype(float),
        trials=trials,
        X=np.column_stack([np.ones(n_obs), rng.normal(size=n_obs)]),
        offset=np.where(np.arange(n_obs) == 0, shift, 0.0),
        index=np.arange(n_obs) % n_levels,
        n_levels=n_levels,
    )
    parameters = Parameters(
        np.array([COEFFICIENT, COEFFICIENT, FOLDED]),
        np.array([NORMAL, NORMAL, HALF_NORMAL]),
        np.array([(0.0, 2.0, 0.0), (0.0, 2.0, 0.0), (1.0, 0.0, 0.0)]),
        np.ones(3),
    )
    theta, gradient = np.array([-0.3, 0.4, 0.9]), np.empty(3)
    for fineness, digits in ((0.5, 1e-11), (1.0, 1e-7), (1.25, 1e-4)):
        buffer = pack_counts(rows, parameters, centre=np.zeros(3), scale=np.eye(3), fineness=fineness)
        value = log_posterior_at(buffer, theta, gradient)
        fine = pack_counts(rows, parameters, centre=np.zeros(3), scale=np.eye(3), fineness=0.25)
        assert value == pytest.approx(value_of(fine, theta), rel=digits)
        differences = [
            (value_of(fine, theta + step) - value_of(fine, theta - step)) / 2e-5 for step in 1e-5 * np.eye(3)
        ]
        assert_allclose(gradient, differences, rtol=1e-4, atol=max(1e-4, 10 * digits))


def test_the_sign_of_a_folded_sd_means_nothing():
    case = Case("binomial", "logit", sd=0.8, trials=6, kind="half", seed=5)
    theta, gradient, mirrored = case.theta(), np.empty(4), np.empty(4)
    turned = theta * [1, 1, 1, -1]
    buffer = case.buffer()
    assert_allclose(log_posterior_at(buffer, theta, gradient), log_posterior_at(buffer, turned, mirrored), rtol=1e-12)
    assert_allclose(gradient, mirrored * [1, 1, 1, -1], rtol=1e-10)
    assert_allclose(parameter_values(buffer, turned[None])[0], [*case.beta, 0.8])


@pytest.mark.parametrize(("family", "link"), FAMILIES)
def test_rows_that_are_alike_are_counted_once_and_their_order_does_not_matter(family, link):
    case = Case(family, link, sd=0.9, trials=4, kind="half", seed=6)
    value = value_of(case.buffer(), case.theta())
    order = np.random.default_rng(1).permutation(len(case.y))
    for name in ("index", "X", "offset", "trials", "y"):
        setattr(case, name, getattr(case, name)[order])
    assert_allclose(value_of(case.buffer(), case.theta()), value, rtol=1e-12)
    n_rows = len(case.rows().first)
    for name in ("index", "X", "offset", "trials", "y"):
        setattr(case, name, np.concatenate([getattr(case, name)] * 2))
    assert len(case.rows().first) == n_rows
    assert_allclose(value_of(case.buffer(fineness=0.3), case.theta()), case.reference(), rtol=1e-9)


def test_a_binomial_row_may_be_split():
    """10 of 30 are 4 of 10 and 6 of 20, but for the constant."""
    whole = Case("binomial", "logit", sd=0.9, trials=30, kind="none", seed=7)
    whole.y = np.full(len(whole.y), 10.0)
    split = Case("binomial", "logit", sd=0.9, trials=30, kind="none", seed=7)
    for name in ("index", "X", "offset"):
        setattr(split, name, np.concatenate([getattr(whole, name)] * 2))
    ones = np.ones(len(whole.y))
    split.y, split.trials = np.concatenate([4 * ones, 6 * ones]), np.concatenate([10 * ones, 20 * ones])
    constants = [case.rows().log_constant for case in (whole, split)]
    values = [value_of(case.buffer(), case.theta()) for case in (whole, split)]
    assert_allclose(values[0] - constants[0], values[1] - constants[1], rtol=1e-12)


@pytest.mark.parametrize("own", [1e4, 1e8, 1e12, 1e15])
@pytest.mark.parametrize("code", [4, 5])
def test_without_overdispersion_rows_keep_their_digits(code, own):
    """Poisson and binomial are the limits, reached as 1 / own; slopes by log own vanish likewise."""
    y, trials, eta = 7.0, 30.0, 0.4
    second = 0.0 if code == 4 else trials - y
    density, *_, slope = with_slopes(code, eta, y, second, 1.0, own)
    apart, slope_apart = apart_from_predictor(code, y, second, 1.0, own)
    limit = y * eta - np.exp(eta) if code == 4 else y * log_expit(eta) + (trials - y) * log_expit(-eta)
    assert density == log_density(code, eta, y, second, 1.0, own)
    assert density + apart == pytest.approx(limit, abs=1e-12 + 500 / own)
    assert abs(own * (slope + slope_apart)) < 1e-12 + 500 / own
