"""The interval of a prior that pictures draw, against SciPy's quantiles and against draws."""

import numpy as np
import pytest
from scipy import stats

from bayesmix.priors.density import prior_interval
from bayesmix.priors.reading import read_prior

TAILS = [0.025, 0.975]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("HalfNormal(2)", stats.halfnorm(0, 2)),
        ("HalfCauchy(2)", stats.halfcauchy(0, 2)),
        ("Exponential(2)", stats.expon(0, 1 / 2)),
        ("Gamma(3, 2)", stats.gamma(3, scale=1 / 2)),
        ("InverseGamma(3, 2)", stats.invgamma(3, scale=2)),
        ("LogNormal(0.5, 0.7)", stats.lognorm(0.7, scale=np.exp(0.5))),
        ("Uniform(1, 4)", stats.uniform(1, 3)),
    ],
)
def test_quantiles_of_scipy(text, known):
    np.testing.assert_allclose(prior_interval(read_prior(text), 0.95), known.ppf(TAILS), rtol=1e-10)


def test_a_half_t_is_the_upper_half_of_a_t():
    whole = stats.t(3, 0, 56.33)
    expected = whole.ppf([0.5 + 0.025 / 2, 0.5 + 0.975 / 2])
    np.testing.assert_allclose(prior_interval(read_prior("HalfStudentT(3, 56.33)"), 0.95), expected, rtol=1e-10)


@pytest.mark.parametrize(("eta", "k"), [(1.0, 2), (2.0, 2), (2.0, 4)])
def test_a_correlation_has_the_beta_margin_of_lkj(eta, k):
    shape = eta - 1 + k / 2
    expected = stats.beta(shape, shape, loc=-1, scale=2).ppf(TAILS)
    np.testing.assert_allclose(prior_interval(read_prior(f"LKJ({eta})"), 0.95, k=k), expected, atol=1e-10)


def test_relative_to_sigma_by_simulation():
    """Ranks of 400,000 draws: the standard error of a share of 0.025 is 0.00025."""
    rng = np.random.default_rng(1)
    n = 400_000
    draws = np.abs(stats.cauchy(0, 0.5).rvs(n, random_state=rng)) * np.abs(stats.t(3, 0, 10).rvs(n, random_state=rng))
    interval = prior_interval(read_prior("HalfCauchy(0.5) * sigma"), 0.95, of_sigma=read_prior("HalfStudentT(3, 10)"))
    np.testing.assert_allclose([np.mean(draws < end) for end in interval], TAILS, atol=4 * 0.00025)
