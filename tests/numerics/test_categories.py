"""The softmax of categories without an order against one written by hand."""

import numpy as np
import pytest
from scipy.special import expit, log_expit
from scipy.stats import chisquare

from bayesmix.numerics.row_distribution.categories import CATEGORICAL
from bayesmix.numerics.row_distribution.parts import Predicted

N_ROWS, N_DRAWS, K = 6, 4, 3
FURTHER = np.random.default_rng(4).normal(scale=2, size=(N_ROWS, K - 1, N_DRAWS))


def predicted(further):
    return Predicted(np.zeros((len(further), further.shape[-1])), "logit", {"further": further})


def by_hand(further):
    """Odds against the first category, each divided by the sum of all."""
    shares = np.empty((N_ROWS, K, N_DRAWS))
    for row in range(N_ROWS):
        for draw in range(N_DRAWS):
            odds = [1.0, *(np.exp(eta) for eta in further[row, :, draw])]
            shares[row, :, draw] = [one / sum(odds) for one in odds]
    return shares


def test_probabilities_and_log_density():
    shares = by_hand(FURTHER)
    np.testing.assert_allclose(CATEGORICAL.probabilities(predicted(FURTHER)), shares, rtol=1e-12)
    y = np.arange(N_ROWS)[:, None] % K + 1.0
    expected = [np.log(shares[row, int(number) - 1]) for row, number in enumerate(y[:, 0])]
    np.testing.assert_allclose(CATEGORICAL.log_density(y, predicted(FURTHER)), expected, rtol=1e-12)


def test_two_categories_are_a_logit():
    eta = FURTHER[:, :1]
    share = CATEGORICAL.probabilities(predicted(eta))[:, 1]
    np.testing.assert_allclose(share, expit(eta[:, 0]), rtol=1e-12)
    second = CATEGORICAL.log_density(np.full((N_ROWS, 1), 2.0), predicted(eta))
    np.testing.assert_allclose(second, log_expit(eta[:, 0]), rtol=1e-12)


@pytest.mark.parametrize(("number", "expected"), [(1.0, -800.0), (2.0, 0.0), (3.0, -1600.0)])
def test_a_category_that_is_next_to_impossible_keeps_its_logarithm(number, expected):
    further = np.array([800.0, -800.0]).reshape(1, 2, 1)
    found = CATEGORICAL.log_density(np.array([[number]]), predicted(further))
    assert found.item() == pytest.approx(expected, abs=1e-9)


def test_draws_have_these_probabilities():
    further, n = FURTHER[:, :, :1], 4000
    drawn = CATEGORICAL.draw(np.random.default_rng(2), predicted(np.repeat(further, n, axis=-1)))
    for row, shares in enumerate(by_hand(np.repeat(further, N_DRAWS, axis=-1))[..., 0]):
        counts = np.bincount(drawn[row].astype(int), minlength=K + 1)[1:]
        assert chisquare(counts, n * shares).pvalue > 1e-3
