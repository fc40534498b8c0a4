"""The proposal for standard deviations near 0: its density by known integrals, and where it is found worth having."""

import numpy as np
import pytest
from scipy.special import expit, gammaln

from bayesmix.numerics.mode import find_mode
from bayesmix.numerics.vanishing_sds import draw_vanishing, find_vanishing, log_density_of_vanishing

LIKELY = 2.0


def log_density(theta):
    """x = log sd, of which only sd < e^2 is likely (a gamma-like top and exponential left); two normals whose mean
    bends with it: where x is far out they lie at 0, else at 1 and -1."""
    x, rest = theta[0], theta[1:]
    top = 3 * expit(x)
    residual = rest - np.array([1.0, -1.0]) * expit(x)
    value = x - np.exp(x - LIKELY) + top - 0.5 * residual @ residual
    slope = expit(x) * expit(-x)
    by_x = 1 - np.exp(x - LIKELY) + 3 * slope + slope * (residual[0] - residual[1])
    return float(value), np.array([by_x, *-residual])


def two_sds(theta):
    """Two independent logarithms of gamma variables, shapes 1 and 2, and a normal."""
    shapes, x, y = np.array([1.0, 2.0]), theta[:2], theta[2]
    return float(shapes @ x - np.exp(x).sum() - 0.5 * y**2), np.array([*(shapes - np.exp(x)), -y])


def regions_of(density, n, axes):
    return find_vanishing(density, find_mode(density, np.zeros(n), np.ones(n)), axes)


def test_density_goes_with_the_draws():
    """The mean of target / density over draws is the target's integral; here 2 pi times a sum over x."""
    regions = regions_of(log_density, 3, [0])
    assert len(regions) == 1
    theta = draw_vanishing(regions, 40_000, np.random.default_rng(1))
    inside = theta[:, 0] < 0
    values = np.array([log_density(point)[0] for point in theta])
    ratios = np.where(inside, np.exp(values - log_density_of_vanishing(regions, theta)), 0.0)
    x = np.linspace(-40, 0, 40_001)
    expected = 2 * np.pi * np.trapezoid(np.exp(x - np.exp(x - LIKELY) + 3 * expit(x)), x)
    error = ratios.std(ddof=1) / np.sqrt(len(ratios))
    assert abs(ratios.mean() - expected) < 4 * error < 0.1 * expected


def test_pairs_have_a_proposal_of_their_own():
    regions = regions_of(two_sds, 3, [0, 1])
    assert [tuple(one.at) for one in regions] == [(0,), (1,), (0, 1)]
    theta = draw_vanishing(regions, 40_000, np.random.default_rng(2))
    values = np.array([two_sds(point)[0] for point in theta])
    ratios = np.exp(values - log_density_of_vanishing(regions, theta))
    error = ratios.std(ddof=1) / np.sqrt(len(ratios))
    expected = np.exp(gammaln(1) + gammaln(2)) * np.sqrt(2 * np.pi)
    assert abs(ratios.mean() - expected) < 4 * error < 0.05 * expected


def test_slopes_and_the_mode_of_the_others_are_those_far_out():
    (region,) = regions_of(log_density, 3, [0])
    assert region.lefts == pytest.approx([1.25], rel=0.01)
    np.testing.assert_allclose(region.point, 0, atol=1e-3)
    np.testing.assert_allclose(region.root, np.eye(2), atol=1e-2)


def test_none_where_a_sd_is_far_from_0():
    def certain(theta):
        return float(theta[0] - 50 * theta[0] ** 2 - 0.5 * theta[1] ** 2), np.array([1 - 100 * theta[0], -theta[1]])

    assert regions_of(certain, 2, [0]) == ()


def test_none_where_the_prior_keeps_it_from_0():
    """An inverse gamma: its log density falls exponentially in the exponential."""

    def kept(theta):
        away = np.exp(-theta[0])
        return float(-theta[0] - away - 0.5 * theta[1] ** 2), np.array([-1 + away, -theta[1]])

    assert regions_of(kept, 2, [0]) == ()
