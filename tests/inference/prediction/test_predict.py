"""Predictions of new rows: against R's, closed forms, plain loops over the draws, and simulation."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import bayesmix as bm
from bayesmix.errors import ArgumentError, DataError, UnknownColumnError

from ...conftest import REFERENCES

R = json.loads((REFERENCES / "predict.json").read_text(encoding="utf-8"))
SETS = {"angle": "cake", "Reaction": "sleepstudy"}
MIXED = {
    "sleepstudy": (bm.reml, "Reaction ~ Days + (Days | Subject)", 1e-7),
    "Pastes": (bm.reml, "strength ~ 1 + (1 | batch/cask)", 1e-7),
    "cbpp": (bm.laplace, "cbind(incidence, size - incidence) ~ period + (1 | herd)", 1e-4),
    "grouseticks": (bm.laplace, "TICKS ~ YEAR + cHEIGHT + (1 | BROOD)", 1e-4),
}
FAMILY = {"cbpp": ("binomial",), "grouseticks": ("poisson",)}


@pytest.fixture(scope="module")
def sleep():
    return bm.load_data("sleepstudy")


@pytest.fixture(scope="module")
def reml(sleep):
    return bm.reml("Reaction ~ Days + (Days | Subject)", sleep)


@pytest.fixture(scope="module")
def fit(sleep):
    return bm.fit("Reaction ~ Days + (Days | Subject)", sleep, seed=1, draws=500, progress=False)


@pytest.fixture(scope="module")
def herds():
    return bm.laplace(MIXED["cbpp"][1], bm.load_data("cbpp"), "binomial")


# ---- estimates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", R["lm"])
@pytest.mark.parametrize("interval", ["confidence", "prediction"])
def test_least_squares_has_rs_intervals(formula, interval):
    theirs = R["lm"][formula]
    fit = bm.lm(formula, bm.load_data(SETS[formula.split(" ")[0]]))
    found = bm.predict(fit, theirs["rows"], interval=interval, prob=theirs["probability"])
    np.testing.assert_allclose(found[["estimate", "lower", "upper"]].T, theirs[interval], rtol=1e-8)
    if interval == "confidence":
        np.testing.assert_allclose(found["se"], theirs["se"], rtol=1e-8)


@pytest.mark.parametrize("name", R["mixed"])
def test_mixed_models_have_rs_values(name):
    """lme4's modes of counts are unfinished from the fourth to the sixth digit on."""
    theirs, (function, formula, near) = R["mixed"][name], MIXED[name]
    fit, rows = function(formula, bm.load_data(name), *FAMILY.get(name, ())), pd.DataFrame(theirs["rows"])
    known = rows.iloc[np.array(theirs["known"]) - 1]
    for kind, expected in theirs["fitted"].items():
        np.testing.assert_allclose(bm.predict(fit, known, type=kind)["estimate"], expected, rtol=near, atol=near)
        typical = bm.predict(fit, rows, groups="typical", type=kind)["estimate"]
        np.testing.assert_allclose(typical, theirs["typical"][kind], rtol=near, atol=near)
    if name != "Pastes":  # there R takes the batch as known and the cask as new
        unseen = bm.predict(fit, rows.iloc[len(known) :], groups="new", type="link")["estimate"]
        np.testing.assert_allclose(unseen, theirs["unseen_link"][len(known) :], rtol=near)


def test_the_fitted_rows_are_those_without_new_data(reml, sleep, herds):
    for fit, data in ((reml, sleep), (herds, bm.load_data("cbpp"))):
        for groups in ("fitted", "typical", "new"):
            pd.testing.assert_frame_equal(bm.predict(fit, groups=groups), bm.predict(fit, data, groups=groups))
        for groups in ("fitted", "typical"):
            np.testing.assert_allclose(
                bm.predict(fit, groups=groups)["estimate"], bm.fitted(fit, groups=groups)["estimate"], rtol=1e-12
            )


def test_a_new_response_has_its_residual_too(reml):
    rows = pd.DataFrame({"Days": [0, 4], "Subject": ["308", "309"]})
    for groups in ("fitted", "typical", "new"):
        mean, one = (bm.predict(reml, rows, groups=groups, interval=i) for i in ("confidence", "prediction"))
        np.testing.assert_allclose(one["se"] ** 2 - mean["se"] ** 2, reml.sigma**2)
        np.testing.assert_allclose(one["upper"] - one["estimate"], stats.norm.ppf(0.975) * one["se"])


def test_weights_of_new_rows_divide_the_residual_variance(sleep):
    data = sleep.assign(w=np.random.default_rng(1).uniform(0.5, 2, len(sleep)))
    fit = bm.reml("Reaction ~ Days + (1 | Subject)", data, weights="w")
    rows = pd.DataFrame({"Days": [1, 1], "w": [1.0, 4.0]})
    found = bm.predict(fit, rows, groups="typical", interval="prediction")["se"] ** 2
    assert found[0] - found[1] == pytest.approx(fit.sigma**2 * 3 / 4)
    without = bm.predict(fit, rows[["Days"]], groups="typical", interval="prediction")["se"] ** 2
    assert without[0] == pytest.approx(found[0])
    with pytest.raises(DataError, match="Weights 'w' of the new rows are not positive in 1 of 2"):
        bm.predict(fit, rows.assign(w=[1, 0]), groups="typical", interval="prediction")


def test_counts_on_the_response_scale(herds):
    """Ends through the inverse link; the standard error by the delta method."""
    rows = pd.DataFrame({"period": ["1", "3"], "herd": ["2", "9"]})
    link, mean = bm.predict(herds, rows, type="link"), bm.predict(herds, rows)
    for column in ("estimate", "lower", "upper"):
        np.testing.assert_allclose(mean[column], expit(link[column]))
    slope = (expit(link["estimate"] + 1e-5) - expit(link["estimate"] - 1e-5)) / 2e-5
    np.testing.assert_allclose(mean["se"], slope * link["se"], rtol=1e-8)


def test_the_mean_over_new_herds_is_not_that_of_a_typical_one(herds):
    """Simulated: effects from the distribution of the herds, coefficients about their estimates."""
    rng, n = np.random.default_rng(1), 400_000
    typical, new = (bm.predict(herds, {"period": ["1"]}, groups=groups) for groups in ("typical", "new"))
    effects = herds.L[0][0, 0] * rng.standard_normal(n)
    over_levels = expit(herds.beta[0] + effects)
    assert new["estimate"][0] == pytest.approx(over_levels.mean(), abs=4 * over_levels.std() / np.sqrt(n))
    assert new["estimate"][0] > typical["estimate"][0] + 0.01
    one = expit(herds.beta[0] + np.sqrt(herds.vcov[0, 0]) * rng.standard_normal(n) + effects)
    assert new["se"][0] == pytest.approx(one.std(), rel=0.01)
    np.testing.assert_allclose(new[["lower", "upper"]].iloc[0], np.quantile(one, [0.025, 0.975]), rtol=0.01)


def test_new_counts(herds):
    rows = {"period": ["1"], "incidence": [0], "size": [30]}
    found = bm.predict(herds, rows, groups="new", interval="prediction", seed=3)
    mean = bm.predict(herds, rows, groups="new")
    assert found["estimate"][0] == pytest.approx(30 * mean["estimate"][0])
    lower, upper = found["lower"][0], found["upper"][0]
    assert (lower, upper) == (round(lower), round(upper))
    assert lower < 30 * mean["lower"][0] < 30 * mean["upper"][0] < upper
    # The law of total variance, with the mean and the spread of a level's expectation.
    p, spread = mean["estimate"][0], mean["se"][0] ** 2
    assert found["se"][0] ** 2 == pytest.approx(30 * (p * (1 - p) - spread) + 30**2 * spread, rel=0.1)
    pd.testing.assert_frame_equal(found, bm.predict(herds, rows, groups="new", interval="prediction", seed=3))


def test_rows_that_are_not_estimable_have_no_number():
    data = bm.load_data("irrigation").query("not (irrigation == 'i4' and variety == 'v2')")
    fit = bm.lm("yield ~ irrigation * variety", data)
    found = bm.predict(fit, {"irrigation": ["i4", "i4"], "variety": ["v1", "v2"]})
    assert found["estimate"].notna().tolist() == [True, False]
    assert found["se"].notna().tolist() == [True, False]


# ---- rows ------------------------------------------------------------------------------------------------------------


def test_a_row_that_misses_a_predictor_has_nan(reml, fit):
    rows = pd.DataFrame({"Days": [1, None, 3], "Subject": ["308", "308", None]}, index=["a", "b", "c"])
    for one in (reml, fit):
        found = bm.predict(one, rows)
        assert list(found.index) == ["a", "b", "c"]
        assert found.iloc[:, 0].notna().tolist() == [True, False, False]
        assert bm.predict(one, rows, groups="typical").iloc[:, 0].notna().tolist() == [True, False, True]
    with pytest.raises(DataError, match=r"All 1 new row miss a value \('Days' 1\)"):
        bm.predict(reml, rows[["Days"]].iloc[[1]], groups="typical")


def test_a_level_not_seen_is_told_with_the_other_choices(reml, fit):
    rows = {"Days": [1, 2, 3], "Subject": ["308", "999", "999"]}
    for one in (reml, fit):
        with pytest.raises(DataError) as caught:
            bm.predict(one, rows)
        said = str(caught.value)
        assert said.startswith("1 level of 'Subject' in the new rows is none of the 18 of the fit (999)")
        assert 'groups="typical"' in said
        assert 'groups="new"' in said
        assert len(bm.predict(one, rows, groups="new")) == 3


def test_a_grouping_factor_is_asked_for_only_where_it_counts(reml):
    rows = {"Days": [1, 2]}
    with pytest.raises(UnknownColumnError, match="'Subject' is no column"):
        bm.predict(reml, rows)
    one_level = bm.predict(reml, rows, groups="new")
    pd.testing.assert_frame_equal(one_level, bm.predict(reml, rows | {"Subject": ["a", "b"]}, groups="new"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"groups": "population"}, "groups='population' is not known"),
        ({"type": "terms"}, "type='terms' is not known"),
        ({"interval": "predict"}, "Did you mean 'prediction'"),
        ({"type": "link", "interval": "prediction"}, "A new response has no link scale"),
        ({"prob": 95}, "write prob=0.95"),
        ({"seed": -1}, "seed is a whole number"),
    ],
)
def test_wrong_arguments(fit, wrong, said):
    with pytest.raises(ArgumentError, match=said):
        bm.predict(fit, **wrong)


# ---- posteriors ------------------------------------------------------------------------------------------------------


def draws_of(fit, name):
    values = fit.posterior["posterior"][name]
    return values.stack(sample=("chain", "draw"))


def test_a_posterior_has_its_draws_at_new_rows(fit):
    rows = pd.DataFrame({"Days": [0.0, 12.0], "Subject": ["308", "372"]})
    b0, b1 = draws_of(fit, "Intercept").values, draws_of(fit, "Days").values
    effects = [draws_of(fit, name) for name in ("1|Subject", "Days|Subject")]
    for row, (days, subject) in enumerate(rows.to_numpy()):
        own = [part.sel(Subject__factor_dim=subject).values for part in effects]
        expected = b0 + own[0] + (b1 + own[1]) * days
        found = bm.predict(fit, rows, prob=0.8).iloc[row]
        np.testing.assert_allclose(
            found, [expected.mean(), expected.std(ddof=1), *np.quantile(expected, [0.1, 0.9])], rtol=1e-10
        )
        typical = b0 + b1 * days
        found = bm.predict(fit, rows[["Days"]], groups="typical").iloc[row]
        np.testing.assert_allclose(found[["mean", "sd"]], [typical.mean(), typical.std(ddof=1)], rtol=1e-10)


def test_new_subjects_follow_the_distribution_of_the_group(fit):
    """Mean and variance over draws are those of the draws' own normal distributions, within Monte Carlo error."""
    days = 6.0
    found = bm.predict(fit, {"Days": [days] * 300, "Subject": [f"new{i}" for i in range(300)]}, groups="new", seed=1)
    typical = draws_of(fit, "Intercept").values + days * draws_of(fit, "Days").values
    s0, s1 = (draws_of(fit, f"sd_Subject__{name}").values for name in ("Intercept", "Days"))
    r = draws_of(fit, "corr_Subject").values.ravel()
    variance = s0**2 + 2 * days * r * s0 * s1 + (days * s1) ** 2
    sd = np.sqrt(variance.mean() + typical.var())
    n_draws = len(typical)
    assert found["mean"].mean() == pytest.approx(typical.mean(), abs=4 * sd / np.sqrt(300 * n_draws))
    assert (found["sd"] ** 2).mean() == pytest.approx(sd**2, rel=0.02)


def test_rows_of_one_new_subject_share_its_effects(fit):
    rows = {"Days": [5.0, 5.0, 5.0], "Subject": ["a", "b", "a"]}
    found = bm.predict(fit, rows, groups="new", seed=1)
    assert (found.iloc[0] == found.iloc[2]).all()
    assert (found.iloc[0] != found.iloc[1]).all()


def test_the_rows_of_the_fit_are_as_fitted_has_them(fit, sleep):
    for groups in ("fitted", "typical"):
        pd.testing.assert_frame_equal(
            pd.DataFrame(bm.predict(fit, groups=groups)), pd.DataFrame(bm.fitted(fit, groups=groups))
        )
        np.testing.assert_allclose(bm.predict(fit, sleep, groups=groups), bm.fitted(fit, groups=groups), rtol=1e-10)


def test_a_new_response_of_a_posterior(fit):
    rows = {"Days": [3.0], "Subject": ["309"]}
    mean, one = bm.predict(fit, rows), bm.predict(fit, rows, interval="prediction", seed=1)
    sigma = draws_of(fit, "sigma").values
    total = np.sqrt(mean["sd"][0] ** 2 + (sigma**2).mean())
    assert one["sd"][0] == pytest.approx(total, rel=4 / np.sqrt(2 * len(sigma)))
    assert one["mean"][0] == pytest.approx(mean["mean"][0], abs=4 * total / np.sqrt(len(sigma)))
    again = bm.predict(fit, rows, interval="prediction", seed=1)
    pd.testing.assert_frame_equal(one, again)


def test_made_up_draws_of_weighted_rows(gaussian):
    """The rows of a fit by every policy, where the effects of four terms were made up."""
    fitted, typical = (bm.predict(gaussian.fit, groups=groups) for groups in ("fitted", "typical"))
    np.testing.assert_array_equal(fitted, bm.fitted(gaussian.fit))
    np.testing.assert_array_equal(typical, bm.fitted(gaussian.fit, groups="typical"))
    link = bm.predict(gaussian.fit, groups="new", type="link", seed=5)
    assert (link["sd"] > typical["sd"]).all()


def test_new_levels_of_four_terms_have_all_their_variances(poisson):
    """Mean and variance of the linear predictor over draws, from the sds and correlations of every draw."""
    fit, draws = poisson.fit, poisson.draws
    found = bm.predict(fit, groups="new", type="link", seed=7)
    typical = bm.predict(fit, groups="typical", type="link")
    g, h, f = fit.design.random
    variance = np.zeros((fit.design.n_obs, len(draws["sigma"])))
    for term, names, corr in ((g, ["g__Intercept", "g__x"], "corr_g"), (h, ["h__Intercept"], None)):
        sds = np.array([draws[f"sd_{name}"] for name in names])
        variance += np.einsum("ni,id->nd", term.columns**2, sds**2)
        if corr:
            variance += 2 * term.columns[:, :1] * term.columns[:, 1:] * (draws[corr] * sds[0] * sds[1])
    cells = np.array([draws[f"sd_h__f[{level}]"] for level in "abc"])
    variance += np.einsum("ni,id->nd", f.columns**2, cells**2)  # a row is of one cell
    own = np.sqrt(variance.mean(axis=1) + typical["sd"].to_numpy() ** 2)
    np.testing.assert_allclose(found["sd"], own, rtol=0.25)
    assert abs((found["sd"] / own).mean() - 1) < 0.03
    error = own / np.sqrt(variance.shape[1])
    assert (np.abs(found["mean"] - typical["mean"]) < 4.5 * error).all()


def test_effects_that_were_not_kept_are_drawn_again(sleep):
    fit = bm.fit("Reaction ~ Days + (Days | Subject)", sleep, seed=1, draws=50, keep_effects=False, progress=False)
    np.testing.assert_allclose(bm.predict(fit, sleep.iloc[50:70]), bm.fitted(fit).iloc[50:70], rtol=1e-10)


def test_draws_have_the_labels_of_the_rows(fit):
    rows = pd.DataFrame({"Days": [0.0, None, 12.0], "Subject": ["308", "308", "309"]}, index=list("abc"))
    mean, found = bm.posterior_epred(fit, rows), bm.predict(fit, rows)
    assert dict(mean.sizes) == {"chain": 4, "draw": 500, "row": 3}
    assert mean["row"].values.tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(mean.mean(("chain", "draw")), found["mean"])
    responses = bm.posterior_predict(fit, rows, draws=400, seed=2)
    assert dict(responses.sizes) == {"draw": 400, "row": 3}
    assert np.isnan(responses.sel(row="b")).all()
    sd = bm.predict(fit, rows, interval="prediction")["sd"]
    np.testing.assert_allclose(responses.std("draw").sel(row=["a", "c"]), sd[["a", "c"]], rtol=0.15)
    typical = bm.posterior_epred(fit, rows, groups="typical", type="link")
    np.testing.assert_allclose(typical.mean(("chain", "draw")), bm.predict(fit, rows, groups="typical")["mean"])


def test_whose_effects_they_are_is_printed(reml, fit):
    said = str(bm.predict(fit, {"Days": [3]}, groups="new", prob=0.9)).splitlines()
    assert said[-1] == "90 % intervals of the expected response. Group effects: new, of unseen levels."
    said = str(bm.predict(reml, interval="prediction").head(2)).splitlines()
    assert said[-3] == "95 % intervals of a new response. Group effects: fitted, of own levels."
    assert " ".join(said[-2:]).endswith("hold the variances at their estimates: short where groups are few.")
    line = bm.lm("Reaction ~ Days", reml.data)
    assert str(bm.slopes(line, "Days", by=True)).endswith("95 % intervals of differences of the expected response.")


def test_a_fit_without_a_maximum_says_so():
    data = pd.DataFrame({"y": [0, 0, 0, 0, 1, 1, 1, 1] * 3, "x": [0, 0, 0, 0, 1, 1, 1, 1] * 3, "g": list("abcd") * 6})
    fit = bm.laplace("y ~ x + (1 | g)", data, "bernoulli")
    notes = bm.predict(fit, data.head(2)).attrs["notes"]
    assert notes[-1] == "The fit has not converged; its numbers are where the search stopped, no estimates."
