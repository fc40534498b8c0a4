"""Monte Carlo errors of means, sds and limits: against closed forms, and against what repetition shows."""

import numpy as np
import pytest
from scipy.stats import norm

from bayesmix.modelling.audit_errors import STATISTICS, statistics_of
from bayesmix.numerics.importance import resample


def test_of_independent_normal_draws():
    """Of n normal draws: 1 / sqrt(n), 1 / sqrt(2 n), sqrt(p (1 - p) / n) / density."""
    draws = np.random.default_rng(3).normal(size=(4, 25_000))
    found = statistics_of(draws)
    at_limit = np.sqrt(0.025 * 0.975 / draws.size) / norm.pdf(norm.ppf(0.025))
    expected = {"mean": (0, 1 / np.sqrt(draws.size)), "sd": (1, 1 / np.sqrt(2 * draws.size))}
    expected |= {"2.5 %": (norm.ppf(0.025), at_limit), "97.5 %": (norm.ppf(0.975), at_limit)}
    for name, (value, mcse) in expected.items():
        assert abs(found[name].value - value) < 4 * mcse
        assert found[name].mcse == pytest.approx(mcse, rel=0.2)


def test_of_draws_resampled_by_weight():
    """A proposal beside the target: what the weights say of the error is what repetition shows."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(150):
        values = rng.normal(0.4, 1.1, size=800)
        weights = norm.pdf(values) / norm.pdf(values, 0.4, 1.1)
        weights /= weights.sum()
        chosen = np.sort(resample(weights, 2000, rng))  # the copies of a value stand side by side, as in a posterior
        found.append(statistics_of(values[chosen].reshape(4, 500), values[chosen].reshape(4, 500)))
    for name in STATISTICS:
        spread = np.std([one[name].value for one in found])
        said = np.sqrt(np.mean([one[name].mcse ** 2 for one in found]))
        assert said == pytest.approx(spread, rel=0.3), name


@pytest.mark.parametrize("value", [np.inf, np.nan, 1e300])
def test_draws_that_have_no_mean_or_sd(value):
    draws = np.random.default_rng(1).normal(size=(2, 50))
    draws[0, 0] = value
    assert all(np.isnan(one.value) and np.isnan(one.mcse) for one in statistics_of(draws).values())


def test_a_constant_has_no_error():
    found = statistics_of(np.full((2, 50), 3.0))
    assert [(one.value, one.mcse) for one in found.values()] == [(3.0, 0.0), (0.0, 0.0), (3.0, 0.0), (3.0, 0.0)]
