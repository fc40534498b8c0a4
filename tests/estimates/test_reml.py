"""`bm.reml` against lme4's numbers and those of teaching material, on the boundary, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import bayesmix as bm
from bayesmix.errors import ArgumentError, BayesmixError, DesignError
from bayesmix.estimates.reml import fit_design, tests
from bayesmix.estimates.reml.record import RemlFit

from ..conftest import LME4_GAUSSIAN


@pytest.fixture
def dragons(course_file):
    return pd.read_csv(course_file("dragons_unrounded.csv"))


def fitted(name, **arguments):
    source, formula = LME4_GAUSSIAN[name]
    data = bm.load_data(source)
    if name == "cake_unordered_temperature":
        temperature = data["temperature"].astype(str)
        data["temperature"] = pd.Categorical(temperature, categories=sorted(temperature.unique(), key=float))
    return bm.reml(formula, data, **arguments)


def covariances(rows, sigma):
    """Variances and covariances by group (its factors in order) and terms, as R lists them."""
    found = {}
    for row in rows:
        group = ":".join(sorted(row["grp"].removesuffix(".1").split(":")))
        if group != "Residual":
            terms = [str(row[name]).replace("(Intercept)", "Intercept") for name in ("var1", "var2") if row[name]]
            found[(group, *(terms * 2)[:2])] = row["vcov"]
    return {**found, "sigma": sigma}


def own_covariances(fit):
    found = {}
    for term, L in zip(fit.design.random, fit.L, strict=True):
        matrix, group = L @ L.T, ":".join(sorted(term.group.split(":")))
        for j, second in enumerate(term.names):
            for i, first in enumerate(term.names[: j + 1]):
                found[(group, first, second)] = matrix[i, j]
    return {**found, "sigma": fit.sigma}


def to_polynomials(fit):
    """R codes cake's ordered temperature by orthonormal polynomials: from our coefficients to those, in R's order."""
    data, steps = fit.data, np.arange(6.0)
    powers, triangle = np.linalg.qr((steps - steps.mean())[:, None] ** np.arange(6))
    powers = (powers * np.sign(np.diag(triangle)))[:, 1:][data["temperature"].cat.codes]
    recipes = np.column_stack([data["recipe"] == recipe for recipe in "BC"]).astype(float)
    products = [recipes * power[:, None] for power in powers.T]
    theirs = np.column_stack([np.ones(len(data)), recipes, powers, *products])
    return np.linalg.lstsq(theirs, fit.design.fixed.matrix)[0]


def test_every_gaussian_fit_of_lme4_is_compared(lme4):
    assert set(LME4_GAUSSIAN) == {name for name, fit in lme4.items() if "REMLcrit" in fit}


@pytest.mark.parametrize("name", LME4_GAUSSIAN)
def test_lme4s_tight_fits(name, lme4):
    reference = lme4[name]
    tight, fit = reference["tight"], fitted(name)
    # In |X'V^-1 X| orthonormal polynomials of 6 levels count sqrt(6) times treatment coding, in each of 3 recipes.
    coding = 3 * np.log(6) if name == "cake" else 0.0
    assert fit.criterion + coding <= tight["REMLcrit"] + 1e-6
    assert fit.criterion + coding == pytest.approx(tight["REMLcrit"], abs=1e-5)
    assert fit.converged
    assert fit.gradient_size < 1e-5
    turn = to_polynomials(fit) if name == "cake" else np.eye(len(fit.beta))
    np.testing.assert_allclose(turn @ fit.beta, list(tight["fixef"].values()), rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(np.sqrt(np.diag(turn @ fit.vcov @ turn.T)), list(tight["se"].values()), rtol=1e-5)
    expected, own = covariances(tight["VarCorr"], tight["sigma"]), own_covariances(fit)
    assert own.keys() == expected.keys()
    for key, value in expected.items():
        assert own[key] == pytest.approx(value, rel=2e-5 if key != "sigma" else 1e-5, abs=1e-12), key
    np.testing.assert_allclose(fit.theta, list(tight["theta"].values()), rtol=1e-5, atol=1e-12)
    assert bool(fit.singular) == reference["isSingular"]
    # AIC and BIC of lme4's default fit, which may be a little off the optimum.
    assert fit.loglik - coding / 2 == pytest.approx(reference["logLik"], abs=1e-4)
    assert fit.aic + coding == pytest.approx(reference["AIC"], abs=2e-4)
    assert fit.bic + coding == pytest.approx(reference["BIC"], abs=2e-4)
    assert fit.n_parameters == reference["logLik_df"]


@pytest.mark.parametrize("name", LME4_GAUSSIAN)
def test_lme4s_fits_by_maximum_likelihood(name, lme4):
    reference = lme4[name]
    expected, fit = reference["ML"], fitted(name, reml=False)
    assert fit.criterion <= expected["deviance"] + 1e-6
    assert fit.loglik == pytest.approx(expected["logLik"], abs=1e-5)
    assert fit.aic == pytest.approx(expected["AIC"], abs=2e-5)
    turn = to_polynomials(fit) if name == "cake" else np.eye(len(fit.beta))
    np.testing.assert_allclose(turn @ fit.beta, list(expected["fixef"].values()), rtol=1e-6, atol=1e-8)
    assert fit.sigma == pytest.approx(expected["sigma"], rel=1e-4)
    assert not fit.reml


def test_dragons_where_lmers_default_stops_short(dragons):
    fit = bm.reml("intelligence ~ wingspan*scales + (1+wingspan|mountain)", dragons)
    assert fit.criterion <= 1629.3410
    assert fit.gradient_size < 1e-5
    sds = np.sqrt((fit.L[0] ** 2).sum(axis=1))
    # The variance that was printed, 10.474, is that of a search stopped 1e-4 away: the criterion is flat along it.
    np.testing.assert_allclose(sds**2, [10.474, 0.2629], rtol=3e-4)
    assert round(float(fit.L[0][1] @ fit.L[0][0] / np.prod(sds)), 2) == 0.09
    assert round(fit.sigma**2, 2) == 181.44
    np.testing.assert_allclose(fit.beta, [89.285, 1.00255, 15.677, -0.0923], atol=5e-4)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.vcov)), [3.732, 0.2362, 4.815, 0.0798], atol=6e-4)


def test_dragons_on_the_boundary(dragons):
    fit = bm.reml("intelligence ~ wingspan*scales + (1+wingspan*scales|mountain)", dragons)
    assert fit.criterion <= 1624.445
    (singular,) = fit.singular
    assert (singular.k, singular.rank) == (4, 2)
    assert "scales[metallic] is always" in singular.directions[0]
    # The words are true of the conditional modes.
    modes = fit.effects[0]
    shares, *_ = np.linalg.lstsq(modes[:, :2], modes[:, 2:])
    np.testing.assert_allclose(modes[:, :2] @ shares, modes[:, 2:], atol=1e-8)
    assert f"{shares[0, 0]:.4g} x Intercept + {shares[1, 0]:.4g} x wingspan" in singular.directions[0]


def test_dyestuff2_is_exactly_nought():
    data = bm.load_data("Dyestuff2")
    fit = bm.reml("Yield ~ 1 + (1 | Batch)", data)
    assert fit.L[0][0, 0] == 0.0
    assert not fit.effects[0].any()
    assert fit.singular[0].directions == ("the sd of Intercept is 0",)
    assert fit.sigma == pytest.approx(data["Yield"].std(), rel=1e-12)
    assert fit.converged


def paired(correlation, n_levels=20, n_each=12, seed=3):
    """Levels with the same share of intercept and slope, so that their correlation is estimated as 1 or -1."""
    rng = np.random.default_rng(seed)
    g, x = np.repeat(np.arange(n_levels), n_each), rng.normal(size=n_levels * n_each)
    b = rng.normal(size=n_levels)
    y = b[g] * (2 + correlation * x) + rng.normal(size=len(g))
    return pd.DataFrame({"y": y, "x": x, "g": g.astype(str)})


@pytest.mark.parametrize("correlation", [1, -1])
def test_a_correlation_on_the_boundary_is_exact(correlation):
    fits = [bm.reml("y ~ x + (x | g)", paired(correlation, seed=seed)) for seed in range(6)]
    singular = [fit for fit in fits if fit.singular]
    assert singular
    for fit in singular:
        L = fit.L[0]
        assert L[1, 1] == 0.0
        assert np.sign(L[1, 0]) == correlation
        assert f"(correlation {correlation})" in fit.singular[0].directions[0]
        assert fit.converged


def test_units_do_not_matter():
    data = bm.load_data("sleepstudy")
    plain = bm.reml("Reaction ~ Days + (Days | Subject)", data)
    scaled = bm.reml("Reaction ~ Days + (Days | Subject)", data.assign(Days=1e6 * data["Days"]))
    shifted = bm.reml("Reaction ~ Days + (Days | Subject)", data.assign(Days=data["Days"] + 2000))
    np.testing.assert_allclose(scaled.L[0] * [[1], [1e6]], plain.L[0], rtol=1e-6)
    np.testing.assert_allclose(scaled.beta * [1, 1e6], plain.beta, rtol=1e-9)
    assert shifted.criterion == pytest.approx(plain.criterion, abs=1e-7)
    np.testing.assert_allclose((shifted.L[0] ** 2).sum(axis=1)[1], (plain.L[0] ** 2).sum(axis=1)[1], rtol=1e-6)


def test_weights_are_repeated_rows():
    """A row of weight 2 says as much on beta and theta as two rows with its value, which the residual does not see."""
    data = bm.load_data("sleepstudy")
    doubled = bm.reml("Reaction ~ Days + (1 | Subject)", data.assign(w=4.0), weights="w")
    plain = bm.reml("Reaction ~ Days + (1 | Subject)", data)
    assert doubled.sigma == pytest.approx(2 * plain.sigma, rel=1e-8)
    np.testing.assert_allclose(doubled.L[0], plain.L[0], rtol=1e-7)
    assert doubled.criterion == pytest.approx(plain.criterion, abs=1e-8)


def test_weights_of_one_over_the_square_of_an_error_in_thousands():
    """lmer of lme4 1.1-31 has this criterion, sd and sigma; a factor on all weights changes sigma alone."""
    rng = np.random.default_rng(5)
    clinic, treated, error = np.repeat(np.arange(12), 3), np.tile([0, 1, 0], 12), rng.uniform(800, 3000, 36)
    noise = 6000 * rng.normal(size=12)[clinic] + error * rng.normal(size=36)
    data = pd.DataFrame({"price": 52000 + 4000 * treated + noise, "treated": treated, "clinic": clinic.astype(str)})
    formula = "price ~ treated + (1 | clinic)"
    fits = [bm.reml(formula, data.assign(w=unit / error**2), weights="w") for unit in (1.0, 1e7, 1e-6)]
    assert fits[0].criterion == pytest.approx(648.971478, abs=1e-5)
    assert bm.varcorr(fits[0])["estimate"].to_list() == pytest.approx([6418.5, 0.91133], rel=1e-4)
    tables = [[bm.fixef(fit), bm.fixef(fit, ddf="kenward-roger"), bm.rand(fit)] for fit in fits]
    for fit, own in zip(fits[1:], tables[1:], strict=True):
        assert fit.converged
        assert fit.singular == ()
        assert fit.criterion == pytest.approx(fits[0].criterion, abs=1e-7)
        for found, expected in zip(own, tables[0], strict=True):
            pd.testing.assert_frame_equal(found, expected, rtol=1e-6)


def test_without_random_terms():
    data = bm.load_data("sleepstudy")
    fit, line = bm.reml("Reaction ~ Days", data), bm.lm("Reaction ~ Days", data)
    np.testing.assert_allclose(fit.beta, line.beta)
    assert fit.sigma == pytest.approx(line.sigma)
    assert fit.theta.shape == (0,)
    assert bm.reml("Reaction ~ Days", data, reml=False).loglik == pytest.approx(line.loglik)


def test_dropped_rows_are_counted():
    data = bm.load_data("sleepstudy")
    data.loc[[0, 7], "Reaction"] = np.nan
    fit = bm.reml("Reaction ~ Days + (1 | Subject)", data)
    assert (fit.design.n_obs, fit.design.n_dropped) == (178, 2)
    with pytest.raises(BayesmixError, match="missing"):
        bm.reml("Reaction ~ Days + (1 | Subject)", data, na="error")


def test_linear_algebra_keeps_to_one_thread(monkeypatch):
    """Handed to more it takes a second where 30 ms are enough: crossed slopes, and a machine that is busy."""
    seen = []

    def watched(function):
        def watching(**arguments):
            seen.append((function.__name__, {library["num_threads"] for library in threadpool_info()}))
            return function(**arguments)

        return watching

    for module, name in ((fit_design, "reml_estimate"), (tests, "satterthwaite"), (tests, "kenward_roger")):
        monkeypatch.setattr(module, name, watched(getattr(module, name)))
    with threadpool_limits(2, user_api="blas"):
        fit = bm.reml("diameter ~ 1 + (1 | plate) + (1 | sample)", bm.load_data("Penicillin"))
        for ddf in ("satterthwaite", "kenward-roger"):
            # Worked out once for a fit.
            assert bm.fixef(fit, ddf=ddf).equals(bm.fixef(fit, ddf=ddf))
    assert seen == [("reml_estimate", {1}), ("satterthwaite", {1}), ("kenward_roger", {1})]


def test_a_record_is_frozen_and_knows_its_data():
    data = bm.load_data("sleepstudy")
    fit = bm.reml("Reaction ~ Days + (1 | Subject)", data)
    assert isinstance(fit, RemlFit)
    assert fit.formula == "Reaction ~ Days + (1 | Subject)"
    pd.testing.assert_frame_equal(fit.data, data)
    with pytest.raises(AttributeError):
        fit.sigma = 1.0


def bad_data():
    rng = np.random.default_rng(1)
    n = 24
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "x": rng.normal(size=n),
            "z": rng.normal(size=n),
            "exact": 3.0 + 2.0 * np.arange(n),
            "t": np.arange(n) * 1.0,
            "twice": np.arange(n) * 2.0,
            "g": np.repeat(list("abcdef"), 4),
            "id": [f"i{i}" for i in range(n)],
            "big": np.repeat([f"b{i}" for i in range(12)], 2),
        }
    )


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("y ~ x + (1 | id)", "'id' has 24 levels for 24 observations"),
        ("y ~ x + (x | big)", r"24 random effects \(12 levels x 2 columns\) for 24 observations"),
        ("exact ~ t + (1 | g)", "explains the response 'exact' to the last digit"),
    ],
)
def test_models_that_cannot_be_fitted_are_refused_in_one_line(formula, words):
    with pytest.raises(DesignError, match=words) as caught:
        bm.reml(formula, bad_data())
    assert "\n" not in str(caught.value)


def test_group_effects_that_reproduce_the_response_are_refused():
    data = bad_data()
    data["y"] = data["g"].map({level: i**2 for i, level in enumerate("abcdef")}) * (1.0 + data["t"])
    with pytest.raises(DesignError, match="The residual sd goes to 0: 12 random effects and 1 coefficients reproduce"):
        bm.reml("y ~ 1 + (t | g)", data)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("Reaction ~ Days + Subject + (1 | Subject)", r"In \(1 \| Subject\) the effects of Intercept cannot be told"),
        ("Reaction ~ Days + Subject + (Days | Subject)", "the effects of Intercept .* each of the 18 levels"),
        ("Reaction ~ Days * Subject + (0 + Days | Subject)", "the effects of Days cannot be told"),
        ("Reaction ~ 0 + Subject:Days + Subject + (Days | Subject)", "the effects of Intercept, Days cannot be told"),
    ],
)
def test_levels_that_are_fixed_effects_too_are_refused(formula, words):
    """REML's criterion is the same for every variance there: lme4 warns of its Hessian and prints one of them."""
    data = bm.load_data("sleepstudy")
    with pytest.raises(DesignError, match=words) as caught:
        bm.reml(formula, data)
    assert "\n" not in str(caught.value)


def test_levels_that_are_fixed_effects_too_have_no_variance_by_maximum_likelihood():
    data = bm.load_data("sleepstudy")
    fit = bm.reml("Reaction ~ Days + Subject + (1 | Subject)", data, reml=False)
    assert fit.L[0][0, 0] == 0.0
    assert fit.loglik == pytest.approx(bm.lm("Reaction ~ Days + Subject", data).loglik)
    # Slopes are no fixed effects there.
    assert bm.reml("Reaction ~ Days + Subject + (0 + Days | Subject)", data).L[0][0, 0] > 5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"reml": "ML"}, "reml is True"), ({"weights": np.ones(3)}, "weights is the name of a column; got ndarray")],
)
def test_arguments_that_mean_nothing(arguments, words):
    with pytest.raises(ArgumentError, match=words):
        bm.reml("y ~ x + (1 | g)", bad_data(), **arguments)
