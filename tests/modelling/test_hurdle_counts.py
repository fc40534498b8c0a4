"""Draws of counts past a hurdle against their probabilities."""

import numpy as np
import pymc as pm
import pytest
from scipy import stats

from bayesmix.modelling.pymc_model.hurdle_counts import HURDLE_COUNTS

from ..in_python import IN_PYTHON

N = 40_000


@pytest.mark.parametrize("mu", [1e-4, 0.7, 6.0])
@pytest.mark.parametrize("alpha", [None, 0.4, 3.0])
def test_draws_follow_the_probabilities(mu, alpha):
    if alpha is None:
        drawn, count = HURDLE_COUNTS["HurdlePoisson"].dist(psi=0.6, mu=mu, size=N), stats.poisson(mu)
    else:
        drawn = HURDLE_COUNTS["HurdleNegativeBinomial"].dist(psi=0.6, mu=mu, alpha=alpha, size=N)
        count = stats.nbinom(alpha, alpha / (alpha + mu))
    values = pm.draw(drawn, random_seed=4, mode=IN_PYTHON)
    seen = np.bincount(values.astype(int), minlength=7)[:7]
    above = -np.expm1(count.logpmf(0))
    expected = N * np.concatenate([[0.4], 0.6 * count.pmf(np.arange(1, 7)) / above])
    likely = expected > 5
    chi_square = ((seen - expected) ** 2 / expected)[likely].sum()
    assert stats.chi2.sf(chi_square, likely.sum()) > 1e-3
    assert (seen[~likely] < 30).all()
