"""Heritabilities by name: by hand from variances and counts, from the full covariance, and against simulated truth."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, UnknownTermError
from bayesmix.inference.trials import heritability as measures

from .conftest import MODEL, error_covariance, mean_variance_of_differences

# R's lmer of the clover trial, with tight tolerances.
ENTRY, BY_YEAR, REP, RESIDUAL = 21.6043, 56.535, 10.1923, 130.0798


def test_measures_are_their_definitions_with_the_variances_of_lmer(by_reml, clover):
    found = bm.heritability(by_reml, "entry")["estimate"]
    cells = clover.groupby("entry")["year"].nunique()
    years, plots = len(cells) / (1 / cells).sum(), len(cells) / (1 / clover.groupby("entry").size()).sum()
    expected = {
        "plot": ENTRY / (ENTRY + BY_YEAR + RESIDUAL),
        "total": ENTRY / (ENTRY + BY_YEAR + REP + RESIDUAL),
        "repeatability": (ENTRY + BY_YEAR) / (ENTRY + BY_YEAR + RESIDUAL),
        "entry_mean": ENTRY / (ENTRY + BY_YEAR / years + RESIDUAL / plots),
        "genetic_correlation": ENTRY / (ENTRY + BY_YEAR),
    }
    for measure, value in expected.items():
        assert found[measure] == pytest.approx(value, rel=1e-4), measure


def test_a_planned_trial_has_its_own_numbers(by_reml):
    """Two years with two plots each: .2622, as the lesson has it for all entries."""
    planned = bm.heritability(by_reml, "entry", environments=2, plots=4)
    assert planned.loc["entry_mean", "estimate"] == pytest.approx(
        ENTRY / (ENTRY + BY_YEAR / 2 + RESIDUAL / 4), rel=1e-4
    )
    assert planned.attrs["n"] == {"entry:year": 2.0, "Residual": 4.0}
    assert planned.loc["Cullis", "estimate"] == bm.heritability(by_reml, "entry").loc["Cullis", "estimate"]


def test_cullis_is_that_of_the_full_covariance(by_reml):
    sds = [float(L[0, 0]) for L in by_reml.L]
    covariance = error_covariance(by_reml.design, sds, by_reml.sigma)["entry"]
    genetic = sds[[term.group for term in by_reml.design.random].index("entry")] ** 2
    expected = 1 - mean_variance_of_differences(covariance) / (2 * genetic)
    assert bm.heritability(by_reml, "entry").loc["Cullis", "estimate"] == pytest.approx(expected, rel=1e-9)


def test_in_a_balanced_trial_cullis_is_the_heritability_of_a_mean():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"entry": np.repeat(np.arange(12), 3), "block": np.tile(np.arange(3), 12)})
    frame["y"] = rng.normal(0, 2, 12)[frame["entry"]] + rng.normal(0, 1, 3)[frame["block"]] + rng.normal(0, 2, 36)
    found = bm.heritability(bm.reml("y ~ factor(block) + (1 | entry)", frame), "entry")["estimate"]
    assert found["Cullis"] == pytest.approx(found["entry_mean"], rel=1e-9)
    assert found["plot"] == found["repeatability"] == found["total"]


def test_a_posterior_has_the_measures_of_its_draws_and_those_of_reml(posterior, by_reml):
    table = bm.heritability(posterior, "entry", prob=0.9)
    drawn = posterior.posterior["posterior"].to_dataset()
    entry, by_year, rep = (
        drawn[f"sd_{group}__Intercept"].to_numpy() ** 2 for group in ("entry", "entry:year", "year:rep")
    )
    residual = drawn["sigma"].to_numpy() ** 2
    plot, total = entry / (entry + by_year + residual), entry / (entry + by_year + rep + residual)
    for measure, draws in {"plot": plot, "total": total}.items():
        row = table.loc[measure]
        assert row["mean"] == pytest.approx(draws.mean(), rel=1e-9)
        assert row[["lower", "upper"]].to_numpy(dtype=float) == pytest.approx(
            np.quantile(draws, [0.05, 0.95]), rel=1e-9
        )
    assert table["reml"].to_numpy() == pytest.approx(bm.heritability(by_reml, "entry")["estimate"].to_numpy(), rel=1e-6)


def test_cullis_of_a_posterior_is_over_its_variances(posterior):
    """Its mean over 400 draws comes within four standard errors of the mean over draws that are taken here."""
    drawn = posterior.posterior["posterior"].to_dataset()
    groups = [term.group for term in posterior.design.random]
    sds = np.stack([drawn[f"sd_{group}__Intercept"].to_numpy().ravel() for group in groups])
    sigma, values = drawn["sigma"].to_numpy().ravel(), []
    for draw in range(7, sds.shape[1], 40):
        covariance = error_covariance(posterior.design, sds[:, draw], sigma[draw])["entry"]
        values.append(1 - mean_variance_of_differences(covariance) / (2 * sds[groups.index("entry"), draw] ** 2))
    row = bm.heritability(posterior, "entry").loc["Cullis"]
    error = np.std(values) * np.sqrt(1 / len(values) + 1 / 400)
    assert abs(row["mean"] - np.mean(values)) < 4 * error
    assert row["sd"] == pytest.approx(np.std(values), rel=0.3)


def test_without_genetic_variance_shares_are_0_and_cullis_has_no_number():
    dyestuff2 = bm.reml("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff2"))
    found = bm.heritability(dyestuff2, "Batch")["estimate"]
    assert found[["plot", "total", "entry_mean"]].tolist() == [0, 0, 0]
    assert np.isnan(found["Cullis"])


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (lambda fit: bm.heritability(fit, "entri"), UnknownTermError, "Did you mean 'entry'"),
        (lambda fit: bm.heritability(fit, "entry", plots=0), ArgumentError, "plots"),
        (lambda fit: bm.heritability(fit, "entry", environments=3, plots=2), ArgumentError, "fewer than the 3 environ"),
        (lambda fit: bm.heritability(fit, "entry", prob=95), ArgumentError, "prob=0.95"),
    ],
)
def test_misuse_is_refused_in_one_line(by_reml, ask, error, says):
    with pytest.raises(error, match=says) as refused:
        ask(by_reml)
    assert "\n" not in str(refused.value)


def test_slopes_counts_and_missing_interactions_are_refused():
    with pytest.raises(ArgumentError, match=r"whose random terms are intercepts.*\(Days \| Subject\)"):
        bm.heritability(bm.reml("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy")), "Subject")
    with pytest.raises(ArgumentError, match=r"the model has none; leave it out"):
        bm.heritability(bm.reml("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff")), "Batch", environments=2)


@pytest.mark.slow
def test_intervals_cover_the_truth_of_200_trials(monkeypatch):
    """Variances are drawn anew for every trial; 95 % intervals of all measures cover between 92 and 98 %."""
    monkeypatch.setattr(measures, "N_CULLIS", 100)  # a fourth of the draws, for time
    rng, n = np.random.default_rng(5), 200
    grid = pd.MultiIndex.from_product([range(24), range(3), range(2)], names=["entry", "year", "rep"]).to_frame(
        index=False
    )
    within = pd.Series(0, index=["plot", "total", "repeatability", "entry_mean", "Cullis", "genetic_correlation"])
    for trial in range(n):
        g, gy, e = rng.uniform(0.3, 1.5), rng.uniform(0.1, 1.0), 1.0
        u, v = rng.normal(0, g, 24), rng.normal(0, gy, (24, 3))
        y = u[grid["entry"]] + v[grid["entry"], grid["year"]] + rng.normal(0, e, len(grid))
        data = grid.assign(y=y, year=grid["year"].astype(str))
        fit = bm.fit("y ~ year + (1 | entry) + (1 | entry:year)", data, seed=trial, progress=False)
        by_term = {"entry": g, "entry:year": gy}
        covariance = error_covariance(fit.design, [by_term[term.group] for term in fit.design.random], e)["entry"]
        truth = {
            "plot": g**2 / (g**2 + gy**2 + e**2),
            "total": g**2 / (g**2 + gy**2 + e**2),
            "repeatability": (g**2 + gy**2) / (g**2 + gy**2 + e**2),
            "entry_mean": g**2 / (g**2 + gy**2 / 3 + e**2 / 6),
            "genetic_correlation": g**2 / (g**2 + gy**2),
            "Cullis": 1 - mean_variance_of_differences(covariance) / (2 * g**2),
        }
        table = bm.heritability(fit, "entry")
        for measure, value in truth.items():
            within[measure] += table.loc[measure, "lower"] <= value <= table.loc[measure, "upper"]
    assert within.between(0.92 * n, 0.98 * n).all(), within / n


def test_the_model_of_the_data_set_is_the_one_that_is_tested(by_reml):
    assert by_reml.formula == MODEL
