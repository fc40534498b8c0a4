"""The log marginal likelihood that importance sampling gives, against quadrature, and its error against its spread."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import logsumexp
from scipy.stats import t

from bayesmix.data import load_data
from bayesmix.modelling.exact.integrated import integrated_gaussian
from bayesmix.modelling.exact.log_marginal import log_marginal_of, with_other_priors
from bayesmix.modelling.fit import fit
from bayesmix.modelling.samplers.log_marginal import LogMarginal, by_bridge, reweighted
from bayesmix.priors.reading import read_prior

DYESTUFF = "Yield ~ 1 + (1 | Batch)"
MODELS = [
    ("sleepstudy", "Reaction ~ Days"),
    ("sleepstudy", "Reaction ~ Days + (1 | Subject)"),
    ("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    ("Dyestuff", "Yield ~ 1"),
    ("Dyestuff", DYESTUFF),
]


def priors_for(formula, y):
    """Those that the reference states: coefficients ten times as wide as y, every sd half t with 3 degrees."""
    mean, sd = float(y.mean()), float(y.std(ddof=1))
    half_t = f"HalfStudentT(3, {sd!r})"
    priors = {"Intercept": f"Normal({mean!r}, {10 * sd!r})", "sigma": half_t}
    if "Days" in formula:
        priors["Days"] = f"Normal(0, {10 * sd!r})"
    for group in ("Subject", "Batch"):
        if f"| {group}" in formula:
            priors[f"sd_{group}__Intercept"] = half_t
    if "(Days |" in formula:
        priors |= {"sd_Subject__Days": half_t, "corr_Subject": "LKJ(1)"}
    return priors


@pytest.mark.parametrize(("source", "formula"), MODELS, ids=[formula for _, formula in MODELS])
def test_value_is_the_exact_one_within_its_error(source, formula, exact_log_marginal):
    exact = exact_log_marginal[source][formula]
    rows = load_data(source)
    priors = priors_for(formula, rows[formula.split(" ~ ", maxsplit=1)[0]])
    fitted = fit(formula, rows, priors=priors, draws=2000, seed=1, sampler="importance", progress=False)
    found = fitted.diagnostics.importance
    assert abs(found.log_marginal - exact) < 4 * found.log_marginal_error
    assert found.log_marginal_error < 0.02
    assert found.pareto_k < found.greatest_k


def narrow():
    """Rows with priors narrow enough for each of them to count, the intercept's place included."""
    rng = np.random.default_rng(8)
    rows = pd.DataFrame({"x": rng.uniform(3, 6, 24), "g": np.arange(24) % 8, "w": rng.uniform(0.5, 2, 24)})
    rows["y"] = 5 + rng.normal(size=8)[rows["g"]] + rng.normal(size=24) / np.sqrt(rows["w"])
    return rows


@pytest.fixture(scope="module")
def cases():
    """Of two models with two variance parameters what `fit` is given, and the exact value."""
    dyestuff = load_data("Dyestuff")
    y = dyestuff["Yield"].to_numpy(dtype=float)
    centre, spread = y.mean(), y.std(ddof=1)
    wide = by_quadrature(
        y, dyestuff["Batch"].to_numpy(), mean=centre, covariance=(10 * spread) ** 2, scales=(spread, spread)
    )
    rows = narrow()
    x = (rows["x"] - rows["x"].mean()).to_numpy()
    priors = {
        "Intercept": "Normal(4, 0.5)",
        "x": "Normal(1, 0.4)",
        "sd_g__Intercept": "HalfStudentT(3, 0.7)",
        "sigma": "HalfStudentT(3, 2)",
    }
    exact = by_quadrature(
        rows["y"].to_numpy(),
        rows["g"].to_numpy(),
        mean=4 + x,
        covariance=0.5**2 + 0.4**2 * np.outer(x, x),
        scales=(0.7, 2.0),
        weights=rows["w"].to_numpy(),
    )
    return {
        "wide priors": ((DYESTUFF, dyestuff, priors_for(DYESTUFF, dyestuff["Yield"]), None), wide),
        "narrow priors": (("y ~ x + (1 | g)", rows, priors, "w"), exact),
    }


def by_quadrature(y, groups, *, mean, covariance, scales, weights=None):
    """Gauss-Legendre over the logarithms of both sds; at every node the n x n normal density of y, by Cholesky factors.

    `mean` and `covariance` of y are those that the coefficients' priors give it; both sds have half t priors with 3
    degrees and these `scales`, to which the logarithm adds its Jacobian v. 60 and 80 nodes agree to 0.0003, a
    thirtieth of the errors that they are compared with.
    """
    together = (groups[:, None] == groups).astype(float)
    own = np.diag(np.ones(len(y)) if weights is None else 1 / weights)
    mean, spread = np.broadcast_to(mean, len(y)), np.log(y.std(ddof=1))
    nodes, node_weights = np.polynomial.legendre.leggauss(60)
    between, log_between = stretched(nodes, node_weights, spread - 12, spread + 4.5)
    within, log_within = stretched(nodes, node_weights, spread - 1.5, spread + 1.5)
    b, s = between[:, None], within[None, :]
    V = covariance + np.exp(2 * b)[..., None, None] * together + np.exp(2 * s)[..., None, None] * own
    factor = np.linalg.cholesky(V)
    white = np.linalg.solve(factor, (y - mean)[:, None])[..., 0]
    log_determinants = 2 * np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(axis=-1)
    log_p = -0.5 * (len(y) * np.log(2 * np.pi) + log_determinants + (white**2).sum(axis=-1))
    for v, scale in zip((b, s), scales, strict=True):
        log_p += np.log(2) + t(3, scale=scale).logpdf(np.exp(v)) + v
    return logsumexp(log_p + log_between[:, None] + log_within)


def stretched(nodes, weights, lower, upper):
    """Nodes on (lower, upper) and the logarithms of their weights."""
    half = (upper - lower) / 2
    return lower + half * (nodes + 1), np.log(weights * half)


def test_the_reference_is_right(cases, exact_log_marginal):
    exact = exact_log_marginal["Dyestuff"][DYESTUFF]
    np.testing.assert_allclose(cases["wide priors"][1], exact, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wide priors", "narrow priors"])
def test_the_error_is_the_spread_over_seeds(cases, name):
    """z over 50 seeds has mean 0 and sd 1: 4 and 3 standard errors (0.14 and 0.1) are allowed."""
    (formula, rows, priors, weights), exact = cases[name]
    z = []
    for seed in range(50):
        settings = {"draws": 100, "chains": 4, "seed": seed, "sampler": "importance", "progress": False}
        found = fit(formula, rows, priors=priors, weights=weights, **settings).diagnostics.importance
        z.append((found.log_marginal - exact) / found.log_marginal_error)
    assert abs(np.mean(z)) < 4 / np.sqrt(50)
    assert 0.7 < np.std(z, ddof=1) < 1.3


@pytest.mark.parametrize(("source", "formula"), [MODELS[4], MODELS[2]], ids=[DYESTUFF, "slopes"])
def test_bridge_sampling_over_the_variance_parameters_gives_the_same(source, formula):
    """Where importance weights fail; here they do not, and for two parameters quadrature is exact."""
    rows = load_data(source)
    priors = priors_for(formula, rows[formula.split(" ~ ", maxsplit=1)[0]])
    fitted = fit(formula, rows, priors=priors, seed=1, progress=False)
    model = integrated_gaussian(fitted.model)
    found = by_bridge(model, seed=2, cores=1)
    if len(model.start) == 2:
        expected = log_marginal_of(fitted.model, seed=1, cores=1).value
        error = 1e-6
    else:
        expected, error = fitted.diagnostics.importance.log_marginal, fitted.diagnostics.importance.log_marginal_error
    assert found.method == "bridge"
    assert found.error < 0.02
    assert abs(found.value - expected) < 4 * np.hypot(found.error, error)


@pytest.mark.parametrize("name", ["wide priors", "narrow priors"])
def test_the_density_of_the_data_is_shared_by_all_priors_of_the_sds(cases, name):
    """Fits under another scale, and under another prior, asked for the value that is known to 0.0003."""
    (formula, rows, priors, weights), exact = cases[name]
    sds = [name for name in priors if name.startswith("sd_")]
    asked = {name: read_prior(text) for name, text in priors.items()}
    for other in ("HalfStudentT(3, 100)", "HalfCauchy(0.3) * sigma"):
        start = priors | dict.fromkeys(sds, other)
        fitted = fit(formula, rows, priors=start, weights=weights, draws=50, seed=1, progress=False)
        found = with_other_priors(fitted, log_marginal_of(fitted.model, seed=1, cores=1), asked)
        assert found.method == "quadrature"
        assert found.value == pytest.approx(exact, abs=4e-4)
        assert found.error < 1e-8


@pytest.mark.parametrize(
    ("sigma", "texts"),
    [
        ("HalfStudentT(3, 50)", ("HalfNormal(0.001) * sigma", "Exponential(10)", "Uniform(10, 100)")),
        ("Uniform(20, 90)", ("HalfNormal(500)",)),
    ],
)
def test_other_priors_have_the_value_of_a_model_with_them(sigma, texts):
    priors = {"sigma": sigma, "sd_Batch__Intercept": "HalfNormal(60) * sigma"}
    fitted = fit(DYESTUFF, load_data("Dyestuff"), priors=priors, draws=50, seed=1, progress=False)
    own = log_marginal_of(fitted.model, seed=1, cores=1)
    assert with_other_priors(fitted, own, fitted.priors) is own
    for text in texts:
        other = fitted.priors | {"sd_Batch__Intercept": read_prior(text)}
        found = with_other_priors(fitted, own, other)
        expected = log_marginal_of(replace(fitted.model, priors=other), seed=1, cores=1)
        assert found.value == pytest.approx(expected.value, abs=1e-8)


def test_a_prior_relative_to_sigma_is_weighted_at_the_sigma_of_each_draw():
    """Draws from the prior itself: whatever other prior weighs them, the mean ratio of two densities is 1; and that of
    a shifted posterior by plain loops."""
    rng = np.random.default_rng(6)
    sigma = rng.uniform(5.0, 20.0, (4, 1000))
    draws = xr.Dataset(
        {
            "sd_g__Intercept": (("chain", "draw"), np.abs(rng.normal(size=sigma.shape)) * sigma),
            "sigma": (("chain", "draw"), sigma),
        }
    )
    before = {"sd_g__Intercept": read_prior("HalfNormal(1) * sigma"), "sigma": read_prior("HalfNormal(20)")}
    made = SimpleNamespace(
        priors=before,
        posterior=xr.DataTree.from_dict({"posterior": draws}),
        design=SimpleNamespace(predictors=()),
    )
    own = LogMarginal(-50.0, 0.0, "bridge")
    for text in ("HalfNormal(0.7) * sigma", "HalfNormal(8)"):
        other = before | {"sd_g__Intercept": read_prior(text)}
        found = reweighted(made, own, other)
        assert found.reliable
        assert abs(found.value + 50.0) < 4 * found.error < 0.2
