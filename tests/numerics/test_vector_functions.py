"""exp and log of stretches against NumPy's."""

import numpy as np
import pytest

from bayesmix.numerics.vector_functions import exp_all, log_all, log_one_plus


@pytest.mark.parametrize("n", [1, 7, 16, 1000])
def test_exp_and_log_are_numpys(n):
    rng = np.random.default_rng(n)
    x, out, spare = rng.uniform(-690, 690, n), np.empty(n), np.empty(n)
    exp_all(x, n, out)
    np.testing.assert_allclose(out, np.exp(x), rtol=5e-16)
    for values in (np.exp(x), 1 + rng.exponential(size=n) * 1e-7, rng.uniform(0.6, 1.6, n)):
        log_all(values, n, spare, out)
        np.testing.assert_allclose(out, np.log(values), rtol=5e-16, atol=2e-16)


def test_exp_and_log_to_the_last_digits():
    x = np.concatenate([np.linspace(-708, 708, 100_001), [0.0, -0.0, 1e-300, -1e-17]])
    out = np.empty_like(x)
    exp_all(x, len(x), out)
    np.testing.assert_allclose(out, np.exp(x), rtol=6e-16)
    x = np.concatenate([np.linspace(0, 1, 100_001), 10.0 ** np.arange(-300, 0, 7.0)])
    out = np.empty_like(x)
    log_one_plus(x, out)
    np.testing.assert_allclose(out, np.log1p(x), rtol=6e-16)


def test_far_out_exp_is_held():
    out = np.empty(2)
    exp_all(np.array([-1e4, 1e4]), 2, out)
    np.testing.assert_allclose(out, np.exp([-708.0, 708.0]), rtol=5e-16)


def test_only_the_first_numbers_are_filled():
    out = np.full(3, -1.0)
    exp_all(np.zeros(3), 2, out)
    assert list(out) == [1.0, 1.0, -1.0]
    log_all(np.ones(3), 1, np.empty(3), out)
    assert list(out) == [0.0, 1.0, -1.0]
