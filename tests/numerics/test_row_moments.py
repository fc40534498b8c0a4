"""Means and variances of the families against SciPy's distributions and sums over the support."""

# ruff: noqa: ARG005  (each case takes all that any of them needs)

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, gamma, logit

from bayesmix.families.table import FAMILIES

Q = {
    "mu": np.array([0.3, 0.6]),
    "sigma": np.array([0.7]),
    "nu": np.array([5.0]),
    "shape": np.array([1.7]),
    "phi": np.array([4.0]),
    "zi": np.array([0.25]),
    "hu": np.array([0.4]),
    "zoi": np.array([0.3]),
    "coi": np.array([0.6]),
    "cutzero": np.array([-1.2]),
    "cutwidth": np.array([2.5]),
    "alpha": np.array([-3.0]),
    "beta": np.array([0.8]),
    "ndt": np.array([0.2]),
    "lam": np.array([1.3]),
    "dispersion": np.array([1.8]),
    "power": np.array([1.4]),
    "weights": np.array([1.0, 2.0]),
    "trials": np.array([6.0, 3.0]),
}
COUNTS = np.arange(400)


def nb(mu, shape):
    return stats.nbinom(shape, shape / (shape + mu))


def with_zeros(zero, distribution, *, hurdle):
    """Probabilities of 0, 1, 2, ... of a zero-inflated or hurdle distribution."""
    mass = distribution.pmf(COUNTS)
    if hurdle:
        mass[0] = 0
        mass /= mass.sum()
    mass *= 1 - zero
    mass[0] += zero
    return mass


def of_mass(mass, unit=1):
    mean = (mass * COUNTS).sum()
    return mean / unit, ((mass * COUNTS**2).sum() - mean**2) / unit**2


def of(distribution, unit=1):
    return distribution.mean() / unit, distribution.var() / unit**2


def of_hurdle(hu, distribution):
    mean = (1 - hu) * distribution.mean()
    return mean, (1 - hu) * distribution.moment(2) - mean**2


def of_ends(zero, one, mu):
    """A beta distribution of precision 4 with probabilities of 0 and of 1."""
    between, inside = 1 - zero - one, stats.beta(4 * mu, 4 * (1 - mu))
    mean = one + between * inside.mean()
    return mean, one + between * inside.moment(2) - mean**2


def of_ordered(mu):
    return of_ends(expit(-1.2 - logit(mu)), expit(logit(mu) + 1.2 - 2.5), mu)


def of_sum(rate, amount):
    """A Poisson number of amounts."""
    return rate * amount.mean(), rate * amount.moment(2)


def truncated(distribution):
    return with_zeros(0.0, distribution, hurdle=True)


CASES = {
    "exponential": lambda mu, w, n: of(stats.expon(scale=mu)),
    "weibull": lambda mu, w, n: of(stats.weibull_min(1.7, scale=mu / gamma(1 + 1 / 1.7))),
    "tweedie": lambda mu, w, n: of_sum(mu**0.6 / (1.8 * 0.6), stats.gamma(0.6 / 0.4, scale=1.8 * 0.4 * mu**0.4)),
    "inverse_gaussian": lambda mu, w, n: of(stats.invgauss(mu / 1.3, scale=1.3)),
    "shifted_lognormal": lambda mu, w, n: of(stats.lognorm(0.7, 0.2, np.exp(mu))),
    "skew_normal": lambda mu, w, n: (mu, 0.49),
    "exgaussian": lambda mu, w, n: of(stats.exponnorm(0.8 / 0.7, mu - 0.8, 0.7)),
    "ordered_beta": lambda mu, w, n: of_ordered(mu),
    "zero_one_inflated_beta": lambda mu, w, n: of_ends(0.3 * 0.4, 0.3 * 0.6, mu),
    "truncated_poisson": lambda mu, w, n: of_mass(truncated(stats.poisson(mu))),
    "truncated_negative_binomial": lambda mu, w, n: of_mass(truncated(nb(mu, 1.7))),
    "gaussian": lambda mu, w, n: of(stats.norm(mu, 0.7 / np.sqrt(w))),
    "student_t": lambda mu, w, n: of(stats.t(5, mu, 0.7 / np.sqrt(w))),
    "lognormal": lambda mu, w, n: of(stats.lognorm(0.7, scale=np.exp(mu))),
    "gamma": lambda mu, w, n: of(stats.gamma(1.7, scale=mu / 1.7)),
    "beta": lambda mu, w, n: of(stats.beta(4 * mu, 4 * (1 - mu))),
    "bernoulli": lambda mu, w, n: of(stats.bernoulli(mu)),
    "binomial": lambda mu, w, n: of(stats.binom(n, mu), n),
    "beta_binomial": lambda mu, w, n: of(stats.betabinom(n, 4 * mu, 4 * (1 - mu)), n),
    "poisson": lambda mu, w, n: of(stats.poisson(mu)),
    "negative_binomial": lambda mu, w, n: of(nb(mu, 1.7)),
    "zero_inflated_binomial": lambda mu, w, n: of_mass(with_zeros(0.25, stats.binom(n, mu), hurdle=False), n),
    "zero_inflated_poisson": lambda mu, w, n: of_mass(with_zeros(0.25, stats.poisson(mu), hurdle=False)),
    "zero_inflated_negative_binomial": lambda mu, w, n: of_mass(with_zeros(0.25, nb(mu, 1.7), hurdle=False)),
    "hurdle_poisson": lambda mu, w, n: of_mass(with_zeros(0.4, stats.poisson(mu), hurdle=True)),
    "hurdle_negative_binomial": lambda mu, w, n: of_mass(with_zeros(0.4, nb(mu, 1.7), hurdle=True)),
    "hurdle_gamma": lambda mu, w, n: of_hurdle(0.4, stats.gamma(1.7, scale=mu / 1.7)),
    "hurdle_lognormal": lambda mu, w, n: of_hurdle(0.4, stats.lognorm(0.7, scale=np.exp(mu))),
}


@pytest.mark.parametrize("family", CASES)
def test_moments(family):
    expected = [CASES[family](*row) for row in zip(Q["mu"], Q["weights"], Q["trials"].astype(int), strict=True)]
    np.testing.assert_allclose(FAMILIES[family].distribution.mean(Q), [mean for mean, _ in expected], rtol=1e-9)
    np.testing.assert_allclose(
        FAMILIES[family].distribution.variance(Q), [variance for _, variance in expected], rtol=1e-9
    )


def test_a_student_t_of_two_degrees_of_freedom_has_no_variance():
    assert np.isinf(FAMILIES["student_t"].distribution.variance(Q | {"nu": np.array([2.0])})).all()
