"""Who is promoted: ranks and gains counted by hand in the draws, and draws of estimates from the full covariance."""

import numpy as np
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError
from bayesmix.inference.trials.genotype_errors import genotype_covariance

from .conftest import error_covariance


def effects_of(fit):
    drawn = bm.ranef_draws(fit, "entry").sel(term="Intercept")
    return drawn.stack(all=("chain", "draw")).to_pandas()


def test_ranks_are_counted_in_the_draws(posterior):
    table, draws = bm.selection(posterior, "entry", top=4), effects_of(posterior)
    ranks = draws.rank(ascending=False)
    expected = {"p_best": (ranks == 1).mean(axis=1), "p_top": (ranks <= 4).mean(axis=1), "rank": ranks.mean(axis=1)}
    for name, values in expected.items():
        np.testing.assert_allclose(table[name], values.loc[table.index], atol=1e-6)
    np.testing.assert_allclose(table["mean"], draws.mean(axis=1).loc[table.index])
    assert table["mean"].is_monotonic_decreasing
    assert table["p_best"].sum() == pytest.approx(1)
    assert table["p_top"].sum() == pytest.approx(4)
    promoted = table.index[:4]
    assert table.attrs["gain"]["mean"] == pytest.approx(draws.loc[promoted].mean().mean())
    assert table.attrs["gain"]["lower"] == pytest.approx(draws.loc[promoted].mean().quantile(0.025))
    assert table.attrs["n_right"] == pytest.approx(expected["p_top"].loc[promoted].sum())


def test_the_lowest_are_the_highest_of_the_negative(posterior):
    draws = -effects_of(posterior)
    table = bm.selection(posterior, "entry", top=2, best="lowest")
    assert table.index[0] == draws.mean(axis=1).idxmax()
    np.testing.assert_allclose(
        table["p_top"], (draws.rank(ascending=False) <= 2).mean(axis=1).loc[table.index], atol=1e-6
    )


def test_estimates_are_drawn_about_their_blups_with_the_full_covariance(by_reml):
    """Probabilities against 100,000 draws with the covariance of dense matrices, within four standard errors."""
    sds = [float(L[0, 0]) for L in by_reml.L]
    covariance = error_covariance(by_reml.design, sds, by_reml.sigma)["entry"]
    modes = bm.ranef(by_reml, "entry").set_index("level")["estimate"]
    table = bm.selection(by_reml, "entry", top=5)
    np.testing.assert_allclose(
        table["sd"], np.sqrt(np.diag(covariance))[modes.index.get_indexer(table.index)], rtol=0.08
    )
    drawn = np.random.default_rng(1).multivariate_normal(modes, covariance, 100_000)
    top = (np.argsort(np.argsort(-drawn, axis=1), axis=1) < 5).mean(axis=0)[modes.index.get_indexer(table.index)]
    assert (np.abs(table["p_top"] - top) < 4 * np.sqrt(top * (1 - top) / 4000) + 1e-3).all()


def test_the_covariance_of_the_predictions_is_the_block_of_hendersons_inverse(by_reml):
    sds = tuple(float(L[0, 0]) for L in by_reml.L)
    genotype = next(term for term in by_reml.design.random if term.group == "entry")
    covariance = genotype_covariance(by_reml.design, genotype, sds=sds, sigma=by_reml.sigma)
    expected = error_covariance(by_reml.design, sds, by_reml.sigma)["entry"]
    np.testing.assert_allclose(covariance, expected, rtol=1e-8, atol=1e-9)


def test_it_says_what_is_gained(posterior, by_reml):
    text = str(bm.selection(posterior, "entry", top=3))
    assert "3 entries differ on average" in text
    assert "among the true best 3" in text
    assert "variances count as known" in " ".join(str(bm.selection(by_reml, "entry")).split())


@pytest.mark.parametrize(
    ("keywords", "says"), [({"top": 36}, "exceeds the number of levels of 'entry', 35"), ({"top": 0}, "top")]
)
def test_misuse(by_reml, keywords, says):
    with pytest.raises(ArgumentError, match=says):
        bm.selection(by_reml, "entry", **keywords)
