"""What stands beside pictures: ticks at a predictor's few values, boxes there, bars of priors, errors, keys."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmix as bm
from bayesmix.inference.evidence.prior_sensitivity import prior_sensitivity
from bayesmix.report.pictures import plot_sensitivity as sensitivity
from bayesmix.report.pictures.plot_ticks import ticks_at_values

pytestmark = pytest.mark.usefixtures("no_figure_left")

QUIET = {"draws": 100, "chains": 2, "seed": 1, "progress": False}


def numbers(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


@pytest.fixture(scope="module")
def doses():
    """A dose of three values, a treatment of two, an age of many, in three plots of 20 rows."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"plot": np.repeat(["a", "b", "c"], 20), "dose": np.tile([0, 1, 2, 2], 15)})
    frame["treated"], frame["age"] = np.tile([0, 1], 30), rng.uniform(0, 9, 60)
    frame["y"] = frame["dose"] + rng.normal(size=60)
    return frame


@pytest.mark.parametrize(
    ("values", "inches", "expected"),
    [
        ([1, 0, 0, 1], 1.3, ["0", "1"]),
        ([0, 1, 2], 1.3, ["0", "1", "2"]),
        ([-1.5, 0, 4], 3.0, ["\N{MINUS SIGN}1.5", "0", "4"]),
        ([0, 12.5, 25, 50, 100], 4.0, ["0", "12.5", "25", "50", "100"]),
    ],
)
def test_few_values_are_the_ticks(values, inches, expected):
    ax = plt.figure().subplots()
    assert ticks_at_values(ax, np.array(values, dtype=float), inches)
    assert numbers(ax) == expected
    np.testing.assert_array_equal(ax.get_xticks(), np.unique(values))


@pytest.mark.parametrize(
    ("values", "inches"),
    [
        ([0, 12.5, 25, 50, 100], 1.3),  # no room
        (range(10), 9.0),  # many
        ([3, 3], 3.0),  # a single one
        ([1, 1 + 1e-9], 3.0),  # one number in print
    ],
)
def test_other_values_leave_round_numbers(values, inches):
    ax = plt.figure().subplots()
    before = ax.get_xticks().tolist()
    assert not ticks_at_values(ax, np.array(values, dtype=float), inches)
    assert ax.get_xticks().tolist() == before


@pytest.mark.parametrize("facet", [True, False])
def test_lines_have_their_ticks_where_the_points_lie(doses, facet):
    figure = bm.plot_lines(bm.reml("y ~ dose + (1 | plot)", doses), facet=facet)
    assert all(numbers(ax) == ["0", "1", "2"] for ax in figure.axes if ax.get_visible())


def test_boxes_stand_at_the_few_values_of_a_number(doses):
    fit = bm.lm("y ~ age", doses)
    ax = bm.plot_residuals(fit, by="dose")
    assert numbers(ax) == ["0", "1", "2"]
    quartiles = bm.residuals(fit)["estimate"].groupby(doses["dose"].to_numpy()).quantile([0.25, 0.75])
    boxes = [line for line in ax.lines if len(line.get_xdata()) == 5]
    drawn = [(line.get_xdata().mean().round(0), line.get_ydata().min(), line.get_ydata().max()) for line in boxes]
    expected = [(dose, *quartiles[dose]) for dose in (0, 1, 2)]
    np.testing.assert_allclose([(y0, y1) for _, y0, y1 in drawn], [(y0, y1) for _, y0, y1 in expected], rtol=1e-12)
    assert len(ax.containers) == 1  # the binned means are still there
    assert "Boxes: median and quartiles at each value." in " ".join(ax.get_title(loc="left").split())


@pytest.mark.parametrize("by", ["age", "alone"])
def test_no_boxes_of_many_values_or_of_single_rows(doses, by):
    frame = doses.assign(alone=np.r_[np.zeros(30), np.ones(29), 2.0])
    ax = bm.plot_residuals(bm.lm("y ~ age", frame), by=by)
    assert not [line for line in ax.lines if len(line.get_xdata()) == 5]


def test_a_bar_is_the_interval_of_the_prior(sleepstudy_fit):
    fit = sleepstudy_fit
    for ax, name in zip(bm.plot_sd(fit).axes, ("sd_Subject__Intercept", "sd_Subject__Days", "sigma"), strict=True):
        degrees, scale = fit.priors[name].args
        lower, upper = stats.t(degrees, 0, scale).ppf([0.5 + 0.025 / 2, 0.5 + 0.975 / 2])
        (bar,) = [line for line in ax.lines if line.get_label() == "prior interval"]
        end = bar.get_xdata()[1]
        assert bar.get_xdata()[0] == pytest.approx(lower)
        assert end < upper  # the panel shows the posterior
        (arrow,) = [line for line in ax.lines if line.get_label() == "goes on"]
        assert (arrow.get_marker(), arrow.get_xdata()[0]) == (">", end)
    (ax,) = bm.plot_corr(fit).axes
    (bar,) = [line for line in ax.lines if line.get_label() == "prior interval"]
    np.testing.assert_allclose(bar.get_xdata(), stats.beta(2, 2, loc=-1, scale=2).ppf([0.025, 0.975]), rtol=1e-9)
    assert not [line for line in ax.lines if line.get_label() == "goes on"]


def test_small_errors_are_told_and_large_ones_drawn(sleepstudy_fit, monkeypatch):
    def note(fit):
        ax = bm.plot_sensitivity(fit, "Days | Subject", figsize=(9, 5))
        return " ".join(ax.get_title(loc="left").split()), [text.get_text() for text in ax.texts]

    table = prior_sensitivity(sleepstudy_fit, drop="Days | Subject")
    said, texts = note(sleepstudy_fit)
    assert f"Monte Carlo errors: at most {table['mcse'].max():.1g}, within the line." in said
    assert {"strong", "decisive"} <= set(texts)
    monkeypatch.setattr(sensitivity, "prior_sensitivity", lambda *_, **__: table.assign(mcse=0.3))
    assert "Band: two Monte Carlo errors." in note(sleepstudy_fit)[0]
    monkeypatch.setattr(sensitivity, "prior_sensitivity", lambda *_, **__: table.assign(mcse=1e-13))
    assert "Monte Carlo errors: below 0.001, within the line." in note(sleepstudy_fit)[0]


@pytest.mark.parametrize("kind", ["ecdf", "rootogram", "calibration", "statistic"])
def test_keys_of_checks_lie_above_the_panel(cbpp_fit, kind, no_text_overlaps):
    ax = bm.plot_ppc(cbpp_fit, kind=kind)
    ax.figure.draw_without_rendering()
    assert ax.get_legend().get_window_extent().y0 >= ax.get_window_extent().y1 - 1
    no_text_overlaps(ax.figure)


def test_a_power_of_ten_does_not_lie_on_the_label_of_an_axis(no_text_overlaps):
    data = bm.load_data("sleepstudy")
    data["Reaction"] *= 1e-12
    figure = bm.plot_sd(bm.fit("Reaction ~ Days + (Days | Subject)", data, **QUIET))
    no_text_overlaps(figure)
    figure.draw_without_rendering()
    assert not any(ax.xaxis.get_offset_text().get_text() for ax in figure.axes)


def test_traces_of_many_parameters_stay_below_16_inches():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({f"x{i}": rng.normal(size=40) for i in range(12)} | {"y": rng.normal(size=40)})
    fit = bm.fit("y ~ " + " + ".join(f"x{i}" for i in range(12)), data, **QUIET)
    assert bm.plot_trace(fit).get_figheight() < 16
    assert bm.plot_trace(fit, ["x1", "sigma"]).get_figheight() == pytest.approx(2 * 1.35 + 0.9)
