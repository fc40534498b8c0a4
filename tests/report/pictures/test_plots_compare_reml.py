"""Pictures of REML beside the posterior: what is drawn is in the tables, and no text overlaps."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayesmix.data.catalogue import load_data
from bayesmix.errors import ArgumentError, UnknownTermError
from bayesmix.estimates.reml.reml import reml
from bayesmix.inference.pooling.compare_reml import compare_reml
from bayesmix.inference.tables.fixef import fixef
from bayesmix.modelling.fit import fit as make_fit
from bayesmix.report.pictures.plot_compare_reml import plot_compare_reml

from ..conftest import visible

pytestmark = pytest.mark.usefixtures("no_figure_left")

SHORT = {"draws": 200, "chains": 2, "seed": 1, "progress": False}


def lines(ax, *labels):
    return [line for line in ax.lines if line.get_label() in labels]


def collection(ax, label):
    (found,) = [drawn for drawn in ax.collections if drawn.get_label() == label]
    return np.asarray(found.get_offsets())


def test_a_panel_of_effects_for_each_term(sleepstudy_fit):
    comparison = compare_reml(sleepstudy_fit)
    figure = plot_compare_reml(comparison)
    titles = [ax.get_title(loc="left") for ax in visible(figure)]
    assert titles == ["Intercept by Subject", "Days by Subject"]
    for ax, term in zip(visible(figure), ("Intercept", "Days"), strict=True):
        levels = comparison.groups[comparison.groups["term"] == term]
        np.testing.assert_allclose(collection(ax, "levels"), levels[["blup", "mean"]])
        (bars,) = [c for c in ax.collections if c.get_label() != "levels"]
        np.testing.assert_allclose([bar[:, 1] for bar in bars.get_segments()], levels[["lower", "upper"]])
        assert ax.get_xlim() == ax.get_ylim()
        (diagonal,) = lines(ax, "the same")
        np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())


def test_the_caption_promises_bars_where_there_are_bars():
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(160), 2)
    data = pd.DataFrame({"g": [f"g{i}" for i in g], "h": np.arange(320) % 5})
    data["y"] = rng.normal(size=160)[g] + rng.normal(size=320)
    settings = {"draws": 50, "chains": 2, "seed": 1, "progress": False}
    for formula, promised in (("y ~ 1 + (1 | g)", False), ("y ~ 1 + (1 | g) + (1 | h)", True)):
        figure = plot_compare_reml(make_fit(formula, data.assign(h=data["h"].astype(str)), **settings))
        bars = [c for ax in visible(figure) for c in ax.collections if c.get_label() != "levels"]
        caption = max((text.get_text() for text in figure.texts), key=len)
        assert (len(bars) > 0, "bars" in caption) == (promised, promised)


def test_blups_that_are_all_0_stand_side_by_side(dyestuff2_fit):
    (ax,) = visible(plot_compare_reml(dyestuff2_fit))
    drawn = collection(ax, "levels")
    assert len(np.unique(drawn[:, 0])) == 6
    np.testing.assert_allclose(drawn[:, 1], compare_reml(dyestuff2_fit).groups["mean"])
    assert "sd 0" in ax.texts[0].get_text()


def drawn_pair(ax):
    found = {line.get_label(): np.asarray(line.get_xdata(), dtype=float) for line in ax.lines}
    return found.get("estimate"), found.get("limits"), found["posterior"], found["interval"]


def test_intervals_are_those_of_the_tables(sleepstudy_fit):
    comparison = compare_reml(sleepstudy_fit, prob=0.9)
    axes = {ax.get_title(loc="left"): ax for ax in visible(plot_compare_reml(comparison, "intervals"))}
    assert list(axes) == [
        "Intercept",
        "Days",
        "sd of Intercept by Subject",
        "sd of Days by Subject",
        "corr(Intercept, Days) by Subject",
        "residual sd",
    ]
    estimate, limits, posterior, interval = drawn_pair(axes["Days"])
    table = fixef(reml(sleepstudy_fit.formula, sleepstudy_fit.data), prob=0.9).loc["Days"]
    np.testing.assert_allclose([*estimate, *limits], table[["estimate", "lower", "upper"]].astype(float), rtol=1e-6)
    row = comparison.fixed.loc["Days"]
    np.testing.assert_allclose([*posterior, *interval], row[["mean", "lower", "upper"]].astype(float))
    estimate, limits, posterior, interval = drawn_pair(axes["residual sd"])
    row = comparison.variance.loc[("Residual", "", "")]
    np.testing.assert_allclose([*posterior, *interval], row[["median", "lower", "upper"]].astype(float))
    assert limits[0] < estimate[0] < limits[1]
    estimate, limits, _, _ = drawn_pair(axes["corr(Intercept, Days) by Subject"])
    assert limits[0] < estimate[0] < limits[1]


def test_profile_limits_are_as_lme4_prints_them(sleepstudy_fit):
    """Its documentation has 22.898 and 28.858 for sigma, by ML, which in this balanced design has the same profile."""
    axes = visible(plot_compare_reml(sleepstudy_fit, "intervals"))
    _, limits, _, _ = drawn_pair(axes[-1])
    np.testing.assert_allclose(limits, [22.8982669, 28.8579965], rtol=1e-6)


def test_a_sd_at_0_has_an_upper_limit(dyestuff2_fit):
    axes = visible(plot_compare_reml(dyestuff2_fit, "intervals"))
    estimate, limits, _, interval = drawn_pair(axes[1])
    assert (estimate[0], limits[0]) == (0, 0)
    assert 1 < limits[1] < 4
    assert axes[1].get_xlim()[1] > max(limits[1], interval[1])


def test_counts_stand_beside_laplace(cbpp_fit):
    comparison = compare_reml(cbpp_fit)
    axes = visible(plot_compare_reml(comparison, "intervals"))
    estimate, limits, _, _ = drawn_pair(axes[0])
    row = comparison.fixed.iloc[0]
    np.testing.assert_allclose(limits, estimate + stats.norm.ppf(0.975) * row["se"] * np.array([-1, 1]), rtol=1e-6)
    assert drawn_pair(axes[-1])[1] is None
    captions = plot_compare_reml(comparison).texts
    assert any("conditional mode (Laplace)" in text.get_text() for text in captions)
    assert any("On the logit scale." in text.get_text().replace("\n", " ") for text in captions)


def test_what_runs_away_is_said_and_does_not_squeeze_the_posterior():
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"tank": np.repeat(np.arange(8), 6), "treated": np.repeat([0, 1], 24)})
    data["k"] = np.where(data["treated"] == 1, 12, rng.binomial(12, 0.6, 48))
    data["n"] = 12
    fit = make_fit("k | trials(n) ~ treated + (1 | tank)", data, "binomial", tune=300, **SHORT)
    ax = visible(plot_compare_reml(fit, "intervals"))[1]
    assert ax.texts[0].get_text().startswith("runs away")
    estimate, _, _, interval = drawn_pair(ax)
    assert estimate is None
    assert np.ptp(ax.get_xlim()) < 1.3 * np.ptp(interval)
    # Without a maximum there are no confidence intervals of the other coefficients either.
    figure = plot_compare_reml(fit, "intervals")
    assert drawn_pair(visible(figure)[0])[1] is None
    assert any("no maximum was found" in text.get_text() for text in figure.texts)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Laplace", "posterior"]


def test_units_of_the_data_are_in_the_titles(with_units):
    figure = plot_compare_reml(with_units)
    assert [ax.get_title(loc="left") for ax in visible(figure)] == [
        "Intercept by Subject (ms)",
        "Days by Subject (ms per day)",
    ]
    titles = [ax.get_title(loc="left") for ax in visible(plot_compare_reml(with_units, "intervals"))]
    assert titles[1:3] == ["Days (ms per day)", "sd of Intercept by Subject (ms)"]
    assert titles[-1] == "residual sd (ms)"


@pytest.mark.parametrize("kind", ["groups", "intervals"])
def test_no_text_of_the_comparison_overlaps(with_units, dyestuff2_fit, penicillin_fit, kind, no_text_overlaps):
    for fit in (with_units, dyestuff2_fit, penicillin_fit):
        no_text_overlaps(plot_compare_reml(fit, kind))


def test_settings_stay_as_they_were(sleepstudy_fit):
    before = dict(mpl.rcParams)
    plot_compare_reml(sleepstudy_fit)
    plot_compare_reml(sleepstudy_fit, "intervals")
    assert dict(mpl.rcParams) == before


def test_what_cannot_be_drawn_is_refused_in_one_line(sleepstudy_fit):
    alone = make_fit("Reaction ~ Days", load_data("sleepstudy"), **SHORT)
    cases = [
        (lambda: plot_compare_reml(sleepstudy_fit, "effects"), ArgumentError, "Known: groups, intervals"),
        (lambda: plot_compare_reml(alone), UnknownTermError, 'kind="intervals"'),
        (lambda: plot_compare_reml("fit"), ArgumentError, "got str"),
    ]
    for call, error, part in cases:
        with pytest.raises(error, match=r"^[^\n]*$") as caught:
            call()
        assert part in str(caught.value)
    assert not plt.get_fignums()
    assert len(visible(plot_compare_reml(alone, "intervals"))) == 3
