"""Residuals and their quantiles: what is drawn against the tables, loops and SciPy's normal distribution."""

import numpy as np
import pytest
from scipy import stats

from bayesmix.errors import ArgumentError
from bayesmix.estimates.laplace.laplace import laplace
from bayesmix.estimates.least_squares.lm import lm
from bayesmix.estimates.reml.reml import reml
from bayesmix.inference.prediction.realised import realised
from bayesmix.inference.tables.fitted import fitted
from bayesmix.inference.tables.ranef import ranef
from bayesmix.inference.tables.residuals import residuals
from bayesmix.modelling.fit import fit as make_fit
from bayesmix.report.pictures.plot_qq import plot_qq
from bayesmix.report.pictures.plot_ranef import plot_ranef
from bayesmix.report.pictures.plot_residuals import binned_means, plot_residuals
from bayesmix.report.pictures.plot_sd import plot_sd
from bayesmix.report.pictures.plot_trace import plot_trace

from ..conftest import visible

FEW = {"draws": 20, "tune": 100, "chains": 2, "seed": 1, "progress": False}
pytestmark = pytest.mark.usefixtures("no_figure_left")


def test_residuals_stand_at_their_fitted_values(sleepstudy_fit, cbpp_fit):
    for fit, kind in ((sleepstudy_fit, "response"), (cbpp_fit, "quantile")):
        drawn = observations(plot_residuals(fit, seed=3))
        found = realised(fit, kind=kind, seed=3)
        np.testing.assert_allclose(drawn, np.column_stack([found.expected, found.residual]))


def test_residuals_of_estimates(sleepstudy_fit, cbpp_fit):
    """Those of a mixed model have no binned means, which would not scatter about 0; those of least squares have."""
    data = sleepstudy_fit.data
    for fit, kind, has_means in (
        (reml(sleepstudy_fit.formula, data), "response", False),
        (lm("Reaction ~ Days", data), "response", True),
        (laplace(cbpp_fit.formula, cbpp_fit.data, "binomial"), "quantile", False),
    ):
        ax = plot_residuals(fit)
        expected = np.column_stack([fitted(fit)["estimate"], residuals(fit, kind=kind)["estimate"]])
        np.testing.assert_allclose(observations(ax), expected)
        assert bool(ax.containers) == has_means
        assert "Normal quantiles" in plot_qq(fit).texts[0].get_text()
    with pytest.raises(ArgumentError, match="pearson"):
        plot_residuals(reml(sleepstudy_fit.formula, data), kind="quantile")


def observations(ax):
    return next(c for c in ax.collections if c.get_label() == "observations").get_offsets()


def test_residuals_and_sds_have_the_units_of_the_data(with_units, cbpp_fit):
    ax = plot_residuals(with_units)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("fitted Reaction (ms)", "residual of Reaction (ms)")
    assert plot_residuals(cbpp_fit).get_xlabel() == "fitted proportion of incidence"
    labels = [ax.get_xlabel() for ax in visible(plot_sd(with_units))]
    assert labels == [f"standard deviation ({unit})" for unit in ("ms", "ms per day", "ms")]
    odd = with_units.data.copy()
    odd.attrs["units"] = "ms"
    assert plot_residuals(reml("Reaction ~ Days + (1 | Subject)", odd)).get_xlabel() == "fitted Reaction"


@pytest.mark.parametrize("factor", [pytest.param(1e-12, marks=pytest.mark.slow), 1e7])
def test_no_number_lies_on_a_title_in_any_unit(sleepstudy_fit, factor, no_text_overlaps):
    data = sleepstudy_fit.data.assign(Reaction=lambda d: d["Reaction"] * factor)
    fit = make_fit(sleepstudy_fit.formula, data, **FEW | {"tune": None})
    for drawn in (plot_ranef(fit), plot_sd(fit), plot_trace(fit)):
        no_text_overlaps(drawn)
    for ax in (plot_residuals(fit), plot_qq(fit)):
        no_text_overlaps(ax.get_figure())
        assert ax.yaxis.get_offset_text().get_text() == ""


def test_binned_means_against_a_loop():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=120), rng.normal(size=120)
    bins = binned_means(x, y)
    parts = np.array_split(np.argsort(x), 8)
    assert len(bins.x) == 8
    # Edges are quantiles, so that a point at an edge may fall to either side.
    np.testing.assert_allclose(bins.y, [y[part].mean() for part in parts], atol=1e-12)
    errors = np.array([y[part].std(ddof=1) / np.sqrt(len(part)) for part in parts])
    np.testing.assert_allclose(bins.half, stats.t(14).ppf(0.975) * errors)


def test_binned_means_of_values_that_are_all_alike():
    bins = binned_means(np.ones(30), np.arange(30.0))
    np.testing.assert_allclose((bins.x, bins.y), ([1.0], [14.5]))


def test_quantiles_are_the_sorted_residuals(sleepstudy_fit):
    ax = plot_qq(sleepstudy_fit)
    drawn = np.asarray(ax.collections[-1].get_offsets())
    values = np.sort(residuals(sleepstudy_fit, kind="pearson")["mean"])
    np.testing.assert_allclose(drawn[:, 1], (values - values.mean()) / values.std(ddof=1))
    # Medians of order statistics: Blom's approximation holds to 0.03 for 180 values.
    np.testing.assert_allclose(drawn[:, 0], stats.norm.ppf((np.arange(1, 181) - 0.375) / 180.25), atol=0.04)


def test_quantiles_of_counts_are_those_of_their_quantile_residuals(cbpp_fit):
    drawn = np.asarray(plot_qq(cbpp_fit, seed=3).collections[-1].get_offsets())
    np.testing.assert_allclose(drawn[:, 1], np.sort(residuals(cbpp_fit, kind="quantile", seed=3)["mean"]))


def test_quantiles_of_a_groups_effects(sleepstudy_fit, cbpp_fit):
    ax = plot_qq(sleepstudy_fit, "Subject", "Days")
    table = ranef(sleepstudy_fit)
    values = np.sort(table.loc[table["term"] == "Days", "mean"])
    np.testing.assert_allclose(ax.collections[-1].get_offsets()[:, 1], (values - values.mean()) / values.std(ddof=1))
    assert len(plot_qq(cbpp_fit, "herd").collections[-1].get_offsets()) == 15


def test_the_band_holds_normal_samples_as_often_as_it_says(sleepstudy_fit):
    outline = plot_qq(sleepstudy_fit, "Subject").collections[0].get_paths()[0].vertices
    x = outline[:, 0].round(9)
    lower, upper = np.array([(outline[x == at, 1].min(), outline[x == at, 1].max()) for at in np.unique(x)]).T
    samples = np.sort(np.random.default_rng(5).normal(size=(4000, 18)), axis=1)
    inside = ((samples > lower) & (samples < upper)).mean(axis=0)
    # sd of a share of 4000 at 0.95 is 0.0034.
    np.testing.assert_allclose(inside, 0.95, atol=4 * 0.0034)
