"""Values that many responses share, beside n x n matrices, quadrature by brute force, and SciPy."""

import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid, trapezoid
from scipy.optimize import brentq
from scipy.stats import halfnorm, norm
from scipy.stats import t as student_t

from bayesmix.numerics import prior_codes as codes
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.coefficient_prior import CoefficientPrior
from bayesmix.numerics.monte_carlo import pareto_k, pareto_k_of_columns
from bayesmix.numerics.responses.draws import draw, mixtures, shared_numbers
from bayesmix.numerics.responses.learning import Shared, Stage, learn_plan, sigma_grid
from bayesmix.numerics.responses.proposal import Coordinates, Points, draw_points, points_at, wide_mixture
from bayesmix.numerics.responses.space import project, response_space
from bayesmix.numerics.responses.tables import SdPriors, log_sd_density, point_tables
from bayesmix.numerics.responses.weighing import weigh

N, LEVELS = 24, 6
HALF_T = (codes.HALF_STUDENT_T, (3.0, 1.0))


class Small:
    """24 rows, 2 coefficients with priors off 0, and a random intercept, with responses of mean 0 and sd 1."""

    def __init__(self, n_responses=3, *, slopes=False):
        rng = np.random.default_rng(5)
        self.group = np.repeat(np.arange(LEVELS), N // LEVELS)
        self.x = rng.normal(size=N)
        self.X = np.column_stack([np.ones(N), self.x])
        columns = self.X if slopes else np.ones((N, 1))
        self.terms = (GroupColumns(self.group, columns, LEVELS),)
        self.prior = CoefficientPrior(np.array([0.1, 0.3]), np.array([2.0, 1.5]), self.X.mean(axis=0))
        self.space = response_space(self.X, self.terms, self.prior)
        sds = np.linspace(0, 1.5, n_responses)
        Y = rng.normal(size=(LEVELS, n_responses))[self.group] * sds + rng.normal(size=(N, n_responses))
        self.Y = (Y - Y.mean(axis=0)) / Y.std(axis=0, ddof=1)
        n_sd = 2 if slopes else 1
        self.priors = SdPriors(np.full(n_sd + 1, HALF_T[0]), np.tile(HALF_T[1], (n_sd + 1, 1)))
        self.coordinates = Coordinates(self.space.ks, self.space.units, np.full(n_sd - 1, 2.0))

    def covariance(self, sd, sigma):
        """Of y with coefficients integrated out, and the mean: the intercept is that at the mean of x."""
        same = (self.group[:, None] == self.group).astype(float)
        centred = self.X - [0, self.x.mean()]
        fixed = (centred * self.prior.sd**2) @ centred.T
        return centred @ self.prior.mean, sigma**2 * np.eye(N) + sd**2 * same + fixed

    def log_densities(self, y, sds, sigmas):
        """Of y at each pair of sds, with n x n matrices."""
        stacked = [self.covariance(sd, sigma)[1] for sd, sigma in zip(sds, sigmas, strict=True)]
        return log_normal(y - self.covariance(0.0, 1.0)[0], np.array(stacked))


def log_normal(y, covariances):
    """Log density of y with mean 0 and each of the covariances."""
    roots = np.linalg.cholesky(covariances)
    whitened = np.linalg.solve(roots, np.broadcast_to(y[:, None], (len(roots), len(y), 1)))[..., 0]
    determinants = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    return -0.5 * (whitened**2).sum(axis=1) - determinants - 0.5 * len(y) * np.log(2 * np.pi)


@pytest.fixture(scope="module")
def small():
    return Small()


def one_point(small, ratio, grid):
    """The tables of a single value of sd / sigma, which was drawn with certainty."""
    x = np.arcsinh(np.array([[ratio]]))
    points = points_at(x, small.coordinates, np.zeros(1))
    return point_tables(small.space, points, small.priors, grid)


@pytest.mark.parametrize("ratio", [0.01, 0.8, 20.0])
def test_given_the_ratio_of_sds_the_density_is_that_of_n_by_n_matrices_integrated_over_sigma(small, ratio):
    tables = one_point(small, ratio, sigma_grid(N, 0.02))
    weighed = weigh(tables, project(small.space, small.Y), N)
    fine = np.linspace(np.log(0.015), np.log(4), 400)
    jacobian = np.log(np.cosh(np.arcsinh(ratio)) / ratio)  # d log(sd) / dx
    for number, y in enumerate(small.Y.T):
        logs = small.log_densities(y, ratio * np.exp(fine), np.exp(fine))
        logs += log_half_t(ratio * np.exp(fine)) + log_half_t(np.exp(fine))
        expected = np.log(trapezoid(np.exp(logs), fine)) + jacobian
        assert weighed.log_marginal[number] == pytest.approx(expected, abs=2e-6)


def log_half_t(sd):
    """Log density of log sd under HalfStudentT(3, 1)."""
    return np.log(2) + student_t(3).logpdf(sd) + np.log(sd)


def test_coefficients_given_the_variances_are_those_of_the_normal_equations(small):
    tables = one_point(small, 0.8, sigma_grid(N, 0.02))
    weighed = weigh(tables, project(small.space, small.Y), N)
    drawn = draw(small.space, weighed, shared_numbers(4096, 2), np.arange(3))
    centred = small.X - [0, small.x.mean()]
    turn = np.array([[1, -small.x.mean()], [0, 1]])
    same = (small.group[:, None] == small.group).astype(float)
    for number, sigma in ((0, drawn.sigma[0, 17]), (2, drawn.sigma[2, 900])):
        place = 17 if number == 0 else 900
        precision = np.linalg.inv(sigma**2 * (np.eye(N) + 0.8**2 * same))
        of_prior = np.diag(1 / small.prior.sd**2)
        covariance = np.linalg.inv(centred.T @ precision @ centred + of_prior)
        mean = covariance @ (centred.T @ precision @ small.Y[:, number] + of_prior @ small.prior.mean)
        np.testing.assert_allclose(drawn.given.centre[number, :, place], turn @ mean, rtol=1e-8)
        np.testing.assert_allclose(
            drawn.given.spread[number, :, place] ** 2, np.diag(turn @ covariance @ turn.T), rtol=1e-8
        )
    # Draws of coefficients have these means: 4,096 draws, 4 standard errors.
    error = drawn.coefficients.std(axis=-1) / np.sqrt(4096)
    assert (np.abs(drawn.coefficients.mean(axis=-1) - drawn.given.centre.mean(axis=-1)) < 4 * error).all()


def test_sigma_is_drawn_from_its_distribution_given_the_ratio(small):
    tables = one_point(small, 0.8, sigma_grid(N, 0.02))
    drawn = draw(small.space, weigh(tables, project(small.space, small.Y), N), shared_numbers(4096, 2), np.arange(3))
    fine = np.linspace(np.log(0.1), np.log(3), 800)
    for number, y in enumerate(small.Y.T):
        logs = small.log_densities(y, 0.8 * np.exp(fine), np.exp(fine))
        logs += log_half_t(0.8 * np.exp(fine)) + log_half_t(np.exp(fine))
        cumulative = cumulative_trapezoid(np.exp(logs - np.max(logs)), initial=0)
        for share in (0.025, 0.25, 0.5, 0.75, 0.975):
            exact = np.exp(np.interp(share, cumulative / cumulative[-1], fine))
            # A posterior sd is 0.16, a node of the grid 0.13 wide: quantiles are off by 0.025 sds at most.
            assert np.quantile(drawn.sigma[number], share) == pytest.approx(exact, rel=0.004)


def test_one_random_term_is_the_brute_force_quadrature_of_both_sds():
    small = Small(6)
    shared = Shared(small.space, small.coordinates, small.priors, sigma_grid(N, 0.05))
    projected = project(small.space, small.Y)
    plan = learn_plan(shared, projected, seed=1)
    weighed = weigh(shared.tables(plan.locate), projected, N)
    drawn = draw(small.space, weighed, shared_numbers(4096, 2), np.arange(6))
    log_sd, log_sigma = np.linspace(-9, 2.5, 140), np.linspace(-2.2, 1, 50)
    for number in (0, 3, 5):
        sds, sigmas = (np.exp(values).ravel() for values in np.meshgrid(log_sd, log_sigma, indexing="ij"))
        logs = small.log_densities(small.Y[:, number], sds, sigmas) + log_half_t(sds) + log_half_t(sigmas)
        logs = logs.reshape(len(log_sd), -1)
        joint = np.exp(logs - logs.max())
        whole = trapezoid(trapezoid(joint, log_sigma, axis=1), log_sd)
        assert weighed.log_marginal[number] == pytest.approx(np.log(whole) + logs.max(), abs=2e-3)
        of_sd = trapezoid(joint, log_sigma, axis=1)
        cumulative = cumulative_trapezoid(of_sd, initial=0) / trapezoid(of_sd)
        for limit in (0.05, 0.1, 0.5):  # a small sd is as probable as it is: 4,096 draws by systematic resampling
            exact = np.interp(np.log(limit), log_sd, cumulative)
            assert (drawn.sds[number, 0] < limit).mean() == pytest.approx(exact, abs=0.01)
        mean = (np.exp(log_sd) * of_sd).sum() / of_sd.sum()
        assert drawn.sds[number, 0].mean() == pytest.approx(mean, rel=0.01)


def test_without_data_the_weights_of_a_correlated_term_integrate_its_prior():
    small = Small(1, slopes=True)
    points = draw_points(wide_mixture(small.coordinates), small.coordinates, 1 << 14, seed=3)
    log_prior = [
        sum(log_sd_density(HALF_T[0], *HALF_T[1], np.log(ratio), 0.0) for ratio in ratios) for ratios in points.ratios
    ]
    weights = np.exp(points.log_weights + log_prior)
    effective = weights.sum() ** 2 / (weights**2).sum()
    assert weights.mean() == pytest.approx(1, abs=4 / np.sqrt(effective))
    weights /= weights.sum()
    # Under LKJ(2) of two columns (1 + r) / 2 is Beta(2, 2), of variance 1/20: r has variance 1/5.
    assert weights @ points.correlations[:, 0] ** 2 == pytest.approx(0.2, abs=4 * 0.2 / np.sqrt(effective))
    below = weights @ (points.ratios[:, 1] < 1)
    assert below == pytest.approx(2 * student_t(3).cdf(1) - 1, abs=4 * 0.5 / np.sqrt(effective))
    entries = points.entries
    np.testing.assert_allclose(
        entries[:, 1], points.correlations[:, 0] * points.ratios[:, 0] * points.ratios[:, 1], rtol=1e-10
    )
    np.testing.assert_allclose(entries[:, [0, 2]], points.ratios**2, rtol=1e-10)


def test_a_term_with_slopes_has_the_covariance_of_n_by_n_matrices():
    small = Small(2, slopes=True)
    L = np.array([[0.7, 0], [-0.3, 0.4]])
    relative = L @ L.T
    nothing = np.zeros((1, 3))
    entries = np.array([[relative[0, 0], relative[1, 0], relative[1, 1]]])
    points = Points(nothing, np.sqrt(np.diag(relative))[None], np.zeros((1, 1)), entries, np.zeros(1))
    flat = SdPriors(np.full(3, codes.HALF_NORMAL), np.tile((1e6, 0.0), (3, 1)))
    grid = sigma_grid(N, 0.02)
    weighed = weigh(point_tables(small.space, points, flat, grid), project(small.space, small.Y), N)
    Z = (small.group[:, None] == np.arange(LEVELS))[:, :, None] * small.X[:, None, :]
    V = np.eye(N) + np.einsum("ija,ab,kjb->ik", Z, relative, Z)
    fixed = small.covariance(0.0, 0.0)[1]
    fine = np.linspace(np.log(0.02), np.log(4), 500)
    constant = halfnorm(scale=1e6).logpdf(0)
    for number, y in enumerate(small.Y.T):
        mean = small.covariance(0.0, 1.0)[0]
        logs = log_normal(y - mean, np.exp(2 * fine)[:, None, None] * V + fixed)
        logs += 3 * (constant + fine) + np.log(points.ratios).sum()
        assert weighed.log_marginal[number] == pytest.approx(np.log(trapezoid(np.exp(logs), fine)), abs=1e-5)


def test_quantiles_and_tails_of_mixtures_are_those_of_their_distribution():
    rng = np.random.default_rng(2)
    centre, spread = rng.normal(size=(2, 3, 64)) * [[[0.1], [3], [8]]], rng.uniform(0.05, 2, (2, 3, 64))
    wanted = np.array([0.001, 0.025, 0.5, 0.975])
    found = mixtures(centre, spread, wanted)
    for i in range(2):
        for j in range(3):

            def below(x, i=i, j=j):
                return norm(centre[i, j], spread[i, j]).cdf(x).mean()

            exact = [brentq(lambda x, q=q: below(x) - q, -60, 60, xtol=1e-12) for q in wanted]
            np.testing.assert_allclose(found.quantiles[i, j], exact, atol=1e-5)
            assert found.below[i, j] == pytest.approx(below(0.0), rel=1e-10)
    assert found.mean.shape == found.sd.shape == (2, 3)


def test_pareto_k_of_columns_is_that_of_each():
    rng = np.random.default_rng(3)
    values = np.column_stack([rng.pareto(1.2, 400), rng.random(400), np.ones(400)])
    np.testing.assert_allclose(pareto_k_of_columns(values), [pareto_k(column) for column in values.T], rtol=1e-12)


def test_the_numbers_of_a_response_do_not_depend_on_those_beside_it(small):
    shared = Shared(small.space, small.coordinates, small.priors, sigma_grid(N, 0.05))
    tables = shared.tables(Stage(wide_mixture(small.coordinates), 256, 1))
    many = np.random.default_rng(4).normal(size=(N, 48))
    together = weigh(tables, project(small.space, many), N)
    apart = weigh(tables, project(small.space, np.ascontiguousarray(many[:, 16:32])), N)
    np.testing.assert_array_equal(together.weights[:, 16:32], apart.weights)
    np.testing.assert_array_equal(together.log_marginal[16:32], apart.log_marginal)
