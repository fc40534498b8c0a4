"""What weights hold of a limit: by equal weights, by repeated samples, and where few values decide it."""

import numpy as np
import pytest
from scipy.stats import norm

from bayesmix.modelling.weight_tails import smallest_tail_size, tail_trouble


def test_equal_weights_are_worth_their_number():
    rng = np.random.default_rng(1)
    values = rng.normal(size=4000)
    assert smallest_tail_size(values, np.full(4000, 1 / 4000)) == pytest.approx(4000, rel=1e-3)
    assert smallest_tail_size(values, np.full(4000, 1 / 600)) == pytest.approx(600, rel=1e-3)
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
    """Over 300 samples the share below the 5 % quantile varies as the size says; copies are not counted."""
    low = norm.ppf(0.05)
    shares, sizes = [], []
    for seed in range(300):
        values, weights = weighted(seed)
        shares.append(weights[values < low].sum())
        chosen = np.random.default_rng(seed).choice(len(values), 4000, p=weights)
        sizes.append(smallest_tail_size(values[chosen], weights[chosen]))
    binomial = 0.05 * 0.95 / np.var(shares, ddof=1)
    assert binomial < 2500
    # A variance of 300 is known to 8 %.
    assert np.mean(sizes) == pytest.approx(binomial, rel=0.35)


def test_a_limit_that_few_values_decide_is_trouble():
    values, weights = weighted(1)
    assert "of a 2.5 % limit" in tail_trouble(np.column_stack([np.abs(values), values]), weights, 2000)
    weights = np.full(8000, 1.0)
    values = np.random.default_rng(2).normal(size=(8000, 1))
    weights[values[:, 0].argmin()] = 200.0
    assert "effective size" in tail_trouble(values, weights / weights.sum(), 400)
