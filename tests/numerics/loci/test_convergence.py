"""R-hat and effective sizes of a few parameters against ArviZ's."""

import arviz_stats.base
import numpy as np
import pytest

from bayesmix.numerics.loci.convergence import chains_figures


def chains(n_parameters, n_chains, n_draws, correlation, seed=1):
    """Autoregressive chains; some are folded, rounded, apart, constant or hold what is no number."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_parameters, n_chains, n_draws))
    for t in range(1, n_draws):
        x[:, :, t] += correlation * x[:, :, t - 1]
    x[0] = np.abs(x[0])
    x[1] = np.round(x[1])
    x[2] += np.arange(n_chains)[:, None]
    return x


@pytest.mark.parametrize(
    ("n_chains", "n_draws", "correlation"),
    [(4, 250, 0.3), (4, 1000, 0.95), (1, 301, 0.5), (2, 8, 0.0), (3, 101, -0.6), (4, 400, 0.999)],
)
def test_figures_are_those_of_arviz(n_chains, n_draws, correlation):
    x = chains(5, n_chains, n_draws, correlation)
    rhat, bulk, tail = chains_figures(x)
    arrays = arviz_stats.base.array_stats
    axes = {"chain_axis": 1, "draw_axis": 2}
    np.testing.assert_allclose(bulk, arrays.ess(x, method="bulk", **axes), rtol=1e-9)
    np.testing.assert_allclose(tail, arrays.ess(x, method="tail", prob=(0.05, 0.95), **axes), rtol=1e-9)
    if n_chains > 1:
        np.testing.assert_allclose(rhat, arrays.rhat(x, method="rank", **axes), rtol=1e-12)
    else:
        assert np.isnan(rhat).all()


def test_draws_that_do_not_vary_have_no_figures():
    x = chains(4, 4, 100, 0.0)
    x[1], x[3, 2, 5] = 3.0, np.nan
    for figure in chains_figures(x):
        np.testing.assert_array_equal(np.isnan(figure), [False, True, False, True])
