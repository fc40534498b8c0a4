"""Profile intervals: against sums of squares in closed form, and dense matrices at their ends."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.stats import chi2

from bayesmix.data.catalogue import load_data
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.cross_products import cross_products
from bayesmix.numerics.gaussian.reml import reml_estimate
from bayesmix.numerics.gaussian.sd_profile import sd_intervals


def intervals(y, X, terms, prob=0.95):
    products = cross_products(y=y, X=X, terms=terms)
    found = reml_estimate(products=products, terms=terms)
    return found, sd_intervals(products=products, terms=terms, L=found.L, sigma=found.sigma, prob=prob)


def one_way(y, prob):
    """Of a balanced table (n_levels, r): the criterion is a function of two sums of squares."""
    n_levels, r = y.shape
    between = r * np.sum((y.mean(axis=1) - y.mean()) ** 2)
    within = np.sum((y - y.mean(axis=1)[:, None]) ** 2)

    def criterion(sd, sigma):
        of_level = sigma**2 + r * sd**2
        logs = (n_levels - 1) * np.log(of_level) + n_levels * (r - 1) * np.log(sigma**2)
        return logs + between / of_level + within / sigma**2

    sigma = np.sqrt(within / (n_levels * (r - 1)))
    sd = np.sqrt(max(0.0, (between / (n_levels - 1) - sigma**2) / r))
    if sd == 0:
        sigma = np.sqrt((between + within) / (y.size - 1))
    highest = criterion(sd, sigma) + chi2.ppf(prob, 1)

    def over_sigma(held):
        return minimize_scalar(
            lambda s: criterion(held, s), bounds=(sigma / 9, 9 * sigma), method="bounded", options={"xatol": 1e-11}
        ).fun

    def over_sd(held):
        return minimize_scalar(
            lambda s: criterion(s, held), bounds=(0, 20 * sigma), method="bounded", options={"xatol": 1e-11}
        ).fun

    def end(profile, here, there):
        return brentq(lambda s: profile(s) - highest, here, there, xtol=1e-12)

    lower = 0.0 if over_sigma(0.0) <= highest else end(over_sigma, 0.0, sd)
    return [
        [lower, end(over_sigma, sd, 30 * sigma)],
        [end(over_sd, sigma / 4, sigma), end(over_sd, sigma, 4 * sigma)],
    ]


@pytest.mark.parametrize("name", ["Dyestuff", "Dyestuff2"])
@pytest.mark.parametrize("prob", [0.8, 0.95])
def test_balanced_one_way_in_closed_form(name, prob):
    data = load_data(name)
    y = data["Yield"].to_numpy(dtype=float)
    levels = data["Batch"].cat.codes.to_numpy().astype(np.intp)
    _, found = intervals(y, np.ones((30, 1)), (GroupColumns(levels, np.ones((30, 1)), 6),), prob)
    expected = one_way(np.array([y[levels == level] for level in range(6)]), prob)
    np.testing.assert_allclose(found, expected, rtol=2e-5)
    assert (found[0, 0] == 0) == (name == "Dyestuff2")


def slopes_data():
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(8), 5)
    x = rng.normal(size=40)
    b = rng.normal(size=(8, 2)) @ np.array([[1.0, 0.5], [0.0, 0.8]])
    return 2 + x + b[g, 0] + b[g, 1] * x + 0.8 * rng.normal(size=40), x, g


def dense_criterion(y, X, Z, g, covariance, sigma):
    same = g[:, None] == g
    V = same * (Z @ covariance @ Z.T) + sigma**2 * np.eye(len(y))
    inverse = np.linalg.inv(V)
    information = X.T @ inverse @ X
    rest = y - X @ np.linalg.solve(information, X.T @ inverse @ y)
    logs = np.linalg.slogdet(V)[1] + np.linalg.slogdet(information)[1]
    return logs + rest @ inverse @ rest + (len(y) - X.shape[1]) * np.log(2 * np.pi)


@pytest.mark.parametrize("held", [0, 1, 2])
def test_at_the_ends_of_an_interval_the_dense_criterion_is_at_the_quantile(held):
    """All other parameters are minimised over by Nelder and Mead; shifted by 50, intercept and slope are far apart."""
    y, x, g = slopes_data()
    x = x + (50 if held == 1 else 0)
    Z = np.column_stack([np.ones(40), x])
    estimate, found = intervals(y, Z, (GroupColumns(g, Z, 8),))
    middle = x.mean() if held == 1 else 0.0  # the sd of the slope is the same beside an intercept elsewhere
    centred = Z - [0, middle]

    def least(at):
        def criterion(free):
            sds = [np.exp(value) for value in free[:2]]
            sds.insert(held, at)
            r = np.sin(free[2])  # reaches 1
            covariance = np.diag(sds[:2]) @ [[1, r], [r, 1]] @ np.diag(sds[:2])
            return dense_criterion(y, Z, centred, g, covariance, sds[2])

        options = {"xatol": 1e-7, "fatol": 1e-9, "maxiter": 4000, "maxfev": 4000}
        starts = ([0.0, -0.5, 0.2], [-0.5, 0.0, 0.8])
        return min(minimize(criterion, start, method="Nelder-Mead", options=options).fun for start in starts)

    ends = found[[0, 1, 3]][held]  # beside that of the correlation
    for end in ends:
        assert end > 0
        assert least(end) - estimate.criterion == pytest.approx(chi2.ppf(0.95, 1), abs=1e-4)
    assert ends[0] < np.append(np.linalg.norm(estimate.L[0], axis=1), estimate.sigma)[held] < ends[1]


def test_units_do_not_matter():
    y, x, g = slopes_data()
    plain, wide = (np.column_stack([np.ones(40), x * scale]) for scale in (1.0, 1e6))
    _, here = intervals(y, plain, (GroupColumns(g, plain, 8),))
    _, there = intervals(1e-3 * y, wide, (GroupColumns(g, wide, 8),))
    np.testing.assert_allclose(there, here * [[1e-3], [1e-9], [1], [1e-3]], rtol=2e-4)


@pytest.mark.parametrize("factor", [1e-12, 1e-6, 1e8])
def test_a_factor_on_all_weights_moves_the_ends_of_sigma_alone(factor):
    y, X, g = slopes_data()
    columns, weights = np.column_stack([np.ones(40), X]), np.random.default_rng(2).uniform(0.5, 2, 40)
    terms, found = (GroupColumns(g, columns, 8),), []
    for unit in (1.0, factor):
        products = cross_products(y=y, X=columns, terms=terms, weights=unit * weights)
        estimate = reml_estimate(products=products, terms=terms)
        found.append(sd_intervals(products=products, terms=terms, L=estimate.L, sigma=estimate.sigma, prob=0.95))
    np.testing.assert_allclose(found[1], found[0] * [[1], [1], [1], [np.sqrt(factor)]], rtol=2e-4)


def test_crossed_groups_one_of_them_at_zero():
    rng = np.random.default_rng(6)
    g, h = np.tile(np.arange(6), 12), np.repeat(np.arange(12), 6)
    one = np.ones((72, 1))
    y = rng.normal(size=6)[g] + rng.normal(size=72)
    y = y - np.array([y[h == level].mean() for level in range(12)])[h]  # no variance between the levels of h
    terms = (GroupColumns(g, one, 6), GroupColumns(h, one, 12))
    estimate, found = intervals(y, one, terms)
    assert estimate.L[1][0, 0] == 0
    assert found[1, 0] == 0
    assert 0 < found[1, 1] < 0.5
    assert (found[[0, 2], 0] > 0.2).all()
