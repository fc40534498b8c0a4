"""Lines of least squares, REML and Laplace fits: along any column, in colours, where the levels were observed."""

import matplotlib as mpl
import numpy as np
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, UnknownColumnError, UnknownTermError

pytestmark = pytest.mark.usefixtures("no_figure_left")


@pytest.fixture(scope="module")
def sleepstudy():
    return bm.load_data("sleepstudy")


@pytest.fixture(scope="module")
def complete(sleepstudy):
    return bm.lm("Reaction ~ Days", sleepstudy)


@pytest.fixture(scope="module")
def slopes(sleepstudy):
    return bm.reml("Reaction ~ Days + (Days | Subject)", sleepstudy)


@pytest.fixture(scope="module")
def dragons():
    return bm.reml("intelligence ~ wingspan * scales + (1 | mountain)", bm.load_data("dragons_simulated"))


@pytest.fixture(scope="module")
def trial():
    """Replicates of their own in each year, which no replicate leaves."""
    data = bm.load_data("clover_simulated")
    data["rep"] = data["year"].astype(str) + "-" + data["rep"].astype(str)
    return bm.reml("biomass ~ year + (1 | rep)", data)


def panels(figure):
    return {ax.get_title(): ax for ax in figure.axes if ax.get_visible()}


def line(ax, label):
    (found,) = [drawn for drawn in ax.lines if drawn.get_label() == label]
    return np.asarray(found.get_xdata(), dtype=float), np.asarray(found.get_ydata(), dtype=float)


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(mpl.text.Text)).replace("\n", " ")


def test_complete_partial_and_no_pooling_in_one_picture(sleepstudy, complete, slopes):
    alone = bm.lm("Reaction ~ 0 + Subject + Subject:Days", sleepstudy)
    shown = panels(bm.plot_lines({"complete": complete, "none": alone, "partial": slopes}, max_panels=4))
    whole, own, mixed = bm.fixef(complete)["estimate"], bm.fixef(alone)["estimate"], bm.coef(slopes, "Subject")
    mixed = mixed.pivot_table(index="level", columns="term", values="estimate")
    for subject in list(shown)[:2]:
        x, y = line(shown[subject], "complete")
        assert y == pytest.approx(whole["Intercept"] + whole["Days"] * x)
        x, y = line(shown[subject], "none")
        assert y == pytest.approx(own[f"Subject[{subject}]"] + own[f"Subject[{subject}]:Days"] * x)
        x, y = line(shown[subject], "partial")
        assert y == pytest.approx(mixed.loc[subject, "Intercept"] + mixed.loc[subject, "Days"] * x)


def test_a_fit_of_least_squares_alone_by_a_column(sleepstudy, complete):
    figure = bm.plot_lines(complete, group="Subject", max_panels=6)
    assert list(panels(figure)) == [
        sorted(sleepstudy["Subject"].astype(str).unique())[i] for i in (0, 3, 7, 10, 14, 17)
    ]
    for subject, ax in panels(figure).items():
        own = sleepstudy[sleepstudy["Subject"].astype(str) == subject]
        x, y = line(ax, "no pooling")
        slope, intercept = np.polyfit(own["Days"], own["Reaction"], 1)
        assert y == pytest.approx(intercept + slope * x)
        assert [drawn.get_label() for drawn in ax.lines] == ["no pooling", "least squares"]


def test_the_last_fit_may_lack_the_group_of_the_others(complete, slopes):
    figure = bm.plot_lines({"partial": slopes, "complete": complete}, max_panels=3)
    assert list(panels(figure)) == ["308", "335", "372"]


def test_counts_of_a_laplace_fit():
    data = bm.load_data("cbpp")
    fit = bm.laplace("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, "binomial")
    shown = panels(bm.plot_lines(fit))
    fitted = bm.augment(fit)
    for herd, rows in fitted.groupby("herd", observed=True):
        _, y = line(shown[str(herd)], "partial pooling (1 | herd)")
        assert y[np.isfinite(y)] == pytest.approx(rows[".fitted"])


def test_a_line_for_each_colour_in_one_panel_as_long_as_it_was_seen(dragons, no_text_overlaps):
    figure = bm.plot_lines(dragons, facet=False, by="scales")
    (ax,) = figure.axes
    data = bm.augment(dragons)
    drawn = {}
    for one in (one for one in ax.lines if one.get_label() == "level"):
        drawn.setdefault(one.get_color(), []).append(one)
    assert len(drawn) == 2
    room = 0.05 * np.ptp(data["wingspan"])
    for lines, scales in zip(drawn.values(), ("chromatic", "metallic"), strict=True):
        own = [rows for _, rows in data[data["scales"] == scales].groupby("mountain", observed=True)]
        assert len(lines) == len(own) == 8
        for one, rows in zip(lines, own, strict=True):
            x, y = one.get_xdata(), one.get_ydata()
            assert rows["wingspan"].min() - room < x.min() <= rows["wingspan"].min()
            assert rows["wingspan"].max() <= x.max() < rows["wingspan"].max() + room
            assert np.interp(rows["wingspan"], x, y) == pytest.approx(rows[".fitted"])
    points = [np.asarray(c.get_offsets()) for c in ax.collections if c.get_label() == "data"]
    assert [len(one) for one in points] == data["scales"].value_counts()[["chromatic", "metallic"]].tolist()
    assert "scales = metallic" in words(figure)
    no_text_overlaps(figure)


def test_colours_along_a_factor_join_what_is_predicted_where_it_was_observed():
    data = bm.load_data("irrigation")
    fit = bm.reml("yield ~ irrigation * variety + (1 | field)", data)
    (ax,) = bm.plot_lines(fit, "variety", by="irrigation", facet=False).axes
    fitted = bm.augment(fit)
    expected = {tuple(rows[".fitted"].round(9)) for _, rows in fitted.groupby("field", observed=True)}
    lines = [one for one in ax.lines if one.get_label() == "level"]
    assert {tuple(np.round(one.get_ydata(), 9)) for one in lines} == expected
    assert len({one.get_color() for one in lines}) == 4


def test_no_line_goes_into_a_year_in_which_the_level_was_not(trial):
    for rep, ax in panels(bm.plot_lines(trial, "year", "rep")).items():
        for one in ax.lines:
            known = np.isfinite(np.asarray(one.get_ydata(), dtype=float))
            assert known.tolist() == [rep.startswith("24"), rep.startswith("25")]
    (ax,) = bm.plot_lines(trial, "year", "rep", facet=False).axes
    lines = [one for one in ax.lines if one.get_label() == "level"]
    assert [len(one.get_xdata()) for one in lines] == [1] * 4


def test_along_a_number_neither():
    data = bm.load_data("clover_simulated")
    data["year"] = 2000 + data["year"].astype(str).str[:2].astype(int)
    fit = bm.reml("biomass ~ year + (1 | entry)", data)
    years = data.groupby("entry", observed=True)["year"].agg(["min", "max"])
    for entry, ax in panels(bm.plot_lines(fit, max_panels=9)).items():
        for one in ax.lines:
            x = np.asarray(one.get_xdata())
            assert years.loc[entry, "min"] - 0.05 < x.min() <= years.loc[entry, "min"]
            assert years.loc[entry, "max"] <= x.max() < years.loc[entry, "max"] + 0.05


def test_panels_of_a_column_beside_the_groups_of_the_model(dragons):
    figure = bm.plot_lines(dragons, group="scales")
    assert sorted(panels(figure)) == ["chromatic", "metallic"]
    assert "Effects of groups are 0." in words(figure)
    fixed = bm.fixef(dragons)["estimate"]
    x, y = line(panels(figure)["chromatic"], "expected response")
    assert y == pytest.approx(fixed["Intercept"] + fixed["wingspan"] * x)


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        ({}, UnknownTermError, 'name a column of the data, such as group="site"'),
        ({"group": "Subjekt"}, UnknownColumnError, "Did you mean 'Subject'"),
        ({"group": "Reaction"}, ArgumentError, "is the response"),
        ({"group": 3}, UnknownColumnError, "group=3 is neither"),
        ({"group": "Subject", "colour": "Days"}, TypeError, "that is by="),
    ],
)
def test_one_line_says_what_is_wrong(complete, arguments, kind, said):
    with pytest.raises(kind) as caught:
        bm.plot_lines(complete, **arguments)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_colours_are_of_one_fit(dragons):
    with pytest.raises(ArgumentError, match="by= colours the lines of one fit; got 2 fits"):
        bm.plot_lines({"a": dragons, "b": dragons}, facet=False, by="scales")
