"""Coordinates that follow a parameter: maps and their volumes by differences, weights of a known density."""

from functools import partial

import numpy as np
import pytest

from bayesmix.numerics.importance import log_density_of, measure_sides, propose, weigh
from bayesmix.numerics.mode import Mode
from bayesmix.numerics.sd_coordinates import follow, mirrored, place


def few_groups(power, size, theta):
    """s falls as 1 / s^`power` from `size` to 1 or so, where its normal prior ends; beta has sd root(size^2 + s^2).

    Log density and gradient at theta = (beta, s), even in s.
    """
    beta, s = theta
    spread = size**2 + s**2
    value = -0.5 * beta**2 / spread - 0.5 * (power + 1) * np.log(spread) - 0.5 * s**2
    slope = s * (beta**2 / spread - (power + 1)) / spread - s
    return value, np.array([-beta / spread, slope])


def followed(power, size, folded=True):
    density = partial(few_groups, power, size)
    mode = Mode(np.zeros(2), density(np.zeros(2))[0], np.diag([size, size / np.sqrt(power + 1)]), 0.0)
    return density, follow(density, mode, at=1, folded=folded)


@pytest.mark.parametrize(("power", "folded"), [(1, True), (3, True), (3, False)])
def test_volume_and_mirror_image(power, folded):
    following = followed(power, 0.01, folded)[1]
    assert following.bent == folded
    for point in np.random.default_rng(power).normal(size=(20, 2)):
        steps = 1e-6 * np.eye(2)
        columns = [
            (place(following, (point + h)[None]).theta - place(following, (point - h)[None]).theta)[0] / 2e-6
            for h in steps
        ]
        found = place(following, point[None])
        np.testing.assert_allclose(found.log_jacobian[0], np.linalg.slogdet(columns)[1], atol=1e-4)
        image = place(following, mirrored(following, point[None]))
        np.testing.assert_allclose(image.theta[0], found.theta[0] * [1, -1], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(image.log_jacobian, found.log_jacobian, atol=1e-9)


@pytest.mark.parametrize("power", [1, 2, 3, 4, 20])
@pytest.mark.parametrize("size", [0.3, 0.01, 0.0005])
def test_a_parameter_that_falls_as_a_power_has_even_weights(power, size):
    """The integral over beta is closed; that over s is taken along log s."""
    density, following = followed(power, size)

    def log_density(point):
        placed = place(following, point[None])
        return float(density(placed.theta[0])[0] + placed.log_jacobian[0])

    proposal = measure_sides(log_density, 2, plateaus=True)
    drawn = propose(proposal, 4000, np.random.default_rng(1))
    placed = place(following, drawn.points)
    with_either = np.logaddexp(drawn.log_densities, log_density_of(proposal, mirrored(following, drawn.points)))
    weighted = weigh(np.array([density(theta)[0] for theta in placed.theta]) + placed.log_jacobian - with_either)
    log_s = np.linspace(np.log(size) - 20, 4, 20_000)
    s = np.exp(log_s)
    along = np.sqrt(2 * np.pi) * (size**2 + s**2) ** (-0.5 * power) * np.exp(-0.5 * s**2) * s
    exact = np.log(np.trapezoid(along, log_s))
    assert weighted.effective_size > 1500
    assert abs(weighted.log_integral - exact) < 4 * weighted.log_integral_error < 0.08
