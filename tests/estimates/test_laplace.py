"""`laplace` against lme4's glmer, and what it says of data that have no maximum."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import FamilyError
from bayesmix.estimates.laplace.wald import wald_tests
from bayesmix.estimates.lme4_order import lme4_theta

CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"


def data_of(name):
    data = bm.load_data(name)
    if name == "grouseticks":
        data["cHEIGHT"] = data["HEIGHT"] - data["HEIGHT"].mean()
        data["h"] = data["cHEIGHT"] / 100
    if name == "sleepstudy":
        data["count"] = np.round(np.maximum(data["Reaction"] - 200, 0) / 5)
        data["slow"] = (data["Reaction"] > 300).astype(int)
    if name == "cbpp":
        data["obs"] = [f"{i:02d}" for i in range(len(data))]
    return data


# R 4.2.2, lme4 1.1-31, with modes found to the last digit:
#   glmerControl(optimizer = "bobyqa", tolPwrss = 1e-13, optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6))
# For slopes and VerbAgg, where bobyqa stops short, three more rounds of optim(method = "BFGS") on the deviance
# function, and the Hessian from its second differences at two steps, 0.05 and 0.1 standard errors, extrapolated to 0.
# h <- (HEIGHT - mean(HEIGHT)) / 100, obs <- factor(1:56), count <- round(pmax(Reaction - 200, 0) / 5),
# slow <- as.integer(Reaction > 300). Of each: -2 logLik, fixef, their standard errors, theta, and
# condval and condsd of the first level of the first term in lme4's order.
EXACT = {
    "logit": (
        "cbpp", CBPP, "binomial", 184.0525637,
        [-1.39853215, -0.9923327091, -1.128672058, -1.580313792],
        [0.2324718178, 0.3066422176, 0.3266375661, 0.4274359763],
        [0.6422614178], 0, (0.5900200097, 0.3482650518),
    ),
    "probit": (
        "cbpp", CBPP, "binomial(probit)", 185.2424467,
        [-0.83547778, -0.5280333355, -0.6168863774, -0.7995631336],
        [0.1262367821, 0.1606045376, 0.1694770466, 0.2046992355],
        [0.3379921305], 0, (0.3241805466, 0.1918309684),
    ),
    "cloglog": (
        "cbpp", CBPP, "binomial(cloglog)", 183.6040758,
        [-1.525980737, -0.9163201627, -1.035162056, -1.483632878],
        [0.2109161789, 0.2848900645, 0.306315671, 0.4090475811],
        [0.5866873134], 0, (0.5112517183, 0.3129140554),
    ),
    "a level for each row": (
        "cbpp", f"{CBPP} + (1 | obs)", "binomial", 174.6383111,
        [-1.500291866, -1.226508873, -1.328840448, -1.866264831],
        [0.2967128505, 0.4803118545, 0.4939205546, 0.5936108762],
        [0.8910783937, 0.1839473105], 1, (-0.2248444129, 0.5716992164),
    ),
    "three factors": (
        "grouseticks", "TICKS ~ YEAR + h + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)", "poisson", 1780.54266,
        [0.3727817454, 1.180410028, -0.9786953409, -2.37605777],
        [0.1963718349, 0.238125864, 0.2627859392, 0.3438459154],
        [0.5415088607, 0.7500336961, 0.5287199002], 1, (-0.1474764451, 0.5133687566),
    ),
    "slopes of a factor": (
        "VerbAgg", "r2 ~ Anger + btype + (0 + situ | id) + (1 | item)", "bernoulli", 8111.519988,
        [-0.13518380918, 0.05351337757, -1.08702090869, -2.17734354250],
        [0.44381106531, 0.01736366458, 0.37554911640, 0.37729784006],
        [1.6091009796, 1.0966107760, 0.7398252706, 0.7374722821], 0, (-1.0266088768, 0.5575024819),
    ),
    "correlated slopes": (
        "sleepstudy", "count ~ Days + (Days | Subject)", "poisson", 1158.34973,
        [2.3279289218, 0.1082903344],
        [0.14831017192, 0.01442570382],
        [0.60224974429, -0.02458806239, 0.04740050924], 0, (0.2312625402, 0.1300678846),
    ),
    "independent slopes": (
        "sleepstudy", "count ~ Days + (Days || Subject)", "poisson", 1160.837179,
        [2.3461463668, 0.1049033289],
        [0.13490343101, 0.01352737882],
        [0.54580017460, 0.05004402359], 0, (0.2166, 0.1257),
    ),
    "slopes alone": (
        "sleepstudy", "slow ~ Days + (0 + Days | Subject)", "bernoulli", 176.54831,
        [-2.6305590691, 0.5310868876],
        [0.4479941711, 0.1181213035],
        [0.3121928811], 0, (0.1222669591, 0.1557684651),
    ),
    "crossed factors": (
        "VerbAgg", "r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)", "bernoulli", 8151.39972,
        [0.19905843645, 0.05742960014, 0.32071034060, -1.05880029616, -2.10540341368, -1.05546386117],
        [0.40653346218, 0.01683889354, 0.19192762816, 0.25728333038, 0.25946723300, 0.21078219011],
        [1.3397089366, 0.4953039753], 0, (-0.67359352108, 0.4407105025),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
def test_an_exact_lme4(name):
    """lme4's digits, as near as searches without a gradient come.

    The criterion to 3e-6, estimates to 1e-4 of a standard error; standard errors to 3e-4, as lme4 takes them from
    differences of the criterion.
    """
    data, formula, family, criterion, beta, se, theta, term, (mode, sd) = EXACT[name]
    fit = bm.laplace(formula, data_of(data), family)
    assert fit.converged, fit.reason
    assert fit.criterion == pytest.approx(criterion, abs=3e-6)
    np.testing.assert_array_less(np.abs(fit.beta - beta) / se, 1e-4)
    np.testing.assert_allclose(wald_tests(fit.beta, fit.vcov).se, se, rtol=3e-4)
    np.testing.assert_allclose(np.abs(fit.theta), np.abs(theta), rtol=1e-4)
    np.testing.assert_allclose(fit.effects[term][0, 0], mode, atol=1e-4)
    np.testing.assert_allclose(np.sqrt(fit.effect_covariances[term][0, 0, 0]), sd, rtol=2e-4)


@pytest.mark.parametrize("name", ["cbpp", "grouseticks", "grouseticks_cHEIGHT", "VerbAgg"])
def test_lme4_as_it_comes(name, lme4):
    """With lme4's own tolPwrss of 1e-7 its modes are unfinished: its criterion is up to 1e-3 too high, never lower than
    ours; the Hessian of a criterion with such steps in it is off by 1 %, estimates by some 1e-3 of a standard error.
    """
    reference = lme4[name]
    tight = reference["tight"]
    fit = bm.laplace(reference["formula"], data_of(name.split("_")[0]), reference["family"])
    assert fit.converged, fit.reason
    assert -1.5e-3 < fit.criterion + 2 * tight["logLik"] < 1e-5
    assert fit.n_parameters == reference["logLik_df"]
    assert fit.aic == pytest.approx(reference["AIC"], abs=2e-3)
    assert fit.bic == pytest.approx(reference["BIC"], abs=2e-3)
    se = np.array(list(tight["se"].values()))
    np.testing.assert_array_less(np.abs(fit.beta - list(tight["fixef"].values())) / se, 3e-3)
    np.testing.assert_allclose(wald_tests(fit.beta, fit.vcov).se, se, rtol=0.015)
    by_group = {row["grp"]: row["sdcor"] for row in tight["VarCorr"]}
    for term, L, effects, covariances in zip(
        fit.design.random, fit.L, fit.effects, fit.effect_covariances, strict=True
    ):
        assert L[0, 0] == pytest.approx(by_group[term.group], rel=1e-3)
        theirs = reference["ranef"][term.group]
        place = [term.levels.index(level) for level in theirs["levels"]]
        np.testing.assert_allclose(effects[place], theirs["mode"], atol=3e-3)
        np.testing.assert_allclose(np.sqrt(covariances[place, 0, 0]), np.ravel(theirs["condSD"]), rtol=1e-3)


def separable(seed=1):
    """120 rows, 12 levels of g, 3 cells of t; `y` has both values in all of them."""
    rng = np.random.default_rng(seed)
    g, x = np.repeat(np.arange(12), 10), rng.normal(size=120)
    u = rng.normal(size=12)
    chance = 1 / (1 + np.exp(-(0.3 + x + u[g])))
    return pd.DataFrame(
        {
            "x": x,
            "g": g.astype(str),
            "t": np.tile(["a", "b", "c"], 40),
            "n": 3,
            "y": (rng.random(120) < chance).astype(int),
            "k": rng.binomial(3, chance),
            "count": rng.poisson(np.exp(0.5 + u[g])),
            "of_group": (u[g] > 0).astype(int),
        }
    )


@pytest.mark.parametrize(
    ("response", "cell", "value", "family", "sign"),
    [
        ("y", "b", 1, "bernoulli", "+"),
        ("y", "b", 0, "bernoulli", "-"),
        ("y", "b", 1, "bernoulli(probit)", "+"),
        ("y", "b", 1, "bernoulli(cloglog)", "+"),
        ("k", "c", 0, "binomial", "-"),
        ("k", "c", 3, "binomial", "+"),
        ("count", "b", 0, "poisson", "-"),
    ],
)
def test_a_cell_without_successes_or_without_failures(response, cell, value, family, sign):
    data = separable()
    data.loc[data["t"] == cell, response] = value
    left = "cbind(k, n - k)" if response == "k" else response
    fit = bm.laplace(f"{left} ~ t + x + (1 | g)", data, family)
    assert not fit.converged
    assert f"t[{cell}] to {sign}infinity" in fit.reason
    assert "40 of 120 rows" in fit.reason
    assert "Intercept" not in fit.reason
    runaway = fit.design.fixed.names.index(f"t[{cell}]")
    assert not wald_tests(fit.beta, fit.vcov).se[runaway] < 10
    assert "No maximum was found" in str(fit)


def test_zeros_alone_are_the_intercept_s():
    """Every direction downwards separates them; the one that needs no other coefficient is named."""
    data = separable()
    data["count"] = 0
    fit = bm.laplace("count ~ x + t + (1 | g)", data, "poisson")
    assert not fit.converged
    assert "along Intercept to -infinity, which fits 120 of 120 rows" in fit.reason


def test_an_offset_that_a_coefficient_must_undo():
    data = separable()
    plain = bm.laplace("count ~ x + (1 | g)", data, "poisson")
    data["far"] = 1000 * data["x"]
    other = bm.laplace("count ~ x + offset(far) + (1 | g)", data, "poisson")
    assert other.converged
    assert other.criterion == pytest.approx(plain.criterion, abs=1e-7)
    np.testing.assert_allclose(other.beta + np.array([0, 1000]), plain.beta, atol=1e-5)


def test_a_perfect_predictor():
    data = separable()
    data["y"] = (data["x"] > 0).astype(int)
    fit = bm.laplace("y ~ x + (x | g)", data, "bernoulli")
    assert not fit.converged
    assert "along x to +infinity" in fit.reason


@pytest.mark.parametrize("family", ["bernoulli", "bernoulli(probit)", "bernoulli(cloglog)"])
def test_levels_without_both_outcomes(family):
    fit = bm.laplace("of_group ~ x + (1 | g)", separable(), family)
    assert not fit.converged
    assert "'g' has successes alone or failures alone" in fit.reason


def test_levels_all_but_separated():
    data = separable()
    data.loc[0, "of_group"] = 1 - data.loc[0, "of_group"]
    fit = bm.laplace("of_group ~ 1 + (1 | g)", data, "bernoulli")
    assert not fit.converged
    assert "all but separated" in fit.reason


def test_no_level_has_both_outcomes_yet_counts_are_fine():
    """A Poisson level of zeros alone is no separation: others tell how far down it may be."""
    data = separable()
    data.loc[data["g"] == "3", "count"] = 0
    fit = bm.laplace("count ~ t + (1 | g)", data, "poisson")
    assert fit.converged, fit.reason


def test_the_boundary_is_said():
    data = separable()
    data["count"] = np.tile([2, 3, 2, 3, 3, 2], 20)
    fit = bm.laplace("count ~ 1 + (1 | g)", data, "poisson")
    assert fit.converged
    assert fit.L[0][0, 0] == 0.0
    assert fit.reason == "a maximum on the boundary: the sd of (1 | g) is 0"


def test_it_prints_as_glmer():
    text = str(bm.laplace(CBPP, data_of("cbpp"), "binomial"))
    for part in ("binomial (logit)", "184.0526", "0.6423", "period[4]", "-1.5803  0.4274  -3.697  0.000218"):
        assert part in text


def test_what_is_refused():
    data = separable()
    with pytest.raises(FamilyError, match=r"bm\.reml"):
        bm.laplace("x ~ t + (1 | g)", data, "gaussian")
    with pytest.raises(FamilyError, match="no weights"):
        bm.laplace("count ~ t + (1 | g)", data, "poisson", weights="n")


def test_a_share_with_its_trials_is_the_same_model():
    data = data_of("cbpp")
    data["share"] = data["incidence"] / data["size"]
    fit = bm.laplace("share ~ period + (1 | herd)", data, "binomial", weights="size")
    assert fit.criterion == pytest.approx(184.0525637, abs=1e-6)


def test_order_of_theta():
    """lme4 sorts the terms by their levels, unless the formula has them so already."""
    one, two = np.array([[1.0, 0.0], [2.0, 3.0]]), np.array([[4.0]])
    np.testing.assert_array_equal(lme4_theta((one, two), (5, 3)), [1, 2, 3, 4])
    np.testing.assert_array_equal(lme4_theta((one, two), (3, 5)), [4, 1, 2, 3])
