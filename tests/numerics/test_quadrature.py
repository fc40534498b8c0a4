"""Quadrature on the whole line against integrals that are known."""

from math import gamma, log, pi

import numpy as np
import pytest

from bayesmix.numerics.quadrature import integrate


@pytest.mark.parametrize("n", [1, 2])
def test_standard_normal(n):
    found = integrate(lambda x: -0.5 * (x**2).sum(axis=1), n)
    assert found.log_value == pytest.approx(n / 2 * log(2 * pi), abs=1e-12)
    assert found.log_error < 1e-8


@pytest.mark.parametrize("correlation", [0.0, 0.9, 0.999])
def test_a_ridge(correlation):
    precision = np.linalg.inv([[1, correlation], [correlation, 1]])
    found = integrate(lambda x: -0.5 * np.einsum("ni,ij,nj->n", x, precision, x), 2)
    assert found.log_value == pytest.approx(log(2 * pi) + 0.5 * log(1 - correlation**2), abs=max(1e-9, found.log_error))


@pytest.mark.parametrize("shape", [0.3, 1.0, 4.0])
def test_exponential_tail(shape):
    """The log of a gamma variable: towards minus infinity its density falls as exp(shape x)."""
    found = integrate(lambda x: shape * (x[:, 0] + log(shape)) - shape * np.exp(x[:, 0]), 1)
    assert found.log_value == pytest.approx(log(gamma(shape)), abs=1e-8)


def test_far_from_normal_with_minus_infinity():
    """Uniform on a disc's quarter, smoothed by nothing: the error says how little is known."""
    inside = integrate(lambda x: np.where((x > 0).all(axis=1) & ((x**2).sum(axis=1) < 4), 0.0, -np.inf), 2)
    assert abs(inside.log_value - log(pi)) < 0.1
    assert inside.log_error > 1e-6


def test_more_than_two_parameters_are_refused():
    with pytest.raises(ValueError, match="got 3"):
        integrate(lambda x: -(x**2).sum(axis=1), 3)
