"""What weights hold of a limit: by equal weights, by repeated samples, and where few values or one half decide it."""

import numpy as np
import pytest
from scipy.stats import norm

from bayesmix.modelling.convergence import convergence
from bayesmix.modelling.samplers.weights import tail_trouble
from bayesmix.numerics.importance import resample


def test_equal_weights_hold_their_limits():
    rng = np.random.default_rng(1)
    assert tail_trouble(rng.normal(size=(8000, 2)), np.full(8000, 1 / 8000), 400) is None


def weighted(seed, n_values=4000):
    """A normal from one that is narrower to the left: few values stand for the lower tail."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=n_values)
    values = np.where(values < 0, 0.8 * values, values)
    density = norm.logpdf(np.where(values < 0, values / 0.8, values)) - np.where(values < 0, np.log(0.8), 0)
    weights = np.exp(norm.logpdf(values) - density)
    return values, weights / weights.sum()


def test_the_size_of_a_tail_is_that_of_its_error():
    """Over 300 samples the share of draws below the 5 % quantile varies as their tail's size says."""
    low = norm.ppf(0.05)
    shares, sizes = [], []
    for seed in range(300):
        values, weights = weighted(seed)
        chosen = resample(weights, 4000, np.random.default_rng(seed))
        draws = values[chosen].reshape(1, 4, 1000)
        shares.append(np.mean(draws < low))
        sizes.append(convergence(draws, chosen.reshape(4, 1000).astype(float)).ess_tail[0])
    binomial = 0.05 * 0.95 / np.var(shares, ddof=1)
    assert binomial < 2000
    # A variance of 300 is known to 8 %.
    assert np.mean(sizes) == pytest.approx(binomial, rel=0.3)


def test_a_limit_that_few_values_decide_is_trouble():
    values, weights = weighted(1)
    assert "of a 2.5 % limit" in tail_trouble(np.column_stack([np.abs(values), values]), weights, 2000)
    weights = np.full(8000, 1.0)
    values = np.random.default_rng(2).normal(size=(8000, 1))
    weights[values[:, 0].argmin()] = 200.0
    assert "effective size" in tail_trouble(values, weights / weights.sum(), 400)


def test_halves_that_disagree_about_a_limit_are_trouble():
    """Equal weights look best of all, yet one half has its lower limit elsewhere."""
    values = np.random.default_rng(3).normal(size=(8000, 1))
    values[4000:] = np.where(values[4000:] < -1.5, values[4000:] + 0.5, values[4000:])
    found = tail_trouble(values, np.full(8000, 1 / 8000), 400)
    assert found.startswith("halves of the values differ by ")
    mixed = np.random.default_rng(4).permutation(values)
    assert tail_trouble(mixed, np.full(8000, 1 / 8000), 400) is None
