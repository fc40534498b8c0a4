"""The posterior beside REML: each side is what its own question answers, and the boundary is spoken of."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError

SETTINGS = {"seed": 2, "progress": False}


@pytest.fixture(scope="module")
def sleepstudy():
    return bm.fit("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"), **SETTINGS)


def test_each_side_is_what_its_question_answers(sleepstudy):
    found = bm.compare_reml(sleepstudy)
    reml = bm.reml(sleepstudy.formula, sleepstudy.data)
    pd.testing.assert_series_equal(found.fixed["reml"], bm.fixef(reml)["estimate"], check_names=False)
    pd.testing.assert_series_equal(found.fixed["se"], bm.fixef(reml)["se"], check_names=False)
    pd.testing.assert_series_equal(found.fixed["mean"], bm.fixef(sleepstudy)["mean"])
    varcorr = bm.varcorr(reml)["estimate"]
    np.testing.assert_allclose(found.variance["reml"], varcorr.reindex(found.variance.index))
    pd.testing.assert_series_equal(found.variance["median"], bm.varcorr(sleepstudy)["median"])
    blups = bm.ranef(reml).set_index(["group", "level", "term"])
    own = found.groups.set_index(["group", "level", "term"])
    pd.testing.assert_series_equal(own["blup"], blups["estimate"], check_names=False)
    pd.testing.assert_series_equal(own["blup_sd"], blups["sd"], check_names=False)
    for frame, estimate in ((found.fixed, "reml"), (found.groups, "blup")):
        expected = (frame["mean"] - frame[estimate]) / frame["sd"]
        pd.testing.assert_series_equal(frame["difference"], expected, check_names=False)
    # Where the data say a lot, both say the same.
    assert found.fixed["difference"].abs().max() < 0.1
    assert found.groups["difference"].abs().max() < 0.3


def test_an_estimate_of_zero_has_a_note():
    fit = bm.fit("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff2"), **SETTINGS)
    found = bm.compare_reml(fit)
    row = found.variance.iloc[0]
    draws = fit.posterior["posterior"]
    share = float((draws["sd_Batch__Intercept"] < 0.1 * draws["sigma"]).mean())
    assert row["reml"] == 0
    assert row["note"] == f"REML 0, posterior median {row['median']:.3g}, P(sd < 0.1 sigma) = {share:.2f}"
    assert (found.groups["blup"] == 0).all()
    assert row["note"] in str(found)
    assert f"{row['mean']:.3f}" in found._repr_html_()


def test_a_correlation_at_the_edge_has_a_note():
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(8), 6)
    x = np.tile(np.arange(6.0), 8)
    y = 3 + x + rng.normal(size=8)[g] * (1 + 0.5 * x) + 0.3 * rng.normal(size=48)
    fit = bm.fit("y ~ x + (x | g)", pd.DataFrame({"y": y, "x": x, "g": g}), **SETTINGS)
    found = bm.compare_reml(fit).variance
    row = found.loc[("g", "Intercept", "x")]
    assert row["reml"] == pytest.approx(1)
    draws = fit.posterior["posterior"]["corr_g"].to_numpy()[..., 0]
    share = np.mean(np.abs(draws) > 0.9)
    said = f"posterior median {np.median(draws):.2f}, P(|corr| > 0.9) = {share:.2f}"
    assert row["note"] == f"REML 1 (rank 1 of 2), {said}"
    assert (found["note"] != "").sum() == 1


def test_of_a_singular_covariance_the_strong_correlations_have_a_note():
    """Eight mountains for four effects: some correlations are not strong, and need no note."""
    data = bm.load_data("dragons_simulated")
    fit = bm.fit(
        "intelligence ~ wingspan * scales + (wingspan * scales | mountain)",
        data,
        sampler="nutpie",
        draws=300,
        **SETTINGS,
    )
    found = bm.compare_reml(fit).variance
    correlations = found[found.index.get_level_values("term1") != found.index.get_level_values("term2")]
    strong = correlations["reml"].abs() > 0.9
    assert 0 < strong.sum() < len(correlations) == 6
    assert correlations["note"].str.startswith("REML").equals(strong)
    assert correlations.loc[strong, "note"].str.contains(r"rank \d of 4\), posterior median").all()


def test_the_table_has_both_standard_errors_and_the_same_decimals_in_a_term():
    fit = bm.fit("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff2"), **SETTINGS)
    text = str(bm.compare_reml(fit))
    lines = text.split("Fixed effects:\n")[1].splitlines()
    assert lines[0].split() == ["REML", "se", "mean", "sd", "lower", "upper", "difference"]
    assert lines[1].split()[:3] == ["Intercept", "5.666", "0.678"]
    levels = text.split("differ most:\n")[1].splitlines()[1:]
    assert {len(cell.partition(".")[2]) for line in levels for cell in line.split()[3:-1]} == {3}
    assert "-0.00 " not in text + " "


def test_without_random_terms_and_several_of_one_group():
    data = bm.load_data("sleepstudy")
    alone = bm.compare_reml(bm.fit("Reaction ~ Days", data, **SETTINGS))
    assert list(alone.variance.index) == [("Residual", "", "")]
    assert alone.groups.empty
    assert "Residual" in str(alone)
    apart = bm.compare_reml(bm.fit("Reaction ~ Days + (Days || Subject)", data, **SETTINGS))
    assert len(apart.variance) == 3
    assert "Subject Days" in str(apart)


def test_what_reml_cannot_do_is_refused(sleepstudy):
    reml = bm.reml(sleepstudy.formula, sleepstudy.data)
    log_link = bm.fit(
        "Reaction ~ Days", sleepstudy.data, "gaussian(log)", draws=50, tune=50, chains=1, seed=1, progress=False
    )
    for fit, words in ((reml, "takes a fit by bm.fit"), (log_link, "neither a REML nor a Laplace fit")):
        with pytest.raises(ArgumentError, match=words):
            bm.compare_reml(fit)
    with pytest.raises(ArgumentError, match="prob"):
        bm.compare_reml(sleepstudy, prob=95)


def test_counts_stand_beside_the_laplace_fit():
    data = bm.load_data("cbpp")
    fit = bm.fit("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, "binomial", **SETTINGS)
    found = bm.compare_reml(fit)
    beside = bm.laplace(fit.formula, data, "binomial")
    np.testing.assert_allclose(found.fixed["reml"], beside.beta)
    np.testing.assert_allclose(found.fixed["se"], np.sqrt(np.diag(beside.vcov)))
    np.testing.assert_allclose(found.variance["reml"], [beside.L[0][0, 0]])
    np.testing.assert_allclose(found.groups["blup"], beside.effects[0][:, 0])
    assert found.fixed["difference"].abs().max() < 0.5
    assert (found.fixed["note"] == "").all()
    assert "Maximum likelihood (Laplace) beside the posterior" in str(found)
    assert "level    mode" in str(found)


def test_what_runs_away_is_shown_as_such():
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"tank": np.repeat(np.arange(8), 6), "treated": np.repeat([0, 1], 24)})
    data["k"] = np.where(data["treated"] == 1, 12, rng.binomial(12, 0.6, 48))
    data["n"] = 12
    fit = bm.fit("k | trials(n) ~ treated + (1 | tank)", data, "binomial", **SETTINGS)
    found = bm.compare_reml(fit)
    assert not found.reml.converged
    row = found.fixed.loc["treated"]
    assert "not finite; posterior" in row["note"]
    assert f"{row['mean']:.2f} [{row['lower']:.2f}, {row['upper']:.2f}]" in row["note"]
    assert found.fixed.loc["Intercept", "note"] == ""
    assert "The data are separated" in str(found)
    assert abs(row["mean"]) < 10
    assert np.isnan(row["difference"])
    assert max(map(len, str(found).splitlines())) <= 112
