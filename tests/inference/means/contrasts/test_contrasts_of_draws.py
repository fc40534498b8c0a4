"""Contrasts and ranks of a posterior against plain loops over its draws."""

import numpy as np
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError
from bayesmix.inference.means.linear_functions import evaluate


@pytest.fixture(scope="module")
def draws(kfert_fit):
    """Draws of the five means, (5, n_draws), from the coefficients."""
    posterior = kfert_fit.posterior["posterior"]
    intercept = posterior["Intercept"].to_numpy().ravel()
    others = posterior["K2O_lbac"].transpose("K2O_lbac_dim", "chain", "draw").to_numpy().reshape(4, -1)
    return np.vstack([intercept, intercept + others])


def test_differences_are_those_of_the_draws(kfert_means, draws):
    table = bm.contrasts(kfert_means, "pairwise", prob=0.8)
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    for (first, second), row in zip(pairs, table.itertuples(), strict=True):
        difference = draws[first] - draws[second]
        assert row.estimate == pytest.approx(difference.mean())
        assert row.sd == pytest.approx(difference.std(ddof=1))
        assert (row.lower, row.upper) == pytest.approx(tuple(np.quantile(difference, (0.1, 0.9))))
        assert row.p_direction == pytest.approx(max((difference > 0).mean(), (difference < 0).mean()))
    assert "p" not in table


@pytest.mark.parametrize(("rope", "low", "high"), [(0.2, -0.2, 0.2), ((-0.1, 0.3), -0.1, 0.3)])
def test_differences_that_do_not_matter(kfert_means, draws, rope, low, high):
    row = bm.contrasts(kfert_means, {"first - last": [1, 0, 0, 0, -1]}, rope=rope).iloc[0]
    inside = np.mean([low <= value <= high for value in draws[0] - draws[4]])
    assert row.p_inside == pytest.approx(inside)
    assert row.p_outside == pytest.approx(1 - inside)


@pytest.mark.slow
def test_the_order_of_magnitude_is_that_of_reml(kfert_fit):
    reml = bm.reml("yield ~ K2O_lbac + (1 | rep)", bm.load_data("kfert"))
    ours, theirs = (bm.contrasts(bm.emmeans(one, "K2O_lbac")) for one in (kfert_fit, reml))
    # 800 draws: Monte Carlo errors of 0.007; the prior pulls by some hundredths.
    assert np.abs(ours["estimate"] - theirs["estimate"]).max() < 0.06


@pytest.mark.parametrize("best", ["highest", "lowest"])
def test_ranks_are_those_within_draws(kfert_means, draws, best):
    table = bm.ranks(kfert_means, top=2, best=best, prob=0.9).set_index("K2O_lbac")
    sign = -1 if best == "highest" else 1
    ranks = np.array([[1 + np.sum(sign * draw < sign * one) for one in draw] for draw in draws.T]).T
    for row, level in zip(ranks, ("36", "54", "72", "108", "144"), strict=True):
        ours = table.loc[level]
        assert ours.p_best == pytest.approx((row == 1).mean())
        assert ours.p_top == pytest.approx((row <= 2).mean())
        assert ours["rank"] == pytest.approx(row.mean())
        assert (ours.lower, ours.upper) == tuple(np.quantile(row, (0.05, 0.95)))
    assert table["p_best"].sum() == pytest.approx(1)
    assert table["p_top"].sum() == pytest.approx(2)
    assert table["rank"].is_monotonic_increasing


@pytest.fixture(scope="module")
def irrigation_fit():
    return bm.fit(
        "yield ~ irrigation * variety + (1 | field)", bm.load_data("irrigation"), draws=50, seed=1, progress=False
    )


@pytest.mark.parametrize("groups", ["typical", "fitted", "new"])
def test_contrasts_are_of_the_draws_of_the_means_whatever_stands_for_groups(irrigation_fit, groups):
    means = bm.emmeans(irrigation_fit, "irrigation", groups=groups)
    draws = evaluate(means.linear).draws(slice(0, 4))
    table = bm.contrasts(means, {"first - last": [1, 0, 0, -1], "halves": [0.5, 0.5, -0.5, -0.5]})
    assert table["estimate"].tolist() == pytest.approx(
        [(draws[..., 0] - draws[..., 3]).mean(), (draws @ [0.5, 0.5, -0.5, -0.5]).mean()]
    )
    assert f'groups="{groups}"' in str(table)


def test_ranks_within_families(irrigation_fit):
    table = bm.ranks(bm.emmeans(irrigation_fit, "irrigation", by="variety"))
    assert table.groupby("variety")["p_best"].sum().tolist() == pytest.approx([1, 1])
    assert "variety = v2" in str(table)


REFUSED = [
    (lambda m: bm.contrasts(m, "pairwize"), "Did you mean 'pairwise'"),
    (lambda m: bm.contrasts(m, adjust="tukey"), "a posterior has none"),
    (lambda m: bm.contrasts(m, rope=-1), "largest difference that does not matter"),
    (lambda m: bm.contrasts(m, rope=(0.1, 0.2)), "largest difference that does not matter"),
    (lambda m: bm.contrasts(m[["emmean"]]), "as it was returned; got ReadableTable"),
    (lambda m: bm.contrasts(m.linear.fit), r"takes a table of means, bm.emmeans\(fit, specs\); got Fit"),
    (lambda m: bm.contrasts(m, {"a": [1, 2]}), "has 2 weights, and there are 5 means: 36, 54"),
    (lambda m: bm.contrasts(m, {"a": [0] * 5}), "compares nothing"),
    (lambda m: bm.contrasts(m, {"a": {"37": 1}}), "none of the levels. Levels: 36"),
    (lambda m: bm.contrasts(m, {"a": ["x"] * 5}), "one number for each mean"),
    (lambda m: bm.contrasts(m, {}), "no contrasts"),
    (lambda m: bm.contrasts(m, "trt.vs.ctrl", ref="37"), "none of the levels"),
    (lambda m: bm.contrasts(m, "trt.vs.ctrl", ref=["36", "54", "72", "108", "144"]), "names all levels"),
    (lambda m: bm.contrasts(m, "poly", ref="36"), "has none: leave it out"),
    (lambda m: bm.contrasts(m, {"a": [1, 0, 0, 0, -1]}, reverse=True), "need neither"),
    (lambda m: bm.contrasts(m, by="K2O_lbac"), "leaves nothing to compare"),
    (lambda m: bm.contrasts(m, by="K2O"), "by='K2O' is not known"),
    (lambda m: bm.contrasts(m, interaction=["pairwise", "pairwise"]), "2 sets of contrasts"),
    (lambda m: bm.contrasts(m, type="ratio"), "type='ratio' is not known"),
    (lambda m: bm.ranks(m, top=9), "top=9 exceeds the number of means, 5"),
    (lambda m: bm.ranks(m, best="most"), "best='most' is not known"),
]


@pytest.mark.parametrize(("ask", "words"), REFUSED)
def test_one_line_says_what_is_wrong(kfert_means, ask, words):
    with pytest.raises(ArgumentError, match=words) as caught:
        ask(kfert_means)
    assert "\n" not in str(caught.value)


def test_estimates_have_no_ranks_and_no_bounds():
    means = bm.emmeans(bm.lm("yield ~ K2O_lbac + rep", bm.load_data("kfert")), "K2O_lbac")
    with pytest.raises(ArgumentError, match=r"ranks are of draws, and this is a fit of kind LmFit; bm.fit"):
        bm.ranks(means)
    with pytest.raises(ArgumentError, match="rope is of posteriors"):
        bm.contrasts(means, rope=0.1)
    with pytest.raises(ArgumentError, match=r"adjust='tuckey' is not known\. Did you mean 'tukey'"):
        bm.contrasts(means, adjust="tuckey")


def test_ratios_within_a_group_are_called_so():
    counts = bm.laplace("cbind(incidence, size - incidence) ~ period + (1 | herd)", bm.load_data("cbpp"), "binomial")
    typical, new = (bm.contrasts(bm.emmeans(counts, "period", type="response", groups=g)) for g in ("typical", "new"))
    assert typical["odds_ratio"].tolist() == pytest.approx(new["odds_ratio"].tolist())
    assert "contrasts are those within a group" in str(new).replace("\n", " ")
    assert "averaged over the distribution" not in str(new).replace("\n", " ")
