"""Mode and curvature of densities whose mode and curvature are known."""

import numpy as np

from bayesmix.numerics.mode import find_mode


def test_a_normal_density_has_its_mean_and_covariance():
    rng = np.random.default_rng(3)
    mean, root = rng.normal(size=4), rng.normal(size=(4, 4))
    precision = np.linalg.inv(root @ root.T)
    mode = find_mode(
        lambda x: (-0.5 * (x - mean) @ precision @ (x - mean), -precision @ (x - mean)), np.zeros(4), np.ones(4)
    )
    np.testing.assert_allclose(mode.point, mean, atol=1e-4)
    np.testing.assert_allclose(mode.scale @ mode.scale.T, root @ root.T, rtol=1e-4)
    np.testing.assert_allclose(mode.log_density, 0, atol=1e-8)
    assert mode.gradient_size < 1e-4


def test_log_gamma_density():
    """x = log of a gamma variable: mode log(shape / rate), curvature shape."""
    shape, rate = 3.0, 0.2
    mode = find_mode(
        lambda x: (float(shape * x[0] - rate * np.exp(x[0])), shape - rate * np.exp(x)), np.zeros(1), np.ones(1)
    )
    np.testing.assert_allclose(mode.point, np.log(shape / rate), atol=1e-4)
    np.testing.assert_allclose(mode.scale[0, 0] ** 2, 1 / shape, rtol=2e-3)


def test_a_flat_direction_gets_a_finite_scale():
    mode = find_mode(lambda x: (-0.5 * x[0] ** 2, np.array([-x[0], 0.0])), np.array([2.0, 1.0]), np.ones(2))
    assert np.isfinite(mode.scale).all()
    assert 1 < mode.scale[1, 1] < 10
