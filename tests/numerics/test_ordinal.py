"""Probabilities of ordered categories against their definitions, row by row, and what follows from them."""

import numpy as np
import pytest
from scipy import stats

from bayesmix.families.table import FAMILIES as RECORDS
from bayesmix.numerics.links import LINKS
from bayesmix.numerics.row_distribution.ordinal import category_probabilities
from bayesmix.numerics.row_distribution.parts import Predicted, quantile_residual

N_ROWS, N_DRAWS, K = 6, 3, 4
RNG = np.random.default_rng(2)
ETA = RNG.normal(size=(N_ROWS, N_DRAWS))
THRESHOLD = np.sort(RNG.normal(size=(K - 1, N_DRAWS)), axis=0)
F = {
    "logit": lambda x: 1 / (1 + np.exp(-x)),
    "probit": stats.norm.cdf,
    "cloglog": lambda x: 1 - np.exp(-np.exp(x)),
}
FAMILIES = ("cumulative", "stopping_ratio", "adjacent_category")
Y = np.array([1.0, 2, 3, 4, 1, 4])[:, None]


def by_definition(family, link, row, draw):
    below = [F[link](t - ETA[row, draw]) for t in THRESHOLD[:, draw]]
    if family == "cumulative":
        return np.diff([0, *below, 1])
    if family == "adjacent_category":
        relative = np.array([np.prod([(1 - share) / share for share in below[:k]]) for k in range(K)])
        return relative / relative.sum()
    left, found = 1.0, []
    for share in below:
        found.append(left * share)
        left *= 1 - share
    return np.array([*found, left])


@pytest.mark.parametrize("link", F)
@pytest.mark.parametrize("family", FAMILIES)
def test_probabilities_and_moments(family, link):
    found = category_probabilities(RECORDS[family].ordered_categories, LINKS[link].inverse, ETA, THRESHOLD)
    assert found.shape == (N_ROWS, K, N_DRAWS)
    for row in range(N_ROWS):
        for draw in range(N_DRAWS):
            expected = by_definition(family, link, row, draw)
            np.testing.assert_allclose(found[row, :, draw], expected, rtol=1e-12)
            numbers = stats.rv_discrete(values=(range(1, K + 1), expected))
            distribution = RECORDS[family].distribution
            assert distribution.mean({"probabilities": found})[row, draw] == pytest.approx(numbers.mean())
            assert distribution.variance({"probabilities": found})[row, draw] == pytest.approx(numbers.var())


@pytest.mark.parametrize("family", FAMILIES)
def test_density_residual_and_draws(family):
    q = Predicted(ETA, "logit", {"threshold": THRESHOLD})
    shares = np.array([[by_definition(family, "logit", i, d) for d in range(N_DRAWS)] for i in range(N_ROWS)])
    number = Y[:, 0].astype(int)
    own = np.array([shares[i, :, k - 1] for i, k in enumerate(number)])
    np.testing.assert_allclose(RECORDS[family].distribution.log_density(Y, q), np.log(own), rtol=1e-12)
    u = np.full((N_ROWS, 1), 0.3)
    below = np.array([shares[i, :, : k - 1].sum(axis=-1) for i, k in enumerate(number)])
    np.testing.assert_allclose(
        quantile_residual(RECORDS[family].distribution, Y, q, u), stats.norm.ppf(below + 0.3 * own), rtol=1e-9
    )
    rng = np.random.default_rng(4)
    drawn = np.stack([RECORDS[family].distribution.draw(rng, q) for _ in range(4000)])
    seen = np.stack([(drawn == k).mean(axis=0) for k in range(1, K + 1)], axis=-1)
    assert (np.abs(seen - shares) < 5 * np.sqrt(shares * (1 - shares) / 4000) + 1e-9).all()
