"""Variance parameters on the whole line: densities by SciPy, factors by definition, gradients by differences."""

import numpy as np
import pytest
from scipy import stats

from bayesmix.numerics import prior_codes as codes
from bayesmix.numerics.prior_codes import OF_SIGMA
from bayesmix.numerics.prior_densities import group_sd, partial_correlation, standard_deviation
from bayesmix.numerics.variance_parameters import factors, n_parameters, pull_back

BY_SCIPY = {
    codes.HALF_NORMAL: ((2.5, 0.0), stats.halfnorm(scale=2.5)),
    codes.EXPONENTIAL: ((0.7, 0.0), stats.expon(scale=1 / 0.7)),
    codes.GAMMA: ((2.0, 0.3), stats.gamma(2.0, scale=1 / 0.3)),
    codes.INVERSE_GAMMA: ((3.0, 4.0), stats.invgamma(3.0, scale=4.0)),
    codes.LOG_NORMAL: ((0.4, 0.8), stats.lognorm(0.8, scale=np.exp(0.4))),
    codes.UNIFORM_SD: ((0.5, 6.0), stats.uniform(0.5, 5.5)),
}


def half_student_t(nu, scale):
    return lambda value: np.log(2) + stats.t.logpdf(value, nu, scale=scale)


@pytest.mark.parametrize("kind", [*BY_SCIPY, codes.HALF_STUDENT_T])
@pytest.mark.parametrize("x", [-3.0, -0.2, 0.0, 1.1, 2.5])
def test_standard_deviation(kind, x):
    (first, second), density = BY_SCIPY.get(kind, ((3.0, 1.7), None))
    log_pdf = half_student_t(first, second) if density is None else density.logpdf
    sd, slope, log_density, score = standard_deviation(kind, first, second, x)
    np.testing.assert_allclose(log_density, log_pdf(sd) + np.log(slope), rtol=1e-12, atol=1e-12)
    step = 1e-5
    up = standard_deviation(kind, first, second, x + step)
    down = standard_deviation(kind, first, second, x - step)
    np.testing.assert_allclose((up[0] - down[0]) / (2 * step), slope, rtol=1e-8)
    np.testing.assert_allclose((up[2] - down[2]) / (2 * step), score, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", [codes.HALF_NORMAL, codes.EXPONENTIAL, codes.HALF_STUDENT_T])
@pytest.mark.parametrize(("x", "log_sigma"), [(-3.0, 0.4), (0.2, -1.5), (2.0, 3.0)])
def test_a_prior_of_the_ratio_to_sigma(kind, x, log_sigma):
    """The density of log sd is that of the ratio, over sigma, times sd."""
    (first, second), density = BY_SCIPY.get(kind, ((3.0, 1.7), None))
    log_pdf = half_student_t(first, second) if density is None else density.logpdf
    sd, slope, log_density, *scores = group_sd(OF_SIGMA + kind, first, second, x, log_sigma)
    np.testing.assert_allclose([sd, slope], np.exp(x), rtol=1e-12)
    np.testing.assert_allclose(log_density, log_pdf(sd / np.exp(log_sigma)) - log_sigma + x, rtol=1e-12, atol=1e-12)
    step = 1e-5
    for shift, score in zip(((step, 0.0), (0.0, step)), scores, strict=True):
        up = group_sd(OF_SIGMA + kind, first, second, x + shift[0], log_sigma + shift[1])
        down = group_sd(OF_SIGMA + kind, first, second, x - shift[0], log_sigma - shift[1])
        np.testing.assert_allclose((up[2] - down[2]) / (2 * step), score, rtol=1e-6, atol=1e-8)
    assert group_sd(kind, first, second, x, log_sigma)[:4] == standard_deviation(kind, first, second, x)


@pytest.mark.parametrize("x", [-40.0, -3.0, 0.0, 2.0, 40.0])
def test_partial_correlation(x):
    shape = 2.5
    z, rest, slope, log_density, score = partial_correlation(shape, x)
    share = stats.logistic.cdf(x)
    np.testing.assert_allclose((1 + z) / 2, share, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(slope, 2 * stats.logistic.pdf(x), rtol=1e-12)
    np.testing.assert_allclose(rest, 4 * stats.logistic.pdf(x), rtol=1e-12)
    if abs(x) < 30:
        expected = stats.beta.logpdf(share, shape, shape) + stats.logistic.logpdf(x)
        np.testing.assert_allclose(log_density, expected, rtol=1e-12)
    np.testing.assert_allclose(score, shape * (1 - 2 * share), rtol=1e-12)


def random_case(seed):
    rng = np.random.default_rng(seed)
    ks = rng.integers(1, 5, rng.integers(1, 4)).astype(np.int64)
    n = n_parameters(ks)
    plain = [codes.HALF_NORMAL, codes.GAMMA, codes.UNIFORM_SD, codes.INVERSE_GAMMA]
    kinds = rng.choice([*plain, OF_SIGMA + codes.HALF_NORMAL, OF_SIGMA + codes.HALF_STUDENT_T], n)
    kinds[-1] %= OF_SIGMA
    kinds = kinds.astype(np.int64)
    numbers = np.column_stack([rng.uniform(0.2, 1, n), rng.uniform(1.5, 3, n)])
    return rng, ks, kinds, numbers, rng.normal(size=n)


def triangles(ks, packed):
    """The factors L_t, and sigma."""
    found, start = [], 0
    for k in ks:
        factor = np.zeros((k, k))
        factor[np.tril_indices(k)] = packed[start : start + k * (k + 1) // 2]
        found.append(factor)
        start += k * (k + 1) // 2
    return found, np.exp(packed[-1])


@pytest.mark.parametrize("seed", range(20))
def test_gradient_is_that_of_differences(seed):
    rng, ks, kinds, numbers, theta = random_case(seed)
    size = (ks * (ks + 1) // 2).sum() + 1
    weights = rng.normal(size=size)

    def value(point):
        out = np.empty(size)
        log_prior = factors(point, ks, kinds, numbers, out)
        return (weights * out**2).sum() + log_prior

    out, gradient = np.empty(size), np.empty(len(theta))
    factors(theta, ks, kinds, numbers, out)
    pull_back(theta, ks, kinds, numbers, 2 * weights * out, gradient)
    step = 1e-5
    for i in range(len(theta)):
        shift = step * (np.arange(len(theta)) == i)
        difference = (value(theta + shift) - value(theta - shift)) / (2 * step)
        np.testing.assert_allclose(gradient[i], difference, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("seed", range(10))
def test_factors_have_the_standard_deviations_and_correlations(seed):
    _, ks, kinds, numbers, theta = random_case(seed)
    out = np.empty((ks * (ks + 1) // 2).sum() + 1)
    factors(theta, ks, kinds, numbers, out)
    found, sigma = triangles(ks, out)
    np.testing.assert_allclose(sigma, standard_deviation(kinds[-1], *numbers[-1], theta[-1])[0], rtol=1e-12)
    at = 0
    for k, L in zip(ks, found, strict=True):
        sds = [group_sd(kinds[at + j], *numbers[at + j], theta[at + j], np.log(sigma))[0] for j in range(k)]
        np.testing.assert_allclose(np.sqrt(np.diag(L @ L.T)), sds, rtol=1e-12)
        if k > 1:
            first = partial_correlation(numbers[at + k, 0], theta[at + k])[0]
            np.testing.assert_allclose((L @ L.T)[1, 0] / (sds[0] * sds[1]), first, rtol=1e-12)
        at += k + k * (k - 1) // 2
