"""Observations without a fit: what is drawn is what pandas computes of the columns."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, DataError, UnknownColumnError

pytestmark = pytest.mark.usefixtures("no_figure_left")


@pytest.fixture(scope="module")
def clover():
    return bm.load_data("clover_simulated")


@pytest.fixture(scope="module")
def irrigation():
    return bm.load_data("irrigation")


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(mpl.text.Text)).replace("\n", " ")


def offsets(ax, label="data"):
    return [np.asarray(one.get_offsets()) for one in ax.collections if one.get_label() == label]


def ticks(ax):
    return [text.get_text() for text in ax.get_xticklabels()]


def boxes(ax):
    """Middle, lower and upper end of each box, from its outline."""
    outlines = [np.asarray(one.get_xydata()) for one in ax.lines if len(one.get_xdata()) == 5]
    return np.array([[(o[:, 0].min() + o[:, 0].max()) / 2, o[:, 1].min(), o[:, 1].max()] for o in outlines])


def test_boxes_of_several_factors_in_the_order_of_their_means(clover, no_text_overlaps):
    figure = bm.plot_data(clover, "biomass", by=["year", "rep", "entry"], order="mean")
    assert [ax.get_xlabel() for ax in figure.axes] == ["year", "rep", "entry"]
    for ax, name in zip(figure.axes, ("year", "rep", "entry"), strict=True):
        groups = clover.groupby(name, observed=True)["biomass"]
        order = groups.mean().sort_values(kind="stable").index
        assert ticks(ax) == order.astype(str).tolist()
        quartiles = groups.quantile([0.25, 0.75]).unstack().loc[order].to_numpy()
        assert boxes(ax) == pytest.approx(np.column_stack([range(len(order)), quartiles]))
        (means,) = offsets(ax, "means")
        assert means[:, 1] == pytest.approx(groups.mean()[order])
        (points,) = offsets(ax)
        place = {level: number for number, level in enumerate(order)}
        assert np.round(points[:, 0]) == pytest.approx(clover[name].map(place).astype(float))
        assert points[:, 1] == pytest.approx(clover["biomass"])
    assert "Levels by their mean." in words(figure)
    no_text_overlaps(figure)


def test_the_order_of_levels_is_that_of_the_data_unless_told(irrigation):
    turned = irrigation.assign(irrigation=pd.Categorical(irrigation["irrigation"], ["i3", "i1", "i4", "i2"]))
    assert ticks(bm.plot_data(turned, "yield ~ irrigation").axes[0]) == ["i3", "i1", "i4", "i2"]
    medians = irrigation.groupby("irrigation", observed=True)["yield"].median().sort_values(kind="stable")
    by_median = bm.plot_data(turned, "yield ~ irrigation", order="median").axes[0]
    assert medians[ticks(by_median)].is_monotonic_increasing


def test_a_formula_splits_into_panels_as_in_lattice(clover):
    figure = bm.plot_data(clover, "biomass ~ entry | year")
    same = bm.plot_data(pl.from_pandas(clover), "biomass", "entry", panel="year", points=False)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["24AL", "25AL"]
    for ax, other, year in zip(figure.axes, same.axes, ("24AL", "25AL"), strict=True):
        own = clover[clover["year"] == year]
        assert offsets(ax)[0][:, 1] == pytest.approx(own["biomass"])
        assert boxes(ax) == pytest.approx(boxes(other))
        assert len(boxes(ax)) == own["entry"].nunique()
        assert offsets(other) == []


def test_levels_of_colours_stand_beside_each_other(irrigation, no_text_overlaps):
    figure = bm.plot_data(irrigation, "yield", "variety", colour="irrigation")
    (ax,) = figure.axes
    middles = boxes(ax)[:, 0].reshape(4, 2)
    assert (np.diff(middles, axis=0) > 0.1).all()
    assert np.round(middles).tolist() == [[0, 1]] * 4
    for points, level in zip(offsets(ax), ("i1", "i2", "i3", "i4"), strict=True):
        assert sorted(points[:, 1]) == sorted(irrigation.loc[irrigation["irrigation"] == level, "yield"])
    assert "irrigation i3" in words(figure)
    no_text_overlaps(figure)


def test_lines_of_subjects_along_a_number(no_text_overlaps):
    data = bm.load_data("sleepstudy")
    figure = bm.plot_data(data.sample(frac=1, random_state=1), "Reaction ~ Days", lines="Subject")
    (ax,) = figure.axes
    lines = {line.get_label(): np.asarray(line.get_xydata()) for line in ax.lines}
    assert len(lines) == 18
    for subject, rows in data.groupby("Subject", observed=True):
        assert lines[str(subject)] == pytest.approx(rows[["Days", "Reaction"]].to_numpy())
    assert "Reaction (ms)" in words(figure)
    assert "Days (day)" in words(figure)
    no_text_overlaps(figure)


def test_lines_join_the_means_where_a_level_was_seen_more_than_once(clover):
    (ax,) = bm.plot_data(clover, "biomass ~ year", lines="entry").axes
    means = clover.groupby(["entry", "year"], observed=True)["biomass"].mean()
    lines = {line.get_label(): np.asarray(line.get_ydata()) for line in ax.lines}
    for entry in clover["entry"].unique():
        assert lines[entry] == pytest.approx(means[entry])


def test_products_functions_and_proportions(clover):
    (ax,) = bm.plot_data(clover, "log(biomass) ~ year:rep").axes
    assert ticks(ax) == ["24AL, 1", "24AL, 2", "25AL, 1", "25AL, 2"]
    assert offsets(ax)[0][:, 1] == pytest.approx(np.log(clover["biomass"]))
    herds = bm.load_data("cbpp")
    figure = bm.plot_data(herds, "cbind(incidence, size - incidence) ~ period")
    assert offsets(figure.axes[0])[0][:, 1] == pytest.approx(herds["incidence"] / herds["size"])
    assert "proportion of incidence" in words(figure)
    days = bm.plot_data(bm.load_data("sleepstudy"), "Reaction", "factor(Days)")
    assert ticks(days.axes[0]) == [str(day) for day in range(10)]


def test_a_number_with_few_values_has_boxes_there():
    data = bm.load_data("sleepstudy")
    figure = bm.plot_data(data, "Reaction ~ Days")
    quartiles = data.groupby("Days")["Reaction"].quantile([0.25, 0.75]).unstack().to_numpy()
    assert boxes(figure.axes[0]) == pytest.approx(np.column_stack([range(10), quartiles]))
    assert "Boxes: median" in words(figure)
    assert "Boxes" not in words(bm.plot_data(data, "Reaction ~ Days | Subject"))
    assert "Boxes" not in words(bm.plot_data(bm.load_data("dragons_simulated"), "intelligence ~ wingspan"))


def test_odd_names_and_missing_values(clover):
    data = clover.rename(columns={"biomass": "dry mass", "year": "year | site"})
    data.loc[data.index[:3], "dry mass"] = np.nan
    data["rep"] = data["rep"].astype(object).where(data.index != data.index[7])
    figure = bm.plot_data(data, "dry mass", ["year | site", "rep"])
    assert "4 rows miss a value and are left out." in words(figure)
    assert len(offsets(figure.axes[0])[0]) == len(clover) - 4


def test_very_many_levels_have_no_names():
    data = pd.DataFrame({"y": np.arange(200.0), "g": [f"level {i:03d}" for i in np.arange(200) // 2]})
    figure = bm.plot_data(data, "y ~ g")
    assert ticks(figure.axes[0]) == []
    assert "Names of more than 60 levels are left out." in words(figure)


def test_into_given_axes_and_settings_stay(irrigation):
    before = dict(mpl.rcParams)
    _, ax = plt.subplots()
    assert bm.plot_data(irrigation, "yield ~ variety", ax=ax) is ax.get_figure()
    assert ax.get_xlabel() == "variety"
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda d: bm.plot_data(d, "yeld", by="gen"), UnknownColumnError, "Did you mean 'yield'"),
        (lambda d: bm.plot_data(d, "yield ~ gne"), UnknownColumnError, "Did you mean 'gen'"),
        (lambda d: bm.plot_data(d, "yield ~ gen", lines="lok"), UnknownColumnError, "Did you mean 'loc'"),
        (lambda d: bm.plot_data(d, "gen ~ loc"), DataError, "a picture needs numbers. Columns of numbers: yield"),
        (lambda d: bm.plot_data(d.assign(y="1,5"), "y ~ loc"), DataError, 'decimal=","'),
        (lambda d: bm.plot_data(d, "yield"), ArgumentError, "There is nothing to draw 'yield' beside"),
        (lambda d: bm.plot_data(d, "yield ~ 1"), ArgumentError, "has nothing along the axis"),
        (lambda d: bm.plot_data(d, "~ gen"), ArgumentError, "has no response"),
        (lambda d: bm.plot_data("yield ~ gen", d), ArgumentError, "data come first"),
        (lambda d: bm.plot_data(d, "yield ~ gen", by="loc"), ArgumentError, "leave one out"),
        (lambda d: bm.plot_data(d, "yield ~ gen | loc", panel="loc"), ArgumentError, "leave one out"),
        (lambda d: bm.plot_data(d, "yield ~ gen + (1 | loc)"), ArgumentError, "is the formula of a model"),
        (lambda d: bm.plot_data(d, "yield", ["gen", "loc"], panel="loc"), ArgumentError, "take one column"),
        (lambda d: bm.plot_data(d, "yield ~ gen", colour="gen:loc"), ArgumentError, "52 levels, and 20 colours"),
        (lambda d: bm.plot_data(d, "yield ~ gen", panel="gen:loc"), ArgumentError, "52 levels, and 48 panels"),
        (lambda d: bm.plot_data(d, "yield ~ gen", order="size"), ArgumentError, "order='size' is not known"),
        (lambda d: bm.plot_data(d, "yield ~ poly(yield, 2)"), ArgumentError, "2 columns; an axis shows one"),
        (lambda d: bm.plot_data(d.assign(yield_=np.nan), "yield_ ~ gen"), DataError, "All 52 rows have a missing"),
        (lambda d: bm.plot_data(d, "yield ~ gen", hue="loc"), TypeError, "that is colour="),
    ],
)
def test_one_line_says_what_is_wrong(call, kind, said):
    with pytest.raises(kind) as caught:
        call(bm.load_data("cochran_bib"))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
