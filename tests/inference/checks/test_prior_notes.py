"""What the priors decide is measured and said with numbers, and following the advice leads where it says."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.inference.checks import prior_notes
from bayesmix.inference.checks.diagnose import notes, verdict
from bayesmix.inference.checks.prior_notes import elsewhere, prior_effects

QUIET = {"seed": 1, "progress": False}


@pytest.fixture(scope="module")
def kfert():
    return bm.fit("yield ~ K2O_lbac + (1 | rep)", bm.load_data("kfert"), **QUIET)


def mean_and_error(fit, parameter):
    draws = fit.posterior["posterior"][parameter].to_numpy()
    return draws.mean(), draws.std() / np.sqrt(2000)  # fewer than the draws are worth


def test_the_note_has_the_number_of_sensitivity(kfert):
    line, of_sigma = notes(kfert)
    table = bm.sensitivity(kfert)
    assert table.index[table["by"] != ""].tolist() == ["sd_rep__Intercept", "sigma"]
    assert line.startswith(
        "Note: the prior HalfStudentT(3, 0.3295) of sd_rep__Intercept decides part of it (power-scaling sensitivity "
        f"{table.loc['sd_rep__Intercept', 'prior']:.2f} > 0.05; 'rep' has 3 levels): with HalfStudentT(3, 0.1648) or "
    )
    assert (
        f"of sigma decides part of it (power-scaling sensitivity {table.loc['sigma', 'prior']:.2f} > 0.05)" in of_sigma
    )
    assert str(kfert).splitlines()[-3:-1] == [line, of_sigma]
    assert str(kfert).splitlines()[-1] == verdict(kfert)
    assert "fixed effect" not in str(kfert)


def test_a_fit_with_the_other_prior_has_the_mean_that_the_note_says(kfert):
    """Followed: the advised priors are fitted, and the means agree within Monte Carlo error."""
    found = elsewhere(kfert, "sd_rep__Intercept", "sd_rep__Intercept")
    assert len(found.priors) == 2
    for prior, said, its_error in zip(found.priors, found.means, found.errors, strict=True):
        again = bm.fit("yield ~ K2O_lbac + (1 | rep)", kfert.data, priors={"sd_rep__Intercept": prior}, **QUIET)
        mean, error = mean_and_error(again, "sd_rep__Intercept")
        assert abs(said - mean) < 4 * np.hypot(error, its_error)
        assert abs(found.mean - mean) > 10 * error
    assert found.means[0] < found.mean < found.means[1]


def test_what_the_data_decide_has_no_note():
    fit = bm.fit("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"), **QUIET)
    assert notes(fit) == ()


def test_a_sd_far_beyond_its_prior_is_noted():
    """On the logit scale, sd 3.5 of 12 groups: HalfNormal(1) pulls it to 3.1, and the print says so."""
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(12), 4)
    effects = 3.5 * np.array([-1.6, -1.2, -0.9, -0.6, -0.3, -0.1, 0.1, 0.3, 0.6, 0.9, 1.2, 1.6])
    data = pd.DataFrame({"k": rng.binomial(50, 1 / (1 + np.exp(-effects[g]))), "n": 50, "g": g.astype(str)})
    fit = bm.fit("p(k, n) ~ 1 + (1 | g)", data, "binomial", **QUIET)
    (line,) = notes(fit)
    assert "the prior HalfNormal(1) of sd_g__Intercept decides part of it" in line
    found = elsewhere(fit, "sd_g__Intercept", "sd_g__Intercept")
    wider = bm.fit("p(k, n) ~ 1 + (1 | g)", data, "binomial", priors={"sd_g__Intercept": found.priors[-1]}, **QUIET)
    mean, error = mean_and_error(wider, "sd_g__Intercept")
    assert abs(found.means[-1] - mean) < 4 * np.hypot(error, found.errors[-1])
    assert abs(found.mean - mean) > 10 * np.hypot(error, found.errors[-1])
    assert f"{found.means[-1]:.3g} instead of {found.mean:.3g}." in line


def test_the_work_is_done_once(kfert, tmp_path):
    assert prior_effects(kfert) is prior_effects(kfert)
    path = tmp_path / "kept"
    bm.save(kfert, path)
    assert notes(bm.load(path)) == notes(kfert)


def test_a_covariate_far_from_zero_and_what_to_write_instead():
    rng = np.random.default_rng(4)
    year, g = np.tile(np.arange(2000, 2008), 10), np.repeat(np.arange(10), 8)
    data = pd.DataFrame({"y": 0.3 * (year - 2003) + rng.normal(size=10)[g] + rng.normal(size=80), "year": year, "g": g})
    fit = bm.fit("y ~ year + (year | g)", data, **QUIET)
    (line,) = [line for line in str(fit).splitlines() if line.startswith("Model: ")]
    advised = next(word for word in line.split(" Write ")[1].split(" or "))
    assert advised == "I(year - 2004)"
    followed = bm.fit(f"y ~ {advised} + ({advised} | g)", data, **QUIET)
    assert "Model: " not in str(followed)
    assert "centring" not in set(bm.diagnose(followed, sensitivity=False)["check"])


@pytest.fixture(scope="module")
def trial():
    """Two years of two reps each, as in a variety trial."""
    rng = np.random.default_rng(3)
    year, rep = np.repeat(["24", "25"], 24), np.tile(np.repeat(["1", "2"], 12), 2)
    y = 40 + 10.0 * (year == "25") + rng.normal(size=48)
    return pd.DataFrame({"y": y, "year": year, "rep": rep})


def test_an_effect_that_the_fixed_part_holds(trial):
    fit = bm.fit("y ~ year + (1 | year/rep)", trial, **QUIET)
    (finding,) = bm.diagnose(fit, sensitivity=False).itertuples()
    assert (finding.check, finding.severity, finding.parameter) == ("confounded", "note", "sd_year__Intercept")
    assert finding.advice == (
        "In (1 | year) the effects of Intercept cannot be told from the fixed part, which has a coefficient for each "
        "of the 2 levels of 'year': only the priors tell them apart, and the prior of sd_year__Intercept widens the "
        "intervals of these coefficients. Leave out (1 | year) and keep (1 | year:rep)."
    )
    assert f"\nNote: {finding.advice}\n" in str(fit)
    advised = bm.fit("y ~ year + (1 | year:rep)", trial, **QUIET)
    assert bm.diagnose(advised, sensitivity=False).empty
    assert bm.fixef(advised).loc["year[25]", "sd"] < 0.7 * bm.fixef(fit).loc["year[25]", "sd"]


def test_an_intercept_among_slopes_that_the_fixed_part_holds(trial):
    data = trial.assign(x=np.linspace(-1, 1, 48) ** 3)
    fit = bm.fit("y ~ year + x + (x | year)", data, **QUIET)
    advice = bm.diagnose(fit, sensitivity=False)["advice"].iloc[0]
    assert advice.endswith("Leave Intercept out of (x | year).")
    assert bm.diagnose(bm.fit("y ~ year + x + (0 + x | year)", data, **QUIET), sensitivity=False).empty


@pytest.mark.parametrize("sensitivity", [0.0500001, 0.05004, 0.0504, 0.054, 0.12, 3.0])
def test_a_number_beyond_the_limit_is_printed_beyond_it(sensitivity):
    text = prior_notes._beyond_limit(sensitivity)
    assert float(text) > 0.05
    assert float(text) == pytest.approx(sensitivity, abs=0.005)
