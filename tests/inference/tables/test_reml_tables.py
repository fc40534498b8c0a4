"""The questions to a REML fit: against lme4's numbers, dense matrices, and their own columns."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmix as bm
from bayesmix.errors import ArgumentError, UnknownTermError

from ...conftest import LME4_GAUSSIAN

# Coefficients are compared where they are those of the same contrasts.
CODED_ALIKE = [name for name in LME4_GAUSSIAN if name != "cake"]


def fitted_model(name):
    source, formula = LME4_GAUSSIAN[name]
    return bm.reml(formula, bm.load_data(source))


def in_order(name):
    """`b:a` as `a:b`."""
    return ":".join(sorted(name.split(":")))


@pytest.mark.parametrize("name", LME4_GAUSSIAN)
def test_ranef_is_that_of_lme4(lme4, name):
    frame = bm.ranef(fitted_model(name))
    assert list(frame.columns) == ["group", "level", "term", "estimate", "sd"]
    n_rows = 0
    for group, modes in lme4[name]["ranef"].items():
        own = frame[frame["group"].map(in_order) == in_order(group)]
        terms = [term.replace("(Intercept)", "Intercept") for term in np.atleast_1d(modes["terms"])]
        for position, term in enumerate(terms):
            column = own[own["term"] == term].set_index(own[own["term"] == term]["level"].map(in_order))
            rows = column.loc[[in_order(level) for level in modes["levels"]]]
            size = max(np.abs(np.array(modes["mode"])[:, position]).max(), 1e-9)
            # lme4's modes are those of its default optimiser, which is good to about 1e-5 only.
            np.testing.assert_allclose(rows["estimate"], np.array(modes["mode"])[:, position], atol=1e-4 * size)
            np.testing.assert_allclose(rows["sd"], np.array(modes["condSD"])[:, position], rtol=1e-4, atol=1e-12)
            n_rows += len(rows)
    assert n_rows == len(frame)


@pytest.mark.parametrize("name", LME4_GAUSSIAN)
def test_conditional_sds_at_lme4s_own_theta(lme4, name):
    """With lme4's theta and sigma put in the record, to more digits than its optimiser has."""
    fit, theirs = fitted_model(name), lme4[name]
    theta = theirs["theta"]
    factors = []
    for term in fit.design.random:
        names = [column.replace("Intercept", "(Intercept)") for column in term.names]
        group = next(key for key in theirs["n_groups"] if in_order(key) == in_order(term.group))
        L = np.zeros((term.k, term.k))
        for i in range(term.k):
            for j in range(i + 1):
                key = f"{group}.{names[i]}" if i == j else f"{group}.{names[i]}.{names[j]}"
                L[i, j] = theta[key] * theirs["sigma"]
        factors.append(L)
    at_theirs = bm.RemlFit(**{**vars(fit), "L": tuple(factors), "sigma": theirs["sigma"]})
    sds = bm.ranef(at_theirs)["sd"].to_numpy()
    expected = np.concatenate([np.ravel(modes["condSD"]) for modes in theirs["ranef"].values()])
    np.testing.assert_allclose(np.sort(sds), np.sort(expected), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", CODED_ALIKE)
@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger"])
def test_fixef_is_lmertests_table(lme4, name, ddf):
    fit = fitted_model(name)
    frame = bm.fixef(fit, ddf=ddf)
    assert list(frame.columns) == ["estimate", "se", "df", "t", "p", "lower", "upper"]
    expected = pd.DataFrame(lme4[name][ddf.replace("-", "_")])
    # Of lme4's default optimiser, 3e-5 off in Penicillin; tests/estimates/test_reml.py has its tight fits.
    np.testing.assert_allclose(frame["estimate"], expected["Estimate"], rtol=1e-5)
    np.testing.assert_allclose(frame["se"], expected["Std. Error"], rtol=4e-5)
    np.testing.assert_allclose(frame["df"], expected["df"], rtol=2e-4)
    np.testing.assert_allclose(frame["t"], expected["t value"], rtol=5e-5)
    np.testing.assert_allclose(np.log(frame["p"]), np.log(expected["Pr(>|t|)"]), rtol=2e-3)


@pytest.mark.parametrize("name", CODED_ALIKE)
def test_vcov_and_fitted_are_those_of_lme4(lme4, name):
    fit = fitted_model(name)
    expected = np.array(lme4[name]["vcov_fixef"]["values"])
    np.testing.assert_allclose(bm.vcov(fit), expected, rtol=1e-4)
    adjusted = np.array(lme4[name]["vcovAdj"]["values"])
    np.testing.assert_allclose(bm.vcov(fit, ddf="kenward-roger"), adjusted, rtol=1e-4)
    np.testing.assert_allclose(bm.fitted(fit)["estimate"], lme4[name]["fitted"], rtol=1e-5)


@pytest.fixture(scope="module")
def fit():
    data = bm.load_data("sleepstudy").assign(w=np.linspace(0.5, 2, 180), o=np.linspace(-3, 3, 180))
    return bm.reml("Reaction ~ Days + offset(o) + (Days | Subject)", data, weights="w")


def dense(fit):
    """Z (n_obs, levels x columns) of the only term and its effects."""
    (term,), (modes,) = fit.design.random, fit.effects
    Z = np.zeros((fit.design.n_obs, term.n_levels, term.k))
    Z[np.arange(fit.design.n_obs), term.index] = term.columns
    return Z.reshape(fit.design.n_obs, -1), modes.ravel()


def test_modes_sds_and_vcov_from_dense_matrices(fit):
    Z, b = dense(fit)
    n_levels = fit.design.random[0].n_levels
    D = np.kron(np.eye(n_levels), fit.L[0] @ fit.L[0].T)
    R = np.diag(fit.sigma**2 / fit.design.weights)
    V, X, y = Z @ D @ Z.T + R, fit.design.fixed.matrix, fit.design.response.values - fit.design.offset
    information = X.T @ np.linalg.solve(V, X)
    beta = np.linalg.solve(information, X.T @ np.linalg.solve(V, y))
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-9)
    np.testing.assert_allclose(bm.vcov(fit), np.linalg.inv(information), rtol=1e-8)
    np.testing.assert_allclose(b, D @ Z.T @ np.linalg.solve(V, y - X @ beta), rtol=1e-7, atol=1e-8)
    held = D - D @ Z.T @ np.linalg.solve(V, Z @ D)
    np.testing.assert_allclose(bm.ranef(fit)["sd"], np.sqrt(np.diag(held)), rtol=1e-8)
    np.testing.assert_allclose(bm.ranef(fit)["estimate"], b)


def test_fitted_and_residuals(fit):
    Z, b = dense(fit)
    fixed = fit.design.fixed.matrix @ fit.beta + fit.data["o"].to_numpy()
    np.testing.assert_allclose(bm.fitted(fit)["estimate"], fixed + Z @ b)
    np.testing.assert_allclose(bm.fitted(fit, groups="typical")["estimate"], fixed)
    residual = fit.data["Reaction"].to_numpy() - fixed - Z @ b
    np.testing.assert_allclose(bm.residuals(fit)["estimate"], residual, atol=1e-9)
    scaled = residual * np.sqrt(fit.data["w"]) / fit.sigma
    np.testing.assert_allclose(bm.residuals(fit, kind="scaled")["estimate"], scaled, atol=1e-9)
    np.testing.assert_allclose(bm.residuals(fit, kind="pearson")["estimate"], scaled, atol=1e-9)
    frame = bm.augment(fit)
    assert list(frame.columns) == [*fit.data.columns, ".fitted", ".resid", ".fixed"]
    np.testing.assert_allclose(frame[".resid"], residual, atol=1e-9)
    np.testing.assert_allclose(frame[".fixed"], fixed)


def test_varcorr_is_the_covariance_of_the_factor(fit):
    covariance = fit.L[0] @ fit.L[0].T
    frame = bm.varcorr(fit)
    assert list(frame.index) == [
        ("Subject", "Intercept", "Intercept"),
        ("Subject", "Days", "Days"),
        ("Subject", "Intercept", "Days"),
        ("Residual", "", ""),
    ]
    sds = np.sqrt(np.diag(covariance))
    expected = [*sds, covariance[0, 1] / np.prod(sds), fit.sigma]
    np.testing.assert_allclose(frame["estimate"], expected)
    variances = bm.varcorr(fit, scale="variance")["estimate"]
    np.testing.assert_allclose(variances, [*sds**2, expected[2], fit.sigma**2])
    covariances = bm.varcorr(fit, scale="covariance")["estimate"]
    np.testing.assert_allclose(covariances, [*np.diag(covariance), covariance[0, 1], fit.sigma**2])


def test_varcorr_on_the_boundary():
    fit = bm.reml("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff2"))
    assert bm.varcorr(fit)["estimate"].iloc[0] == 0.0
    nought = bm.RemlFit(**{**vars(fit), "L": (np.array([[0.0, 0.0], [0.0, 2.0]]),)})
    two = nought.design.random[0].__class__(**{**vars(nought.design.random[0]), "names": ("Intercept", "x")})
    nought = bm.RemlFit(**{**vars(nought), "design": type(fit.design)(**{**vars(fit.design), "random": (two,)})})
    np.testing.assert_array_equal(bm.varcorr(nought)["estimate"].iloc[:3], [0.0, 2.0, np.nan])
    np.testing.assert_array_equal(bm.varcorr(nought, scale="covariance")["estimate"].iloc[:3], [0.0, 4.0, 0.0])


def test_coef_adds_the_modes(fit):
    frame = bm.coef(fit, group="Subject").set_index(["level", "term"])["estimate"]
    modes = bm.ranef(fit).set_index(["level", "term"])["estimate"]
    beta = bm.fixef(fit)["estimate"]
    for level, term in frame.index:
        assert frame[(level, term)] == pytest.approx(beta[term] + modes[(level, term)])


def test_intervals_are_those_of_t(fit):
    frame = bm.fixef(fit, prob=0.9)
    half = stats.t.ppf(0.95, frame["df"]) * frame["se"]
    np.testing.assert_allclose(frame["upper"], frame["estimate"] + half)
    np.testing.assert_allclose(frame["lower"], frame["estimate"] - half)
    np.testing.assert_allclose(frame["p"], 2 * stats.t.sf(np.abs(frame["t"]), frame["df"]))


def test_tidy_and_glance(fit):
    frame = bm.tidy(fit)
    assert list(frame.columns) == [
        *("effect", "group", "term", "estimate", "std.error", "statistic", "df", "p.value", "conf.low", "conf.high")
    ]
    assert list(frame["term"]) == [
        *("Intercept", "Days", "sd__Intercept", "sd__Days", "cor__Intercept.Days", "sd__Observation")
    ]
    fixed = bm.fixef(fit)
    np.testing.assert_allclose(frame["p.value"].iloc[:2], fixed["p"])
    np.testing.assert_allclose(frame["estimate"].iloc[2:], bm.varcorr(fit)["estimate"])
    assert frame["std.error"].iloc[2:].isna().all()
    values = bm.tidy(fit, effects="ran_vals", prob=0.5)
    half = stats.norm.ppf(0.75) * bm.ranef(fit)["sd"]
    np.testing.assert_allclose(values["conf.high"] - values["estimate"], half)
    row = bm.glance(fit).iloc[0]
    assert (row["nobs"], row["method"], row["n_parameters"]) == (180, "REML", 6)
    assert row["aic"] == pytest.approx(row["criterion"] + 12)
    assert row["bic"] == pytest.approx(row["criterion"] + 6 * np.log(180))
    assert (row["singular"], row["converged"]) == (False, True)


@pytest.mark.parametrize(
    ("question", "arguments", "error", "words"),
    [
        (bm.fixef, {"ddf": "kenward"}, ArgumentError, "Did you mean 'kenward-roger'"),
        (bm.vcov, {"ddf": None}, ArgumentError, "Known: satterthwaite, kenward-roger"),
        (bm.ranef, {"group": "subject"}, UnknownTermError, "Did you mean 'Subject'"),
        (bm.varcorr, {"scale": "var"}, ArgumentError, "Known: sd, variance, covariance"),
        (bm.residuals, {"kind": "deviance"}, ArgumentError, "Known: response, pearson, scaled"),
        (bm.fitted, {"groups": "all"}, ArgumentError, "Known: fitted, typical"),
        (bm.fixef, {"prob": 95}, ArgumentError, "write prob=0.95"),
    ],
)
def test_arguments_that_mean_nothing(fit, question, arguments, error, words):
    with pytest.raises(error, match=words) as caught:
        question(fit, **arguments)
    assert "\n" not in str(caught.value)


def test_kenward_roger_is_for_reml():
    fit = bm.reml("Reaction ~ Days + (1 | Subject)", bm.load_data("sleepstudy"), reml=False)
    with pytest.raises(ArgumentError, match="by maximum likelihood; fit with reml=True"):
        bm.fixef(fit, ddf="kenward-roger")
    assert np.isfinite(bm.fixef(fit)["df"]).all()


@pytest.mark.parametrize(
    "question", [bm.fixef, bm.ranef, bm.coef, bm.fitted, bm.residuals, bm.augment, bm.tidy, bm.vcov]
)
def test_other_things_are_refused(question):
    with pytest.raises(ArgumentError, match=r"takes a fit by bm\.fit(,| or) bm\.reml.*; got DataFrame"):
        question(pd.DataFrame())
