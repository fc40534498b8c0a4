"""Importance sampling: the proposal's density by quadrature over its own draws, known integrals and moments, counts."""

import numpy as np
import pytest
from scipy.spatial import Delaunay
from scipy.special import digamma, gammaln, polygamma
from scipy.stats import binomtest, f, kstest

from bayesmix.numerics.importance import SplitT, measure_sides, propose, resample, weigh

SIDES = np.array([[3.0, 0.5], [0.8, 1.7]])


def test_density_integrates_to_one_along_a_line():
    found = propose(SplitT(SIDES[:1], 5.0), 100_000, np.random.default_rng(1))
    order = np.argsort(found.points[:, 0])
    whole = np.trapezoid(np.exp(found.log_densities[order]), found.points[order, 0])
    # What lies beyond the farthest draws: about 1 in 100,000 on each side.
    np.testing.assert_allclose(whole, 1, atol=1e-4)


def test_density_integrates_to_one_over_a_plane():
    """Over the triangles between the draws, each with the mean height of its corners."""
    found = propose(SplitT(SIDES, 6.0), 100_000, np.random.default_rng(2))
    corners = Delaunay(found.points).simplices
    first, second = (found.points[corners[:, i]] - found.points[corners[:, 0]] for i in (1, 2))
    areas = 0.5 * np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    whole = np.sum(areas * np.exp(found.log_densities)[corners].mean(axis=1))
    # Flat triangles over a bent density: 0.0006 too much here, 0.003 with ten times fewer draws.
    np.testing.assert_allclose(whole, 1, atol=2e-3)


def test_draws_fall_on_the_sides_in_proportion_and_as_far_as_a_t():
    scales, degrees, n_values = np.array([[3.0, 0.5], [0.8, 1.7], [1.0, 1.0]]), 4.5, 20_000
    points = propose(SplitT(scales, degrees), n_values, np.random.default_rng(3)).points
    above = points > 0
    for axis, (lower, upper) in enumerate(scales):
        assert binomtest(int(above[:, axis].sum()), n_values, upper / (lower + upper)).pvalue > 0.001
    sizes = points / np.where(above, scales[:, 1], scales[:, 0])
    assert kstest((sizes**2).mean(axis=1), f(3, degrees).cdf).pvalue > 0.001


def log_gamma(shape):
    """x = log of a Gamma(shape, 1) variable about its mode, with unit curvature there: an exponential left tail.

    Log density without its constant, what it integrates to (log), mean and variance.
    """
    root = np.sqrt(shape)

    def log_density(x):
        return shape * (x / root) - shape * np.expm1(x / root)

    log_integral = gammaln(shape) - shape * np.log(shape) + shape + np.log(root)
    return log_density, log_integral, root * (digamma(shape) - np.log(shape)), shape * polygamma(1, shape)


def normal(mean, sd):
    return lambda x: -0.5 * ((x - mean) / sd) ** 2, 0.5 * np.log(2 * np.pi) + np.log(sd), mean, sd**2


def student_t(nu):
    """Unit curvature at 0."""
    constant = 0.5 * np.log((nu + 1) * np.pi) + gammaln(nu / 2) - gammaln((nu + 1) / 2)
    return lambda x: -(nu + 1) / 2 * np.log1p(x**2 / (nu + 1)), constant, 0.0, (nu + 1) / (nu - 2)


TARGETS = {
    "normal": [normal(0.0, 1.0)],
    "normal off the mode": [normal(0.4, 0.8)],
    "t with 6 degrees": [student_t(6.0)],
    "log of a gamma, shape 0.5": [log_gamma(0.5)],
    "log of a gamma, shape 3": [log_gamma(3.0)],
    "all at once": [normal(0.2, 1.1), log_gamma(0.5), student_t(6.0), log_gamma(2.0)],
}


def weighted(targets, n_values, seed):
    """Points and weights for independent coordinates, from the proposal that is measured for them."""

    def log_density(point):
        return sum(one[0](x) for one, x in zip(targets, point, strict=True))

    sides = measure_sides(lambda point: float(log_density(point)), len(targets))
    found = propose(sides, n_values, np.random.default_rng(seed))
    return found.points, weigh(log_density(found.points.T) - found.log_densities)


@pytest.mark.parametrize("name", TARGETS)
def test_weights_give_known_integrals_and_moments(name):
    targets = TARGETS[name]
    points, found = weighted(targets, 20_000, seed=4)
    assert abs(found.log_integral - sum(one[1] for one in targets)) < 4 * found.log_integral_error
    assert found.log_integral_error < 0.02
    assert 5_000 < found.effective_size < 20_000
    for x, (_, _, mean, variance) in zip(points.T, targets, strict=True):
        for values, known, unit in ((x, mean, np.sqrt(variance)), ((x - mean) ** 2, variance, variance)):
            estimate = found.weights @ values
            error = np.sqrt(np.sum(found.weights**2 * (values - estimate) ** 2))
            assert abs(estimate - known) < 4 * error
            assert error < 0.05 * unit


@pytest.mark.parametrize("name", ["log of a gamma, shape 0.5", "all at once"])
def test_the_error_of_the_integral_is_what_it_says(name):
    """Over 200 seeds z has mean 0 and sd 1; for normal z the tolerances are 4 standard errors."""
    targets = TARGETS[name]
    known = sum(one[1] for one in targets)
    runs = [weighted(targets, 1000, seed)[1] for seed in range(200)]
    z = np.array([(run.log_integral - known) / run.log_integral_error for run in runs])
    assert abs(z.mean()) < 4 / np.sqrt(200)
    assert abs(z.std(ddof=1) - 1) < 4 / np.sqrt(400)


def test_effective_size_and_integral_of_given_weights():
    equal = weigh(np.full(50, -700.0))
    np.testing.assert_allclose(equal.weights, 1 / 50)
    np.testing.assert_allclose([equal.effective_size, equal.log_integral, equal.log_integral_error], [50, -700, 0])
    uneven = weigh(np.log([3.0, 1.0, 1.0, 1.0]))
    np.testing.assert_allclose(uneven.weights, [0.5, 1 / 6, 1 / 6, 1 / 6])
    np.testing.assert_allclose(uneven.effective_size, 3)  # 1 / (1/4 + 3/36)
    np.testing.assert_allclose(uneven.log_integral, np.log(1.5))
    np.testing.assert_allclose(uneven.log_integral_error, 1 / np.sqrt(4) / 1.5)  # sd 1 of 3, 1, 1, 1
    # Beyond what exp can hold.
    assert weigh(np.array([2000.0, 2000.0 + np.log(3)])).log_integral == pytest.approx(2000 + np.log(2))


def test_values_that_cannot_be_used_weigh_nothing_and_count():
    found = weigh(np.array([0.0, np.nan, -np.inf, np.inf, 0.0]))
    np.testing.assert_array_equal(found.weights, [0.5, 0, 0, 0, 0.5])
    assert found.effective_size == pytest.approx(2)
    assert found.log_integral == pytest.approx(np.log(2 / 5))


def test_resampling_takes_each_value_as_often_as_its_weight_says():
    rng = np.random.default_rng(5)
    weights = rng.gamma(0.5, size=40)
    weights[[0, 7, 39]] = 0
    expected = 30 * weights / weights.sum()
    total = np.zeros(40)
    for _ in range(500):
        chosen = resample(weights, 30, rng)
        counts = np.bincount(chosen, minlength=40)
        assert (np.diff(chosen) >= 0).all()  # copies side by side
        assert ((np.floor(expected) <= counts) & (counts <= np.ceil(expected))).all()
        total += counts
    # On average the weight itself: a count varies by less than half a draw around it.
    np.testing.assert_allclose(total / 500, expected, atol=4 * 0.5 / np.sqrt(500))


def test_sides_of_a_normal_are_its_sds():
    sds = np.array([[1.0, 1.0], [0.5, 3.0], [40.0, 1.0]])

    def log_density(point):
        return float(-0.5 * np.sum((point / np.where(point > 0, sds[:, 1], sds[:, 0])) ** 2))

    np.testing.assert_allclose(measure_sides(log_density, 3).scales, sds, rtol=1e-12)


@pytest.mark.parametrize(
    "log_density",
    [log_gamma(0.3)[0], log_gamma(2.0)[0], student_t(3.0)[0], lambda x: -0.25 * x**4],
    ids=["log of a gamma, shape 0.3", "log of a gamma, shape 2", "t with 3 degrees", "fourth power"],
)
def test_a_side_is_as_long_as_the_longer_of_two_drops_needs(log_density):
    """A drop d at distance x needs the scale x / sqrt(2 d); 2 and 8 are meant, half to twice of which will do."""
    (found,) = measure_sides(lambda x: float(log_density(x[0])), 1).scales
    for sign, side in zip((-1, 1), found, strict=True):
        distances = np.linspace(0.1, 100, 20_000)
        drops = -log_density(sign * distances)
        needed = distances / np.sqrt(2 * drops)
        near, far = (needed[(drops >= wanted / 2) & (drops <= wanted * 2)] for wanted in (2, 8))
        assert max(near.min(), far.min()) <= side * 1.001
        assert side <= max(near.max(), far.max()) * 1.001


def test_a_long_tail_has_a_long_side():
    densities = [log_gamma(shape)[0] for shape in (5.0, 1.0, 0.3)]
    sides = [measure_sides(lambda x, of=of: float(of(x[0])), 1).scales[0] for of in densities]
    left, right = np.transpose(sides)
    assert 1 < left[0] < left[1] < left[2]
    assert (right < 1).all()


def test_sides_stay_finite_where_the_density_is_flat_or_ends():
    ends = measure_sides(lambda x: float(-0.5 * x[0] ** 2) if abs(x[0]) < 0.5 else np.nan, 1)
    assert ((ends.scales > 0) & (ends.scales <= 1)).all()
    flat = measure_sides(lambda _: 0.0, 2)
    assert np.isfinite(flat.scales).all()
    assert (flat.scales > 10).all()


def test_tails_are_less_heavy_with_more_parameters():
    degrees = [measure_sides(lambda x: float(-0.5 * x @ x), n).degrees for n in (1, 5, 20)]
    assert degrees[0] < degrees[1] < degrees[2]


def test_a_plateau_with_a_steep_end_has_the_scale_of_its_width():
    """Flat up to 5, then falling as fast as a normal of sd 0.3: neither the flat part alone nor the end tells."""

    def log_density(point):
        return float(-0.5 * (np.maximum(np.abs(point) - 5, 0) ** 2).sum() / 0.09)

    scales = measure_sides(log_density, 2, plateaus=True).scales
    assert ((scales > 2) & (scales < 4)).all()
