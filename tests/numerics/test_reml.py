"""REML and ML: the criterion against n x n matrices, its minimum against SciPy from many starts and closed forms."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.optimize import minimize

import bayesmix as bm
from bayesmix.numerics.boundary_search import search
from bayesmix.numerics.effect_bases import lower_triangle, packed_triangles, triangles, unit_bases
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.cross_products import cross_products
from bayesmix.numerics.gaussian.reml import PATIENCE, in_bases, reml_estimate

from .conftest import log_density

SMALL = list(range(40))
NOTHING = np.empty(0)  # that a search for theta begins with


@dataclass(frozen=True)
class Data:
    y: np.ndarray
    X: np.ndarray
    terms: tuple
    weights: np.ndarray | None = None

    @property
    def products(self):
        return cross_products(y=self.y, X=self.X, terms=self.terms, weights=self.weights)


def dense_criterion(gaussian, model, *, restricted):
    """-2 log of the restricted likelihood, or of the likelihood at the generalised least squares beta."""
    V, X, y = gaussian.marginal_covariance(model), model.X, model.y
    n, p = X.shape
    solved = np.linalg.solve(V, np.column_stack([X, y]))
    information = X.T @ solved[:, :p]
    residual = y - X @ np.linalg.solve(information, X.T @ solved[:, p])
    value = np.linalg.slogdet(V)[1] + residual @ np.linalg.solve(V, residual)
    if not restricted:
        return value + n * np.log(2 * np.pi)
    return value + (n - p) * np.log(2 * np.pi) + np.linalg.slogdet(information)[1]


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("seed", SMALL)
def test_criterion_is_that_of_the_dense_model_at_its_best_sigma(gaussian, seed, restricted):
    model = gaussian.random_model(seed)
    products = cross_products(**model.data)
    coordinates = in_bases(products, unit_bases(model.terms), restricted=restricted)
    relative = tuple(np.linalg.solve(basis, L) for basis, L in zip(coordinates.bases, model.L, strict=True))
    relative = tuple(np.linalg.cholesky(part @ part.T) for part in relative)
    value, sigma = coordinates.criterion_and_sigma(packed_triangles(relative))
    scaled = tuple(sigma * L for L in model.L)
    expected = dense_criterion(gaussian, replace(model, L=scaled, sigma=sigma), restricted=restricted)
    assert value == pytest.approx(expected, abs=1e-8)
    # The best sigma for these L / sigma.
    for share in (0.99, 1.01):
        other = replace(model, L=tuple(share * L for L in scaled), sigma=share * sigma)
        assert dense_criterion(gaussian, other, restricted=restricted) > value


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("seed", SMALL[:15])
def test_gradient_by_differences(gaussian, seed, restricted):
    model = gaussian.random_model(seed)
    coordinates = in_bases(cross_products(**model.data), unit_bases(model.terms), restricted=restricted)
    theta = np.random.default_rng(seed).normal(size=len(coordinates.units))
    found = coordinates.evaluate(theta, NOTHING)
    assert found.value == pytest.approx(coordinates.value(theta, NOTHING), abs=1e-9)
    steps = 1e-5 * np.eye(len(theta))
    ahead, behind = ([coordinates.value(theta + sign * step, NOTHING) for step in steps] for sign in (1, -1))
    numeric = (np.array(ahead) - behind) / 2e-5
    np.testing.assert_allclose(found.gradient, numeric, rtol=1e-6, atol=1e-6)


def random_data(seed):
    """1 to 3 terms of 1 to 4 columns, crossed; some sds 0; columns far from 0 and in units from 1e-4 to 1e6."""
    rng = np.random.default_rng(seed)
    n = int(rng.choice([15, 24, 40, 80, 150]))
    terms, mean, left = [], np.zeros(n), 0.8 * n
    for _ in range(rng.choice([1, 1, 2, 2, 3])):
        k, n_levels = int(rng.choice([1, 1, 2, 2, 3, 4])), int(rng.integers(3, max(4, n // 4)))
        if k * n_levels >= left:
            k, n_levels = 1, 3
        left -= k * n_levels
        index, columns = rng.integers(0, n_levels, n), rng.normal(size=(n, k))
        first = 1 if rng.random() < 0.8 else 0
        columns[:, :first] = 1.0
        columns[:, first:] += rng.choice([0, 0, 3, 30], size=k - first)
        columns[:, first:] *= 10.0 ** rng.choice([-4, 0, 0, 3, 6], size=k - first)
        directions = np.tril(rng.normal(size=(k, k)))
        sd = rng.choice([0, 0, 0.1, 0.5, 1, 3], size=k) / np.sqrt((columns**2).mean(axis=0))
        L = sd[:, None] * directions / np.linalg.norm(directions, axis=1, keepdims=True)
        mean += (columns * (rng.normal(size=(n_levels, k)) @ L.T)[index]).sum(axis=1)
        terms.append(GroupColumns(index, columns, n_levels))
    X = np.column_stack([np.ones(n), rng.normal(size=(n, int(rng.integers(0, 3))))])
    y = mean + X @ rng.normal(size=X.shape[1]) + rng.normal(size=n)
    return Data(y * rng.choice([1, 1, 1e5]), X, tuple(terms), rng.uniform(0.3, 3, n) if rng.random() < 0.3 else None)


def best_of_scipy(coordinates, n_starts, rng):
    """SciPy's L-BFGS-B with lme4's bounds, from the identity and scattered starts."""
    sizes = coordinates.sizes
    diagonal = packed_triangles(tuple(np.eye(k) for k in sizes)) == 1
    bounds = [(0, None) if own else (None, None) for own in diagonal]
    found = []

    def value_and_gradient(x):
        at = coordinates.evaluate(x, NOTHING)
        return at.value, at.gradient

    for number in range(n_starts):
        start = np.exp(1.5 * rng.normal()) * rng.normal(size=len(coordinates.units)) if number else 1.0 * diagonal
        start[diagonal] = np.abs(start[diagonal])
        result = minimize(
            value_and_gradient,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 1000, "ftol": 1e-14, "gtol": 1e-8},
        )
        found.append(result.fun)
    return min(found)


@pytest.mark.parametrize("seed", [*range(20), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(20, 150))])
def test_no_other_search_finds_less(seed):
    data = random_data(seed)
    products, restricted = data.products, seed % 3 > 0
    estimate = reml_estimate(products=products, terms=data.terms, restricted=restricted)
    coordinates = in_bases(products, unit_bases(data.terms), restricted=restricted)
    assert estimate.criterion <= best_of_scipy(coordinates, 4, np.random.default_rng(seed)) + 1e-6
    assert estimate.converged
    assert estimate.gradient_size < 1e-4
    if restricted:
        direct = -2 * log_density(products=products, L=estimate.L, sigma=estimate.sigma)
        assert estimate.criterion == pytest.approx(direct, abs=1e-7)


def one_way(effects, residuals):
    n_levels, n_each = residuals.shape
    y = (effects[:, None] + residuals).ravel()
    term = GroupColumns(np.repeat(np.arange(n_levels), n_each), np.ones((y.size, 1)), n_levels)
    return Data(y, np.ones((y.size, 1)), (term,))


@pytest.mark.parametrize("restricted", [True, False])
def test_balanced_one_way_design_in_closed_form(restricted):
    rng = np.random.default_rng(4)
    n_levels, n_each = 7, 5
    data = one_way(2 * rng.normal(size=n_levels), rng.normal(size=(n_levels, n_each)))
    cells = data.y.reshape(n_levels, n_each)
    within = ((cells - cells.mean(axis=1, keepdims=True)) ** 2).sum() / (n_levels * (n_each - 1))
    between = n_each * ((cells.mean(axis=1) - cells.mean()) ** 2).sum() / (n_levels - (1 if restricted else 0))
    estimate = reml_estimate(products=data.products, terms=data.terms, restricted=restricted)
    assert estimate.sigma**2 == pytest.approx(within, rel=1e-8)
    assert estimate.L[0][0, 0] ** 2 == pytest.approx((between - within) / n_each, rel=1e-7)


def test_between_levels_less_than_within_is_exactly_nought():
    rng = np.random.default_rng(5)
    residuals = rng.normal(size=(8, 4))
    residuals -= 0.9 * residuals.mean(axis=1, keepdims=True)
    data = one_way(np.zeros(8), residuals)
    estimate = reml_estimate(products=data.products, terms=data.terms)
    assert estimate.L[0][0, 0] == 0.0
    assert estimate.ranks == (0,)
    assert estimate.converged
    assert estimate.sigma == pytest.approx(np.std(data.y, ddof=1), rel=1e-12)


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("factor", [1e-14, 1e-6, 1e-4, 1e5, 1e12])
def test_a_factor_on_all_weights_goes_into_sigma_alone(factor, restricted):
    rng = np.random.default_rng(9)
    data = one_way(3 * rng.normal(size=9), rng.normal(size=(9, 4)))
    weights = rng.uniform(0.2, 4, len(data.y))

    def estimate(weights):
        weighted = replace(data, weights=weights)
        return reml_estimate(products=weighted.products, terms=data.terms, restricted=restricted)

    plain, scaled = estimate(weights), estimate(factor * weights)
    assert plain.converged
    assert scaled.converged
    assert scaled.criterion == pytest.approx(plain.criterion, abs=1e-8)
    assert scaled.L[0] == pytest.approx(plain.L[0], rel=1e-6)
    assert scaled.sigma == pytest.approx(np.sqrt(factor) * plain.sigma, rel=1e-7)


def of_dataset(name, response, group):
    frame = bm.load_data(name)
    levels = frame[group].astype(str)
    index = np.searchsorted(np.unique(levels), levels)
    term = GroupColumns(index, np.ones((len(frame), 1)), len(np.unique(levels)))
    return Data(frame[response].to_numpy(dtype=float), np.ones((len(frame), 1)), (term,))


def test_dyestuff_and_dyestuff2():
    data = of_dataset("Dyestuff", "Yield", "Batch")
    there = reml_estimate(products=data.products, terms=data.terms)
    assert there.criterion == pytest.approx(319.654276842257, abs=1e-8)
    assert (there.L[0][0, 0], there.sigma) == (pytest.approx(42.00, abs=0.01), pytest.approx(49.51, abs=0.01))
    data = of_dataset("Dyestuff2", "Yield", "Batch")
    for restricted in (True, False):
        nought = reml_estimate(products=data.products, terms=data.terms, restricted=restricted)
        assert nought.L[0][0, 0] == 0.0
        assert nought.converged


def slopes(scale=1.0, shift=0.0, seed=6):
    rng = np.random.default_rng(seed)
    n, n_levels = 120, 12
    index, x = rng.integers(0, n_levels, n), rng.normal(size=n)
    b = rng.normal(size=(n_levels, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])
    y = 1 + b[index, 0] + x * (2 + b[index, 1]) + rng.normal(size=n)
    own = scale * (x + shift)
    columns = np.column_stack([np.ones(n), own])
    return Data(y, columns, (GroupColumns(index, columns, n_levels),))


@pytest.mark.parametrize(("scale", "shift"), [(1e6, 0), (1e-6, 0), (1, 1000), (1e3, -50)])
def test_units_and_origin_of_a_covariate_change_nothing(scale, shift):
    plain, other = slopes(), slopes(scale, shift)
    first = reml_estimate(products=plain.products, terms=plain.terms)
    second = reml_estimate(products=other.products, terms=other.terms)
    # |X'V^-1 X| alone knows the units.
    assert second.criterion - 2 * np.log(scale) == pytest.approx(first.criterion, abs=1e-7)
    assert second.sigma == pytest.approx(first.sigma, rel=1e-7)
    # Covariance of a level's line at two points of x.
    lines = np.column_stack([np.ones(2), [-1.0, 2.0]])
    moved = np.column_stack([np.ones(2), scale * (np.array([-1.0, 2.0]) + shift)])
    covariances = [line @ L @ L.T @ line.T for line, L in ((lines, first.L[0]), (moved, second.L[0]))]
    np.testing.assert_allclose(covariances[0], covariances[1], rtol=1e-5)


def test_a_criterion_that_falls_inwards_is_followed_from_the_boundary():
    data = slopes()
    coordinates = in_bases(data.products, unit_bases(data.terms), restricted=True)
    stopped = search(coordinates, np.array([1.0, 0.0, 0.0]), NOTHING, PATIENCE)
    assert stopped.sds[0][1] == 0.0
    assert stopped.ascent < -1
    assert stopped.gradient_size > 1
    estimate = reml_estimate(products=data.products, terms=data.terms)
    assert estimate.criterion < stopped.criterion - 1
    assert estimate.ranks == (2,)


def test_residual_of_nought_does_not_converge():
    """Slopes and intercepts that reproduce y: the criterion falls without bound."""
    index = np.repeat(np.arange(5), 4)
    x = np.tile(np.arange(4.0), 5)
    b = np.random.default_rng(7).normal(size=(5, 2))
    columns = np.column_stack([np.ones(20), x])
    data = Data((b[index] * columns).sum(axis=1), np.ones((20, 1)), (GroupColumns(index, columns, 5),))
    estimate = reml_estimate(products=data.products, terms=data.terms)
    assert not estimate.converged


def test_without_random_terms_it_is_least_squares():
    rng = np.random.default_rng(8)
    X, y = np.column_stack([np.ones(30), rng.normal(size=30)]), rng.normal(size=30)
    residual = y - X @ np.linalg.lstsq(X, y)[0]
    data = Data(y, X, ())
    restricted = reml_estimate(products=data.products, terms=(), restricted=True)
    full = reml_estimate(products=data.products, terms=(), restricted=False)
    assert restricted.sigma**2 == pytest.approx(residual @ residual / 28)
    assert full.sigma**2 == pytest.approx(residual @ residual / 30)
    assert restricted.L == full.L == ()
    assert restricted.converged


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
@pytest.mark.parametrize("first_is_nought", [False, True])
def test_lower_triangle_of_a_semidefinite_covariance(rank, first_is_nought):
    rng = np.random.default_rng(rank)
    columns = rng.normal(size=(3, rank)) * np.array([[1e-3], [1.0], [1e4]])
    if first_is_nought:
        columns[0] = 0.0
        rank = min(rank, 2)
        columns = columns[:, :rank]
    L = lower_triangle(columns, np.array([1e-3, 1.0, 1e4]))
    np.testing.assert_allclose(L @ L.T, columns @ columns.T, rtol=1e-10)
    assert np.all(np.triu(L, 1) == 0)
    assert np.all(np.diag(L) >= 0)
    assert np.sum(np.diag(L) > 0) == rank


def test_turned_bases_are_the_same_model():
    data = random_data(3)
    coordinates = in_bases(data.products, unit_bases(data.terms), restricted=True)
    theta = np.random.default_rng(3).normal(size=len(coordinates.units))
    other, sds = coordinates.turned(theta)
    assert all(np.all(np.diff(sd) <= 0) for sd in sds)
    diagonal = packed_triangles(tuple(np.diag(sd) for sd in sds))
    assert other.value(diagonal, NOTHING) == pytest.approx(coordinates.value(theta, NOTHING), abs=1e-9)
    for one, factor, two, sd in zip(
        coordinates.bases, triangles(theta, coordinates.sizes), other.bases, sds, strict=True
    ):
        np.testing.assert_allclose(one @ factor @ factor.T @ one.T, (two * sd**2) @ two.T, rtol=1e-9)


@pytest.mark.parametrize("shift", [0.0, 2000.0])
def test_unit_bases_are_orthogonal(shift):
    rng = np.random.default_rng(9)
    columns = np.column_stack([np.ones(50), shift + rng.normal(size=50), 1e5 * rng.normal(size=50)])
    (basis,) = unit_bases((GroupColumns(np.zeros(50, dtype=int), columns, 1),))
    unit = columns @ basis
    np.testing.assert_allclose(unit.T @ unit / 50, np.eye(3), atol=1e-9)


def test_dependent_columns_are_scaled_alone():
    x = np.random.default_rng(10).normal(size=20)
    (basis,) = unit_bases((GroupColumns(np.zeros(20, dtype=int), np.column_stack([x, 5 * x]), 1),))
    size = np.sqrt(np.mean(x**2))
    np.testing.assert_allclose(basis, np.diag([1 / size, 1 / (5 * size)]))
