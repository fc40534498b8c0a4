"""Arrows of two means overlap exactly where their test does not tell them apart, or the picture names the pair."""

import matplotlib as mpl
import numpy as np
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError
from bayesmix.report.pictures.means_arrows import _disagree, _lengths, _Pairs, comparison_arrows

pytestmark = pytest.mark.usefixtures("no_figure_left")
SHORT = {"draws": 300, "chains": 2, "seed": 1, "progress": False}


@pytest.fixture(scope="module")
def fits():
    bib, cake = bm.load_data("cochran_bib"), bm.load_data("cake")
    binomial = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    return {
        "kfert": bm.reml("yield ~ K2O_lbac + (1 | rep)", bm.load_data("kfert")),
        "bib": bm.reml("yield ~ gen + (1 | loc)", bib),
        "lm": bm.lm("yield ~ gen + loc", bib),
        "clover": bm.lm("biomass ~ year + entry", bm.load_data("clover_simulated")),
        "cbpp": bm.laplace(binomial, bm.load_data("cbpp"), "binomial"),
        "cake": bm.reml("angle ~ recipe * temperature + (1 | recipe:replicate)", cake),
        "posterior": bm.fit("yield ~ gen + (1 | loc)", bib, **SHORT),
    }


def words(figure):
    return " ".join(text.get_text() for text in figure.texts).replace("\n", " ")


def arrow_ends(ax):
    """The ends of the arrows upwards and downwards that are drawn, by the place of the mean."""
    ends = {"arrows up": {}, "arrows down": {}}
    for line in ax.lines:
        if line.get_label() in ends:
            found = zip(np.round(line.get_xdata()).astype(int), line.get_ydata(), strict=True)
            ends[line.get_label()] |= {int(place): float(end) for place, end in found}
    return ends["arrows up"], ends["arrows down"]


def pairs_at_odds(ax, means, told_apart):
    """The pairs whose drawn arrows do not say what `told_apart` says, one flag for each pair i < j."""
    up, down = arrow_ends(ax)
    i, j = np.triu_indices(len(means), 1)
    at_odds = []
    for one, other, apart in zip(i, j, told_apart, strict=True):
        low, high = (one, other) if means[one] <= means[other] else (other, one)
        overlap = up[low] >= down[high]
        if overlap == apart:
            at_odds.append((int(one), int(other)))
    return at_odds


@pytest.mark.parametrize(
    ("name", "specs", "column", "adjust"),
    [
        ("kfert", "K2O_lbac", "emmean", "tukey"),
        ("kfert", "K2O_lbac", "emmean", "none"),
        ("lm", "loc", "emmean", "none"),
        ("lm", "loc", "emmean", "holm"),
        ("cbpp", "period", "prob", "none"),
        ("cbpp", "period", "prob", "holm"),
    ],
)
def test_arrows_agree_with_every_test(fits, name, specs, column, adjust):
    means = bm.emmeans(fits[name], specs, type="response" if column == "prob" else "link")
    figure = bm.plot_means(means, arrows=True, adjust=adjust)
    tests = bm.contrasts(means, "pairwise", adjust=adjust, type="link")
    apart = (tests["p"] < 0.05).to_numpy()
    assert pairs_at_odds(figure.axes[0], means[column].to_numpy(), apart) == []
    assert "Arrows that overlap: means that are not told apart (p >= 0.05)." in words(figure)
    assert "mislead" not in words(figure)


def test_of_595_pairs_in_unbalanced_data(fits):
    means = bm.emmeans(fits["clover"], "entry")
    apart = (bm.contrasts(means, adjust="none")["p"] < 0.05).to_numpy()
    assert 50 < apart.sum() < 545
    figure = bm.plot_means(means, arrows=True, adjust="none")
    assert pairs_at_odds(figure.axes[0], means["emmean"].to_numpy(), apart) == []


def test_of_a_posterior_probabilities_of_signs_decide(fits):
    means = bm.emmeans(fits["posterior"], "gen")
    apart = (bm.contrasts(means)["p_direction"] > 0.95).to_numpy()
    assert 0 < apart.sum() < len(apart)
    figure = bm.plot_means(means, arrows=True, alpha=0.1)
    assert pairs_at_odds(figure.axes[0], means["emmean"].to_numpy(), apart) == []
    assert "probability of a sign up to 0.95" in words(figure)


def test_the_highest_has_no_arrow_up_and_the_lowest_none_down(fits):
    means = bm.emmeans(fits["kfert"], "K2O_lbac")["emmean"].to_numpy()
    up, down = arrow_ends(bm.plot_means(bm.emmeans(fits["kfert"], "K2O_lbac"), arrows=True, adjust="none").axes[0])
    assert set(range(5)) - set(up) == {int(means.argmax())}
    assert set(range(5)) - set(down) == {int(means.argmin())}


def test_balanced_means_have_half_of_the_least_significant_difference(fits):
    """With one standard error of all differences each arrow is half of what a difference has to be."""
    means = bm.emmeans(fits["kfert"], "K2O_lbac")
    tests = bm.contrasts(means, "pairwise", adjust="none")
    least = (tests["upper"] - tests["lower"]).mean() / 2
    found = comparison_arrows(means, means["emmean"].to_numpy(), alpha=0.05, adjust="none")
    assert np.nanmean(found.upper - means["emmean"]) == pytest.approx(least / 2, rel=0.02)


def test_where_no_lengths_serve_the_pairs_are_named(fits):
    """Differences within a whole plot are told apart much sooner than those between whole plots."""
    means = bm.emmeans(fits["cake"], ["temperature", "recipe"])
    tests = bm.contrasts(means, "pairwise", adjust="holm")
    centre = means["emmean"].to_numpy()
    found = comparison_arrows(means, centre, alpha=0.05, adjust="holm")
    i, j = np.triu_indices(len(centre), 1)
    low, high = np.where(centre[i] <= centre[j], [i, j], [j, i])
    apart = (tests["p"] < 0.05).to_numpy()
    at_odds = (found.upper[low] >= found.lower[high]) == apart
    assert found.misleading == tuple(tests["contrast"][at_odds])
    assert 0 < at_odds.sum() < 10
    figure = bm.plot_means(means, arrows=True, adjust="holm")
    assert f"see contrasts: {found.misleading[0]}" in words(figure)


def test_within_families_alone(fits):
    """Means of different recipes are not compared, and each family has a lowest mean without an arrow down."""
    means = bm.emmeans(fits["cake"], "temperature", by="recipe")
    found = comparison_arrows(means, means["emmean"].to_numpy(), alpha=0.05, adjust="holm")
    assert np.isnan(found.lower).sum() == np.isnan(found.upper).sum() == 3
    assert found.misleading == ()
    assert "not told apart (p >= 0.05), within recipe." in words(bm.plot_means(means, arrows=True, adjust="holm"))


def test_means_that_are_not_estimable_have_none():
    rows = bm.load_data("irrigation")
    hole = rows[(rows["irrigation"] != "i4") | (rows["variety"] != "v2")]
    means = bm.emmeans(bm.lm("yield ~ irrigation * variety", hole), "irrigation")
    found = comparison_arrows(means, means["emmean"].to_numpy(), alpha=0.05, adjust=None)
    assert np.isnan([found.lower[3], found.upper[3]]).all()
    assert np.isfinite(np.fmax(found.lower, found.upper)[:3]).all()


@pytest.mark.parametrize("seed", range(12))
def test_lengths_that_serve_every_pair_are_found_if_there_are_any(seed):
    """Tests that follow from arrows of any lengths, with least differences that are off by a third."""
    rng = np.random.default_rng(seed)
    m = 14
    centre, up, down = rng.normal(size=m), rng.uniform(0.1, 1.5, m), rng.uniform(0.1, 1.5, m)
    i, j = np.triu_indices(m, 1)
    low, high = np.where(centre[i] <= centre[j], [i, j], [j, i])
    reach, distance = up[low] + down[high], centre[high] - centre[low]
    clear = np.abs(reach - distance) > 0.01
    pairs = _Pairs(
        low=low[clear],
        high=high[clear],
        distance=distance[clear],
        least=(reach * rng.uniform(0.67, 1.5, len(reach)))[clear],
        differ=(reach < distance)[clear],
    )
    assert 5 < pairs.differ.sum() < len(pairs.differ)
    assert not _disagree(pairs, *_lengths(pairs, m)).any()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"arrows": 1}, "arrows is True or False"),
        ({"arrows": True, "alpha": 5}, "alpha is the level of the tests"),
        ({"arrows": True, "adjust": "tuckey"}, "Did you mean 'tukey'"),
        ({"kind": "raw"}, "kind='raw' is not known"),
        ({"kind": "against_raw", "arrows": True}, "leave them out"),
        ({"kind": "against_raw", "x": "K2O_lbac"}, "each row of the table is a point"),
    ],
)
def test_one_line_says_what_is_wrong(fits, arguments, said):
    with pytest.raises(ArgumentError) as caught:
        bm.plot_means(bm.emmeans(fits["kfert"], "K2O_lbac"), **arguments)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not mpl.pyplot.get_fignums()


def test_too_many_means_are_refused():
    data = bm.load_data("cochran_bib")
    many = data.loc[data.index.repeat(4)].reset_index(drop=True).assign(g=lambda rows: (rows.index % 101).astype(str))
    means = bm.emmeans(bm.lm("yield ~ g", many), "g")
    with pytest.raises(ArgumentError, match="Arrows compare 101 means, and 100 are the most"):
        bm.plot_means(means, arrows=True)
