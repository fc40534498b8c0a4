"""The public answer: before a fit, beside a posterior known by quadrature, and in what `print` and `diagnose` say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm

import bayesmix as bm
from bayesmix.errors import ArgumentError, FamilyError
from bayesmix.families.family import read_family
from bayesmix.formula.design import Response
from bayesmix.priors.coefficient import coefficient_prior
from bayesmix.priors.prior import Prior

FORMULA = "cbind(k, n - k) ~ group"


@pytest.fixture(scope="module")
def table():
    """20 of 40 in the control, none of 24 in the treated."""
    return pd.DataFrame(
        {"group": ["control"] * 4 + ["treated"] * 3, "k": [4, 7, 5, 4, 0, 0, 0], "n": [10, 10, 10, 10, 8, 8, 8]}
    )


@pytest.fixture(scope="module")
def fit(table):
    return bm.fit(FORMULA, table, "binomial", seed=3, progress=False)


@pytest.fixture(scope="module")
def by_quadrature():
    """Means, sds and probabilities by a sum over a fine grid of the intercept at the means and the coefficient."""
    a, b = np.meshgrid(np.linspace(-14, 8, 1601), np.linspace(-14, 6, 1601), indexing="ij")
    share = 3 / 7  # of the rows are treated
    control, treated = a - share * b, a + (1 - share) * b
    log_density = norm.logpdf(a, 0, 2.5) + norm.logpdf(b, 0, 2.5)
    log_density += binom.logpmf(20, 40, 1 / (1 + np.exp(-control))) + binom.logpmf(0, 24, 1 / (1 + np.exp(-treated)))
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    mean = (weight * b).sum()
    cumulative = np.cumsum(weight.sum(axis=0))
    return {
        "mean": mean,
        "sd": np.sqrt((weight * (b - mean) ** 2).sum()),
        "below": weight[b < 0].sum(),
        "median": np.interp(0.5, cumulative, b[0]),
    }


def test_the_posterior_by_quadrature(fit, by_quadrature):
    found = bm.separation(fit).coefficients
    assert list(found.index) == ["group[treated]"]
    row = found.iloc[0]
    mcse = row["sd"] / np.sqrt(bm.fixef(fit).loc["group[treated]", "ess_bulk"])
    assert abs(row["mean"] - by_quadrature["mean"]) < 4 * mcse
    assert row["sd"] == pytest.approx(by_quadrature["sd"], rel=0.1)
    assert row["sd_ratio"] == pytest.approx(row["sd"] / 2.5)
    assert row["p_direction"] > by_quadrature["below"] - 4 / np.sqrt(4000)
    assert row["prior_below"] == pytest.approx(norm.cdf(by_quadrature["median"], 0, 2.5), abs=0.01)
    assert row["direction"] == "to -infinity"


def test_the_sentence(fit):
    row = bm.separation(fit).coefficients.iloc[0]
    size = f"{row['mean']:.1f} [{row['lower']:.1f}, {row['upper']:.1f}] on the logit scale"
    assert row["sentence"] == (
        "Maximum likelihood has no finite estimate of group[treated], as the data have 0 of 24 in group treated. Its "
        f"direction is supported (posterior probability of being below 0: > 0.999); its size, {size} (posterior mean "
        "and 95 % interval), is bounded below by the prior Normal(0, 2.5), not by the data."
    )
    narrow = bm.separation(fit, prob=0.5).coefficients.iloc[0]
    assert narrow["lower"] > row["lower"]
    assert "50 % interval" in narrow["sentence"]


def test_a_direction_that_is_not_settled(table):
    """One row of one trial: ones are not less likely than a half, and the sentence says so."""
    data = pd.concat([table.iloc[:4], pd.DataFrame({"group": ["treated"], "k": [0], "n": [1]})])
    row = bm.separation(bm.fit(FORMULA, data, "binomial", seed=3, progress=False)).coefficients.iloc[0]
    assert 0.6 < row["p_direction"] < 0.975
    assert (
        f"Its direction is not settled (posterior probability of being below 0: {row['p_direction']:.3f})"
        in (row["sentence"])
    )


def test_print_and_diagnose_say_it_once(fit):
    printed = str(fit)
    line = "group treated: 0 of 24; group[treated] to -infinity, bounded by the prior Normal(0, 2.5)"
    assert printed.count(line) == 1
    assert printed.splitlines()[-1].startswith("Sampling: no problems")
    notes = bm.diagnose(fit, sensitivity=False)
    assert notes[["check", "severity", "parameter", "value", "limit"]].to_numpy().tolist() == [
        ["separation", "note", "group[treated]", 3, 0]
    ]
    assert line in notes["advice"].iloc[0]
    page = str(bm.separation(fit))
    assert "Quasi-complete separation: the likelihood keeps increasing" in page
    assert "they have no finite ML estimate (3 rows)." in page
    assert bm.separation(fit).coefficients["sentence"].iloc[0] in page
    assert "&gt; 0.999" in bm.separation(fit)._repr_html_()


def test_compare_reml_shows_the_runaway(fit):
    found = bm.compare_reml(fit)
    row = found.fixed.loc["group[treated]"]
    assert np.isnan(row["difference"])
    assert row["note"].endswith(f"not finite; posterior {row['mean']:.2f} [{row['lower']:.2f}, {row['upper']:.2f}]")
    assert found.fixed.loc["Intercept", "note"] == ""
    (line,) = [line for line in str(found).splitlines() if "runs away" in line]
    assert line.split()[:4] == ["group[treated]", "runs", "away", "-"]


def test_before_a_fit(table):
    found = bm.separation(FORMULA, table, "binomial")
    assert found.found.iloc[0].to_dict() == {
        "kind": "cell",
        "where": "group treated",
        "outcome": "no success",
        "successes": 0,
        "trials": 24,
        "rows": 3,
        "coefficients": "group[treated] to -infinity",
    }
    assert list(found.coefficients.columns) == ["direction"]
    assert found.prob is None
    mixed = table.assign(k=[4, 7, 5, 4, 0, 1, 0])
    none = bm.separation(FORMULA, mixed, "binomial")
    assert none.found.empty
    assert none.coefficients.empty
    assert "None: maximum likelihood estimates of the fixed effects are finite." in str(none)
    laplace = bm.laplace(FORMULA, table, "binomial")
    pd.testing.assert_frame_equal(bm.separation(laplace).found, found.found)
    assert "group treated: 0 of 24" in laplace.reason


def test_levels_of_a_group_are_rows(table):
    found = bm.separation("cbind(k, n - k) ~ 1 + (1 | group)", table, "binomial").found
    assert found[["kind", "where", "outcome", "successes", "trials", "rows"]].to_numpy().tolist() == [
        ["group level", "group treated", "no success", 0, 24, 3]
    ]


def test_what_is_refused(table, fit):
    with pytest.raises(FamilyError, match="the family is gaussian"):
        bm.separation("k ~ group", table, "gaussian")
    with pytest.raises(ArgumentError, match="needs data and family"):
        bm.separation(FORMULA, table)
    with pytest.raises(ArgumentError, match="has its data"):
        bm.separation(fit, table)
    with pytest.raises(ArgumentError, match="got int"):
        bm.separation(3)


@pytest.mark.parametrize("name", ["Normal", "StudentT"])
def test_the_prior_of_an_intercept_at_predictors_of_0(fit, name):
    """By drawing from the priors of the intercept at the means and of the coefficient."""
    rng = np.random.default_rng(4)
    if name == "Normal":
        at_means, slope = rng.normal(1, 2, 400_000), rng.normal(-1, 3, 400_000)
        priors = {"Intercept": Prior("Normal", (1.0, 2.0)), "group[treated]": Prior("Normal", (-1.0, 3.0))}
    else:
        at_means, slope = 1 + 2 * rng.standard_t(5, 400_000), -1 + 3 * rng.standard_t(5, 400_000)
        priors = {
            "Intercept": Prior("StudentT", (5.0, 1.0, 2.0)),
            "group[treated]": Prior("StudentT", (5.0, -1.0, 3.0)),
        }
    draws = at_means - 3 / 7 * slope
    found = coefficient_prior(fit.design.fixed, priors, "Intercept")
    assert found.sd == pytest.approx(draws.std(), rel=0.03)
    for value in (-2.0, 1.0, 4.0):
        assert found.below(value) == pytest.approx(np.mean(draws < value), abs=0.015)
    own = coefficient_prior(fit.design.fixed, priors, "group[treated]")
    assert own.below(0.0) == pytest.approx(np.mean(slope < 0), abs=0.005)
    assert own.text == str(priors["group[treated]"])


def test_other_priors_are_named(fit):
    other = replace(fit, priors={**fit.priors, "group[treated]": Prior("Cauchy", (0.0, 2.5))})
    row = bm.separation(other).coefficients.iloc[0]
    assert np.isnan(row["sd_ratio"])
    assert "the prior Cauchy(0, 2.5)" in row["sentence"]


@pytest.mark.slow
def test_at_boundary_loci_nothing_runs_away_and_directions_are_those_of_the_data(simulated_loci):
    """Each has one cell of 0 % or 100 %; all coefficients that Laplace's fit lets run are named, and no others."""
    data = simulated_loci.query("boundary")
    data = data[data["locus"].isin(data["locus"].unique()[::2])]
    for locus, rows in data.groupby("locus"):
        fit = bm.fit("cbind(m, u) ~ treatment * time + (1 | tank)", rows, "binomial", draws=500, seed=1, progress=False)
        table, gone = bm.fixef(fit), bm.separation(fit).coefficients
        assert table["mean"].abs().max() < 8, locus
        assert table["sd"].max() < 3, locus
        assert not (bm.diagnose(fit)["severity"] == "problem").any(), locus
        assert (gone["p_direction"] > 0.75).all(), locus
        beside = bm.compare_reml(fit).fixed
        assert list(beside.index[beside["se"] > 10]) == list(gone.index) == list(beside.index[beside["note"] != ""])
    assert data["locus"].nunique() == 25


def test_levels_that_all_have_one_outcome_leave_their_sd_to_the_prior(make):
    """Every level of h is all 0 or all 1, those of g are mixed; of draws that are made up."""
    made = make(read_family("bernoulli"))
    term = next(term for term in made.fit.design.random if term.group == "h")
    design = replace(made.fit.design, response=Response("y", (term.index % 2).astype(float)))
    notes = bm.diagnose(replace(made.fit, design=design), sensitivity=False).query("check == 'pure_levels'")
    assert notes[["parameter", "value"]].to_numpy().tolist() == [["sd_h__Intercept", 5]]
    assert "Every level of 'h' has one outcome alone" in notes["advice"].iloc[0]
