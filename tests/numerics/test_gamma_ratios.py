"""Gamma(x + n) / Gamma(x) for whole n is a product: x (x + 1) ... (x + n - 1)."""

from math import fsum, log, log1p

import numpy as np
import pytest
from scipy.special import digamma as digamma_of_scipy

from bayesmix.numerics.gamma_ratios import digamma, log_rise, slope_of_rise
from bayesmix.numerics.stirling import log_rises


@pytest.mark.parametrize("x", [1e-3, 0.7, 15.9, 16.0, 250.0, 1e6, 1e12, 1e15])
@pytest.mark.parametrize("n", [0, 1, 4, 300])
def test_log_rise_is_the_log_of_the_product(x, n):
    # Less n log x, the part that is large and known.
    product = fsum(log1p(i / x) for i in range(n))
    error = 4e-16 * n * (1 + abs(log(x)) + log(n + 1)) + 3e-13 * (x < 16) + 1e-14
    assert log_rise(x, float(n)) - n * log(x) == pytest.approx(product, abs=error)
    assert float(log_rises(np.array(x), np.array(float(n)))) - n * log(x) == pytest.approx(product, abs=error)


@pytest.mark.parametrize("x", [1e-3, 0.7, 15.9, 16.0, 250.0, 1e6, 1e12, 1e15])
@pytest.mark.parametrize("n", [0, 1, 4, 300])
def test_slope_of_rise_is_the_sum_of_reciprocals(x, n):
    assert slope_of_rise(x, float(n)) == pytest.approx(fsum(1 / (x + i) for i in range(n)), rel=1e-11, abs=1e-30)


@pytest.mark.parametrize("x", [0.01, 1.0, 7.99, 8.0, 1e5])
def test_digamma_is_that_of_scipy(x):
    assert digamma(x) == pytest.approx(float(digamma_of_scipy(x)), rel=1e-13, abs=1e-14)
