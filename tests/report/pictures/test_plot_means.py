"""Pictures of means and of effects: what is drawn is what stands in the tables, with the observations behind."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, UnknownTermError

pytestmark = pytest.mark.usefixtures("no_figure_left")


@pytest.fixture(scope="module")
def irrigation():
    return bm.load_data("irrigation")


@pytest.fixture(scope="module")
def fit(irrigation):
    return bm.lm("yield ~ irrigation * variety", irrigation)


@pytest.fixture(scope="module")
def counts():
    return bm.laplace("cbind(incidence, size - incidence) ~ period + (1 | herd)", bm.load_data("cbpp"), "binomial")


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(mpl.text.Text)).replace("\n", " ")


def lines_of(ax):
    return [line for line in ax.lines if len(line.get_xdata()) > 0]


def points_of(ax):
    return [np.asarray(scatter.get_offsets()) for scatter in ax.collections if scatter.get_label() == "data"]


def test_means_intervals_and_observations_of_an_interaction(fit, irrigation, no_text_overlaps):
    means = bm.emmeans(fit, ["irrigation", "variety"])
    figure = bm.plot_means(means, letters=True)
    (ax,) = figure.axes
    letters = bm.letters(means).sort_index()["letters"]
    for line, points, variety in zip(lines_of(ax), points_of(ax), ("v1", "v2"), strict=True):
        rows = means[means["variety"] == variety]
        assert line.get_ydata() == pytest.approx(rows["emmean"])
        assert np.round(line.get_xdata()).tolist() == [0, 1, 2, 3]
        behind = irrigation[irrigation["variety"] == variety]
        for place, level in enumerate(("i1", "i2", "i3", "i4")):
            near = np.abs(points[:, 0] - line.get_xdata()[place]) < 0.12
            assert sorted(points[near, 1]) == sorted(behind.loc[behind["irrigation"] == level, "yield"])
    segments = [bar for bar in ax.collections if isinstance(bar, mpl.collections.LineCollection)]
    drawn = np.concatenate([[[path[0, 1], path[1, 1]] for path in bar.get_segments()] for bar in segments])
    assert drawn == pytest.approx(means[["lower", "upper"]].to_numpy())
    assert [text.get_text() for text in ax.texts] == letters.tolist()
    assert "variety v1" in words(figure)
    no_text_overlaps(figure)


def test_the_other_factor_along_the_axis_and_panels_of_a_third(fit):
    means = bm.emmeans(fit, ["irrigation", "variety"])
    (ax,) = bm.plot_means(means, x="variety").axes
    assert len(lines_of(ax)) == 4
    assert [text.get_text() for text in ax.get_xticklabels()] == ["v1", "v2"]
    three = bm.lm(
        "angle ~ recipe * temperature + replicate", bm.load_data("cake").query("replicate in ['1', '2', '3']")
    )
    figure = bm.plot_means(bm.emmeans(three, ["temperature", "recipe"], by="replicate"), data=False)
    assert len([ax for ax in figure.axes if ax.get_visible()]) == 3
    assert "replicate = 2" in words(figure)


def test_of_a_glmm_on_both_scales(counts, no_text_overlaps):
    response = bm.emmeans(counts, "period", type="response")
    figure = bm.plot_means(response)
    (ax,) = figure.axes
    assert lines_of(ax)[0].get_ydata() == pytest.approx(response["prob"])
    data = bm.load_data("cbpp")
    assert sorted(points_of(ax)[0][:, 1]) == pytest.approx(sorted(data["incidence"] / data["size"]))
    assert ax.get_ylabel() == "" or "proportion" in words(figure)
    assert "Effects of herd are 0." in words(figure)
    no_text_overlaps(figure)
    link = bm.plot_means(bm.emmeans(counts, "period"))
    assert "(logit scale)" in words(link)
    assert len(points_of(link.axes[0])[0]) == 0


def test_means_that_are_not_estimable_are_left_out_and_counted(irrigation):
    hole = irrigation[(irrigation["irrigation"] != "i4") | (irrigation["variety"] != "v2")]
    figure = bm.plot_means(bm.emmeans(bm.lm("yield ~ irrigation * variety", hole), "irrigation"))
    assert "1 of 4 cannot be estimated and is not drawn." in words(figure)
    assert len(lines_of(figure.axes[0])[0].get_xdata()) == 3


def test_slopes_have_no_observations():
    fit = bm.lm("Reaction ~ Days * Subject", bm.load_data("sleepstudy").query("Subject in ['308', '309']"))
    figure = bm.plot_means(bm.emtrends(fit, "Days", "Subject"))
    assert "Slopes with 95 %" in words(figure)
    assert "Days.trend" in words(figure)
    assert len(points_of(figure.axes[0])[0]) == 0


def test_effects_along_a_number_are_the_means_there(no_text_overlaps):
    data = bm.load_data("dragons_simulated")
    fit = bm.lm("intelligence ~ wingspan * scales + mountain", data)
    figure = bm.plot_effects(fit, "wingspan", by="scales", prob=0.8)
    (ax,) = figure.axes
    ends = [data["wingspan"].min(), data["wingspan"].max()]
    means = bm.emmeans(fit, ["wingspan", "scales"], at={"wingspan": ends}, prob=0.8)
    for line, points, scales in zip(lines_of(ax), points_of(ax), ("chromatic", "metallic"), strict=True):
        rows = means[means["scales"] == scales]
        assert line.get_ydata()[[0, -1]] == pytest.approx(rows["emmean"])
        own = data[data["scales"] == scales]
        assert sorted(points[:, 1]) == sorted(own["intelligence"])
    bands = [band for band in ax.collections if isinstance(band, mpl.collections.PolyCollection)]
    assert bands[0].get_paths()[0].vertices[:, 1].min() <= means["lower"].min()
    assert "80 % confidence interval" in words(figure)
    no_text_overlaps(figure)


def test_effects_of_a_number_at_three_values_of_another_and_of_a_factor(counts):
    data = bm.load_data("dragons_simulated")
    data["height"] = np.arange(len(data)) % 17.0
    fit = bm.lm("intelligence ~ wingspan * height", data)
    figure = bm.plot_effects(fit, "wingspan", by="height")
    assert len(lines_of(figure.axes[0])) == 3
    assert f"height {data['height'].mean():.4g}" in words(figure)
    of_factor = bm.plot_effects(counts, "period", groups="new")
    expected = bm.emmeans(counts, "period", type="response", groups="new")["prob"]
    assert lines_of(of_factor.axes[0])[0].get_ydata() == pytest.approx(expected)
    assert "averaged over their distribution" in words(of_factor)


def test_into_given_axes(fit, counts):
    figure, (left, right) = plt.subplots(1, 2)
    assert bm.plot_means(bm.emmeans(fit, "irrigation"), ax=left) is figure
    assert bm.plot_effects(counts, "period", ax=right) is figure
    assert left.has_data()
    assert right.has_data()


@pytest.mark.parametrize(
    ("draw", "kind", "said"),
    [
        (lambda fit: bm.plot_means(fit), ArgumentError, "takes a table of means"),
        (
            lambda fit: bm.plot_means(bm.emmeans(fit, "variety"), x="v"),
            ArgumentError,
            "does not tell these means apart",
        ),
        (lambda fit: bm.plot_means(bm.emmeans(fit, "variety"), by="variety"), ArgumentError, "along the axis already"),
        (lambda fit: bm.plot_means(bm.emmeans(fit, "variety"), letters="a"), ArgumentError, "letters is True or False"),
        (lambda fit: bm.plot_effects(fit, "varety"), UnknownTermError, "Did you mean 'variety'"),
        (lambda fit: bm.plot_effects(fit, "variety", by="variety"), ArgumentError, "along the axis already"),
        (lambda fit: bm.plot_effects(fit, "variety", type="odds"), ArgumentError, "type='odds' is not known"),
    ],
)
def test_one_line_says_what_is_wrong(fit, draw, kind, said):
    with pytest.raises(kind) as caught:
        draw(fit)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_averages_of_responses_have_the_responses_behind_them(irrigation, counts):
    """Not the logarithms that the formula makes of them."""
    means = bm.emmeans(bm.lm("log(yield) ~ irrigation * variety", irrigation), "irrigation", regrid="response")
    (ax,) = bm.plot_means(means).axes
    assert sorted(points_of(ax)[0][:, 1]) == pytest.approx(sorted(irrigation["yield"]))
    assert "proportion of incidence" in words(bm.plot_means(bm.emmeans(counts, "period", regrid="response")))
