"""Density and gradient where the residual is a millionth of the group effects, against numbers of 50 digits."""

from decimal import Decimal, localcontext

import numpy as np
import pytest

from bayesmix.numerics.gaussian.arrangement import GroupColumns, pack
from bayesmix.numerics.gaussian.coefficient_prior import CoefficientPrior
from bayesmix.numerics.gaussian.cost import rounding_of
from bayesmix.numerics.gaussian.cross_products import cross_products

from .conftest import log_density_and_gradient

PRIOR = CoefficientPrior(np.array([1.0, -1.0]), np.array([10.0, 5.0]))
exact = np.frompyfunc(lambda value: Decimal(float(value)), 1, 1)


def crossed(noise, seed):
    """Correlated slopes by one factor, another crossed with it, a predictor that goes with the second."""
    rng = np.random.default_rng(seed)
    n_obs = 30
    g, h = rng.integers(0, 6, n_obs), rng.integers(0, 5, n_obs)
    x = rng.normal(size=n_obs) + 2 + (rng.normal(size=5)[h] if seed % 2 else 0)
    X = np.column_stack([np.ones(n_obs), x])
    first = rng.normal(size=(6, 2))[g]
    y = 5 + 2 * x + (first * X).sum(axis=1) + 0.7 * rng.normal(size=5)[h] + noise * rng.normal(size=n_obs)
    weights = rng.uniform(0.5, 2, n_obs) if seed == 2 else None
    terms = (GroupColumns(g, X, 6), GroupColumns(h, np.ones((n_obs, 1)), 5))
    return {"y": y, "X": X, "terms": terms, "weights": weights}


def log_density_by_hand(data, packed):
    """log N(y; X mean, V + X S X') from the n x n matrix by elimination, every number with 50 digits."""
    with localcontext() as context:
        context.prec = 50
        n_obs, X = len(data["y"]), exact(data["X"])
        weights = np.ones(n_obs) if data["weights"] is None else data["weights"]
        V = np.diag(packed[-1] ** 2 / exact(weights)) + (X * exact(PRIOR.sd**2)) @ X.T
        a, b, c, d = packed[:4]
        for term, factor in zip(data["terms"], ([[a, Decimal(0)], [b, c]], [[d]]), strict=True):
            half = exact(term.columns) @ np.array(factor)
            V = V + (half @ half.T) * np.equal.outer(term.index, term.index)
        left, total = exact(data["y"]) - X @ exact(PRIOR.mean), Decimal(0)
        for i in range(n_obs):
            total += V[i, i].ln() + left[i] ** 2 / V[i, i]
            share = V[i + 1 :, i] / V[i, i]
            left[i + 1 :] = left[i + 1 :] - share * left[i]
            V[i + 1 :, i + 1 :] = V[i + 1 :, i + 1 :] - np.multiply.outer(share, V[i, i + 1 :])
        return -(n_obs * Decimal(2 * np.pi).ln() + total) / 2


def gradient_by_hand(data, packed):
    """By the logarithm of every number: central differences whose rounding is nothing."""
    step = Decimal("1e-8")
    slopes = []
    for i in range(len(packed)):
        above, below = packed.copy(), packed.copy()
        above[i], below[i] = packed[i] * (1 + step), packed[i] * (1 - step)
        slopes.append((log_density_by_hand(data, above) - log_density_by_hand(data, below)) / (2 * step))
    return np.array(slopes, dtype=float)


@pytest.mark.parametrize("noise", [1.0, 1e-3, 1e-6])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_value_and_gradient(noise, seed):
    """At 1e-6 the bound is some 0.001; by differences of sums of squares gradients were wrong by 0.01."""
    data, L = crossed(noise, seed), (np.array([[1.0, 0.0], [0.3, 0.8]]), np.array([[0.7]]))
    products = cross_products(**data)
    packed = np.array([1.0, 0.3, 0.8, 0.7, noise])
    bound = max(rounding_of(products, pack(L, noise)), 1e-8)
    assert bound < 0.003
    found = log_density_and_gradient(products=products, L=L, sigma=noise, prior=PRIOR)
    assert abs(found.log_density - float(log_density_by_hand(data, exact(packed)))) < bound
    first, second = found.gradient_L
    slopes = [*(first[np.tril_indices(2)] * packed[:3]), second[0, 0] * packed[3], found.gradient_log_sigma]
    assert np.max(np.abs(slopes - gradient_by_hand(data, exact(packed)))) < 2 * bound


def test_what_is_left_of_y_is_found_from_the_rows():
    """Three units of noise beside effects a billion times as large; ordinary noise needs no second look."""
    data = crossed(1e-9, 1)
    noise = data["y"] - crossed(0.0, 1)["y"]
    columns = [data["X"]]
    for term in data["terms"]:
        columns.append((np.eye(term.n_levels)[term.index][:, :, None] * term.columns[:, None, :]).reshape(30, -1))
    A = np.hstack(columns)
    basis = np.linalg.svd(A)[0][:, : np.linalg.matrix_rank(A)]
    residual = noise - basis @ (basis.T @ noise)
    found = cross_products(**data).residual
    assert found.rank == basis.shape[1]
    # y itself is rounded to 1e-15.
    assert found.left == pytest.approx(residual @ residual, rel=1e-5)
    assert not found.is_rounding
    assert cross_products(**crossed(0.0, 1)).residual.is_rounding
    assert len(cross_products(**crossed(1.0, 1)).arrays.anchor) == 0
