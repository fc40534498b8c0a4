"""Pictures of one fit: what is drawn against the tables and against densities of SciPy."""

from dataclasses import replace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from bayesmix.errors import ArgumentError, UnknownTermError
from bayesmix.inference.prediction.realised import realised
from bayesmix.inference.tables.fitted import fitted
from bayesmix.inference.tables.ranef import ranef
from bayesmix.inference.tables.residuals import residuals
from bayesmix.inference.tables.varcorr import varcorr
from bayesmix.modelling.fit import fit as make_fit
from bayesmix.modelling.laplace import laplace
from bayesmix.modelling.lm import lm
from bayesmix.modelling.reml import reml
from bayesmix.report.densities import posterior_density
from bayesmix.report.plot_chains import draws_by_name
from bayesmix.report.plot_qq import plot_qq
from bayesmix.report.plot_ranef import plot_ranef
from bayesmix.report.plot_rank import plot_rank
from bayesmix.report.plot_residuals import binned_means, plot_residuals
from bayesmix.report.plot_sd import plot_corr, plot_sd
from bayesmix.report.plot_trace import plot_trace

FEW = {"draws": 20, "tune": 100, "chains": 2, "seed": 1, "progress": False}

pytestmark = pytest.mark.usefixtures("no_figure_left")


def visible(figure):
    return [ax for ax in figure.axes if ax.get_visible()]


def labelled(ax, label):
    (found,) = [drawn for drawn in ax.lines if drawn.get_label() == label]
    return np.asarray(found.get_xdata()), np.asarray(found.get_ydata())


def name_of(ax):
    return ax.get_title(loc="left").strip()


def caption_of(figure):
    return max((text.get_text().replace("\n", " ") for text in figure.texts), key=len)


# --- caterpillar ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("term", ["Intercept", "Days"])
def test_caterpillar_has_the_order_and_the_interval_ends_of_ranef(sleepstudy_fit, term):
    (ax,) = [ax for ax in visible(plot_ranef(sleepstudy_fit)) if name_of(ax).startswith(f"Reaction: {term}")]
    wide, narrow, *_ = ax.collections
    for drawn, prob in ((wide, 0.95), (narrow, 0.5)):
        table = ranef(sleepstudy_fit, prob=prob)
        table = table[table["term"] == term].sort_values("mean")
        ends = np.array([segment[:, 0] for segment in drawn.get_segments()])
        np.testing.assert_allclose(ends, table[["lower", "upper"]])
    assert [label.get_text() for label in ax.get_yticklabels()] == list(table["level"])
    assert (np.diff(ax.get_yticks()) == 1).all()


def test_crossed_groups_share_their_horizontal_limits(penicillin_fit):
    plate, sample = visible(plot_ranef(penicillin_fit))
    assert plate.get_xlim() == sample.get_xlim()
    assert (len(plate.get_yticks()), len(sample.get_yticks())) == (24, 6)


def test_one_group_and_one_term_can_be_chosen(sleepstudy_fit, penicillin_fit):
    assert [name_of(ax) for ax in visible(plot_ranef(penicillin_fit, "sample"))] == ["diameter: Intercept by sample"]
    assert [name_of(ax) for ax in visible(plot_ranef(sleepstudy_fit, term="Days"))] == ["Reaction: Days by Subject"]


def test_effects_have_the_responses_name_and_unit(with_units, cbpp_fit):
    intercept, days = visible(plot_ranef(with_units))
    assert (intercept.get_xlabel(), days.get_xlabel()) == ("effect (ms)", "effect on Days (ms per day)")
    (ax,) = visible(plot_ranef(cbpp_fit))
    assert (name_of(ax), ax.get_xlabel()) == ("incidence: Intercept by herd", "effect (logit scale)")


def test_of_many_levels_the_lowest_and_the_highest_are_named():
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(70), 3)
    data = pd.DataFrame({"g": [f"farm {i}" for i in g], "y": rng.normal(size=70)[g] + rng.normal(size=210)})
    fit = reml("y ~ 1 + (1 | g)", data)
    (ax,) = visible(plot_ranef(fit))
    modes = ranef(fit).sort_values("estimate")
    highest, lowest = (text.get_text().split("\n") for text in ax.texts)
    assert highest == ["highest:", *modes["level"].iloc[:-6:-1]]
    assert lowest == ["lowest:", *modes["level"].iloc[4::-1]]


def test_long_names_of_levels_leave_titles_within_the_figure(sleepstudy_fit, no_text_overlaps):
    data = sleepstudy_fit.data.assign(Subject=lambda d: "patient of the outer clinic " + d["Subject"].astype(str))
    figure = plot_ranef(reml(sleepstudy_fit.formula, data))
    no_text_overlaps(figure)
    for ax in visible(figure):
        for text in (ax.xaxis.label, *ax.findobj(mpl.text.Text, include_self=False)):
            if text.get_text() and text.get_visible() and text.get_text() in (name_of(ax), ax.get_xlabel()):
                assert text.get_window_extent().x1 <= figure.bbox.width


def test_conditional_modes_have_normal_intervals(sleepstudy_fit, cbpp_fit):
    for fit in (
        reml(sleepstudy_fit.formula, sleepstudy_fit.data),
        laplace(cbpp_fit.formula, cbpp_fit.data, "binomial"),
    ):
        ax = visible(plot_ranef(fit))[0]
        table = ranef(fit)
        table = table[table["term"] == "Intercept"].sort_values("estimate")
        ends = np.array([segment[:, 0] for segment in ax.collections[0].get_segments()])
        half = stats.norm.ppf(0.975) * table["sd"]
        np.testing.assert_allclose(ends, np.column_stack([table["estimate"] - half, table["estimate"] + half]))


# --- prior and posterior ----------------------------------------------------------------------------------


def test_each_sd_has_its_prior_as_scipy_knows_it(sleepstudy_fit):
    axes = {name_of(ax): ax for ax in visible(plot_sd(sleepstudy_fit))}
    assert list(axes) == ["sd of Intercept by Subject", "sd of Days by Subject", "residual sd"]
    for name, ax in zip(("sd_Subject__Intercept", "sd_Subject__Days", "sigma"), axes.values(), strict=True):
        degrees, scale = sleepstudy_fit.priors[name].args
        x, y = labelled(ax, "prior")
        assert x[0] == 0
        np.testing.assert_allclose(y, 2 * stats.t(degrees, 0, scale).pdf(x), rtol=1e-10)


def test_the_bar_is_the_interval_of_varcorr_and_the_point_its_median(sleepstudy_fit):
    table = varcorr(sleepstudy_fit)
    rows = [("Subject", "Intercept", "Intercept"), ("Subject", "Days", "Days"), ("Residual", "", "")]
    for ax, row in zip(visible(plot_sd(sleepstudy_fit)), rows, strict=True):
        np.testing.assert_allclose(labelled(ax, "interval")[0], table.loc[row, ["lower", "upper"]].astype(float))
        np.testing.assert_allclose(labelled(ax, "median")[0], table.loc[row, "median"])
    (ax,) = visible(plot_corr(sleepstudy_fit))
    row = ("Subject", "Intercept", "Days")
    np.testing.assert_allclose(labelled(ax, "interval")[0], table.loc[row, ["lower", "upper"]].astype(float))


def test_correlation_has_the_margin_of_lkj(sleepstudy_fit):
    (ax,) = visible(plot_corr(sleepstudy_fit))
    x, y = labelled(ax, "prior")
    # LKJ(2) of a 2 x 2 matrix: (r + 1) / 2 is Beta(2, 2).
    np.testing.assert_allclose(y, stats.beta(2, 2, loc=-1, scale=2).pdf(x), atol=1e-12)


def test_density_at_zero_is_not_halved():
    """Of a half normal the density is largest at 0, where an estimate without reflection gives half of it.

    The sd of a kernel estimate of 20,000 draws is some 2 % there; half the density would be 50 % off.
    """
    draws = np.abs(np.random.default_rng(1).normal(size=20_000))
    grid, density = posterior_density(draws, lower=0.0, upper=np.inf)
    expected = stats.halfnorm.pdf(grid)
    near = grid < 2
    np.testing.assert_allclose(density[near], expected[near], rtol=0.12)
    assert np.sum(density) * (grid[1] - grid[0]) == pytest.approx(0.999, abs=2e-4)


def test_a_heavy_tail_does_not_coarsen_the_density():
    draws = np.abs(stats.t(2).rvs(20_000, random_state=2))
    grid, density = posterior_density(draws, lower=0.0, upper=np.inf)
    middle = (grid > 0.5) & (grid < 2)
    np.testing.assert_allclose(density[middle], 2 * stats.t(2).pdf(grid[middle]), rtol=0.15)


# --- chains -----------------------------------------------------------------------------------------------


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


# --- residuals --------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("factor", [1e-12, 1e7])
def test_no_number_lies_on_a_title_in_any_unit(sleepstudy_fit, factor, no_text_overlaps):
    data = sleepstudy_fit.data.assign(Reaction=lambda d: d["Reaction"] * factor)
    fit = make_fit(sleepstudy_fit.formula, data, **FEW | {"tune": None})
    for drawn in (plot_residuals(fit), plot_ranef(fit), plot_sd(fit), plot_trace(fit)):
        no_text_overlaps(drawn if isinstance(drawn, mpl.figure.Figure) else drawn.get_figure())
    for ax in (plot_residuals(fit), plot_qq(fit)):
        ax.get_figure().canvas.draw()
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


# --- manners ----------------------------------------------------------------------------------------------


def test_given_axes_are_used_and_no_figure_is_made(sleepstudy_fit):
    _, (left, right) = plt.subplots(1, 2)
    assert plot_residuals(sleepstudy_fit, ax=left) is left
    assert plot_qq(sleepstudy_fit, ax=right) is right
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("plot", [plot_ranef, plot_sd, plot_corr, plot_trace, plot_rank, plot_residuals, plot_qq])
def test_settings_stay_as_they_were(plot, sleepstudy_fit):
    before = dict(mpl.rcParams)
    plot(sleepstudy_fit)
    assert dict(mpl.rcParams) == before


def test_what_cannot_be_drawn_is_refused_in_one_line(sleepstudy_fit, cbpp_fit, penicillin_fit):
    cases = [
        (lambda: plot_ranef(sleepstudy_fit, "subject"), UnknownTermError, "Did you mean 'Subject'"),
        (lambda: plot_ranef(sleepstudy_fit, term="Dayz"), UnknownTermError, "Did you mean 'Days'"),
        (lambda: plot_corr(penicillin_fit), UnknownTermError, "(x | g)"),
        (lambda: plot_trace(sleepstudy_fit, "sd_Subject_Days"), UnknownTermError, "Did you mean 'sd_Subject__Days'"),
        (lambda: plot_trace(sleepstudy_fit, []), ArgumentError, "empty"),
        (lambda: plot_rank(sleepstudy_fit, ["Days", "tau"]), UnknownTermError, "'tau' is no parameter"),
        (lambda: plot_residuals(sleepstudy_fit, ax=plt), ArgumentError, "one matplotlib Axes"),
        (lambda: plot_qq(sleepstudy_fit, "residual"), ArgumentError, "Did you mean 'residuals'"),
        (lambda: plot_qq(sleepstudy_fit, "Subject", "days"), UnknownTermError, "Did you mean 'Days'"),
        (lambda: plot_qq(sleepstudy_fit, term="Days"), UnknownTermError, "which="),
        (lambda: plot_residuals(cbpp_fit, kind="quantiles"), ArgumentError, "Did you mean 'quantile'"),
        (lambda: plot_sd("fit"), ArgumentError, "got str"),
    ]
    for call, error, part in cases:
        with pytest.raises(error, match=r"^[^\n]*$") as caught:
            call()
        assert part in str(caught.value)
    assert not plt.get_fignums()
