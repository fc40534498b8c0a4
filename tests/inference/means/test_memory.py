"""Ten thousand means of four thousand draws: draws are taken in batches, not held."""

import tracemalloc

import numpy as np
import pytest

import bayesmix as bm

N_MEANS, N_DRAWS = 10_000, 2_000  # draws of each of two chains


@pytest.mark.slow
@pytest.mark.parametrize("groups", ["typical", "fitted", "new"])
def test_many_means_need_no_gigabyte(mixed, invent, groups):
    fit = invent("count ~ x + f + (x | h)", mixed, "poisson", spread=0.02, n_draws=N_DRAWS)
    values = np.linspace(1, 2, N_MEANS).tolist()
    tracemalloc.start()
    found = bm.emmeans(fit, "x", at={"x": values, "f": "a"}, groups=groups)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == N_MEANS
    assert peak < 0.6 * 8 * N_MEANS * 2 * N_DRAWS < 1e9  # the draws held at once would be 320 MB


@pytest.mark.slow
def test_many_responses_need_no_gigabyte(mixed, invent):
    fit = invent("yes | trials(size) ~ x + f + (x | h)", mixed, "binomial", spread=0.02, n_draws=N_DRAWS)
    values = np.linspace(1, 2, 1000).tolist()
    for groups in ("new", "fitted"):
        tracemalloc.start()
        bm.emmeans(fit, "x", at={"x": values, "f": "a"}, groups=groups, type="response")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4e8
