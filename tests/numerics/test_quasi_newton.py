"""BFGS on functions whose minimum is known."""

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from bayesmix.numerics.quasi_newton import minimise


def rosenbrock(x):
    return float(rosen(x)), rosen_der(x)


@pytest.mark.parametrize("start", [[-1.2, 1.0], [3.0, -4.0], [0.0, 0.0, 5.0, -1.0]])
def test_rosenbrocks_valley(start):
    found = minimise(rosenbrock, np.array(start), tolerance=1e-8, max_iterations=500)
    np.testing.assert_allclose(found.point, 1.0, atol=1e-7)
    assert np.abs(found.gradient).max() <= 1e-8


def test_quadratic_in_few_steps():
    curvature, evaluated = np.diag([1.0, 10.0, 100.0]), []

    def quadratic(x):
        evaluated.append(x)
        return float(x @ curvature @ x), 2 * curvature @ x

    found = minimise(quadratic, np.ones(3), tolerance=1e-9, max_iterations=60)
    np.testing.assert_allclose(found.point, 0.0, atol=1e-9)
    assert len(evaluated) < 60


def test_infinite_values_are_walked_around():
    def wall(x):
        return (np.inf, np.zeros(1)) if x[0] <= 0 else (float(x[0] - np.log(x[0])), 1 - 1 / x)

    found = minimise(wall, np.array([9.0]), tolerance=1e-9, max_iterations=100)
    assert found.point[0] == pytest.approx(1.0, abs=1e-9)


def test_what_was_reached_is_returned_with_its_gradient():
    found = minimise(rosenbrock, np.array([-1.2, 1.0]), tolerance=1e-8, max_iterations=3)
    assert found.value < rosen([-1.2, 1.0])
    np.testing.assert_allclose(found.gradient, rosen_der(found.point))


def test_nothing_to_vary():
    found = minimise(lambda x: (3.0, x), np.empty(0), tolerance=1e-8, max_iterations=10)
    assert found.value == 3.0
