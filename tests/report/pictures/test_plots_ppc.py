"""Pictures of posterior predictive checks: what is drawn is what the tables say."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bayesmix.errors import ArgumentError
from bayesmix.families.family import read_family
from bayesmix.inference.prediction.posterior_predict import Replicated, posterior_predict
from bayesmix.inference.prediction.ppc import ppc
from bayesmix.numerics.predictive_statistics import RowMoments
from bayesmix.report.pictures import ppc_panels
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_ppc import KINDS, plot_ppc

pytestmark = pytest.mark.usefixtures("no_figure_left")


def test_each_response_has_the_picture_that_suits_it(sleepstudy_fit, with_units, cbpp_fit):
    assert plot_ppc(sleepstudy_fit).get_xlabel() == "Reaction"
    assert plot_ppc(with_units).get_xlabel() == "Reaction (ms)"
    assert plot_ppc(cbpp_fit).get_ylabel() == "share of rows up to it"


def test_the_band_of_the_ecdf_holds_the_replicates(cbpp_fit):
    ax = plot_ppc(cbpp_fit, "ecdf", draws=400, seed=3)
    data = ax.lines[-1].get_xydata()
    observed = cbpp_fit.design.response.values / cbpp_fit.design.response.trials
    np.testing.assert_allclose(data[:, 1], [(observed <= x + 1e-9).mean() for x in data[:, 0]])
    shares = (posterior_predict(cbpp_fit, draws=400, seed=3) == 0).mean("row").to_numpy()
    outline = ax.collections[0].get_paths()[0].vertices
    at_zero = outline[np.isclose(outline[:, 0], 0), 1]
    np.testing.assert_allclose((at_zero.min(), at_zero.max()), np.quantile(shares, (0.025, 0.975)))


def test_bars_of_the_rootogram_are_frequencies_of_the_replicates(cbpp_fit):
    ax = plot_ppc(cbpp_fit, "rootogram", draws=400, seed=3)
    simulated = posterior_predict(cbpp_fit, draws=400, seed=3)
    ones = (simulated == 1).sum("row").to_numpy()
    bar = ax.patches[1]
    lower, upper = np.quantile(ones, (0.025, 0.975))
    np.testing.assert_allclose((bar.get_y(), bar.get_y() + bar.get_height()), (lower, upper))
    points = np.concatenate([np.asarray(c.get_offsets()) for c in ax.collections[1:]])
    points = points[np.argsort(points[:, 0])]
    values = cbpp_fit.design.response.values
    np.testing.assert_array_equal(points[:-1, 1], [(values == count).sum() for count in points[:-1, 0]])
    assert points[:, 1].sum() == len(values)


def test_the_statistic_stands_where_the_table_has_it(cbpp_fit):
    ax = plot_ppc(cbpp_fit, statistic="zero_percent", seed=3)
    table = ppc(cbpp_fit, "zero_percent", seed=3).loc["zero_percent"]
    np.testing.assert_allclose(ax.lines[0].get_xdata()[0], table["observed"])
    assert f"p {table['p']:.3f}" in ax.get_title(loc="left")


def test_calibration_takes_the_cells_of_a_factor_where_they_are_few(cbpp_fit):
    ax = plot_ppc(cbpp_fit, "calibration")
    drawn = np.asarray(ax.collections[-1].get_offsets())[:, 1]
    response, period = cbpp_fit.design.response, cbpp_fit.data["period"]
    np.testing.assert_allclose(
        sorted(drawn), sorted((response.values / response.trials)[period == p].mean() for p in period.unique())
    )


def test_given_axes_are_used(sleepstudy_fit, cbpp_fit):
    _, axes = plt.subplots(1, len(KINDS))
    for kind, ax in zip(KINDS, axes, strict=True):
        assert plot_ppc(sleepstudy_fit if kind == "density" else cbpp_fit, kind, ax) is ax


def made_up(values, replicates):
    """Observed values beside replicates (n_rows, n_draws), which no model gave."""
    moments = RowMoments(replicates, np.ones_like(replicates))
    used = np.ones(len(values), dtype=bool)
    return Replicated(used, np.asarray(values, dtype=float), replicates, None, moments)


def test_densities_end_where_nothing_is_left(sleepstudy_fit):
    """Each has an area of 1 and comes down to 0 at both ends, beyond the smallest and the largest value."""
    ax = plot_ppc(sleepstudy_fit)
    drawn = [line.get_xydata() for line in ax.lines if len(line.get_xdata())]
    assert len(drawn) > 40
    for x, y in (line.T for line in drawn):
        assert np.trapezoid(y, x) == pytest.approx(1, abs=0.01)
        assert max(y[0], y[-1]) < 0.005 * y.max()
    values = sleepstudy_fit.design.response.values
    assert drawn[-1][0, 0] < values.min() - 10
    assert drawn[-1][-1, 0] > values.max() + 10


def test_a_density_is_reflected_at_a_true_bound():
    """Of an exponential the density at 0 is its largest, where an estimate without reflection has half of it."""
    rng = np.random.default_rng(4)
    found = made_up(rng.exponential(size=5000), rng.exponential(size=(5000, 4)))
    ax = ppc_panels.density(plt.figure().subplots(), Canvas(), found, "wait", (0.0, np.inf))
    drawn = [line for line in ax.lines if len(line.get_xdata())]
    assert len(drawn) == 5
    for line in drawn:
        x, y = line.get_xydata().T
        assert 0 <= x[0] < 0.1
        assert y[-1] < 0.005 * y.max()
        near = x < 2
        np.testing.assert_allclose(y[near], np.exp(-x[near]), rtol=0.2)


def test_an_ordinal_rootogram_has_its_categories_and_no_other():
    rng = np.random.default_rng(5)
    names = ("very bad", "bad", "good")
    values = rng.choice([1.0, 2.0, 3.0], 60, p=[0.2, 0.5, 0.3])
    found = made_up(values, rng.choice([1.0, 2.0, 3.0], (60, 50)))
    ax = ppc_panels.rootogram_bars(plt.figure().subplots(), Canvas(), found, "score", names)
    assert tuple(label.get_text() for label in ax.get_xticklabels()) == names
    assert list(ax.get_xticks()) == [1, 2, 3]
    points = np.concatenate([np.asarray(c.get_offsets()) for c in ax.collections[1:]])
    points = points[np.argsort(points[:, 0])]
    np.testing.assert_array_equal(points[:, 1], [(values == number).sum() for number in (1, 2, 3)])
    assert "of 3 points" in ax.get_title(loc="left").replace("\n", " ")


def test_a_proportion_is_called_by_what_is_counted(cbpp_fit):
    assert plot_ppc(cbpp_fit).get_xlabel() == "proportion of incidence"
    assert plot_ppc(cbpp_fit, "rootogram").get_xlabel() == "successes of incidence"


def test_what_does_not_suit_is_refused(sleepstudy_fit, cbpp_fit):
    ordinal = replace(sleepstudy_fit, family=read_family("cumulative"))
    for draw, words in (
        (lambda: plot_ppc(ordinal, "calibration"), "kind='rootogram'"),
        (lambda: plot_ppc(sleepstudy_fit, "rootogram"), "does not suit"),
        (lambda: plot_ppc(cbpp_fit, "density"), "kind='ecdf'"),
        (lambda: plot_ppc(cbpp_fit, "rootogramm"), "Did you mean 'rootogram'"),
        (lambda: plot_ppc(cbpp_fit, statistic="zeros"), "zero_percent"),
        (lambda: plot_ppc(cbpp_fit, ax=plt), "one matplotlib Axes"),
    ):
        with pytest.raises(ArgumentError, match=words):
            draw()
