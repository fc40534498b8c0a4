"""Log density and gradient against n x n matrices, differences, lme4's REML criterion; extremes and invariances."""

from dataclasses import replace

import numpy as np
import pytest

import bayesmix as bm
from bayesmix.numerics.gaussian.arrangement import GroupColumns, pack
from bayesmix.numerics.gaussian.coefficient_prior import CoefficientPrior, working_prior
from bayesmix.numerics.gaussian.cross_products import cross_products
from bayesmix.numerics.gaussian.gradient import value_and_gradient

from ..conftest import LME4_GAUSSIAN, LME4_SETS
from .conftest import log_density, log_density_and_gradient


def priors_for(model, seed):
    rng = np.random.default_rng(seed)
    p = model.X.shape[1]
    return {"flat": None, "normal": CoefficientPrior(rng.normal(size=p), rng.uniform(0.5, 5, p))}


def density(model, prior=None):
    return log_density(products=cross_products(**model.data), L=model.L, sigma=model.sigma, prior=prior)


def packed_gradient(products, model, prior):
    found = log_density_and_gradient(products=products, L=model.L, sigma=model.sigma, prior=prior)
    triangles = [slope[np.tril_indices(len(slope))] for slope in found.gradient_L]
    assert all(np.all(np.triu(slope, 1) == 0) for slope in found.gradient_L)
    return np.concatenate([*triangles, [found.gradient_log_sigma]])


def differences(products, model, prior):
    """Fourth-order central differences: truncation and rounding both below 1e-8."""
    working, at, step = working_prior(products, prior), pack(model.L, model.sigma), 1e-3

    def along(direction):
        points = (at + h * step * direction for h in (-2, -1, 1, 2))
        return [value_and_gradient(products.arrays, working, point, np.empty_like(at)) for point in points]

    slopes = []
    for direction in np.eye(len(at)):
        far_below, below, above, far_above = along(direction)
        slopes.append((8 * (above - below) - (far_above - far_below)) / (12 * step))
    return np.array(slopes)


@pytest.mark.parametrize("seeds", [range(70), pytest.param(range(70, 400), marks=pytest.mark.slow)])
@pytest.mark.parametrize("prior", ["flat", "normal"])
def test_brute_force(gaussian, prior, seeds):
    wrong = {}
    for seed in seeds:
        model = gaussian.random_model(seed)
        chosen = priors_for(model, seed)[prior]
        expected = gaussian.log_density(model, chosen)
        # The density may happen to be near 0, its terms are not: the number of rows sets the scale.
        error = abs(density(model, chosen) - expected) / max(abs(expected), len(model.y))
        if not error < 1e-9:
            wrong[seed] = error
    assert not wrong


@pytest.mark.parametrize("seeds", [range(21), pytest.param(range(21, 120), marks=pytest.mark.slow)])
@pytest.mark.parametrize("prior", ["flat", "normal"])
def test_gradient(gaussian, prior, seeds):
    wrong = {}
    for seed in seeds:
        model = gaussian.random_model(seed)
        if seed % 3 == 0:
            # A variance of exactly 0, where an inverse of L would fail.
            model = replace(model, L=(0 * model.L[0], *model.L[1:]))
        products, chosen = cross_products(**model.data), priors_for(model, seed)[prior]
        expected = differences(products, model, chosen)
        error = np.max(np.abs(packed_gradient(products, model, chosen) - expected) / np.maximum(1, np.abs(expected)))
        if not error < 1e-6:
            wrong[seed] = error
    assert not wrong


def test_no_random_terms_is_ordinary_regression(gaussian):
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(30), rng.normal(size=30)])
    model = gaussian.model(rng.normal(size=30), X, (), None, (), 0.7)
    for prior in priors_for(model, 2).values():
        assert density(model, prior) == pytest.approx(gaussian.log_density(model, prior), rel=1e-11)
        assert packed_gradient(cross_products(**model.data), model, prior) == pytest.approx(
            differences(cross_products(**model.data), model, prior), abs=1e-7
        )


def test_some_coefficients_flat_is_the_limit_of_wide_priors(gaussian):
    model = next(m for m in map(gaussian.random_model, range(50)) if m.X.shape[1] == 3)
    wide = CoefficientPrior(np.array([0.0, 1.0, -1.0]), np.array([1e6, 2.0, 1e6]))
    half_flat = replace(wide, sd=np.array([np.inf, 2.0, np.inf]))
    lost = np.sum(np.log(np.sqrt(2 * np.pi) * wide.sd[[0, 2]]))
    assert density(model, half_flat) == pytest.approx(density(model, wide) + lost, rel=1e-8)


def test_intercept_prior_at_the_means_is_a_prior_on_centred_columns(gaussian):
    rng = np.random.default_rng(5)
    X = np.column_stack([np.ones(40), 1000 + rng.normal(size=(40, 2))])
    term = GroupColumns(rng.integers(0, 6, 40), np.ones((40, 1)), 6)
    model = gaussian.model(rng.normal(size=40), X, (term,), None, (np.array([[0.8]]),), 1.1)
    centred = replace(model, X=X - np.array([0.0, 1000.0, 1000.0]))
    prior = CoefficientPrior(np.array([0.3, 1.0, -1.0]), np.array([2.0, 0.5, 3.0]))
    at = replace(prior, intercept_at=np.array([1.0, 1000.0, 1000.0]))
    assert density(model, at) == pytest.approx(gaussian.log_density(centred, prior), rel=1e-11)


# ---- lme4 -------


def columns_of(name, data):
    """Fixed and random columns, written out by hand: no formula code takes part."""

    def levels(*names):
        codes = data.groupby(list(names), observed=True, sort=False).ngroup().to_numpy()
        return codes, int(codes.max()) + 1

    def term(columns, *names):
        index, n_levels = levels(*names)
        return GroupColumns(index, columns, n_levels)

    one = np.ones((len(data), 1))
    if name.startswith("sleepstudy"):
        X = np.column_stack([one, data["Days"]])
        random = {"int": (one,), "corr": (X,), "slope": (X[:, 1:],), "uncorr": (one, X[:, 1:])}
        return X, tuple(term(columns, "Subject") for columns in random[name.split("_")[1]])
    if name.startswith("cake"):
        # Any basis of the 3 x 6 cell means spans the fixed part; columns to lme4's coding come in as a determinant.
        return None, (term(one, "recipe", "replicate"),)
    groups = {
        "Penicillin": [("plate",), ("sample",)],
        "Pastes": [("batch", "cask"), ("batch",)],
    }.get(name, [("Batch",)])
    return one, tuple(term(one, *group) for group in groups)


@pytest.mark.parametrize("name", LME4_GAUSSIAN)
def test_value_is_lme4s_reml_criterion(name, lme4):
    stored = lme4[name]
    tight = stored["tight"]
    data = bm.load_data(LME4_SETS[name])
    X, terms = columns_of(name, data)
    if X is None:
        X = cake_columns(data, ordered=name == "cake")
    y = data[stored["formula"].split("~")[0].strip()].to_numpy(float)
    theta, sigma, L = list(tight["theta"].values()), tight["sigma"], []
    for term in terms:
        factor = np.zeros((term.k, term.k))
        for column in range(term.k):
            for row in range(column, term.k):
                factor[row, column] = theta.pop(0) * sigma
        L.append(factor)
    found = log_density(products=cross_products(y=y, X=X, terms=terms), L=tuple(L), sigma=sigma)
    assert -2 * found == pytest.approx(tight["REMLcrit"], rel=1e-7)


def cake_columns(data, ordered):
    """recipe * temperature: treatment contrasts; an ordered temperature has orthonormal polynomials in R."""
    recipe = data["recipe"].astype(str)
    temperature = data["temperature"].astype(float)
    values = np.unique(temperature)
    if ordered:
        q, r = np.linalg.qr(np.vander(values, increasing=True))
        contrasts = q[:, 1:] * np.sign(np.diag(r))[1:]
    else:
        contrasts = np.eye(len(values))[:, 1:]
    by_temperature = contrasts[np.searchsorted(values, temperature)]
    by_recipe = np.column_stack([recipe == level for level in sorted(recipe.unique())[1:]]).astype(float)
    products = [by_recipe[:, [a]] * by_temperature for a in range(by_recipe.shape[1])]
    return np.column_stack([np.ones(len(data)), by_recipe, by_temperature, *products])


# ---- digits -------------------------------------------------------------------------------------------------------


def offset_model(gaussian, offset):
    rng = np.random.default_rng(7)
    index = np.repeat(np.arange(8), 6)
    x = rng.integers(-8, 9, 48) / 4
    slopes = np.column_stack([np.ones(48), x])
    y = 50 + 2 * x + 5 * rng.normal(size=8)[index] + rng.normal(size=48)
    X = np.column_stack([np.ones(48), x + offset])
    term = GroupColumns(index, slopes, 8)
    return gaussian.model(y, X, (term,), None, (np.array([[4.0, 0], [0.5, 1.0]]),), 1.0)


def test_a_covariate_far_from_zero_keeps_its_digits(gaussian):
    near, far = offset_model(gaussian, 0.0), offset_model(gaussian, 2.4e8)
    assert density(far) == pytest.approx(gaussian.log_density(near, None), rel=1e-12)
    prior = CoefficientPrior(np.array([50.0, 2.0]), np.array([10.0, 3.0]))
    at_offset = replace(prior, intercept_at=np.array([1.0, 2.4e8]))
    assert density(far, at_offset) == pytest.approx(gaussian.log_density(near, prior), rel=1e-12)
    assert np.isfinite(density(far, prior))


def test_random_slopes_on_a_covariate_far_from_zero(gaussian):
    """Columns (1, x + c) with factor L are columns (1, x) with factor [[1, c], [0, 1]] L."""
    offset, L = 2.0**20, np.diag([4.0, 1.0])
    near = offset_model(gaussian, 0.0)
    term = replace(near.terms[0], columns=near.terms[0].columns + np.array([0, offset]))
    far = replace(near, terms=(term,), L=(L,))
    # With k = 2 the moved factor has the Cholesky form in closed form: no digits are lost on the way.
    first = np.hypot(4.0, offset)
    moved = np.array([[first, 0.0], [offset / first, 4.0 / first]])
    assert density(far) == pytest.approx(density(near.with_factors(moved)), rel=1e-10)
    at_root = near.with_factors(np.array([[np.hypot(4.0, 32), 0.0], [32 / np.hypot(4.0, 32), 4 / np.hypot(4.0, 32)]]))
    nearer = replace(far, terms=(replace(term, columns=near.terms[0].columns + np.array([0, 32.0])),))
    assert density(nearer) == pytest.approx(gaussian.log_density(at_root, None), rel=1e-11)


def test_one_factor_with_sds_from_nothing_to_huge(gaussian):
    """Balanced one-way layout: the restricted likelihood in closed form, at every ratio of the sds."""
    n_levels, n_each, sigma = 6, 5, 1.3
    rng = np.random.default_rng(3)
    y = rng.normal(size=n_levels * n_each) + 100
    index = np.repeat(np.arange(n_levels), n_each)
    term = GroupColumns(index, np.ones((len(y), 1)), n_levels)
    means = y.reshape(n_levels, n_each).mean(axis=1)
    within = np.sum((y - means[index]) ** 2)
    between = np.sum((means - means.mean()) ** 2) * n_each
    for ratio in [0.0, *10.0 ** np.arange(-8, 9)]:
        model = gaussian.model(y, np.ones((len(y), 1)), (term,), None, (np.array([[ratio * sigma]]),), sigma)
        inflated = sigma**2 * (1 + n_each * ratio**2)
        expected = -0.5 * (
            (len(y) - 1) * np.log(2 * np.pi)
            + n_levels * (n_each - 1) * np.log(sigma**2)
            + (n_levels - 1) * np.log(inflated)
            + np.log(len(y))
            + within / sigma**2
            + between / inflated
        )
        assert density(model) == pytest.approx(expected, rel=1e-13)
        slope = packed_gradient(cross_products(**model.data), model, None)
        by_log_inflated = -0.5 * ((n_levels - 1) - between / inflated)
        assert slope[0] == pytest.approx(by_log_inflated * 2 * n_each * ratio * sigma / inflated, rel=1e-9, abs=1e-30)


@pytest.mark.parametrize("seed", range(0, 40))
def test_extreme_values_stay_finite(gaussian, seed):
    model = gaussian.random_model(seed)
    rng = np.random.default_rng(seed)
    products = cross_products(**model.data)
    factors = []
    for term in model.terms:
        correlation = np.full((term.k, term.k), 0.999999) + np.eye(term.k) * 1e-6
        sds = model.sigma * 10.0 ** rng.choice([-8, -4, 0, 4, 8], size=term.k)
        factors.append(sds[:, None] * np.linalg.cholesky(correlation))
    extreme = model.with_factors(*factors)
    for prior in priors_for(model, seed).values():
        assert np.isfinite(log_density(products=products, L=extreme.L, sigma=model.sigma, prior=prior))
        assert np.all(np.isfinite(packed_gradient(products, extreme, prior)))


# ---- invariances --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_order_of_rows_and_names_of_levels_do_not_matter(gaussian, seed):
    model = gaussian.random_model(seed)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(model.y))
    names = {id(term.index): rng.permutation(term.n_levels) for term in model.terms}
    shuffled = replace(
        model,
        y=model.y[rows],
        X=model.X[rows],
        weights=None if model.weights is None else model.weights[rows],
        terms=tuple(
            replace(term, index=names[id(term.index)][term.index][rows], columns=term.columns[rows])
            for term in model.terms
        ),
    )
    assert density(shuffled) == pytest.approx(density(model), rel=1e-11)


@pytest.mark.parametrize("seed", range(10))
def test_order_of_terms_does_not_matter(gaussian, seed):
    model = gaussian.random_model(seed)
    turned = replace(model, terms=model.terms[::-1], L=model.L[::-1])
    assert density(turned) == pytest.approx(density(model), rel=1e-11)


def test_units_of_y_shift_the_density_by_the_jacobian(gaussian):
    model = gaussian.random_model(3)
    scaled = replace(model, y=1000 * model.y, L=tuple(1000 * f for f in model.L), sigma=1000 * model.sigma)
    free = len(model.y) - model.X.shape[1]
    assert density(scaled) == pytest.approx(density(model) - free * np.log(1000), rel=1e-12)


def test_independent_terms_of_one_factor_share_a_block(gaussian):
    model = gaussian.random_model(0)
    term = model.terms[0]
    apart = tuple(replace(term, columns=term.columns[:, [c]]) for c in range(term.k))
    assert cross_products(y=model.y, X=model.X, terms=apart).arrangement.n_dense == 0


def test_rows_in_more_than_one_chunk():
    """Data repeated 1400 times are the same data with weight 1400, but for the density's constant."""
    rng = np.random.default_rng(11)
    n_obs, times = 50, 1400
    index, other = rng.integers(0, 5, n_obs), rng.integers(0, 4, n_obs)
    x, y = rng.normal(size=n_obs), rng.normal(size=n_obs)
    X = np.column_stack([np.ones(n_obs), x])
    weighted = cross_products(
        y=y,
        X=X,
        terms=(GroupColumns(index, X, 5), GroupColumns(other, X[:, :1], 4)),
        weights=np.full(n_obs, float(times)),
    )
    X_all = np.tile(X, (times, 1))
    repeated = cross_products(
        y=np.tile(y, times),
        X=X_all,
        terms=(GroupColumns(np.tile(index, times), X_all, 5), GroupColumns(np.tile(other, times), X_all[:, :1], 4)),
    )
    L, sigma = (np.array([[1.0, 0], [0.3, 0.5]]), np.array([[0.4]])), 0.9
    more_rows = n_obs * (times - 1) * np.log(2 * np.pi * sigma**2) / 2 + n_obs * np.log(times) / 2
    assert log_density(products=repeated, L=L, sigma=sigma) == pytest.approx(
        log_density(products=weighted, L=L, sigma=sigma) - more_rows, rel=1e-11
    )
