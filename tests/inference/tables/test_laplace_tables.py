"""The questions to a Laplace fit: against lme4's numbers, and what they say of a fit without a maximum."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmix as bm
from bayesmix.errors import ArgumentError, UnknownTermError
from bayesmix.inference.evidence import rand

CBPP = "cbind(incidence, size - incidence) ~ {} + (1 | herd)"
TICKS = "TICKS ~ YEAR + h + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)"


def data_of(name):
    data = bm.load_data(name)
    if name == "cbpp":
        data["obs"] = [f"{i:02d}" for i in range(len(data))]
    if name == "grouseticks":
        data["h"] = (data["HEIGHT"] - data["HEIGHT"].mean()) / 100
    if name == "sleepstudy":
        data["count"] = np.round(np.maximum(data["Reaction"] - 200, 0) / 5)
    return data


@pytest.fixture(scope="module")
def cbpp():
    return bm.laplace(CBPP.format("period"), data_of("cbpp"), "binomial")


@pytest.fixture(scope="module")
def slopes():
    return bm.laplace("count ~ Days + (Days | Subject)", data_of("sleepstudy"), "poisson")


@pytest.fixture(scope="module")
def separated():
    """No cow ill in the second period: its coefficient goes to -infinity."""
    data = data_of("cbpp")
    data.loc[data["period"] == "2", "incidence"] = 0
    return bm.laplace(CBPP.format("period"), data, "binomial")


@pytest.mark.parametrize("name", ["cbpp", "grouseticks", "VerbAgg"])
def test_tables_are_those_of_lme4(name, lme4):
    """lme4's modes are unfinished at its own tolPwrss of 1e-7: see tests/estimates/test_laplace.py. Estimates are some
    1e-3 of a standard error off, standard errors 1.5 %, and z what both make; p is that of z.
    """
    reference = lme4[name]
    tight = reference["tight"]
    fit = bm.laplace(reference["formula"], bm.load_data(name), reference["family"])
    frame = bm.fixef(fit)
    assert list(frame.columns) == ["estimate", "se", "z", "p", "lower", "upper"]
    beta, se = (np.array(list(tight[part].values())) for part in ("fixef", "se"))
    np.testing.assert_array_less(np.abs(frame["estimate"] - beta) / se, 3e-3)
    np.testing.assert_allclose(frame["se"], se, rtol=0.015)
    np.testing.assert_allclose(frame["z"], beta / se, rtol=0.015, atol=3e-3)
    np.testing.assert_allclose(frame["p"], 2 * stats.norm.sf(np.abs(frame["z"])), rtol=1e-10)
    half = stats.norm.ppf(0.975) * frame["se"]
    np.testing.assert_allclose(frame["upper"], frame["estimate"] + half)
    np.testing.assert_allclose(frame["lower"], frame["estimate"] - half)
    covariance = bm.vcov(fit)
    assert list(covariance.columns) == list(covariance.index) == list(frame.index)
    theirs = np.array(reference["vcov_fixef"]["values"])
    np.testing.assert_array_less(np.abs(covariance - theirs) / np.outer(se, se), 0.03)

    variances = bm.varcorr(fit, scale="variance")["estimate"]
    assert list(bm.varcorr(fit).index) == [(term.group, "Intercept", "Intercept") for term in fit.design.random]
    for row in tight["VarCorr"]:
        assert variances[(row["grp"], "Intercept", "Intercept")] == pytest.approx(row["vcov"], rel=2e-3)
    for group, theirs in reference["ranef"].items():
        own = bm.ranef(fit, group=group).set_index("level").loc[theirs["levels"]]
        np.testing.assert_allclose(own["estimate"], np.ravel(theirs["mode"]), atol=3e-3)
        np.testing.assert_allclose(own["sd"], np.ravel(theirs["condSD"]), rtol=1e-3)
    np.testing.assert_allclose(bm.fitted(fit)["estimate"], reference["fitted"], rtol=2e-3)

    row = bm.glance(fit).iloc[0]
    assert (row["nobs"], row["n_parameters"]) == (reference["nobs"], reference["logLik_df"])
    assert row["loglik"] == pytest.approx(tight["logLik"], abs=1e-3)
    assert row["criterion"] == pytest.approx(reference["devcrit"], abs=2e-3)
    assert (row["aic"], row["bic"]) == pytest.approx((reference["AIC"], reference["BIC"]), abs=2e-3)
    assert (row["singular"], row["converged"]) == (reference["isSingular"], True)


# R 4.2.2, lme4 1.1-31; control = glmerControl(optimizer = "bobyqa", tolPwrss = 1e-13,
#   optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6)); obs <- factor(1:56), count and h as `data_of` has them.
# anova(glmer(smaller, data, family, control), glmer(larger, data, family, control)): of both deviance, then Chisq, Df,
# Pr(>Chisq); AIC and BIC of the smaller. Without random terms the deviance is -2 logLik(glm(smaller, family, data)).
ANOVA = {
    "a factor": (
        "cbpp", "binomial", CBPP.format("1"), CBPP.format("period"),
        209.662627188, 184.052563743, 25.6100634447, 3, 1.15093669431e-05, 213.662627188, 217.713330569,
    ),
    "a level for each row": (
        "cbpp", "binomial", CBPP.format("period"), CBPP.format("period") + " + (1 | obs)",
        184.0525637430, 174.638311083, 9.41425266005, 1, 0.00215305296328, 194.052563743, 204.179322197,
    ),
    "slopes": (
        "sleepstudy", "poisson", "count ~ Days + (1 | Subject)", "count ~ Days + (Days | Subject)",
        1193.17411748, 1158.34973003, 34.8243874528, 2, 2.74145010982e-08, 1199.17411748, 1208.75298803,
    ),
    "YEAR": (
        "grouseticks", "poisson", TICKS.replace("YEAR + ", ""), TICKS,
        1841.660566007, 1780.54266017, 61.1179058324, 2, 5.35075881662e-14, 1851.660566007, 1871.655248817,
    ),
    "BROOD": (
        "grouseticks", "poisson", TICKS.replace(" + (1 | BROOD)", ""), TICKS,
        1822.056193225, 1780.54266017, 41.5135330502, 1, 1.17057783979e-10, 1834.056193225, 1858.049812597,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ANOVA)
def test_lrt_is_anova_of_lme4(name):
    """Criteria to 3e-6 as in tests/estimates/test_laplace.py; YEAR's smaller model lies on the boundary, where bobyqa
    comes within 1e-5.
    """
    data, family, smaller, larger, first, second, chisq, df, p, aic, bic = ANOVA[name]
    table = bm.lrt(*(bm.laplace(formula, data_of(data), family) for formula in (smaller, larger)))
    assert list(table.index) == [smaller, larger]
    np.testing.assert_allclose(table["deviance"], [first, second], atol=1e-5)
    np.testing.assert_allclose(table["loglik"], [-first / 2, -second / 2], atol=5e-6)
    assert table["aic"].iloc[0] == pytest.approx(aic, abs=1e-5)
    assert table["bic"].iloc[0] == pytest.approx(bic, abs=1e-5)
    test = table.iloc[1]
    assert (test["chisq"], test["df"]) == pytest.approx((chisq, df), abs=1e-5)
    assert test["p"] == pytest.approx(p, rel=1e-5)
    if name in ("a factor", "YEAR"):
        assert np.isnan(test["p_boundary"])
    else:
        assert test["p_boundary"] == pytest.approx((stats.chi2.sf(chisq, df) + (df > 1) * stats.chi2.sf(chisq, 1)) / 2)


def test_rand_is_anova_of_lme4_with_each_term_left_out():
    """The same R: each of the three terms of `TICKS` left out, Chisq and Pr(>Chisq); the whole 1780.54266017."""
    expected = {
        "(1 | BROOD)": (41.5135330502, 1.17057783979e-10),
        "(1 | INDEX)": (195.333653724, 2.17867258575e-44),
        "(1 | LOCATION)": (1.497296339871, 0.221087833264),
    }
    table = bm.rand(bm.laplace(TICKS, data_of("grouseticks"), "poisson"))
    assert list(table.index) == ["<none>", *expected]
    assert table.loc["<none>", "loglik"] == pytest.approx(-1780.54266017 / 2, abs=5e-6)
    assert table["npar"].tolist() == [7, 6, 6, 6]
    assert (table["reason"] == "").all()
    for label, (chisq, p) in expected.items():
        row = table.loc[label]
        assert (row["lrt"], row["df"]) == pytest.approx((chisq, 1), abs=1e-5)
        assert row["p"] == pytest.approx(p, rel=1e-5)
        assert row["p_boundary"] == pytest.approx(p / 2, rel=1e-5)
        assert row["dropped"] == f"{label} left out"


def test_rand_without_the_last_random_term(cbpp):
    """R's glm(cbind(incidence, size - incidence) ~ period, binomial, cbpp): -2 logLik 198.058398979."""
    row = bm.rand(cbpp).loc["(1 | herd)"]
    assert row["lrt"] == pytest.approx(198.058398979 - 184.052563743, abs=1e-6)
    assert row["p_boundary"] == pytest.approx(stats.chi2.sf(row["lrt"], 1) / 2)


def test_rand_drops_a_slope_before_its_intercept(slopes):
    """The chi-square of `ANOVA`'s slopes."""
    table = bm.rand(slopes)
    assert list(table.index) == ["<none>", "Days in (Days | Subject)"]
    assert table["lrt"].iloc[1] == pytest.approx(34.8243874528, abs=1e-5)
    assert table["dropped"].iloc[1] == "(Days | Subject) -> (1 | Subject)"


def test_rand_counts_shares_out_of_their_trials(cbpp):
    data = data_of("cbpp").assign(share=lambda rows: rows["incidence"] / rows["size"])
    table = bm.rand(bm.laplace("share ~ period + (1 | herd)", data, "binomial", weights="size"))
    pd.testing.assert_frame_equal(table, bm.rand(cbpp), rtol=1e-6)


def test_rand_says_which_smaller_model_has_no_maximum(cbpp, monkeypatch, separated):
    monkeypatch.setattr(rand, "reduced_laplace", lambda *_: separated)
    row = bm.rand(cbpp).loc["(1 | herd)"]
    assert row[["npar", "loglik", "aic", "lrt", "df", "p", "p_boundary"]].isna().all()
    assert "has no maximum. The data are separated" in row["reason"]


def test_rand_where_nothing_is_left_to_estimate():
    table = bm.rand(bm.laplace("count ~ 0 + (1 | Subject)", data_of("sleepstudy"), "poisson"))
    assert np.isnan(table["lrt"].iloc[1])
    assert "has no parameter" in table["reason"].iloc[1]


def test_fitted_and_residuals_are_those_of_r(cbpp):
    """The same R: fitted(m), predict(m, type = "response", re.form = NA), residuals(m, "response") and "pearson"."""
    fitted = [0.30820764026, 0.14174825310, 0.12595752813, 0.08402875335]
    np.testing.assert_allclose(bm.fitted(cbpp)["estimate"].iloc[:4], fitted, rtol=1e-5)
    typical = [0.19804914045, 0.08387195444, 0.07397293307, 0.04839074435]
    np.testing.assert_allclose(bm.fitted(cbpp, groups="typical")["estimate"].iloc[:4], typical, rtol=1e-5)
    response = [-0.16535049740, 0.10825174690, 0.31848691631, -0.08402875335]
    np.testing.assert_allclose(bm.residuals(cbpp)["estimate"].iloc[:4], response, rtol=1e-4)
    pearson = [-1.339861607, 1.075125916, 2.879615601, -0.677264079]
    for kind in ("pearson", "scaled"):
        np.testing.assert_allclose(bm.residuals(cbpp, kind=kind)["estimate"].iloc[:4], pearson, rtol=1e-4)
    frame = bm.augment(cbpp)
    assert list(frame.columns) == [*cbpp.data.columns, ".fitted", ".resid", ".fixed"]
    np.testing.assert_allclose(
        frame[[".fitted", ".resid", ".fixed"]].iloc[:4].T, [fitted, response, typical], rtol=1e-4
    )


def test_residuals_of_counts_with_an_offset():
    """R's residuals(glmer(count ~ Days + (1 | Subject), ...), "pearson"), and the same rows seen twice as long."""
    data = data_of("sleepstudy")
    pearson = [-1.6007890286, -1.4890380910, -2.3158830404, 0.2479367731]
    data["twice"] = np.log(2.0)
    for formula in ("count ~ Days + (1 | Subject)", "count ~ Days + offset(twice) + (1 | Subject)"):
        fit = bm.laplace(formula, data, "poisson")
        np.testing.assert_allclose(bm.residuals(fit, kind="pearson")["estimate"].iloc[:4], pearson, rtol=1e-4)
        typical = np.exp(fit.design.fixed.matrix @ fit.beta + fit.design.offset)
        np.testing.assert_allclose(bm.fitted(fit, groups="typical")["estimate"], typical)


def test_a_herd_of_which_no_cow_was_looked_at():
    data = data_of("cbpp")
    data.loc[3, ["incidence", "size"]] = 0
    fit = bm.laplace(CBPP.format("period"), data, "binomial")
    assert np.isfinite(bm.fitted(fit)["estimate"].iloc[3])
    for residual in (bm.residuals(fit), bm.residuals(fit, kind="pearson"), bm.augment(fit)[[".resid"]]):
        assert list(np.flatnonzero(residual.iloc[:, 0].isna())) == [3]


def test_correlated_effects(slopes):
    covariance = slopes.L[0] @ slopes.L[0].T
    frame = bm.varcorr(slopes)
    assert [label[1:] for label in frame.index] == [("Intercept", "Intercept"), ("Days", "Days"), ("Intercept", "Days")]
    sds = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(frame["estimate"], [*sds, covariance[0, 1] / np.prod(sds)])
    # R's theta of the same fit, as tests/estimates/test_laplace.py has it: lower triangle of L, column after column.
    theta = np.array([0.60224974429, -0.02458806239, 0.04740050924])
    np.testing.assert_allclose(frame["estimate"].iloc[:2], [theta[0], np.hypot(*theta[1:])], rtol=1e-4)
    modes = bm.ranef(slopes).set_index(["level", "term"])["estimate"]
    fixed = bm.fixef(slopes)["estimate"]
    coefficients = bm.coef(slopes).set_index(["level", "term"])["estimate"]
    assert len(coefficients) == 36
    for level, term in coefficients.index:
        assert coefficients[(level, term)] == pytest.approx(fixed[term] + modes[(level, term)])


def test_tidy(slopes):
    frame = bm.tidy(slopes)
    assert list(frame.columns) == [
        *("effect", "group", "term", "estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high")
    ]
    assert list(frame["term"]) == ["Intercept", "Days", "sd__Intercept", "sd__Days", "cor__Intercept.Days"]
    fixed = bm.fixef(slopes)
    np.testing.assert_allclose(frame[["statistic", "p.value"]].iloc[:2], fixed[["z", "p"]])
    np.testing.assert_allclose(frame["estimate"].iloc[2:], bm.varcorr(slopes)["estimate"])
    values = bm.tidy(slopes, effects="ran_vals", prob=0.5)
    half = stats.norm.ppf(0.75) * bm.ranef(slopes)["sd"]
    np.testing.assert_allclose(values["conf.high"] - values["estimate"], half)


def test_without_random_terms():
    fit = bm.laplace("cbind(incidence, size - incidence) ~ period", data_of("cbpp"), "binomial")
    assert bm.varcorr(fit).empty
    assert bm.ranef(fit).empty
    assert bm.coef(fit).empty
    assert list(bm.rand(fit).index) == ["<none>"]
    assert list(bm.tidy(fit, effects=("fixed", "ran_pars", "ran_vals"))["effect"]) == ["fixed"] * 4


def test_a_fit_without_a_maximum_has_no_tests(separated):
    """A coefficient that runs away has z near 0 and p near 1: shown, they would say that it has no effect."""
    frame = bm.fixef(separated)
    assert np.isfinite(frame["estimate"]).all()
    assert frame.loc["period[2]", "estimate"] < -10
    assert frame[["z", "p", "lower", "upper"]].isna().all(axis=None)
    assert bm.tidy(separated)[["statistic", "p.value", "conf.low", "conf.high"]].isna().all(axis=None)
    row = bm.glance(separated).iloc[0]
    assert not row["converged"]
    assert "period[2] to -infinity" in row["reason"]
    text = str(bm.summary(separated))
    assert "No maximum was found" in text
    assert "Wald" not in text
    smaller = bm.laplace(CBPP.format("1"), separated.data, "binomial")
    for question in (lambda: bm.rand(separated), lambda: bm.lrt(smaller, separated)):
        with pytest.raises(ArgumentError, match=r"has none\. The data are separated") as caught:
            question()
        assert "\n" not in str(caught.value)


def test_residuals_where_probabilities_ran_to_one(separated):
    """The slope stopped where probabilities are 0 or 1 in every digit: no variance is left to divide by."""
    far = bm.LaplaceFit(**{**vars(separated), "eta": np.full(56, 800.0)})
    assert bm.residuals(far, kind="pearson")["estimate"].isna().all()
    assert bm.residuals(far)["estimate"].notna().all()


def test_summary_has_the_intervals_that_are_asked_for(cbpp):
    assert "95 % confidence intervals" in str(cbpp)
    text = str(bm.summary(cbpp, prob=0.9))
    lower, upper = bm.fixef(cbpp, prob=0.9).loc["period[4]", ["lower", "upper"]]
    assert "90 % confidence intervals" in text
    assert f"{lower:.4f}  {upper:.4f}" in text


@pytest.mark.parametrize(
    ("question", "arguments", "error", "words"),
    [
        (bm.fixef, {"ddf": "kenward-roger"}, ArgumentError, "a Laplace fit has tests by z"),
        (bm.summary, {"ddf": "kenward-roger"}, ArgumentError, "a Laplace fit has tests by z"),
        (bm.ranef, {"group": "Herd"}, UnknownTermError, "Did you mean 'herd'"),
        (bm.varcorr, {"scale": "var"}, ArgumentError, "Known: sd, variance"),
        (bm.residuals, {"kind": "deviance"}, ArgumentError, "Known: response, pearson, scaled"),
    ],
)
def test_arguments_that_mean_nothing(cbpp, question, arguments, error, words):
    with pytest.raises(error, match=words):
        question(cbpp, **arguments)


def test_what_lrt_cannot_compare(cbpp):
    data = data_of("cbpp")
    null = bm.laplace(CBPP.format("1"), data, "binomial")
    probit = bm.laplace(CBPP.format("1"), data, "binomial(probit)")
    more = bm.laplace(CBPP.format("1"), data.assign(size=data["size"] + 1), "binomial")
    for words, question in (
        ("different families or links", lambda: bm.lrt(probit, cbpp)),
        ("different responses, trials or weights", lambda: bm.lrt(more, cbpp)),
        ("smaller one first", lambda: bm.lrt(cbpp, null)),
        ("got LaplaceFit and int", lambda: bm.lrt(cbpp, 3)),
        ("got RemlFit and LaplaceFit", lambda: bm.lrt(bm.reml("incidence ~ 1 + (1 | herd)", data), cbpp)),
    ):
        with pytest.raises(ArgumentError, match=words):
            question()
