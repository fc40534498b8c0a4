"""Flat priors on coefficients: the restricted likelihood's posterior, the limit of wide priors, what is refused."""

import numpy as np
import pytest

import bayesmix as bm
from bayesmix.errors import PriorError

FORMULA = "Reaction ~ Days + (Days | Subject)"
FLAT = {"Intercept": "Flat()", "Days": "Flat()"}
SETTINGS = {"seed": 1, "progress": False}


@pytest.fixture(scope="module")
def data():
    return bm.load_data("sleepstudy")


@pytest.fixture(scope="module")
def flat(data):
    return bm.fit(FORMULA, data, priors=FLAT, **SETTINGS)


def draws(fit, name):
    return fit.posterior["posterior"][name].to_numpy().ravel()


def test_marginal_path_and_print(flat):
    assert flat.method == "exact"
    assert "Gaussian, flat priors on the coefficients" in str(flat)
    assert "Flat()  at the predictors' means" in str(flat)
    assert "Days                   Flat()" in str(flat)


def test_given_the_variances_coefficients_are_generalised_least_squares(flat, data):
    """beta | theta, y ~ N(GLS, (X'V^-1 X)^-1): standardised draws of beta are standard normal."""
    X = np.column_stack([np.ones(len(data)), data["Days"]])
    y, subject = data["Reaction"].to_numpy(float), data["Subject"].to_numpy()
    same = np.equal.outer(subject, subject)
    corr = flat.posterior["posterior"]["corr_Subject"].to_numpy().ravel()
    beta = np.column_stack([draws(flat, "Intercept"), draws(flat, "Days")])
    standard = []
    for i in range(0, 4000, 10):
        sds = np.array([draws(flat, "sd_Subject__Intercept")[i], draws(flat, "sd_Subject__Days")[i]])
        S = np.outer(sds, sds) * np.array([[1, corr[i]], [corr[i], 1]])
        V = (X @ S @ X.T) * same + draws(flat, "sigma")[i] ** 2 * np.eye(len(y))
        solved = np.linalg.solve(V, np.column_stack([X, y]))
        information = X.T @ solved[:, :2]
        mean = np.linalg.solve(information, X.T @ solved[:, 2])
        standard.append(np.linalg.cholesky(information).T @ (beta[i] - mean))
    z = np.array(standard)
    n = len(z)
    assert np.all(np.abs(z.mean(axis=0)) < 4 / np.sqrt(n))
    assert np.all(np.abs(np.cov(z.T) - np.eye(2)) < 4 * np.sqrt(2 / n))


def test_limit_of_wide_priors(flat, data):
    """The same seed gives the same draws but for what a prior a thousand times as wide as the data still does."""
    wide = bm.fit(FORMULA, data, priors={"Intercept": "Normal(0, 1e6)", "Days": "Normal(0, 1e6)"}, **SETTINGS)
    for name in ("Intercept", "Days", "sd_Subject__Days", "sigma"):
        a, b = draws(flat, name), draws(wide, name)
        size = min(flat.diagnostics.parameters.loc[name, "ess_bulk"], 4000)
        assert abs(a.mean() - b.mean()) < 4 * np.hypot(a.std(), b.std()) / np.sqrt(size)
        assert a.std() == pytest.approx(b.std(), rel=0.1)


@pytest.mark.slow
def test_joint_path_agrees(flat, data):
    joint = bm.fit(FORMULA, data, priors=FLAT, method="joint", **SETTINGS)
    for name in ("Intercept", "Days", "sd_Subject__Intercept", "sd_Subject__Days", "sigma"):
        a, b = draws(flat, name), draws(joint, name)
        sizes = [fit.diagnostics.parameters.loc[name, "ess_bulk"] for fit in (flat, joint)]
        assert abs(a.mean() - b.mean()) < 4 * np.hypot(a.std() / np.sqrt(sizes[0]), b.std() / np.sqrt(sizes[1]))
        assert a.std() == pytest.approx(b.std(), rel=0.15)


def test_some_flat_some_not(data):
    fit = bm.fit(FORMULA, data, priors={"Days": "Flat()"}, draws=100, **SETTINGS)
    assert "Normal or flat priors on the coefficients" in fit.reason


@pytest.mark.parametrize(
    "question",
    [
        bm.log_marginal,
        bm.rand,
        bm.inclusion,
        lambda fit: bm.bayes_factor(fit, drop="Days | Subject"),
        lambda fit: bm.prior_sensitivity(fit, drop="Days | Subject"),
    ],
)
def test_no_evidence_without_proper_priors(flat, question):
    with pytest.raises(PriorError, match=r"The prior of Intercept, Days is Flat\(\), which is improper"):
        question(flat)


def test_round_trip(flat, tmp_path):
    bm.save(flat, tmp_path / "fit.nc")
    assert bm.load(tmp_path / "fit.nc").priors == flat.priors


def test_nothing_would_bound_what_the_data_separate():
    loci = bm.load_data("methylation_simulated")
    locus = loci[loci["locus"] == "72"]
    formula = "cbind(methylated, unmethylated) ~ treatment * time + (1 | tank)"
    with pytest.raises(PriorError, match=r"The data separate .*0 of \d+.* is Flat\(\): nothing bounds") as caught:
        bm.fit(formula, locus, "binomial", priors={"time[t2]": "Flat()"}, **SETTINGS)
    assert "\n" not in str(caught.value)


def test_sensitivity_has_nothing_of_a_flat_prior_to_scale(flat):
    table = bm.sensitivity(flat, "Days")
    assert (table["prior"] == 0).all()
    assert bm.diagnose(flat).query("severity == 'problem'").empty
