"""Residuals beside columns that the model has or lacks: boxes by level, points along numbers."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, UnknownColumnError
from bayesmix.report.pictures.plot_residuals import binned_means, plot_residuals

pytestmark = pytest.mark.usefixtures("no_figure_left")


@pytest.fixture(scope="module")
def data():
    """Two sites that the formula lacks, whose rows lie 3 apart, and a curve along an unused dose."""
    rng = np.random.default_rng(3)
    n = 120
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "site": pd.Categorical(rng.choice(["south", "north"], n), categories=["south", "north"]),
            "dose": rng.uniform(-1, 1, n),
            "wet": rng.random(n) < 0.5,
            "plot": np.repeat(np.arange(12), 10),
        }
    )
    frame["y"] = frame["x"] + 3 * (frame["site"] == "north") + 4 * frame["dose"] ** 2 + 0.1 * rng.normal(size=n)
    frame.loc[5, "y"] = np.nan
    frame.attrs["units"] = {"dose": "mg"}
    return frame


@pytest.fixture(scope="module")
def fit(data):
    return bm.lm("y ~ x", data)


def names(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


def medians(ax):
    """The middle lines of the boxes, which alone are as wide as these and level."""
    lines = [line for line in ax.lines if len(line.get_xdata()) == 2 and np.ptp(line.get_xdata()) == pytest.approx(0.6)]
    return [line.get_ydata()[0] for line in lines]


def test_a_box_for_each_level_of_a_factor_that_the_formula_lacks(data, fit):
    used = data.dropna()
    expected = bm.residuals(fit)["estimate"].groupby(used["site"].to_numpy(), observed=True).median()
    ax = plot_residuals(fit, by="site")
    assert names(ax) == ["south", "north"]
    np.testing.assert_allclose(medians(ax), expected[["south", "north"]], rtol=1e-12)
    assert expected["north"] - expected["south"] > 2
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("site", "residual of y")
    assert names(plot_residuals(fit, by="wet")) == ["False", "True"]


def test_points_along_numbers_with_the_means_of_bins(data, fit):
    used = data.dropna()
    ax = plot_residuals(fit, by="dose")
    drawn = next(points for points in ax.collections if points.get_label() == "observations").get_offsets()
    np.testing.assert_allclose(drawn, np.column_stack([used["dose"], bm.residuals(fit)["estimate"]]))
    assert ax.get_xlabel() == "dose (mg)"
    means = ax.containers[0].lines[0].get_ydata()
    assert min(means[0], means[-1]) > means[len(means) // 2] + 1  # the curve


def test_a_grouping_factor_is_no_number(data):
    fit = bm.reml("y ~ x + (1 | plot)", data)
    ax = plot_residuals(fit, by="plot", kind="response")
    assert names(ax) == [str(level) for level in range(12)]
    expected = bm.residuals(fit)["estimate"].groupby(data.dropna()["plot"].to_numpy()).median()
    np.testing.assert_allclose(medians(ax), expected, rtol=1e-12)
    drawn = bm.fit("y ~ x + (1 | plot)", data, draws=50, chains=2, seed=1, progress=False)
    assert len(medians(plot_residuals(drawn, by="plot"))) == 12


def test_many_levels_have_boxes_without_names():
    n = 70
    data = pd.DataFrame({"y": np.arange(2.0 * n) % 7, "g": [f"level {i}" for i in range(n)] * 2})
    ax = plot_residuals(bm.lm("y ~ 1", data), by="g")
    assert len(medians(ax)) == n
    assert names(ax) == []
    assert "70 levels are left out" in ax.get_title(loc="left").replace("\n", " ")


def test_few_values_are_a_bin_each():
    x = np.repeat([0.0, 1.0], [40, 20])
    found = binned_means(x, np.where(x > 0, 2.0, -1.0))
    np.testing.assert_array_equal(found.x, [0, 1])
    np.testing.assert_array_equal(found.y, [-1, 2])


def test_columns_that_cannot_be_looked_at_are_refused_in_one_line(data, fit):
    holes = data.assign(gap=np.where(data["x"] > 0, data["dose"], np.nan), far=np.where(data["x"] > 0, np.inf, 1.0))
    with_holes = bm.lm("y ~ x", holes)
    for call, error, part in (
        (lambda: plot_residuals(fit, by="sight"), UnknownColumnError, "Did you mean 'site'?"),
        (lambda: plot_residuals(fit, by=3), UnknownColumnError, "by=3 is no column"),
        (lambda: plot_residuals(with_holes, by="gap"), ArgumentError, "missing in"),
        (lambda: plot_residuals(with_holes, by="far"), ArgumentError, "is infinite in"),
    ):
        with pytest.raises(error, match=r"^[^\n]*$") as caught:
            call()
        assert part in str(caught.value)
    assert not plt.get_fignums()
