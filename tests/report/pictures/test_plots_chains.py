"""Traces and ranks: what is drawn against the draws, and what is said of chains."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesmix.modelling.fit import fit as make_fit
from bayesmix.report.pictures.plot_chains import draws_by_name
from bayesmix.report.pictures.plot_qq import plot_qq
from bayesmix.report.pictures.plot_ranef import plot_ranef
from bayesmix.report.pictures.plot_rank import plot_rank
from bayesmix.report.pictures.plot_residuals import plot_residuals
from bayesmix.report.pictures.plot_sd import plot_sd
from bayesmix.report.pictures.plot_trace import plot_trace

from ..conftest import caption_of, name_of, visible

FEW = {"draws": 20, "tune": 100, "chains": 2, "seed": 1, "progress": False}
pytestmark = pytest.mark.usefixtures("no_figure_left")
NAMES = ["Intercept", "Days", "sd_Subject__Intercept", "sd_Subject__Days", "corr_Subject", "sigma"]


def test_traces_are_the_draws_under_readable_names(sleepstudy_fit):
    figure = plot_trace(sleepstudy_fit)
    assert [name_of(ax) for ax in figure.axes[::2]] == NAMES
    posterior = sleepstudy_fit.posterior["posterior"]
    for name, ax in zip(NAMES, figure.axes[1::2], strict=True):
        if name != "corr_Subject":
            drawn = [np.asarray(line.get_ydata()) for line in ax.lines]
            np.testing.assert_array_equal(drawn, posterior[name].transpose("chain", "draw"))


@pytest.mark.parametrize("plot", [plot_trace, plot_rank])
def test_the_caption_says_when_chains_are_parts_of_one_sample(sleepstudy_fit, cbpp_fit, plot):
    of_importance, of_nuts = (caption_of(plot(fit)) for fit in (sleepstudy_fit, cbpp_fit))
    assert "importance" in sleepstudy_fit.posterior.children
    assert "parts of one sample" in of_importance
    assert "divergent" not in of_importance
    assert "importance" not in cbpp_fit.posterior.children
    assert "Importance" not in of_nuts


def test_the_caption_of_a_trace_counts_divergent_transitions(cbpp_fit):
    n_divergent = int(cbpp_fit.posterior["sample_stats"]["diverging"].sum())
    wanted = "No divergent transitions." if n_divergent == 0 else f"{n_divergent} divergent transitions."
    assert caption_of(plot_trace(cbpp_fit)).endswith(wanted)


def test_draws_by_name_are_the_parameters_of_the_diagnostics(sleepstudy_fit, cbpp_fit, penicillin_fit):
    for fit in (sleepstudy_fit, cbpp_fit, penicillin_fit):
        table = fit.diagnostics.parameters
        assert list(draws_by_name(fit)) == list(table.index[table["kind"] != "group effect"])


def test_a_rank_panel_for_each_parameter(sleepstudy_fit):
    figure = plot_rank(sleepstudy_fit, ["sigma", "Days"])
    assert [name_of(ax) for ax in visible(figure)] == ["sigma", "Days"]
    # Two chains: where one has too many low ranks the other has too few.
    for ax in visible(figure):
        first, second = (np.asarray(line.get_ydata()) for line in ax.lines[:2])
        assert np.abs(first).max() > 0
        assert np.abs(first + second).max() < 0.02
        assert not ax.texts  # no p where the test says nothing


@pytest.fixture(scope="module")
def bare_fit():
    """No fixed coefficients, and a slope whose name has a slash; 20 draws."""
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"x": rng.normal(size=40), "g": np.tile(list("abcde"), 8)})
    data["y"] = data["x"] + rng.normal(size=40)
    return make_fit("y ~ 0 + (1 | g)", data, **FEW), make_fit("y ~ x + I(x / 2 > 0.1) + (1 | g)", data, **FEW)


@pytest.mark.parametrize("plot", [plot_trace, plot_rank])
def test_a_slash_in_a_name_is_drawn(bare_fit, plot):
    name = next(name for name in bare_fit[1].design.fixed.names if "/" in name)
    assert name in [name_of(ax) for ax in visible(plot(bare_fit[1]))]
    assert name_of(visible(plot(bare_fit[1], name))[0]) == name


def test_few_draws_have_a_density_too(bare_fit):
    """A cumulative distribution would never fall."""
    for ax in plot_trace(bare_fit[1]).axes[::2]:
        for drawn in ax.lines[:2]:
            x, y = np.asarray(drawn.get_xdata()), np.asarray(drawn.get_ydata())
            assert np.diff(y).min() < 0
            assert np.trapezoid(y, x) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("plot", [plot_ranef, plot_sd, plot_trace, plot_rank, plot_residuals, plot_qq])
def test_a_model_without_fixed_coefficients_is_drawn(bare_fit, plot):
    panels = visible(plot(bare_fit[0]).figure)
    assert panels
    assert all(ax.has_data() for ax in panels)


def test_the_band_of_ranks_holds_chains_that_agree_and_no_other(sleepstudy_fit):
    """Well-mixed chains lie in the band nearly everywhere; one that is shifted by an sd leaves it for good."""

    def outside(figure):
        ax = visible(figure)[0]
        ends = pd.DataFrame(ax.collections[0].get_paths()[0].vertices).groupby(0)[1].max()
        lines = [(np.asarray(drawn.get_xdata()), np.abs(drawn.get_ydata())) for drawn in ax.lines[:2]]
        return max(np.mean(y > np.interp(x, ends.index, ends) + 0.005) for x, y in lines)

    assert outside(plot_rank(sleepstudy_fit, "sigma")) == 0
    draws = sleepstudy_fit.posterior["posterior"].to_dataset().copy(deep=True)
    draws["sigma"][0] += float(draws["sigma"].std())
    tree = xr.DataTree.from_dict({"posterior": draws})
    assert outside(plot_rank(replace(sleepstudy_fit, posterior=tree), "sigma")) > 0.5
