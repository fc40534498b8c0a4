"""Means of several fits beside each other, and means against those of the observations."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError

pytestmark = pytest.mark.usefixtures("no_figure_left")


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(mpl.text.Text)).replace("\n", " ")


@pytest.fixture(scope="module")
def blocks():
    """kfert with blocks fixed and random: one and the same means, other intervals."""
    data = bm.load_data("kfert")
    return {
        "fixed blocks": bm.emmeans(bm.lm("yield ~ K2O_lbac + rep", data), "K2O_lbac"),
        "random blocks": bm.emmeans(
            bm.reml("yield ~ K2O_lbac + (1 | rep)", data), "K2O_lbac", ddf="kenward-roger", prob=0.9
        ),
    }


def test_fixed_beside_random_blocks(blocks, no_text_overlaps):
    figure = bm.plot_means(blocks)
    (ax,) = figure.axes
    lines = [line for line in ax.lines if len(line.get_xdata())]
    bars = [bar for bar in ax.collections if isinstance(bar, mpl.collections.LineCollection)]
    for line, bar, means in zip(lines, bars, blocks.values(), strict=True):
        assert line.get_ydata() == pytest.approx(means["emmean"])
        assert np.round(line.get_xdata()).tolist() == [0, 1, 2, 3, 4]
        ends = np.array([[path[0, 1], path[1, 1]] for path in bar.get_segments()])
        assert ends == pytest.approx(means[["lower", "upper"]].to_numpy())
    assert (lines[1].get_xdata() > lines[0].get_xdata()).all()
    points = np.concatenate([c.get_offsets() for c in ax.collections if c.get_label() == "data"])
    assert sorted(points[:, 1]) == sorted(bm.load_data("kfert")["yield"])
    assert "fixed blocks" in words(figure)
    assert "Means with 95 % and 90 % confidence intervals." in words(figure)
    no_text_overlaps(figure)


def test_the_same_as_a_table(blocks):
    table = pd.concat(blocks, names=["blocks"])
    assert table.loc["fixed blocks", "se"].round(3).tolist() == [0.121] * 5
    assert table.loc["random blocks", "se"].round(3).tolist() == [0.162] * 5


def test_further_factors_have_panels():
    data = bm.load_data("irrigation")
    fits = {
        "lm": bm.lm("yield ~ irrigation * variety", data),
        "field": bm.reml("yield ~ irrigation * variety + (1|field)", data),
    }
    tables = {label: bm.emmeans(fit, ["irrigation", "variety"]) for label, fit in fits.items()}
    figure = bm.plot_means(tables, arrows=True, letters=True, adjust="none")
    shown = {ax.get_title(loc="left"): ax for ax in figure.axes if ax.get_visible()}
    assert list(shown) == ["variety = v1", "variety = v2"]
    for title, ax in shown.items():
        lines = [line for line in ax.lines if len(line.get_xdata()) and not line.get_label().startswith("arrows")]
        for line, table in zip(lines, tables.values(), strict=True):
            assert line.get_ydata() == pytest.approx(table.loc[table["variety"] == title[-2:], "emmean"])


def test_against_raw_means_of_unbalanced_data(no_text_overlaps):
    data = bm.load_data("clover_simulated")
    means = bm.emmeans(bm.lm("biomass ~ year + entry", data), "entry")
    figure = bm.plot_means(means, kind="against_raw")
    (ax,) = figure.axes
    raw = data.groupby("entry", observed=True)["biomass"].mean()
    (points,) = [np.asarray(c.get_offsets()) for c in ax.collections if c.get_label() == "means"]
    assert points[:, 0] == pytest.approx(raw[means["entry"]].to_numpy())
    assert points[:, 1] == pytest.approx(means["emmean"])
    furthest = (means["emmean"] - raw[means["entry"]].to_numpy()).abs().nlargest(12).index
    named = {text.get_text() for text in ax.texts} & set(means["entry"])
    assert 5 <= len(named) <= 10
    assert named <= set(means["entry"][furthest])
    (equal,) = [line for line in ax.lines if line.get_label() == "equal"]
    assert (equal.get_xdata() == equal.get_ydata()).all()
    no_text_overlaps(figure)


def test_levels_that_are_not_estimable_are_ticks_and_named():
    data = bm.load_data("clover_simulated")
    means = bm.emmeans(bm.lm("biomass ~ year + rep + entry + entry:year", data), "entry")
    unknown = means.loc[means["emmean"].isna(), "entry"].tolist()
    assert len(unknown) == 12
    figure = bm.plot_means(means, kind="against_raw")
    (ticks,) = [line for line in figure.axes[0].lines if line.get_label() == "not estimable"]
    raw = data.groupby("entry", observed=True)["biomass"].mean()
    assert sorted(ticks.get_xdata()) == pytest.approx(sorted(raw[unknown]))
    assert f"Not estimable, ticks at the lower edge: {', '.join(unknown)}." in words(figure)


def test_raw_proportions_count_with_their_trials():
    data = bm.load_data("cbpp")
    fit = bm.laplace("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, "binomial")
    figure = bm.plot_means(bm.emmeans(fit, "period", type="response"), kind="against_raw")
    (points,) = [np.asarray(c.get_offsets()) for c in figure.axes[0].collections if c.get_label() == "means"]
    totals = data.groupby("period", observed=True)[["incidence", "size"]].sum()
    assert points[:, 0] == pytest.approx(totals["incidence"] / totals["size"])
    assert "Effects of herd are 0." in words(figure)
    with pytest.raises(ArgumentError, match='type="response"'):
        bm.plot_means(bm.emmeans(fit, "period"), kind="against_raw")


@pytest.mark.parametrize(
    ("change", "arguments", "said"),
    [
        (lambda tables: {label: tables[label] for label in ()}, {}, "means is empty"),
        (lambda tables: {**tables, "lm": 3}, {}, "takes a table of means"),
        (lambda tables: tables, {"by": "K2O_lbac"}, "leave by out"),
        (lambda tables: tables, {"kind": "against_raw"}, "shows one table; got 2"),
        (lambda tables: {**tables, "other": "gen"}, {}, "'fixed blocks' has K2O_lbac, emmean, 'other' has gen, emmean"),
        (lambda tables: {**tables, "other": "log"}, {}, "are on one scale"),
    ],
)
def test_one_line_says_what_is_wrong(blocks, change, arguments, said):
    others = {
        "gen": lambda: bm.emmeans(bm.lm("yield ~ gen", bm.load_data("cochran_bib")), "gen"),
        "log": lambda: bm.emmeans(bm.lm("log(yield) ~ K2O_lbac", bm.load_data("kfert")), "K2O_lbac"),
    }
    tables = {label: others[one]() if isinstance(one, str) else one for label, one in change(blocks).items()}
    with pytest.raises(ArgumentError) as caught:
        bm.plot_means(tables, **arguments)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
