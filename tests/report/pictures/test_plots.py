"""Effects, sds and correlations: what is drawn against the tables and densities of SciPy; manners of all pictures."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayesmix.errors import ArgumentError, UnknownTermError
from bayesmix.estimates.laplace.laplace import laplace
from bayesmix.estimates.reml.reml import reml
from bayesmix.inference.tables.ranef import ranef
from bayesmix.inference.tables.varcorr import varcorr
from bayesmix.report.pictures.densities import posterior_density
from bayesmix.report.pictures.plot_qq import plot_qq
from bayesmix.report.pictures.plot_ranef import plot_ranef
from bayesmix.report.pictures.plot_rank import plot_rank
from bayesmix.report.pictures.plot_residuals import plot_residuals
from bayesmix.report.pictures.plot_sd import plot_corr, plot_sd
from bayesmix.report.pictures.plot_trace import plot_trace

from ..conftest import labelled, name_of, visible

pytestmark = pytest.mark.usefixtures("no_figure_left")


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
