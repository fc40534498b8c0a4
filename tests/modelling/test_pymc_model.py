"""The log density of whole models against one written by hand with SciPy, at random points."""

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import stats
from scipy.special import expit, gammaln
from scipy.stats import norm

from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.pymc_model.bambi_bridge import build_model
from bayesmix.modelling.pymc_model.priors import to_pymc
from bayesmix.priors.density import log_prior_density
from bayesmix.priors.prior import Prior
from bayesmix.priors.reading import read_prior
from bayesmix.priors.table import DISTRIBUTIONS

from ..in_python import IN_PYTHON

N = 60
PRIORS = {
    "Intercept": "StudentT(4, 1, 2)",
    "x": "Normal(0.5, 3)",
    "f[b]": "Normal(0, 2)",
    "f[c]": "Laplace(0.2, 1.5)",
    "sd_g__Intercept": "HalfNormal(2)",
    "sigma": "Gamma(2, 0.7)",
}


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "y": rng.normal(3, 2, N),
            "x": rng.normal(2, 1, N),
            "f": rng.choice(list("abc"), N),
            "g": rng.integers(0, 7, N),
            "w": rng.uniform(0.5, 3, N),
            "o": rng.normal(scale=0.3, size=N),
            "k": rng.integers(0, 5, N),
            "n": rng.integers(5, 9, N),
        }
    )


def likelihood(family, link, data, eta, sigma):
    y = data["y"].to_numpy()
    if family == "gaussian":
        return norm.logpdf(y, eta, sigma / np.sqrt(data["w"])).sum()
    if family == "poisson":
        return (data["k"] * eta - np.exp(eta) - gammaln(data["k"] + 1)).sum()
    p = {"logit": expit, "probit": norm.cdf, "cloglog": lambda e: 1 - np.exp(-np.exp(e))}[link](eta)
    if family == "binomial":
        return stats.binom.logpmf(data["k"], data["n"], p).sum()
    return stats.bernoulli.logpmf(data["k"] > 2, p).sum()


CASES = {
    "gaussian": ("y ~ x + f + offset(o) + (1 | g)", {"weights": "w"}),
    "poisson": ("k ~ x + f + offset(o) + (1 | g)", {}),
    "binomial(logit)": ("cbind(k, n - k) ~ x + f + offset(o) + (1 | g)", {}),
    "binomial(probit)": ("p(k, n) ~ x + f + offset(o) + (1 | g)", {}),
    "binomial(cloglog)": ("k | trials(n) ~ x + f + offset(o) + (1 | g)", {}),
    "bernoulli(logit)": ("I(k > 2) ~ x + f + offset(o) + (1 | g)", {}),
}


@pytest.mark.parametrize("case", CASES)
def test_log_density_by_hand(case, data):
    formula, arguments = CASES[case]
    family = read_family(case)
    design = build_design(parse(formula), data, response=family.response, **arguments)
    names = [name for name in PRIORS if name != "sigma" or family.name == "gaussian"]
    built = build_model(design, family, {name: read_prior(PRIORS[name], name) for name in names})
    log_density = built.model.compile_logp(mode=IN_PYTHON)
    rng = np.random.default_rng(9)
    x_means = design.fixed.matrix[:, 1:].mean(axis=0)
    for _ in range(5):
        intercept, slope, b, c = rng.normal(scale=0.3, size=4)
        log_sd, log_sigma = rng.normal(0, 0.5, 2)
        u = rng.normal(scale=0.5, size=7)
        sd, sigma = np.exp(log_sd), np.exp(log_sigma)
        point = {
            "Intercept_at_means": intercept,
            "x": slope,
            "f[b]": b,
            "f[c]": c,
            "sd_g__Intercept_log__": log_sd,
            "1|g_offset": u,
        }
        eta = intercept + (design.fixed.matrix[:, 1:] - x_means) @ [slope, b, c] + data["o"] + sd * u[data["g"]]
        expected = (
            stats.t.logpdf(intercept, 4, 1, 2)
            + norm.logpdf(slope, 0.5, 3)
            + norm.logpdf(b, 0, 2)
            + stats.laplace.logpdf(c, 0.2, 1.5)
            + stats.halfnorm.logpdf(sd, scale=2)
            + log_sd
            + norm.logpdf(u).sum()
            + likelihood(family.name, family.link, data, eta.to_numpy(), sigma)
        )
        if family.name == "gaussian":
            point["sigma_log__"] = log_sigma
            expected += stats.gamma.logpdf(sigma, 2, scale=1 / 0.7) + log_sigma
        # Bambi keeps the probabilities of a probit link a machine epsilon away from 0 and 1.
        np.testing.assert_allclose(log_density(point), expected, rtol=1e-7 if family.link == "probit" else 1e-9)


def test_the_intercept_of_the_posterior_is_at_predictors_equal_to_zero(data):
    design = build_design(parse("y ~ x + f"), data)
    names = ["Intercept", "x", "f[b]", "f[c]", "sigma"]
    built = build_model(design, read_family("gaussian"), {name: read_prior(PRIORS[name], name) for name in names})
    value = built.model["Intercept"].eval(
        {built.model["Intercept_at_means"]: 5.0, built.model["x"]: 2.0, built.model["f"]: np.array([1.0, -1.0])}
    )
    means = design.fixed.matrix[:, 1:].mean(axis=0)
    np.testing.assert_allclose(value, 5.0 - means @ [2.0, 1.0, -1.0])
    assert "mu" not in built.kept


@pytest.mark.parametrize(
    "name", [name for name, record in DISTRIBUTIONS.items() if record.scipy and name != "ScaleFree"]
)
@pytest.mark.parametrize("of_sigma", [False, True])
def test_a_prior_in_pymc_has_the_density_of_its_record(name, of_sigma):
    if of_sigma and not DISTRIBUTIONS[name].of_sigma:
        return
    prior = Prior(name, tuple(1.2 + 0.7 * i for i in range(len(DISTRIBUTIONS[name].arguments))), of_sigma)
    at = 0.4 if DISTRIBUTIONS[name].support == "share" else 1.5
    with pm.Model():
        pm.Data("sigma", 1.7)
        found = pm.logp(to_pymc(prior, "x"), at).eval(mode=IN_PYTHON)
    # PyMC takes log 2 in single precision.
    assert found == pytest.approx(float(log_prior_density(prior, at, sigma=1.7)), rel=1e-8)
