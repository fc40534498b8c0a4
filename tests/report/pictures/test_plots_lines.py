"""Drawn lines, bands and points against sums over the posterior's own draws."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from bayesmix.errors import ArgumentError, UnknownColumnError, UnknownTermError
from bayesmix.estimates.reml.reml import reml
from bayesmix.modelling.fit import fit as make_fit
from bayesmix.report.pictures.line_layers import evenly_spaced
from bayesmix.report.pictures.plot_lines import plot_lines

FEW = {"draws": 20, "tune": 100, "chains": 2, "seed": 1, "progress": False}

pytestmark = pytest.mark.usefixtures("no_figure_left")


@pytest.fixture(scope="session")
def intercepts_fit(sleepstudy_fit):
    settings = {"draws": 200, "tune": 300, "chains": 2, "seed": 2, "progress": False}
    return make_fit("Reaction ~ Days + (1 | Subject)", sleepstudy_fit.data, **settings)


@pytest.fixture(scope="module")
def shown(sleepstudy_fit):
    """The panels of all subjects, by their names."""
    return panels(plot_lines(sleepstudy_fit))


@pytest.fixture(scope="session")
def nested_fit():
    """Casks in batches, a covariate steady within batches, and an offset."""
    rng = np.random.default_rng(3)
    batch = np.repeat(list("ABCDEF"), 10)
    data = pd.DataFrame(
        {
            "batch": batch,
            "cask": np.tile(np.repeat(["a", "b"], 5), 6),
            "age": np.repeat(rng.normal(size=6), 10),
            "heat": rng.uniform(1, 3, 60),
            "wet": rng.normal(5, 1, 60),
        }
    )
    data["y"] = data["heat"] + rng.normal(size=6).repeat(10) + rng.normal(size=60)
    settings = {"draws": 40, "tune": 40, "chains": 1, "seed": 2, "progress": False}
    return make_fit("y ~ age + log(heat) + wet + (1 | batch/cask) + offset(0.5 * heat)", data, **settings)


def posterior(fit, name):
    values = fit.posterior["posterior"][name].transpose("chain", "draw", ...).to_numpy()
    return values.reshape(-1, *values.shape[2:])


def panels(figure):
    return {ax.get_title(): ax for ax in figure.axes if ax.get_visible()}


def line(ax, label):
    (found,) = [drawn for drawn in ax.lines if drawn.get_label() == label]
    return np.asarray(found.get_xdata()), np.asarray(found.get_ydata())


def points(ax):
    (found,) = [drawn for drawn in ax.collections if drawn.get_label() == "data"]
    return np.asarray(found.get_offsets())


def band(ax):
    """Ends of the band by x, whichever the order in which its outline was drawn."""
    (found,) = [drawn for drawn in ax.collections if drawn.get_label() != "data"]
    outline = pd.DataFrame(found.get_paths()[0].vertices, columns=["x", "y"])
    return outline.groupby("x")["y"].agg(["min", "max"])


def subject_lines(fit, subject, x):
    """Draws of a subject's expected reaction, (n_draws, n_points)."""
    place = fit.design.random[0].levels.index(subject)
    intercept = posterior(fit, "Intercept") + posterior(fit, "1|Subject")[:, place]
    slope = posterior(fit, "Days") + posterior(fit, "Days|Subject")[:, place]
    return intercept[:, None] + slope[:, None] * x


def test_lines_are_the_posterior_mean_and_the_band_its_interval(sleepstudy_fit, shown):
    assert set(shown) == set(sleepstudy_fit.design.random[0].levels)
    for subject in ("308", "335"):
        x, y = line(shown[subject], "partial pooling (Days | Subject)")
        draws = subject_lines(sleepstudy_fit, subject, x)
        np.testing.assert_allclose(y, draws.mean(axis=0), rtol=1e-10)
        ends = band(shown[subject])
        lower, upper = np.quantile(draws, (0.025, 0.975), axis=0)
        np.testing.assert_allclose(ends["min"], lower, rtol=1e-10)
        np.testing.assert_allclose(ends["max"], upper, rtol=1e-10)
        _, typical = line(shown[subject], "fixed effects alone")
        fixed = posterior(sleepstudy_fit, "Intercept").mean() + posterior(sleepstudy_fit, "Days").mean() * x
        np.testing.assert_allclose(typical, fixed, rtol=1e-10)


def test_no_pooling_is_least_squares_and_the_points_are_the_data(sleepstudy_fit, shown):
    for subject, rows in sleepstudy_fit.data.groupby("Subject", observed=True):
        slope, intercept = np.polyfit(rows["Days"], rows["Reaction"], 1)
        x, y = line(shown[str(subject)], "no pooling")
        np.testing.assert_allclose(y, intercept + slope * x, rtol=1e-8)
        np.testing.assert_allclose(points(shown[str(subject)]), rows[["Days", "Reaction"]])


def test_panels_run_from_the_flattest_to_the_steepest(sleepstudy_fit, shown):
    slopes = pd.Series(posterior(sleepstudy_fit, "Days|Subject").mean(axis=0), sleepstudy_fit.design.random[0].levels)
    assert list(shown) == list(slopes.sort_values().index)


def test_two_fits_are_two_layers_and_only_the_last_has_a_band(sleepstudy_fit, intercepts_fit):
    shown = panels(plot_lines({"first": intercepts_fit, "second": sleepstudy_fit}))
    place = intercepts_fit.design.random[0].levels.index("308")
    x, y = line(shown["308"], "first")
    intercept = posterior(intercepts_fit, "Intercept") + posterior(intercepts_fit, "1|Subject")[:, place]
    np.testing.assert_allclose(y, intercept.mean() + posterior(intercepts_fit, "Days").mean() * x, rtol=1e-10)
    _, second = line(shown["308"], "second")
    np.testing.assert_allclose(second, subject_lines(sleepstudy_fit, "308", x).mean(axis=0), rtol=1e-10)
    ends = band(shown["308"])
    assert ((ends["min"] < second) & (second < ends["max"])).all()


def test_proportions_along_a_factor(cbpp_fit):
    figure = plot_lines(cbpp_fit)
    shown = panels(figure)
    data, levels = cbpp_fit.data, cbpp_fit.design.random[0].levels
    effects = posterior(cbpp_fit, "1|herd")
    periods = np.column_stack([np.zeros(len(effects)), posterior(cbpp_fit, "period")])
    for herd in ("1", "8"):
        rows = data[data["herd"].astype(str) == herd]
        _, y = line(shown[herd], "partial pooling (1 | herd)")
        linear = posterior(cbpp_fit, "Intercept")[:, None] + periods + effects[:, [levels.index(herd)]]
        seen = [str(period) in set(rows["period"].astype(str)) for period in (1, 2, 3, 4)]
        np.testing.assert_allclose(y[seen], expit(linear).mean(axis=0)[seen], rtol=1e-10)
        np.testing.assert_allclose(points(shown[herd])[:, 1], rows["incidence"] / rows["size"])
    _, own = line(shown["1"], "no pooling")
    rows = data[data["herd"].astype(str) == "1"]
    np.testing.assert_allclose(own, rows["incidence"] / rows["size"], atol=1e-12)
    # Herd 8 was seen in one period only.
    for label in ("no pooling", "fixed effects alone", "partial pooling (1 | herd)"):
        assert list(np.isfinite(line(shown["8"], label)[1])) == [True, False, False, False]
    assert [text.get_text() for text in figure.axes[-1].get_xticklabels()] == ["1", "2", "3", "4"]
    heights = expit(posterior(cbpp_fit, "Intercept").mean() + effects.mean(axis=0))
    assert list(shown) == [levels[i] for i in np.argsort(heights)]


@pytest.mark.parametrize(("term", "is_number"), [("factor(x > 3)", True), ("C(x > 3)", True), ("factor(x)", False)])
def test_a_number_that_is_compared_stays_a_number(term, is_number):
    data = pd.DataFrame({"x": np.repeat(np.arange(8.0), 6), "g": np.tile(list("abc"), 16)})
    data["y"] = 2.0 * (data["x"] > 3) + np.random.default_rng(1).normal(size=len(data))
    fit = reml(f"y ~ {term} + (1 | g)", data)
    x, y = line(panels(plot_lines(fit))["a"], "partial pooling (1 | g)")
    assert len(x) == (60 if is_number else 8)
    if is_number:
        at = fit.beta[0] + fit.effects[0][0, 0]
        np.testing.assert_allclose(y, at + fit.beta[1] * (x > 3), rtol=1e-10)


def test_a_cask_lies_in_its_batch_and_predictors_are_held(nested_fit):
    x, y = line(panels(plot_lines(nested_fit, group="batch:cask"))["C:b"], "partial pooling (1 | batch:cask)")
    heat = nested_fit.data.query("batch == 'C' and cask == 'b'")["heat"]
    room = 0.05 * np.ptp(nested_fit.data["heat"])
    assert heat.min() - room < x.min() <= heat.min()
    assert heat.max() <= x.max() < heat.max() + room
    age = nested_fit.data.loc[nested_fit.data["batch"] == "C", "age"].iloc[0]
    own = nested_fit.data.query("batch == 'C' and cask == 'b'")["wet"]
    batches, casks = (term.levels for term in nested_fit.design.random)
    draws = (
        posterior(nested_fit, "Intercept")
        + posterior(nested_fit, "age") * age
        + posterior(nested_fit, "wet") * own.mean()
        + posterior(nested_fit, "1|batch")[:, batches.index("C")]
        + posterior(nested_fit, "1|batch:cask")[:, casks.index("C:b")]
    )
    expected = draws.mean() + posterior(nested_fit, "log(heat)").mean() * np.log(x) + 0.5 * x
    np.testing.assert_allclose(y, expected, rtol=1e-9)


def test_a_batch_is_drawn_without_its_casks_and_alone_in_the_terms_of_x(nested_fit):
    figure = plot_lines(nested_fit, x="heat", group="batch")
    ax = panels(figure)["C"]
    x, y = line(ax, "partial pooling (1 | batch)")
    rows = nested_fit.data[nested_fit.data["batch"] == "C"]
    draws = (
        posterior(nested_fit, "Intercept")
        + posterior(nested_fit, "age") * rows["age"].iloc[0]
        + posterior(nested_fit, "wet") * rows["wet"].mean()
        + posterior(nested_fit, "1|batch")[:, nested_fit.design.random[0].levels.index("C")]
    )
    expected = draws.mean() + posterior(nested_fit, "log(heat)").mean() * np.log(x) + 0.5 * x
    np.testing.assert_allclose(y, expected, rtol=1e-9)
    slope, intercept = np.polyfit(np.log(rows["heat"]), rows["y"] - 0.5 * rows["heat"], 1)
    np.testing.assert_allclose(line(ax, "no pooling")[1], intercept + slope * np.log(x) + 0.5 * x, rtol=1e-8)
    caption = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    assert "averaged over the rows of each level (wet)" in caption


def test_of_many_levels_evenly_spaced_ones_are_shown_and_the_caption_says_so(sleepstudy_fit, shown):
    figure = plot_lines(sleepstudy_fit, max_panels=4)
    every = list(shown)
    assert list(panels(figure)) == [every[i] for i in (0, 6, 11, 17)]
    assert "4 of 18 levels, evenly spaced" in " ".join(text.get_text() for text in figure.texts).replace("\n", " ")


@pytest.mark.parametrize(("n", "at_most"), [(3, 5), (5, 5), (316, 24), (7, 1), (40000, 2)])
def test_evenly_spaced(n, at_most):
    places = evenly_spaced(n, at_most)
    assert len(places) == len(set(places)) == min(n, at_most)
    if at_most > 1:
        assert (places[0], places[-1]) == (0, n - 1)
        assert np.ptp(np.diff(places)) <= 1


def test_what_cannot_be_drawn_is_refused_in_one_line(sleepstudy_fit, cbpp_fit, penicillin_fit):
    cases = [
        (lambda: plot_lines(sleepstudy_fit, x="Dayz"), UnknownColumnError, "Did you mean 'Days'"),
        (lambda: plot_lines(sleepstudy_fit, x="Subject"), ArgumentError, "grouping factor"),
        (lambda: plot_lines(sleepstudy_fit, x="Reaction"), ArgumentError, "response"),
        (lambda: plot_lines(sleepstudy_fit, group="subject"), UnknownTermError, "Did you mean 'Subject'"),
        (lambda: plot_lines(sleepstudy_fit, max_panels=0), ArgumentError, "got 0"),
        (lambda: plot_lines(sleepstudy_fit.data), ArgumentError, "DataFrame"),
        (lambda: plot_lines({}), ArgumentError, "empty"),
        (lambda: plot_lines({"a": sleepstudy_fit, "b": cbpp_fit}), ArgumentError, "180 observations of Reaction"),
        (lambda: plot_lines(sleepstudy_fit, by="Days"), ArgumentError, "by='Days' must be a factor"),
        (lambda: plot_lines(sleepstudy_fit, by="Subject"), ArgumentError, "neither the group"),
        (lambda: plot_lines(sleepstudy_fit, by="Dayz"), UnknownColumnError, "Did you mean 'Days'"),
        (lambda: plot_lines(sleepstudy_fit, facet=1), ArgumentError, "facet is True"),
        (lambda: plot_lines(sleepstudy_fit, ax=plt.figure().subplots()), ArgumentError, "max_panels=1"),
        (lambda: plot_lines(penicillin_fit), ArgumentError, "plot_ranef"),
    ]
    for call, error, part in cases:
        with pytest.raises(error, match=r"^[^\n]*$") as caught:
            call()
        assert part in str(caught.value)
    assert len(plt.get_fignums()) == 1


def test_fits_of_other_data_are_refused(sleepstudy_fit, intercepts_fit):
    data = sleepstudy_fit.data.iloc[:-1]
    settings = {"draws": 20, "tune": 20, "chains": 1, "seed": 2, "progress": False}
    fewer = make_fit("Reaction ~ Days + (1 | Subject)", data, **settings)
    with pytest.raises(ArgumentError, match=r"180 observations .* 179"):
        plot_lines({"a": intercepts_fit, "b": fewer})


def test_settings_stay_as_they_were(sleepstudy_fit):
    before = dict(mpl.rcParams)
    plot_lines(sleepstudy_fit, max_panels=2)
    assert dict(mpl.rcParams) == before


@pytest.mark.slow
def test_long_names_of_levels_do_not_overlap(sleepstudy_fit):
    """Titles stay apart and keep both ends of the name."""
    data = sleepstudy_fit.data.assign(
        Subject=[f"patient of the outer clinic, number {s}" for s in sleepstudy_fit.data["Subject"]]
    )
    figure = plot_lines(make_fit("Reaction ~ Days + (Days | Subject)", data, **FEW))
    figure.draw_without_rendering()
    axes = [ax for ax in figure.axes if ax.get_visible()]
    boxes = [ax.title.get_window_extent() for ax in axes]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(ax.get_title().startswith("patient") and "…" in ax.get_title() for ax in axes)
    assert {ax.get_title()[-3:] for ax in axes} == set(sleepstudy_fit.design.random[0].levels)


@pytest.mark.parametrize("random", ["(Days | Subject)", "(1 | half) + (1 | Subject)"])
def test_effects_that_are_drawn_again_give_the_same_lines(sleepstudy_fit, random):
    data = sleepstudy_fit.data.assign(half=["a", "b"] * 90)
    formula = f"Reaction ~ Days + {random}"
    kept, again = (make_fit(formula, data, keep_effects=keep, **FEW | {"tune": None}) for keep in (True, False))
    axes = [plot_lines(fit, max_panels=6).axes for fit in (kept, again)]
    lines = [[drawn.get_ydata() for ax in own for drawn in ax.lines] for own in axes]
    assert len(lines[0]) > 4
    for one, other in zip(*lines, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_the_caption_says_why_lines_without_pooling_are_missing(sleepstudy_fit):
    data = sleepstudy_fit.data.assign(slow=sleepstudy_fit.data["Reaction"] > 300)
    for response, family, why in (
        ("Reaction", "lognormal", "for family lognormal"),
        ("slow", "bernoulli", "with a logit link"),
    ):
        fit = make_fit(f"{response} ~ Days + (1 | Subject)", data, family, **FEW | {"tune": None})
        caption = " ".join(" ".join(text.get_text() for text in plot_lines(fit, max_panels=2).texts).split())
        assert f"No pooling is left out: {why} a level's own curve need not exist." in caption
