"""Laplace's criterion against dense linear algebra and quadrature; the search against other optimisers."""

import numpy as np
import pytest
from scipy import optimize, stats
from scipy.special import logsumexp
from statsmodels import api as sm

from bayesmix.families.table import FAMILIES as RECORDS
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.laplace.criterion import Counts, laplace_at, slope_of
from bayesmix.numerics.laplace.estimate import laplace_estimate
from bayesmix.numerics.laplace.incidence import incidence
from bayesmix.numerics.laplace.likelihood import BINOMIAL, POISSON, CountLikelihood, RowTerms
from bayesmix.numerics.links import LINKS

N = 70


def mean_slope(link, eta):
    """d mean / d eta by differences of the fifth order, good to 12 digits."""
    h = 1e-3
    f = LINKS[link].inverse
    return (8 * (f(eta + h) - f(eta - h)) - (f(eta + 2 * h) - f(eta - 2 * h))) / (12 * h)


def variance_of(family, mean, trials):
    """Of a count, where `variance` has that of a proportion."""
    variance = RECORDS[family].distribution.variance({"mu": mean, "trials": trials})
    return variance * (trials**2 if family == "binomial" else 1)


def log_mass(family, link, y, trials, eta):
    mean = LINKS[link].inverse(eta)
    return stats.poisson.logpmf(y, mean) if family == "poisson" else stats.binom.logpmf(y, trials, mean)


def a_model(family, seed=0):
    """Crossed and nested terms, slopes, two terms of one factor, a level without rows, an offset."""
    rng = np.random.default_rng(seed)
    one, x = np.ones((N, 1)), rng.normal(size=(N, 1))
    g, h, f = rng.integers(0, 7, N), rng.integers(0, 5, N), rng.integers(0, 4, N)
    terms = (
        GroupColumns(h, one, 5),
        GroupColumns(g, np.hstack([one, x]), 8),
        GroupColumns(g, rng.normal(size=(N, 1)), 8),
        GroupColumns(f, np.hstack([one, x]), 4),
    )
    trials = rng.integers(1, 9, N).astype(float) if family == "binomial" else np.ones(N)
    y = rng.poisson(2, N) if family == "poisson" else rng.binomial(trials.astype(int), 0.4)
    return {
        "y": y.astype(float),
        "trials": trials,
        "X": np.hstack([one, x]),
        "terms": terms,
        "offset": 0.2 * rng.normal(size=N),
    }


def counts_of(model, likelihood):
    found = incidence(model["terms"], len(model["y"]))
    order = found.order
    data = (model[name][order] for name in ("y", "trials", "offset", "X"))
    return Counts(found, *data, likelihood.terms, likelihood.log_constant(model["y"], model["trials"]))


def random_factors(layout, seed=1, size=0.6):
    rng = np.random.default_rng(seed)
    widest = int(layout.block_k.sum())
    factors = np.zeros((len(layout.block_k), widest, widest))
    for place in layout.places:
        own = slice(place.first, place.first + place.k)
        factors[place.block, own, own] = size * np.tril(rng.normal(size=(place.k, place.k)))
    return factors


def dense_rows(terms, layout, factors):
    """Z Lambda (n_obs, q), by a Kronecker product for each term."""
    parts = []
    for term, place in zip(terms, layout.places, strict=True):
        own = slice(place.first, place.first + place.k)
        incidence_of = np.eye(term.n_levels)[term.index]
        z = (incidence_of[:, :, None] * term.columns[:, None, :]).reshape(len(term.index), -1)
        parts.append(z @ np.kron(np.eye(term.n_levels), factors[place.block, own, own]))
    return np.hstack(parts)


def dense_criterion(family, link, model, V, beta):
    """Fisher scoring on the whole vector u, from links and variances alone; then the determinant."""
    fixed, u = model["X"] @ beta + model["offset"], np.zeros(V.shape[1])
    for _ in range(500):
        eta = fixed + V @ u
        unit = model["trials"] if family == "binomial" else 1.0
        mean, slope = unit * LINKS[link].inverse(eta), unit * mean_slope(link, eta)
        variance = variance_of(family, LINKS[link].inverse(eta), model["trials"])
        H = np.eye(len(u)) + V.T @ (V * (slope**2 / variance)[:, None])
        step = np.linalg.solve(H, u - V.T @ ((model["y"] - mean) * slope / variance))
        u -= step
        if np.abs(step).max() < 1e-12:
            break
    penalised = u @ u - 2 * log_mass(family, link, model["y"], model["trials"], fixed + V @ u).sum()
    return penalised + np.linalg.slogdet(H)[1]


FAMILIES = [(family, link) for family, record in RECORDS.items() for link in record.laplace]


@pytest.mark.parametrize(("family", "link"), FAMILIES)
def test_likelihood_is_that_of_links_and_variances(family, link):
    eta = np.array([-4.0, -1.3, -0.2, 0.4, 1.1, 1.4])
    trials = np.array([1.0, 4, 6, 3, 2, 9]) if family == "binomial" else np.ones(6)
    y = np.array([0.0, 1, 1, 0, 1, 1])
    terms = RECORDS[family].laplace[link].terms(eta, y, trials)
    total = terms.log_density.sum() + RECORDS[family].laplace[link].log_constant(y, trials)
    np.testing.assert_allclose(total, log_mass(family, link, y, trials, eta).sum(), rtol=1e-12)
    h = 1e-5

    def difference(name):
        ahead, behind = (RECORDS[family].laplace[link].terms(eta + way, y, trials) for way in (h, -h))
        return (getattr(ahead, name) - getattr(behind, name)) / (2 * h)

    np.testing.assert_allclose(terms.score, difference("log_density"), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(terms.observed, -difference("score"), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(terms.expected_slope, difference("expected"), rtol=1e-7, atol=1e-9)
    unit = trials if family == "binomial" else 1.0
    by_definition = (unit * mean_slope(link, eta)) ** 2 / variance_of(family, LINKS[link].inverse(eta), trials)
    np.testing.assert_allclose(terms.expected, by_definition, rtol=1e-9)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize("success", [0.0, 1.0])
def test_far_out_nothing_is_lost(link, success):
    """Separated data lead there: the score has the right sign, weights stay above 0, nothing is nan."""
    eta = np.array([-30.0, -8.0, -1e-9, 2.0, 3.0]) if link == "cloglog" else np.array([-30.0, -9.0, 0.0, 9.0, 30.0])
    terms = RECORDS["bernoulli"].laplace[link].terms(eta, np.full(5, success), np.ones(5))
    assert np.isfinite([terms.log_density, terms.score, terms.observed, terms.expected_slope]).all()
    assert (terms.score > 0).all() if success else (terms.score < 0).all()
    assert (terms.observed > 0).all()
    exact = {"logit": np.exp(-30.0), "probit": np.exp(stats.norm.logpdf(30.0))}.get(link)
    if exact:
        np.testing.assert_allclose(np.abs(terms.score[-1 if success else 0]), exact, rtol=1e-12)


@pytest.mark.parametrize(("family", "link"), FAMILIES)
def test_criterion_and_gradient_against_dense_algebra(family, link):
    model = a_model(family)
    counts = counts_of(model, RECORDS[family].laplace[link])
    layout, beta = counts.incidence.layout, np.array([0.2, -0.3])
    factors = random_factors(layout)
    at = laplace_at(counts, beta, factors, np.zeros(counts.incidence.n_effects))
    dense = dense_criterion(family, link, model, dense_rows(model["terms"], layout, factors), beta)
    assert at.value == pytest.approx(dense, abs=1e-8)

    slope, h = slope_of(counts, at), 1e-5

    def change(db, df):
        ahead, behind = (laplace_at(counts, beta + s * db, factors + s * df, at.modes.u).value for s in (1, -1))
        return (ahead - behind) / (2 * h)

    by_beta = [change(h * e, 0.0) for e in np.eye(2)]
    np.testing.assert_allclose(slope.coefficients, by_beta, atol=1e-6)
    for place in layout.places:
        for r in range(place.first, place.first + place.k):
            for c in range(place.first, place.first + place.k):
                step = np.zeros_like(factors)
                step[place.block, r, c] = h
                assert slope.factors[place.block, r, c] == pytest.approx(change(0.0, step), abs=1e-6)


def test_gaussian_rows_make_it_exact():
    """With normal rows of variance 1 the approximation is the n x n normal density itself."""
    model = a_model("poisson", seed=3)
    model["y"] = np.random.default_rng(4).normal(size=N)

    def normal(eta, y, _):
        one = np.ones_like(eta)
        return RowTerms(-0.5 * (y - eta) ** 2, y - eta, one, one, np.zeros_like(eta))

    counts = counts_of(model, CountLikelihood(normal, lambda y, _: -0.5 * len(y) * np.log(2 * np.pi), lambda y, _: y))
    beta, factors = np.array([0.4, 1.0]), random_factors(counts.incidence.layout, size=1.5)
    V = dense_rows(model["terms"], counts.incidence.layout, factors)
    exact = stats.multivariate_normal(model["X"] @ beta + model["offset"], np.eye(N) + V @ V.T).logpdf(model["y"])
    value = laplace_at(counts, beta, factors, np.zeros(counts.incidence.n_effects)).value
    assert value == pytest.approx(-2 * exact, abs=1e-9)


def quadrature_criterion(family, link, y, trials, eta, index, n_levels, sd):
    """A random intercept integrated out level by level with 120 Gauss-Hermite nodes about the mode."""
    nodes, weights = np.polynomial.hermite.hermgauss(120)
    total = 0.0
    for j in range(n_levels):
        own = index == j

        def log_joint(u, own=own):
            values = log_mass(family, link, y[own, None], trials[own, None], eta[own, None] + sd * np.atleast_1d(u))
            return values.sum(axis=0) - 0.5 * np.atleast_1d(u) ** 2 - 0.5 * np.log(2 * np.pi)

        mode = optimize.minimize_scalar(lambda u: -log_joint(u)[0], bracket=(-1, 1), tol=1e-10).x
        h = 1e-3
        bend = -(log_joint(mode + h) - 2 * log_joint(mode) + log_joint(mode - h))[0] / h**2
        spread = np.sqrt(2 / bend)
        total += logsumexp(log_joint(mode + spread * nodes) + nodes**2, b=weights * spread)
    return -2 * total


@pytest.mark.parametrize(("family", "link"), [("binomial", "logit"), ("binomial", "cloglog"), ("poisson", "log")])
def test_the_error_falls_with_the_information_of_a_level(family, link):
    """Ten times the counts, a tenth of the error; the expected weights of cloglog add an error of the same order."""
    rng = np.random.default_rng(7)
    n_levels, sd = 6, 0.8
    index = np.repeat(np.arange(n_levels), 3)
    share = LINKS["logit"].inverse(rng.normal(size=18))
    errors = []
    for size in (10, 100, 1000):
        trials = np.full(18, float(size))
        y = np.round(size * share)
        eta = np.full(18, np.log(size) if family == "poisson" else 0.0)
        model = {"y": y, "trials": trials, "X": np.zeros((18, 0)), "offset": eta}
        model["terms"] = (GroupColumns(index, np.ones((18, 1)), n_levels),)
        counts = counts_of(model, RECORDS[family].laplace[link])
        value = laplace_at(counts, np.zeros(0), np.full((1, 1, 1), sd), np.zeros(n_levels)).value
        errors.append(abs(value - quadrature_criterion(family, link, y, trials, eta, index, n_levels, sd)))
    assert errors[0] < 0.5
    assert errors[1] < errors[0] / 5
    assert errors[2] < errors[1] / 5


def test_estimates_against_another_optimiser():
    """Nelder and Mead's search on the dense criterion finds nothing lower, and the same covariance."""
    rng = np.random.default_rng(21)
    n, index = 60, np.arange(60) % 10
    x = rng.normal(size=n)
    y = rng.poisson(np.exp(0.3 + 0.4 * x + 0.7 * rng.normal(size=10)[index])).astype(float)
    X, one = np.column_stack([np.ones(n), x]), np.ones((n, 1))
    terms = (GroupColumns(index, one, 10),)
    model = {"y": y, "trials": np.ones(n), "X": X, "terms": terms, "offset": np.zeros(n)}
    found = laplace_estimate(**model, likelihood=POISSON["log"])
    layout = incidence(terms, n).layout

    def dense(point):
        V = dense_rows(terms, layout, np.full((1, 1, 1), point[2]))
        return dense_criterion("poisson", "log", model, V, point[:2])

    here = np.array([*found.coefficients, found.L[0][0, 0]])
    options = {"xatol": 1e-7, "fatol": 1e-11, "maxiter": 2000}
    other = optimize.minimize(dense, here + 0.2, method="Nelder-Mead", options=options)
    assert found.criterion == pytest.approx(other.fun, abs=1e-8)
    np.testing.assert_allclose(here, other.x, atol=2e-5)
    h = 1e-3
    shift = np.eye(3) * h
    hessian = [
        [
            (dense(here + a + b) - dense(here + a - b) - dense(here - a + b) + dense(here - a - b)) / (4 * h**2)
            for a in shift
        ]
        for b in shift
    ]
    np.testing.assert_allclose(found.covariance, 2 * np.linalg.inv(hessian)[:2, :2], rtol=1e-5)


@pytest.mark.parametrize("seed", range(8))
def test_nothing_lower_from_other_starts(seed):
    """Crossed terms with slopes: scipy's search from four starts, on the same criterion."""
    family, link = FAMILIES[[0, 3, 6][seed % 3]]
    rng = np.random.default_rng(100 + seed)
    model = a_model(family, seed=200 + seed)
    model["terms"] = model["terms"][:2]
    g = model["terms"][1].index
    eta = 0.3 + rng.normal(size=8)[g] * [0.0, 0.5, 1.2][seed % 3] + 0.3 * model["X"][:, 1]
    mean = LINKS[link].inverse(eta)
    y = rng.poisson(mean) if family == "poisson" else rng.binomial(model["trials"].astype(int), mean)
    model["y"] = y.astype(float)
    found = laplace_estimate(**model, likelihood=RECORDS[family].laplace[link])
    counts = counts_of(model, RECORDS[family].laplace[link])
    places = counts.incidence.layout.places

    def criterion(point):
        factors = np.zeros((2, 3, 3))
        factors[places[0].block, 0, 0] = point[2]
        factors[places[1].block, :2, :2] = [[point[3], 0], [point[4], point[5]]]
        return laplace_at(counts, point[:2], factors, np.zeros(counts.incidence.n_effects)).value

    starts = [np.array([0.1, 0.1, s, s, 0.0, s]) for s in (0.1, 0.5, 1.0, 2.0)]
    lowest = min(optimize.minimize(criterion, start, method="BFGS").fun for start in starts)
    assert found.criterion <= lowest + 1e-7
    assert found.gradient_size <= 1e-5
    assert found.curvature > 0


def test_units_and_origin_do_not_matter():
    model = a_model("binomial", seed=5)
    model["terms"] = model["terms"][1:2]
    plain = laplace_estimate(**model, likelihood=BINOMIAL["logit"])
    move = np.array([[1.0, 1e5], [0.0, 1e6]])  # x becomes 1e6 x + 1e5
    g = model["terms"][0]
    moved = dict(model, X=model["X"] @ move, terms=(GroupColumns(g.index, g.columns @ move, g.n_levels),))
    other = laplace_estimate(**moved, likelihood=BINOMIAL["logit"])
    assert other.criterion == pytest.approx(plain.criterion, abs=1e-8)
    np.testing.assert_allclose(move @ other.coefficients, plain.coefficients, atol=1e-5)
    np.testing.assert_allclose(move @ other.covariance @ move.T, plain.covariance, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(
        move @ other.L[0] @ other.L[0].T @ move.T, plain.L[0] @ plain.L[0].T, rtol=1e-4, atol=1e-5
    )


def test_no_variance_is_exactly_no_variance():
    """Counts more alike than chance has them: the sd is 0, modes are 0, the rest is a generalised linear model."""
    index = np.arange(40) % 8
    y, x = np.tile([2.0, 3, 2, 3, 3, 2, 3, 2], 5), np.repeat(np.arange(5.0), 8)
    X = np.column_stack([np.ones(40), x])
    terms = (GroupColumns(index, np.ones((40, 1)), 8),)
    model = {"y": y, "trials": np.ones(40), "X": X, "offset": np.zeros(40), "likelihood": POISSON["log"]}
    found = laplace_estimate(terms=terms, **model)
    without = laplace_estimate(terms=(), **model)
    assert found.L[0][0, 0] == 0.0
    assert found.ranks == (0,)
    assert not found.modes[0].any()
    assert found.gradient_size <= 1e-5
    for estimate in (found, without):
        theirs = sm.GLM(y, X, family=sm.families.Poisson()).fit(tol=1e-14)
        assert estimate.criterion == pytest.approx(-2 * theirs.llf, abs=1e-9)
        np.testing.assert_allclose(estimate.coefficients, theirs.params, atol=1e-6)
        np.testing.assert_allclose(estimate.covariance, theirs.cov_params(), rtol=1e-5)


def test_modes_and_their_covariances():
    """At the estimates: modes of the dense penalised likelihood, and blocks of the dense inverse."""
    model = a_model("poisson", seed=9)
    found = laplace_estimate(**model, likelihood=POISSON["log"])
    layout = incidence(model["terms"], N).layout
    factors = np.zeros((len(layout.block_k), 8, 8))
    for place, L in zip(layout.places, found.L, strict=True):
        own = slice(place.first, place.first + place.k)
        factors[place.block, own, own] = L
    V = dense_rows(model["terms"], layout, factors)
    plain = dense_rows(model["terms"], layout, np.stack([np.eye(8)] * len(layout.block_k)))
    modes = np.concatenate([part.ravel() for part in found.modes])
    np.testing.assert_allclose(found.eta, model["X"] @ found.coefficients + model["offset"] + plain @ modes, atol=1e-10)
    mean = np.exp(found.eta)
    inverse = np.linalg.inv(np.eye(V.shape[1]) + V.T @ (V * mean[:, None]))
    start = 0
    for term, L, part, covariances in zip(model["terms"], found.L, found.modes, found.mode_covariances, strict=True):
        k = term.k
        # At the mode u = V'(y - mean), so b = L L'Z'(y - mean), level by level.
        for j in range(term.n_levels):
            own = term.index == j
            by_score = L @ L.T @ term.columns[own].T @ (model["y"] - mean)[own]
            np.testing.assert_allclose(part[j], by_score, atol=1e-9)
            block = slice(start + j * k, start + (j + 1) * k)
            np.testing.assert_allclose(covariances[j], L @ inverse[block, block] @ L.T, atol=1e-9)
        start += term.n_levels * k
