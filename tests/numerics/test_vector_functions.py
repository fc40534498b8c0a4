"""exp and log of stretches against NumPy's."""

import numpy as np
import pytest

from bayesmix.numerics.vector_functions import exp_all, log_all


@pytest.mark.parametrize("n", [1, 7, 16, 1000])
def test_exp_and_log_are_numpys(n):
    rng = np.random.default_rng(n)
    x, out, spare = rng.uniform(-690, 690, n), np.empty(n), np.empty(n)
    exp_all(x, n, out)
    np.testing.assert_allclose(out, np.exp(x), rtol=5e-16)
    for values in (np.exp(x), 1 + rng.exponential(size=n) * 1e-7, rng.uniform(0.6, 1.6, n)):
        log_all(values, n, spare, out)
        np.testing.assert_allclose(out, np.log(values), rtol=5e-16, atol=2e-16)


def test_only_the_first_numbers_are_filled():
    out = np.full(3, -1.0)
    exp_all(np.zeros(3), 2, out)
    assert list(out) == [1.0, 1.0, -1.0]
    log_all(np.ones(3), 1, np.empty(3), out)
    assert list(out) == [0.0, 1.0, -1.0]
