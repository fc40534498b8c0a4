"""Means and standard deviations of responses whose linear predictor is normal, against SciPy."""

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import expit

from bayesmix.numerics.link_slopes import normal_moments

MEANS, SDS = np.array([-1.0, 0.3, 2.0]), np.array([0.2, 3.5, 5.0])


def test_of_a_log_link_they_are_those_of_a_lognormal_however_large_the_sd():
    expected, spread = normal_moments("log", MEANS, SDS)
    distribution = stats.lognorm(SDS, scale=np.exp(MEANS))
    np.testing.assert_allclose(expected, distribution.mean(), rtol=1e-10)
    np.testing.assert_allclose(spread, distribution.std(), rtol=1e-10)


@pytest.mark.parametrize(("link", "inverse"), [("logit", expit), ("probit", stats.norm.cdf)])
def test_of_a_probability_they_are_those_by_quadrature(link, inverse):
    expected, spread = normal_moments(link, MEANS, SDS)
    for i, (mean, sd) in enumerate(zip(MEANS, SDS, strict=True)):

        def moment(power, mean=mean, sd=sd):
            return integrate.quad(
                lambda x: inverse(mean + sd * x) ** power * stats.norm.pdf(x),
                -12,
                12,
                points=[-mean / sd],
                epsabs=1e-12,
            )[0]

        assert expected[i] == pytest.approx(moment(1), abs=1e-8)
        assert spread[i] == pytest.approx(np.sqrt(moment(2) - moment(1) ** 2), abs=1e-7)
