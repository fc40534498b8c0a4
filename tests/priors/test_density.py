"""The densities that the reports draw, against SciPy's distributions."""

import numpy as np
import pytest
from scipy import integrate, stats

from bayesmix.priors.density import (
    averaged_prior_density,
    log_prior_density,
    prior_density,
    prior_probability_below,
    prior_probability_of_ratio_below,
)
from bayesmix.priors.reading import read_prior
from bayesmix.priors.table import DISTRIBUTIONS

SCIPY = {
    "Normal(1, 2)": stats.norm(1, 2),
    "StudentT(3, 1, 2)": stats.t(3, 1, 2),
    "Cauchy(1, 2)": stats.cauchy(1, 2),
    "Laplace(1, 2)": stats.laplace(1, 2),
    "HalfNormal(2)": stats.halfnorm(0, 2),
    "HalfStudentT(3, 2)": None,
    "HalfCauchy(2)": stats.halfcauchy(0, 2),
    "ScaleFree(2)": stats.halfcauchy(0, 2),
    "Exponential(2)": stats.expon(0, 1 / 2),
    "Gamma(3, 2)": stats.gamma(3, scale=1 / 2),
    "InverseGamma(3, 2)": stats.invgamma(3, scale=2),
    "InverseHalfNormal(2)": stats.gengamma(0.5, -2.0, scale=np.sqrt(2)),
    "LogNormal(0.5, 0.7)": stats.lognorm(0.7, scale=np.exp(0.5)),
    "Uniform(-1, 4)": stats.uniform(-1, 5),
    "Beta(2, 3)": stats.beta(2, 3),
}
POINTS = np.array([-2.0, -0.3, 0.1, 0.6, 1.0, 3.7, 40.0])


@pytest.mark.parametrize("text", SCIPY)
def test_equals_scipy(text):
    reference = SCIPY[text]
    if reference is None:
        expected = np.where(POINTS >= 0, 2 * stats.t(3, 0, 2).pdf(POINTS), 0.0)
    else:
        expected = reference.pdf(POINTS)
    np.testing.assert_allclose(prior_density(read_prior(text), POINTS), expected, rtol=1e-10)


def test_every_distribution_has_a_density():
    elsewhere = {"LKJ", "Dirichlet", "Flat"}  # of correlations, of thresholds, of no integral
    assert {text.partition("(")[0] for text in SCIPY} | elsewhere == set(DISTRIBUTIONS)


@pytest.mark.parametrize("text", ["HalfCauchy(0.5)", "HalfNormal(2)", "Exponential(2)"])
def test_relative_to_sigma(text):
    """For every sigma a density of sd; averaged over sigma one that SciPy's quadrature gives too."""
    prior = read_prior(f"{text} * sigma")
    base = read_prior(text)
    x = np.array([0.01, 0.8, 30.0])
    np.testing.assert_allclose(prior_density(prior, x, sigma=4.0), prior_density(base, x / 4) / 4, rtol=1e-12)
    of_sigma = stats.t(3, 0, 2.5)

    def at(value):
        def product(log_sigma):
            sigma = np.exp(log_sigma)
            return 2 * of_sigma.pdf(sigma) * sigma * float(prior_density(base, value / sigma)) / sigma

        return integrate.quad(product, -30, 30, limit=400, points=[-3, 0, 1, 3])[0]

    found = averaged_prior_density(prior, x, read_prior("HalfStudentT(3, 2.5)"))
    np.testing.assert_allclose(found, [at(value) for value in x], rtol=2e-5)


@pytest.mark.parametrize(
    "text",
    [text for text in SCIPY if SCIPY[text] is not None and DISTRIBUTIONS[text.partition("(")[0]].support == "positive"],
)
def test_probability_below(text):
    below = np.array([1e-4, 0.03, 0.5, 2.0, 9.0, 1e4])
    found = prior_probability_below(read_prior(text), below)
    np.testing.assert_allclose(found, SCIPY[text].cdf(below), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("sd", "sigma", "bound", "exact"),
    [
        ("Uniform(0.5, 3)", "Uniform(3, 5)", 0.3, 0.28),  # of 0.3 sigma, 1.2 on average, less 0.5, by 2.5
        ("Gamma(0.5, 0.5)", "Gamma(0.5, 0.5)", 0.3, None),
        ("HalfCauchy(3)", "HalfCauchy(3)", 1.0, 0.5),
        ("HalfNormal(2)", "HalfNormal(2)", 0.3, 2 / np.pi * np.arctan(0.3)),
        ("LogNormal(0, 1)", "LogNormal(1, 2)", 0.3, stats.norm(0, np.sqrt(5)).cdf(np.log(0.3) + 1)),
        ("Uniform(0.5, 3)", "HalfCauchy(1)", 0.3, None),
        ("InverseGamma(3, 2)", "Uniform(0, 2)", 0.3, None),
        ("HalfCauchy(0.5) * sigma", "Uniform(0, 2)", 0.3, 2 / np.pi * np.arctan(0.6)),
    ],
)
def test_probability_of_a_ratio_below(sd, sigma, bound, exact):
    found = prior_probability_of_ratio_below(read_prior(sd), read_prior(sigma), bound)
    if exact is None:
        of_sd, of_sigma = SCIPY_SDS[sd], SCIPY_SDS[sigma]
        exact, _ = integrate.quad(
            lambda t: of_sigma.pdf(np.exp(t)) * np.exp(t) * of_sd.cdf(bound * np.exp(t)),
            -40,
            40,
            limit=2000,
            points=[np.log(2), *np.log(np.array([0.5, 3.0]) / bound), -5, 0, 5],
        )
    assert found == pytest.approx(exact, abs=3e-7)


SCIPY_SDS = {
    "Uniform(0.5, 3)": stats.uniform(0.5, 2.5),
    "Uniform(0, 2)": stats.uniform(0, 2),
    "Gamma(0.5, 0.5)": stats.gamma(0.5, scale=2),
    "HalfCauchy(1)": stats.halfcauchy(0, 1),
    "InverseGamma(3, 2)": stats.invgamma(3, scale=2),
}


def test_an_average_over_a_uniform_sigma_sees_its_edges():
    """A half-normal of sigma, uniform from 1 to 3: the integral of 2 phi(x / s) / s by sigma, over 2."""
    x = np.array([0.1, 1.0, 4.0])
    found = averaged_prior_density(read_prior("HalfNormal(1) * sigma"), x, read_prior("Uniform(1, 3)"))
    exact = [integrate.quad(lambda s, at=at: stats.norm(0, s).pdf(at), 1, 3)[0] for at in x]
    np.testing.assert_allclose(found, exact, rtol=1e-9)


def test_at_zero():
    assert prior_density(read_prior("HalfNormal(2)"), 0.0) == pytest.approx(2 * stats.norm(0, 2).pdf(0))
    assert prior_density(read_prior("Exponential(3)"), 0.0) == pytest.approx(3.0)
    assert prior_density(read_prior("Gamma(2, 3)"), 0.0) == 0.0
    assert prior_density(read_prior("LogNormal(0, 1)"), 0.0) == 0.0
    assert prior_density(read_prior("InverseHalfNormal(1)"), 1e-300) == 0.0


@pytest.mark.parametrize(("eta", "k"), [(1.0, 2), (2.0, 2), (0.7, 3), (2.0, 4)])
def test_correlation_margin(eta, k):
    shape = eta - 1 + k / 2
    expected = stats.beta(shape, shape, loc=-1, scale=2)
    prior = read_prior(f"LKJ({eta})")
    x = np.array([-0.9, 0.0, 0.4])
    np.testing.assert_allclose(log_prior_density(prior, x, k=k), expected.logpdf(x), rtol=1e-10)
    assert prior_density(prior, 1.2, k=k) == 0.0


def test_correlation_margin_by_integrating_the_matrix_density():
    """k = 3, eta = 2: LKJ is proportional to det(R); the other two correlations are integrated out."""

    def unnormalised(r: float) -> float:
        bound = np.sqrt(1 - r * r)

        def det(b: float, a: float) -> float:
            return 1 + 2 * r * a * b - r * r - a * a - b * b

        def low(a: float) -> float:
            return r * a - bound * np.sqrt(1 - a * a)

        def high(a: float) -> float:
            return r * a + bound * np.sqrt(1 - a * a)

        return integrate.dblquad(det, -1, 1, low, high, epsabs=1e-9)[0]

    prior = read_prior("LKJ(2)")
    ratio = unnormalised(0.6) / unnormalised(0.1)
    density = prior_density(prior, [0.6, 0.1], k=3)
    assert density[0] / density[1] == pytest.approx(ratio, rel=1e-6)
