"""The band of ranks holds independent chains as often as it says, and no chain that is shifted."""

import numpy as np
import pytest
from scipy import stats

from bayesmix.numerics.rank_band import rank_band


@pytest.mark.parametrize(("n_chains", "n_draws"), [(2, 50), (4, 250)])
def test_all_chains_lie_in_it_together_as_often_as_it_says(n_chains, n_draws):
    """Ranks by SciPy; of 1000 sets the sd of a share of 0.95 is 0.007, of the band's own 2000 simulations 0.005."""
    band = rank_band(n_chains, n_draws, prob=0.95)
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(1000):
        ranks = stats.rankdata(rng.normal(size=(n_chains, n_draws))).reshape(n_chains, n_draws)
        limit = np.round(band.at * n_chains * n_draws)
        difference = (ranks[:, :, None] <= limit).mean(axis=1) - band.at
        held += bool((np.abs(difference) <= band.half + 1e-9).all())
    assert held / 1000 == pytest.approx(0.95, abs=4 * 0.009)


def test_its_shape_is_that_of_the_hypergeometric_sd():
    band = rank_band(3, 40, prob=0.95)
    sd = stats.hypergeom(120, 40, np.round(band.at[1:-1] * 120)).std() / 40
    ratio = band.half[1:-1] / sd
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-9)
    assert 2.5 < ratio[0] < 4.0
