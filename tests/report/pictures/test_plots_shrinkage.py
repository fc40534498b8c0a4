"""Pictures of shrinkage: what is drawn is in the tables, and no text overlaps."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Ellipse
from scipy import stats

from bayesmix.data.catalogue import load_data
from bayesmix.errors import ArgumentError, UnknownTermError
from bayesmix.estimates.reml.reml import reml
from bayesmix.inference.pooling.shrinkage import shrinkage
from bayesmix.modelling.fit import fit as make_fit
from bayesmix.report.pages.units import unit_of_coefficient
from bayesmix.report.pictures.plot_labels import spread_apart
from bayesmix.report.pictures.plot_shrinkage import plot_shrinkage
from bayesmix.report.pictures.shrinkage_levels import crossing

pytestmark = pytest.mark.usefixtures("no_figure_left")

SHORT = {"draws": 200, "chains": 2, "seed": 1, "progress": False}


@pytest.fixture(scope="module")
def sleepstudy_reml():
    return reml("Reaction ~ Days + (Days | Subject)", load_data("sleepstudy"))


def lines(ax, *labels):
    return [line for line in ax.lines if line.get_label() in labels]


def collection(ax, label):
    (found,) = [drawn for drawn in ax.collections if drawn.get_label() == label]
    return np.asarray(found.get_offsets())


# --- lines ------------------------------------------------------------------------------------------------


def test_a_line_for_each_level_through_the_columns_of_shrinkage(sleepstudy_fit):
    ax = plot_shrinkage(sleepstudy_fit)
    frame = shrinkage(sleepstudy_fit, "Subject")
    drawn = np.array([line.get_ydata() for line in lines(ax, "level", "stands out")])
    np.testing.assert_allclose(drawn, frame[["raw_mean", "blue", "blup", "mean"]])
    stages = [label.get_text().replace("\n", " ") for label in ax.get_xticklabels()]
    assert stages == ["raw mean", "BLUE", "BLUP", "posterior mean"]
    (overall,) = lines(ax, "overall")
    np.testing.assert_allclose(overall.get_ydata(), frame["overall"].iloc[0])
    assert ax.get_ylabel() == "Reaction"


def test_a_reml_fit_has_no_posterior_mean(sleepstudy_reml):
    ax = plot_shrinkage(sleepstudy_reml, "Subject")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["raw mean", "BLUE", "BLUP"]


@pytest.mark.parametrize(("kind", "axis"), [("lines", "y"), ("density", "x")])
def test_slopes_are_drawn_in_their_unit(kind, axis):
    data = load_data("sleepstudy")
    data.attrs["units"] = {"Reaction": "ms", "Days": "day"}
    for fit in (reml("Reaction ~ Days + (0 + Days | Subject)", data), reml("Reaction ~ Days + (Days | Subject)", data)):
        ax = plot_shrinkage(fit, kind=kind, term="Days")
        frame = shrinkage(fit, "Subject", term="Days")
        assert getattr(ax, f"get_{axis}label")() == "slope of Days (ms per day)"
        low, high = getattr(ax, f"get_{axis}lim")()
        assert low < frame[["blue", "blup"]].min().min() < frame[["blue", "blup"]].max().max() < high
        assert high - low < 80


def test_crossing_against_all_pairs():
    rng = np.random.default_rng(1)
    for _ in range(50):
        first = rng.normal(size=12).round(1)
        last = (first + 0.4 * rng.normal(size=12)).round(1)
        change = (first[:, None] - first) * (last[:, None] - last) < -1e-12
        np.testing.assert_array_equal(crossing(first, last), change.any(axis=1))
    assert not crossing(np.arange(5.0), np.ones(5)).any()


def test_levels_that_cross_stand_out_and_the_note_counts_them():
    fit = reml("yield ~ gen + (1 | loc)", load_data("cochran_bib"))
    frame = shrinkage(fit, "loc")
    ax = plot_shrinkage(fit)
    crossed = crossing(frame["raw_mean"].to_numpy(), frame["blup"].to_numpy())
    assert 0 < crossed.sum() < len(frame)
    assert len(lines(ax, "stands out")) == crossed.sum()
    assert f"{crossed.sum()} levels that change rank" in ax.get_title(loc="left").replace("\n", " ")


def unequal_levels(n_levels=9, seed=2):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(n_levels), rng.integers(2, 9, n_levels))
    x = rng.normal(size=len(g))
    y = rng.normal(size=n_levels)[g] + x * rng.normal(size=n_levels)[g] + rng.normal(size=len(g))
    return pd.DataFrame({"y": y, "x": x, "g": [f"g{level}" for level in g]})


def test_unequal_levels_are_named_with_their_rows():
    data = unequal_levels()
    ax = plot_shrinkage(reml("y ~ x + (1 | g)", data))
    names = {text.get_text() for text in ax.texts}
    assert {f"{level} (n {n})" for level, n in data["g"].value_counts().items()} < names


def test_of_many_levels_the_ten_that_move_most_are_named_and_a_level_without_blue_a_line_all_the_same():
    data = pd.concat([unequal_levels(60), pd.DataFrame({"y": [1.0], "x": [0.5], "g": ["alone"]})])
    fit = reml("y ~ x + (x | g)", data)
    ax = plot_shrinkage(fit)
    moved = (lambda frame: (frame["blup"] - frame["raw_mean"]).abs())(shrinkage(fit, "g")).nlargest(10).index
    written = [text.get_text() for text in ax.texts if not text.get_text().startswith("Shrinkage")]
    assert sorted(written[10:]) == sorted(moved)
    assert {text.split(" (n ")[0] for text in written[:10]} == set(moved)
    drawn = lines(ax, "level", "stands out")
    assert len(drawn) == 61
    assert len(lines(ax, "stands out")) == 10
    alone = drawn[list(shrinkage(fit, "g").index).index("alone")]
    np.testing.assert_array_equal(alone.get_xdata(), [0, 2])
    assert "have no BLUE: 1." in ax.get_title(loc="left").replace("\n", " ")


def test_spread_apart_keeps_order_and_distance():
    places = np.array([1.0, 1.01, 5.0, 0.99, 9.0])
    moved = spread_apart(places, 0.5)
    assert (np.argsort(moved) == np.argsort(places)).all()
    assert np.diff(np.sort(moved)).min() >= 0.5 - 1e-12
    np.testing.assert_allclose(moved[[2, 4]], places[[2, 4]])
    assert np.abs(moved - places).max() < 0.51


# --- densities --------------------------------------------------------------------------------------------


def test_densities_are_scipys_and_the_legend_has_the_spread(sleepstudy_fit):
    ax = plot_shrinkage(sleepstudy_fit, kind="density")
    frame = shrinkage(sleepstudy_fit, "Subject")
    for column, name in (("raw_mean", "raw means"), ("blue", "BLUEs"), ("blup", "BLUPs"), ("mean", "posterior means")):
        (line,) = lines(ax, f"{name}, sd {frame[column].std():.3g}")
        x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        np.testing.assert_allclose(y, stats.gaussian_kde(frame[column])(x), rtol=1e-10)
        (ticks,) = lines(ax, f"{name}, each")
        np.testing.assert_allclose(ticks.get_xdata(), frame[column])
    assert ax.get_xlabel() == "Reaction"


def test_levels_given_up_for_the_whole_are_one_stroke(dyestuff2_fit):
    ax = plot_shrinkage(dyestuff2_fit, kind="density")
    (line,) = lines(ax, "BLUPs, all 5.666")
    np.testing.assert_allclose(line.get_xdata(), 5.6656)


# --- arrows -----------------------------------------------------------------------------------------------


def arrows(ax):
    """Start and end of each arrow."""
    drawn = [text for text in ax.texts if text.get_text() == ""]
    return np.array([text.xyann for text in drawn]), np.array([text.xy for text in drawn])


def test_arrows_run_from_each_levels_own_line_to_its_blup(sleepstudy_reml):
    starts, ends = arrows(plot_shrinkage(sleepstudy_reml, kind="arrows"))
    own = [np.polyfit(rows["Days"], rows["Reaction"], 1)[::-1] for _, rows in by_subject(sleepstudy_reml)]
    np.testing.assert_allclose(starts, own, rtol=1e-8)
    np.testing.assert_allclose(ends, sleepstudy_reml.beta + sleepstudy_reml.effects[0], rtol=1e-10)


def by_subject(fit):
    return fit.data.groupby("Subject", observed=True)


def test_arrows_of_a_posterior_end_at_its_means(sleepstudy_fit):
    ax = plot_shrinkage(sleepstudy_fit, kind="arrows", term="Days")
    _, ends = arrows(ax)
    posterior = sleepstudy_fit.posterior["posterior"].mean(("chain", "draw"))
    expected = np.column_stack(
        [posterior["Intercept"] + posterior["1|Subject"], posterior["Days"] + posterior["Days|Subject"]]
    )
    np.testing.assert_allclose(ends, expected, rtol=1e-10)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Reaction at Days = 0", "slope of Days")


@pytest.mark.parametrize("is_posterior", [True, False])
def test_ellipses_hold_what_they_say(sleepstudy_fit, sleepstudy_reml, is_posterior):
    """Normal draws with the fitted covariance; the sd of a share of 40,000 is at most 0.0025."""
    fit = sleepstudy_fit if is_posterior else sleepstudy_reml
    ax = plot_shrinkage(fit, kind="arrows")
    if is_posterior:
        draws = sleepstudy_fit.posterior["posterior"]
        one, other, r = (draws[name] for name in ("sd_Subject__Intercept", "sd_Subject__Days", "corr_Subject"))
        mixed = float((one * other * r).mean())
        covariance = np.array([[float((one**2).mean()), mixed], [mixed, float((other**2).mean())]])
    else:
        covariance = fit.L[0] @ fit.L[0].T
    centre = collection(ax, "overall")[0]
    points = np.random.default_rng(3).multivariate_normal(centre, covariance, 40_000)
    ellipses = [patch for patch in ax.patches if isinstance(patch, Ellipse)]
    for ellipse, share in zip(ellipses, (0.5, 0.95), strict=True):
        # An ellipse's patch transform takes the unit circle to it, in data units.
        inside = np.sum(ellipse.get_patch_transform().inverted().transform(points) ** 2, axis=1) < 1
        assert inside.mean() == pytest.approx(share, abs=4 * 0.0025)


def test_far_from_0_the_intercept_is_taken_at_the_mean():
    data = unequal_levels().assign(x=lambda d: d["x"] + 2000)
    fit = reml("y ~ x + (x | g)", data)
    ax = plot_shrinkage(fit, kind="arrows")
    starts, _ = arrows(ax)
    np.testing.assert_allclose(starts[:, 0], shrinkage(fit, "g")["blue"], rtol=1e-8)
    assert ax.get_xlabel().startswith("y at the mean of x, 2000")


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e9])
def test_the_overall_mean_stands_where_it_is_in_any_unit(sleepstudy_reml, unit):
    data = sleepstudy_reml.data.assign(Reaction=lambda d: d["Reaction"] * unit)
    ax = plot_shrinkage(reml("Reaction ~ Days + (Days | Subject)", data), kind="arrows")
    np.testing.assert_allclose(collection(ax, "overall"), [sleepstudy_reml.beta * unit], rtol=1e-6)


def test_ellipses_lie_within_the_axes(sleepstudy_reml):
    ax = plot_shrinkage(sleepstudy_reml, kind="arrows")
    box = ax.transLimits.transform(
        np.concatenate([patch.get_extents().transformed(ax.transData.inverted()).get_points() for patch in ax.patches])
    )
    assert box.min() > 0
    assert box.max() < 1


# --- units ------------------------------------------------------------------------------------------------


def test_units_of_the_data_are_on_the_axes(with_units):
    assert plot_shrinkage(with_units).get_ylabel() == "Reaction (ms)"
    assert plot_shrinkage(with_units, kind="density").get_xlabel() == "Reaction (ms)"
    ax = plot_shrinkage(with_units, kind="arrows")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Reaction (ms) at Days = 0", "slope of Days (ms per day)")


def test_no_unit_is_claimed_for_products_and_functions():
    data = unequal_levels().assign(f=lambda d: np.where(np.arange(len(d)) % 2, "a", "b"))
    data.attrs["units"] = {"y": "kg", "x": "m"}
    design = reml("y ~ x * f + I(x^2) + (1 | g)", data).design
    found = {name: unit_of_coefficient(design, name) for name in design.fixed.names}
    assert found == {"Intercept": "kg", "x": "kg per m", "f[b]": "kg", "I(x^2)": "", "x:f[b]": ""}
    logarithm = reml("log(y) ~ x + (1 | g)", data.assign(y=np.exp(data["y"]))).design
    assert unit_of_coefficient(logarithm, "x") == ""


# --- manners ----------------------------------------------------------------------------------------------

KINDS = ("lines", "density", "arrows")


@pytest.mark.parametrize("kind", KINDS)
def test_given_axes_are_used_and_no_figure_is_made(sleepstudy_reml, kind):
    _, ax = plt.subplots()
    assert plot_shrinkage(sleepstudy_reml, kind=kind, ax=ax) is ax
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_overlaps(with_units, kind, no_text_overlaps):
    no_text_overlaps(plot_shrinkage(with_units, kind=kind).get_figure())


def test_no_text_overlaps_where_there_is_little_room(penicillin_fit, dyestuff2_fit, no_text_overlaps):
    long = unequal_levels().assign(g=lambda d: "patient of the outer clinic " + d["g"])
    for drawn in (
        plot_shrinkage(penicillin_fit, "plate"),
        plot_shrinkage(reml("y ~ x + (x | g)", long)),
        plot_shrinkage(reml("y ~ x + (x | g)", long), kind="arrows"),
        plot_shrinkage(reml("y ~ x + (x | g)", unequal_levels(45)), kind="arrows"),
        plot_shrinkage(dyestuff2_fit),
    ):
        no_text_overlaps(drawn.get_figure())


def test_settings_stay_as_they_were(sleepstudy_fit):
    before = dict(mpl.rcParams)
    for kind in KINDS:
        plot_shrinkage(sleepstudy_fit, kind=kind)
    assert dict(mpl.rcParams) == before


def test_what_cannot_be_drawn_is_refused_in_one_line(sleepstudy_fit, cbpp_fit, penicillin_fit):
    alone = make_fit("Reaction ~ Days", load_data("sleepstudy"), **SHORT)
    slopes = reml("Reaction ~ Days + (0 + Days | Subject)", load_data("sleepstudy"))
    cases = [
        (lambda: plot_shrinkage(sleepstudy_fit, kind="arrow"), ArgumentError, "Did you mean 'arrows'"),
        (lambda: plot_shrinkage(sleepstudy_fit, "subject"), UnknownTermError, "Did you mean 'Subject'"),
        (lambda: plot_shrinkage(sleepstudy_fit, kind="arrows", term="Dayz"), UnknownTermError, "Did you mean 'Days'"),
        (lambda: plot_shrinkage(sleepstudy_fit, term="Dayz"), UnknownTermError, "Did you mean 'Days'"),
        (lambda: plot_shrinkage(slopes, kind="arrows"), ArgumentError, "no intercept varies by 'Subject'"),
        (lambda: plot_shrinkage(penicillin_fit, kind="arrows"), ArgumentError, 'kind="lines"'),
        (lambda: plot_shrinkage(cbpp_fit), ArgumentError, "compare_reml"),
        (lambda: plot_shrinkage(alone), UnknownTermError, "no random terms"),
        (lambda: plot_shrinkage("fit"), ArgumentError, "got str"),
        (lambda: plot_shrinkage(sleepstudy_fit, ax=plt), ArgumentError, "one matplotlib Axes"),
    ]
    for call, error, part in cases:
        with pytest.raises(error, match=r"^[^\n]*$") as caught:
            call()
        assert part in str(caught.value)
    assert not plt.get_fignums()
