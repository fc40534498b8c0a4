"""Effects of the largest factor: kept or drawn when asked for, they are the same draws."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import UnknownTermError
from bayesmix.posterior.layout import keeps_effects

SETTINGS = {"draws": 60, "chains": 2, "seed": 4, "progress": False}
FORMULAS = {
    "one factor": "y ~ x + (x | g)",
    "independent": "y ~ x + (x || g)",
    "crossed": "y ~ x + (x | g) + (1 | h)",
    "nested": "y ~ x + (1 | h / g)",
    "factor slopes": "y ~ f + (0 + f | g) + (x | h)",
}


def table(n_groups=30, n_obs=200, seed=3):
    rng = np.random.default_rng(seed)
    x, g, h = rng.normal(size=n_obs), rng.integers(0, n_groups, n_obs), rng.integers(0, 6, n_obs)
    y = 3 + x + rng.normal(size=n_groups)[g] + rng.normal(size=6)[h] + rng.normal(size=n_obs)
    return pd.DataFrame({"y": y, "x": 1e3 + x, "g": g, "h": h, "f": rng.choice(["a", "b"], n_obs)})


@pytest.mark.parametrize("sampler", ["importance", pytest.param("nutpie", marks=pytest.mark.slow)])
@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)
def test_kept_or_not_they_are_the_same(formula, sampler, tmp_path):
    data = table()
    kept, asked = (bm.fit(formula, data, sampler=sampler, keep_effects=keep, **SETTINGS) for keep in (True, False))
    design = kept.design
    largest = max(design.random, key=lambda term: term.n_levels)
    assert keeps_effects(kept.posterior["posterior"].to_dataset(), largest)
    assert not keeps_effects(asked.posterior["posterior"].to_dataset(), largest)
    again = bm.load(bm.save(asked, tmp_path / "fit.nc"))
    for question in (bm.ranef, bm.coef, bm.fitted, bm.varcorr):
        answer = question(kept)
        pd.testing.assert_frame_equal(pd.DataFrame(question(asked)), pd.DataFrame(answer), rtol=1e-12)
        pd.testing.assert_frame_equal(pd.DataFrame(question(again)), pd.DataFrame(answer), rtol=1e-12)
    some = [largest.levels[17], largest.levels[2]]
    drawn = bm.ranef_draws(asked, largest.group, levels=some)
    xr_equal = bm.ranef_draws(kept, largest.group).sel(level=some)
    np.testing.assert_array_equal(drawn.to_numpy(), xr_equal.to_numpy())


@pytest.mark.slow
def test_many_levels_are_never_drawn_at_once():
    """20,000 x 2 effects x 500 draws are 160 MB; neither the fit nor its table holds them."""
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(20_000), 3)
    x = rng.normal(size=len(g))
    data = pd.DataFrame({"y": rng.normal(size=20_000)[g] + x + rng.normal(size=len(g)), "x": x, "g": g})
    design_only = bm.fit("y ~ x", data, draws=10, chains=1, progress=False)  # loads what is loaded once
    assert design_only.design.n_obs == 60_000
    tracemalloc.start()
    try:
        found = bm.fit("y ~ x + (x | g)", data, draws=250, chains=2, keep_effects=False, seed=1, progress=False)
        effects = bm.ranef(found)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(effects) == 40_000
    assert peak < 120e6


def test_draws_have_their_names():
    found = bm.fit("y ~ x + (x || g) + (1 | h)", table(), **SETTINGS)
    drawn = bm.ranef_draws(found, "g")
    assert drawn.dims == ("chain", "draw", "level", "term")
    assert drawn.shape == (2, 60, 30, 2)
    means = drawn.mean(("chain", "draw")).to_series()
    table_means = bm.ranef(found, group="g").set_index(["level", "term"])["mean"]
    pd.testing.assert_series_equal(
        means.sort_index(), table_means.sort_index(), check_names=False, check_index_type=False
    )
    one = bm.ranef_draws(found, "h", levels=[3])
    assert one.shape == (2, 60, 1, 1)
    for arguments, words in (({"group": "k"}, "'k'"), ({"group": "g", "levels": ["31x"]}, "'31x'")):
        with pytest.raises(UnknownTermError, match=words):
            bm.ranef_draws(found, **arguments)
