"""Lines stand for the same mixture of other predictors as the points of their panel, where the level was alone."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import bayesmix as bm
from bayesmix.report.pictures.line_expectations import expected_lines, height_of_others
from bayesmix.report.pictures.line_grid import choose_axis
from bayesmix.report.pictures.line_rows import rows_for
from bayesmix.report.pictures.plot_lines import plot_lines

pytestmark = pytest.mark.usefixtures("no_figure_left")
SHORT = {"draws": 100, "chains": 2, "seed": 1, "progress": False}


def panels(figure):
    return {ax.get_title(): ax for ax in figure.axes if ax.get_visible()}


def line(ax, label):
    (found,) = [drawn for drawn in ax.lines if drawn.get_label() == label]
    return np.asarray(found.get_xdata(), dtype=float), np.asarray(found.get_ydata(), dtype=float)


def posterior(fit, name):
    return fit.posterior["posterior"][name].stack(sample=("chain", "draw")).to_numpy()


def data_with_sex(n=240, n_levels=8):
    """Sexes of 10, 45 and 45 %, in other shares in each level, the first 20 below the others."""
    rng = np.random.default_rng(4)
    g = np.arange(n) % n_levels
    sex = np.where(rng.uniform(size=n) < 0.02 + 0.04 * g, "f", rng.choice(["m", "n"], n))
    x = rng.normal(size=n) + 0.3 * g
    y = x + 20 * (sex != "f") + rng.normal(size=n_levels)[g] + rng.normal(size=n)
    return pd.DataFrame({"g": [f"g{i}" for i in g], "x": x, "sex": sex, "y": y, "k": rng.binomial(1, 0.4, n)})


@pytest.fixture(scope="module")
def sexes():
    return bm.fit("y ~ x + sex + (1 | g)", data_with_sex(), **SHORT)


@pytest.fixture(scope="module")
def panels_of_sexes(sexes):
    return panels(plot_lines(sexes))


def test_the_line_passes_through_the_data_of_its_panel(sexes, panels_of_sexes):
    """At the mean x of a level the three lines and the mean of its points are within three standard errors.

    With the other predictor at its first level the line lay 20 below.
    """
    for level, ax in panels_of_sexes.items():
        rows = sexes.data[sexes.data["g"] == level]
        error = 3 / np.sqrt(len(rows))
        for label in ("partial pooling (1 | g)", "no pooling"):
            x, y = line(ax, label)
            assert np.interp(rows["x"].mean(), x, y) == pytest.approx(rows["y"].mean(), abs=error)
        x, y = line(ax, "fixed effects alone")
        assert np.interp(rows["x"].mean(), x, y) == pytest.approx(rows["y"].mean(), abs=error + 3)


def test_the_line_is_the_mean_over_the_rows_of_its_level(sexes, panels_of_sexes):
    levels = list(sexes.design.random[0].levels)
    sex = posterior(sexes, "sex")
    for level, ax in panels_of_sexes.items():
        rows = sexes.data[sexes.data["g"] == level]
        shares = [(rows["sex"] == name).mean() for name in ("m", "n")]
        x, y = line(ax, "partial pooling (1 | g)")
        other = posterior(sexes, "Intercept") + posterior(sexes, "1|g")[levels.index(level)] + shares @ sex
        np.testing.assert_allclose(y, other.mean() + posterior(sexes, "x").mean() * x, rtol=1e-9)


def test_of_a_curved_link_expectations_are_averaged_not_predictors():
    data = data_with_sex()
    fit = bm.fit("k ~ x + sex + (1 | g)", data, "bernoulli", tune=200, **SHORT)
    levels = list(fit.design.random[0].levels)
    sex = posterior(fit, "sex")
    shown = panels(plot_lines(fit))
    for level in ("g2", "g7"):
        x, y = line(shown[level], "partial pooling (1 | g)")
        rows = data[data["g"] == level]
        effects = np.stack([{"f": np.zeros(len(sex[0])), "m": sex[0], "n": sex[1]}[one] for one in rows["sex"]])
        linear = posterior(fit, "Intercept") + posterior(fit, "1|g")[levels.index(level)] + effects
        draws = expit(linear[None] + posterior(fit, "x") * x[:, None, None]).mean(axis=1)
        np.testing.assert_allclose(y, draws.mean(axis=-1), rtol=1e-9)


def test_by_a_factor_each_of_its_levels_has_a_line_where_it_was():
    data = data_with_sex()
    data = data[~((data["g"] == "g3") & (data["sex"] == "f"))]
    fit = bm.fit("y ~ x + sex + (1 | g)", data, **SHORT)
    figure = plot_lines(fit, by="sex")
    x, low = line(panels(figure)["g5"], "sex = f")
    wider, high = line(panels(figure)["g5"], "sex = m")
    both = np.isin(wider, x)
    assert both.sum() > 5
    np.testing.assert_allclose(high[both] - low[np.isin(x, wider)], posterior(fit, "sex")[0].mean(), rtol=1e-9)
    level = list(fit.design.random[0].levels).index("g5")
    expected = (posterior(fit, "Intercept") + posterior(fit, "1|g")[level]).mean() + posterior(fit, "x").mean() * x
    np.testing.assert_allclose(low, expected, rtol=1e-9)
    assert len(line(panels(figure)["g3"], "sex = f")[1]) == 0
    drawn = [c for c in panels(figure)["g5"].collections if c.get_label() == "data"]
    assert [len(c.get_offsets()) for c in drawn] == list(data[data["g"] == "g5"]["sex"].value_counts()[["f", "m", "n"]])
    assert [text.get_text() for text in figure.legends[0].get_texts()][:3] == ["sex = f", "sex = m", "sex = n"]


@pytest.fixture(scope="module")
def steady():
    """A height that does not vary within broods, one of which has far more ticks than all others."""
    rng = np.random.default_rng(2)
    height = np.linspace(-20, 20, 12)
    brood = np.repeat(np.arange(12), 5)
    mean = np.where(brood == 0, 90.0, 2.0)
    return pd.DataFrame({"brood": [f"b{i}" for i in brood], "height": height[brood], "ticks": rng.poisson(mean)})


def test_along_what_is_steady_a_line_stays_at_its_levels_value(steady):
    fit = bm.reml("ticks ~ height + (1 | brood)", steady)
    for level, ax in panels(plot_lines(fit)).items():
        own = steady.loc[steady["brood"] == level, "height"].iloc[0]
        for label in ("partial pooling (1 | brood)", "fixed effects alone", "no pooling"):
            x, y = line(ax, label)
            assert (x.min(), x.max()) == pytest.approx((own - 0.03 * 40, own + 0.03 * 40))
            assert np.isfinite(y).all()
        mean = steady.loc[steady["brood"] == level, "ticks"].mean()
        np.testing.assert_allclose(line(ax, "no pooling")[1], mean)


def test_one_extreme_level_does_not_decide_the_scale_of_all(steady):
    figure = plot_lines(bm.laplace("ticks ~ height + (1 | brood)", steady, "poisson"))
    tops = {level: ax.get_ylim()[1] for level, ax in panels(figure).items()}
    assert tops.pop("b0") > 60
    assert max(tops.values()) < 20
    assert "own vertical scale" in " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    alike = plot_lines(bm.reml("ticks ~ height + (1 | brood)", steady[steady["brood"] != "b0"]))
    assert len({ax.get_ylim() for ax in panels(alike).values()}) == 1


def test_categories_are_not_joined_and_not_drawn_where_the_level_never_was():
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"g": np.repeat(list("abcdef"), 6), "year": np.tile(["23", "24", "25"], 12)})
    data["y"] = rng.normal(size=36)
    data = data[~((data["g"] == "c") & (data["year"] == "24"))]
    fit = bm.fit("y ~ year + (1 | g)", data, **SHORT)
    shown = panels(plot_lines(fit))
    for level, ax in shown.items():
        seen = [True, level != "c", True]
        for label in ("partial pooling (1 | g)", "fixed effects alone", "no pooling"):
            (drawn,) = [one for one in ax.lines if one.get_label() == label]
            assert drawn.get_linestyle() == "None"
            assert list(np.isfinite(np.asarray(drawn.get_ydata(), dtype=float))) == seen
        assert len([c for c in ax.collections if c.get_label() != "data"]) == 1  # upright bars, no ribbon
        own = data[data["g"] == level].groupby("year")["y"].mean()
        _, alone = line(ax, "no pooling")
        np.testing.assert_allclose(alone[seen], own)


def test_layers_of_other_kinds_of_fits(sleepstudy_fit):
    data = sleepstudy_fit.data
    fits = {
        "complete pooling": bm.lm("Reaction ~ Days", data),
        "each alone": bm.lm("Reaction ~ 0 + Subject + Subject:Days", data),
        "REML": bm.reml("Reaction ~ Days + (Days | Subject)", data),
    }
    figure = plot_lines(fits)
    slope, intercept = np.polyfit(data["Days"], data["Reaction"], 1)
    coefficients = bm.coef(fits["REML"]).pivot_table(index="level", columns="term", values="estimate")
    for subject, ax in panels(figure).items():
        x, y = line(ax, "complete pooling")
        np.testing.assert_allclose(y, intercept + slope * x, rtol=1e-9)
        np.testing.assert_allclose(line(ax, "each alone")[1], line(ax, "no pooling")[1], rtol=1e-7)
        own = coefficients.loc[subject]
        np.testing.assert_allclose(line(ax, "REML")[1], own["Intercept"] + own["Days"] * x, rtol=1e-8)
        assert not [c for c in ax.collections if c.get_label() != "data"]  # estimates have no band
    assert list(panels(figure)) == list(coefficients["Days"].sort_values().index.astype(str))


def test_all_lines_in_one_panel(sleepstudy_fit):
    figure = plot_lines(sleepstudy_fit, facet=False)
    (ax,) = [ax for ax in figure.axes if ax.get_visible()]
    drawn = np.array([one.get_ydata() for one in ax.lines if one.get_label() == "level"])
    separate = panels(plot_lines(sleepstudy_fit))
    expected = [
        line(separate[s], "partial pooling (Days | Subject)")[1] for s in sleepstudy_fit.design.random[0].levels
    ]
    np.testing.assert_allclose(drawn, expected, rtol=1e-9)
    assert line(ax, "fixed effects alone")[1][0] == pytest.approx(posterior(sleepstudy_fit, "Intercept").mean())
    assert len(plot_lines({"a": sleepstudy_fit, "b": sleepstudy_fit}, facet=False).axes) == 2


def test_the_legend_of_two_panels_lies_within_the_figure():
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"group with a name": np.repeat(["one", "two"], 10), "x": rng.normal(size=20)})
    data["y"] = rng.normal(size=20)
    figure = plot_lines(bm.fit("y ~ x + (1 | `group with a name`)", data, **SHORT))
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width


def test_axes_have_the_units_of_the_data(with_units):
    figure = plot_lines(with_units, max_panels=2)
    assert {"Days (day)", "Reaction (ms)"} <= {text.get_text() for text in figure.texts}
    ax = plt.figure().subplots()
    plot_lines(with_units, facet=False, ax=ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Days (day)", "Reaction (ms)")


def test_many_rows_of_a_curved_link_are_stood_for_by_30():
    """Means of an expit over 30 rows evenly spread over the other predictor, beside those over all 1,000."""
    rng = np.random.default_rng(6)
    data = pd.DataFrame({"g": np.repeat(list("abc"), 1000), "x": rng.normal(size=3000), "z": rng.normal(size=3000)})
    data["k"] = rng.binomial(1, expit(data["x"] + data["z"]))
    fit = bm.laplace("k ~ x + z + (1 | g)", data, "bernoulli")
    axis, levels = choose_axis(fit.design, "g", None), np.arange(3)
    height = height_of_others(fit, axis)
    some = rows_for([fit.design], "g", axis, levels, at_once=10**6, height=height)
    every = rows_for([fit.design], "g", axis, levels, height=height)
    assert (len(some.weight), len(every.weight)) == (3 * 60 * 30, 3 * 60 * 1000)
    one, other = (expected_lines(fit, rows, "g", 0.95).mean for rows in (some, every))
    np.testing.assert_allclose(one, other, atol=0.005)
    beta, own = bm.fixef(fit)["estimate"], data[data["g"] == "b"]
    effect = bm.ranef(fit).set_index("level")["estimate"]["b"]
    linear = beta["Intercept"] + effect + beta["z"] * own["z"].to_numpy() + beta["x"] * axis.grid[:, None]
    np.testing.assert_allclose(other[1], expit(linear).mean(axis=1), rtol=1e-9)
