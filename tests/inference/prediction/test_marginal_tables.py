"""Predictions, comparisons and slopes: against coefficients, numerical derivatives, plain loops over the draws."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import bayesmix as bm
from bayesmix.errors import ArgumentError, BayesmixError, UnknownColumnError

ESTIMATED = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
DRAWN = ["estimate", "std_error", "p_direction", "conf_low", "conf_high"]


@pytest.fixture(scope="module")
def sleep():
    return bm.load_data("sleepstudy")


@pytest.fixture(scope="module")
def reml(sleep):
    return bm.reml("Reaction ~ Days + (Days | Subject)", sleep)


@pytest.fixture(scope="module")
def herds():
    return bm.laplace("p(incidence, size) ~ period + (1 | herd)", bm.load_data("cbpp"), "binomial")


@pytest.fixture(scope="module")
def ticks():
    return bm.laplace("TICKS ~ YEAR + cHEIGHT + (1 | BROOD)", bm.load_data("grouseticks"), "poisson")


@pytest.fixture(scope="module")
def fit(sleep):
    return bm.fit("Reaction ~ Days + I(Days^2) + (Days | Subject)", sleep, seed=1, draws=400, progress=False)


def test_comparisons_of_least_squares_are_its_coefficients():
    fit = bm.lm("yield ~ gen + loc", bm.load_data("cochran_bib"))
    found, table = bm.comparisons(fit, "gen", by=True), bm.fixef(fit)
    own = table.loc[[f"gen[{level.split(' ')[0]}]" for level in found["contrast"]]]
    assert len(found) == 12
    for ours, theirs in zip(ESTIMATED, ("estimate", "se", "t", "p", "lower", "upper"), strict=True):
        np.testing.assert_allclose(found[ours], own[theirs], rtol=1e-8)


def test_rows_are_those_of_predict(reml, herds, fit):
    for one, columns in ((reml, ESTIMATED), (herds, ESTIMATED), (fit, DRAWN)):
        found, rows = bm.predictions(one), bm.predict(one)
        assert [name for name in columns if name in found] == columns
        np.testing.assert_array_equal(found["rowid"], one.data.index)
        np.testing.assert_allclose(found["estimate"], rows.iloc[:, 0], rtol=1e-10)
        np.testing.assert_allclose(found["std_error"], rows.iloc[:, 1], rtol=1e-10)
        assert (found.attrs["groups"], found.attrs["type"], found.attrs["prob"]) == ("fitted", "response", 0.95)
    np.testing.assert_allclose(bm.predictions(fit)["conf_low"], bm.predict(fit)["lower"], rtol=1e-12)


def test_slopes_of_a_line_are_its_coefficient(reml):
    found = bm.slopes(reml, "Days", by=True, groups="typical")
    table = bm.fixef(reml)
    assert found["estimate"][0] == pytest.approx(table.loc["Days", "estimate"], rel=1e-8)
    assert found["std_error"][0] == pytest.approx(table.loc["Days", "se"], rel=1e-8)
    assert found["p_value"][0] == pytest.approx(2 * stats.norm.sf(table.loc["Days", "t"]), rel=1e-6)
    lines = bm.coef(reml).query("term == 'Days'")
    own = bm.slopes(reml, "Days", by="Subject")
    np.testing.assert_allclose(own["estimate"], lines["estimate"], rtol=1e-8)
    assert own.columns.tolist() == ["Subject", "term", "contrast", *ESTIMATED]


def test_a_new_subject_has_a_slope_of_its_own(reml):
    """Slope and effect of the slope add their variances."""
    found = bm.slopes(reml, "Days", {"Days": [2.0, 5.0]}, groups="new", by=True)
    sd = np.sqrt((reml.L[0] @ reml.L[0].T)[1, 1] + reml.vcov[1, 1])
    assert found["std_error"][0] == pytest.approx(sd, rel=1e-7)


def test_means_over_rows_have_the_errors_of_all_together(herds):
    """The delta method by differences of the function of the coefficients, group effects at 0."""
    found = bm.predictions(herds, by="period", groups="typical")
    comparison = bm.comparisons(herds, {"period": ("1", "4")}, by=True, groups="typical")
    X, beta, period = herds.design.fixed.matrix, herds.beta, herds.data["period"].astype(str)

    def means(b):
        return np.array([expit(X @ b)[period == level].mean() for level in "1234"])

    def change(b):
        return np.array([expit(b[0] + b[3]) - expit(b[0])])

    for function, table in ((means, found), (change, comparison)):
        gradient = np.column_stack([(function(beta + h) - function(beta - h)) / 2e-6 for h in 1e-6 * np.eye(4)])
        np.testing.assert_allclose(table["estimate"], function(beta), rtol=1e-10)
        np.testing.assert_allclose(table["std_error"] ** 2, np.diag(gradient @ herds.vcov @ gradient.T), rtol=1e-6)
    assert comparison["contrast"].tolist() == ["4 - 1"]


def test_slopes_of_counts(ticks):
    """With the log link the slope is the coefficient times the mean."""
    rows = pd.DataFrame({"YEAR": ["95", "96"], "cHEIGHT": [-10.0, 30.0], "BROOD": ["501", "608"]})
    found, mean = bm.slopes(ticks, "cHEIGHT", rows), bm.predict(ticks, rows)["estimate"]
    place = ticks.design.fixed.names.index("cHEIGHT")
    np.testing.assert_allclose(found["estimate"], ticks.beta[place] * mean, rtol=1e-6)
    link = bm.slopes(ticks, "cHEIGHT", rows, type="link")
    np.testing.assert_allclose(link["estimate"], ticks.beta[place], rtol=1e-7)


def test_a_posterior_has_draws_of_the_differences(fit):
    posterior = fit.posterior["posterior"].to_dataset().stack(sample=("chain", "draw"))
    days, square = posterior["Days"].values, posterior["I(Days^2)"].values
    own = posterior["Days|Subject"]
    found = bm.comparisons(fit, {"Days": 2}, by="Subject", prob=0.8)
    at = fit.data["Days"].to_numpy(float)
    for row, subject in enumerate(found["Subject"]):
        x = at[(fit.data["Subject"] == subject).to_numpy()]
        draws = 2 * (days + own.sel(Subject__factor_dim=subject).values) + square * (4 * x + 4).mean()
        expected = [draws.mean(), draws.std(ddof=1), max((draws > 0).mean(), (draws < 0).mean())]
        np.testing.assert_allclose(
            found[DRAWN].iloc[row].astype(float), [*expected, *np.quantile(draws, [0.1, 0.9])], rtol=1e-9
        )
    slopes = bm.slopes(fit, "Days", {"Days": [3.0]}, groups="typical")
    draws = days + 6 * square
    np.testing.assert_allclose(
        slopes[["estimate", "std_error"]].iloc[0].astype(float), [draws.mean(), draws.std(ddof=1)], rtol=1e-7
    )


def test_rows_share_the_new_level_that_is_changed(fit):
    """A difference within a new subject has no intercept of its own, only the slope's."""
    found = bm.comparisons(fit, {"Days": (0, 1)}, {"Days": [0.0]}, groups="new", type="link", seed=4)
    sds = fit.posterior["posterior"]["sd_Subject__Days"].values
    fixed = fit.posterior["posterior"]["Days"] + fit.posterior["posterior"]["I(Days^2)"]
    expected = np.sqrt((sds**2).mean() + fixed.values.var())
    assert found["std_error"][0] == pytest.approx(expected, rel=4 / np.sqrt(2 * sds.size))


def test_contrasts_of_factors():
    fit = bm.lm("yield ~ irrigation * variety", bm.load_data("irrigation"))
    pairs = bm.comparisons(fit, {"irrigation": "pairwise"}, by="variety")
    assert pairs["contrast"].drop_duplicates().tolist() == [
        "i2 - i1", "i3 - i1", "i4 - i1", "i3 - i2", "i4 - i2", "i4 - i3",
    ]  # fmt: skip
    steps = bm.comparisons(fit, {"irrigation": "sequential"}, by=True)
    assert steps["contrast"].tolist() == ["i2 - i1", "i3 - i2", "i4 - i3"]
    of_mean = pairs.query("contrast == 'i2 - i1'")["estimate"].mean()
    assert steps["estimate"][0] == pytest.approx(of_mean)
    cell = bm.load_data("irrigation").groupby(["irrigation", "variety"])["yield"].mean()
    assert pairs["estimate"][0] == pytest.approx(cell["i2", "v1"] - cell["i1", "v1"])


def test_a_mean_that_is_not_estimable_has_no_number():
    data = bm.load_data("irrigation").query("not (irrigation == 'i4' and variety == 'v2')")
    fit = bm.lm("yield ~ irrigation * variety", data)
    found = bm.comparisons(fit, "variety", {"irrigation": ["i1", "i4"], "variety": ["v1", "v1"]})
    assert found["estimate"].notna().tolist() == [True, False]
    assert np.isnan(bm.comparisons(fit, "variety", by=True)["estimate"][0])


def test_rows_that_miss_a_predictor_do_not_count(reml):
    rows = pd.DataFrame({"Days": [1.0, None, 3.0], "Subject": ["308", "308", "309"]})
    assert bm.predictions(reml, rows)["estimate"].isna().tolist() == [False, True, False]
    whole = bm.predictions(reml, rows, by=True)["estimate"][0]
    assert whole == pytest.approx(bm.predict(reml, rows)["estimate"].mean())


@pytest.mark.parametrize(
    ("ask", "error", "said"),
    [
        (lambda f: bm.comparisons(f, "Dyas"), UnknownColumnError, "Did you mean 'Days'"),
        (lambda f: bm.comparisons(f, {"Days": "sd"}), ArgumentError, "is a step, such as 1"),
        (lambda f: bm.comparisons(f, {"Days": 0}), ArgumentError, "is a step, such as 1"),
        (lambda f: bm.comparisons(f, {"Subject": ("308", "999")}), ArgumentError, "or two of its levels"),
        (lambda f: bm.comparisons(f, []), ArgumentError, "variables is empty"),
        (lambda f: bm.comparisons(f, 3), ArgumentError, "variables is one or more of"),
        (lambda f: bm.slopes(f, "Subject"), ArgumentError, "'Subject' is a factor, which has no slope"),
        (lambda f: bm.slopes(f, "Days", {"Subject": ["308"]}), UnknownColumnError, "is to be changed there"),
        (lambda f: bm.predictions(f, by="Dyas"), UnknownColumnError, "Did you mean 'Days'"),
        (lambda f: bm.predictions(f, by=3), ArgumentError, "by is a column or several"),
    ],
)
def test_wrong_arguments(reml, ask, error, said):
    with pytest.raises(error, match=said) as caught:
        ask(reml)
    assert isinstance(caught.value, BayesmixError)


def test_averages_over_new_levels_of_counts_are_refused(herds):
    with pytest.raises(ArgumentError, match='type="link"'):
        bm.comparisons(herds, "period", groups="new")
    assert len(bm.comparisons(herds, "period", groups="new", type="link", by=True)) == 3
