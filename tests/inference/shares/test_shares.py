"""Parts of the variance by loops over draws and rows, by R's fits and the published formulas, and by closed forms."""

import importlib
import json
from dataclasses import replace
from math import pi
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import expit, polygamma

import bayesmix as bm
from bayesmix.errors import ArgumentError, UnknownTermError
from bayesmix.families.family import read_family
from bayesmix.families.table import FAMILIES
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design

REFERENCE = json.loads((Path(__file__).parents[2] / "references" / "variance_shares.json").read_text(encoding="utf-8"))
HERDS = "cbind(incidence, size - incidence) ~ period + (1 | herd)"


def parts_by_hand(made_up):
    """Variances (n_parts, n_draws) of the fixed part and of the three terms of the made-up design, row by row."""
    design, draws = made_up.fit.design, made_up.draws
    beta = np.stack([draws["Intercept"], draws["x"], *draws["f"]])
    parts = [np.var(design.fixed.matrix @ beta, axis=0, ddof=1)]
    for term in design.random:
        group = term.group
        sds = [draws[f"sd_{group}__{name}"] for name in term.names]
        total = np.zeros(len(draws["x"]))
        for row in term.columns:
            for i in range(term.k):
                for j in range(term.k):
                    low, high = min(i, j), max(i, j)
                    corr = 1.0 if i == j else draws[f"corr_{group}"][high * (high - 1) // 2 + low]
                    total += row[i] * row[j] * sds[i] * sds[j] * corr
        parts.append(total / len(term.columns))
    return np.stack(parts)


def by_hand(values):
    lower, median, upper = np.quantile(values, [0.025, 0.5, 0.975])
    return [values.mean(), median, values.std(ddof=1), lower, upper]


COLUMNS = ["mean", "median", "sd", "lower", "upper"]


def test_shares_of_draws(gaussian):
    parts = parts_by_hand(gaussian)
    residual = gaussian.draws["sigma"] ** 2 * np.mean(1 / gaussian.fit.design.weights)
    whole = np.vstack([parts, residual])
    table = bm.variance_shares(gaussian.fit)
    assert list(table.index) == ["fixed", "(x | g)", "(1 | h)", "(0 + f | h)", "residual"]
    np.testing.assert_allclose(table["variance"], whole.mean(axis=1))
    for row, share in zip(table[COLUMNS].to_numpy(), whole / whole.sum(axis=0), strict=True):
        np.testing.assert_allclose(row, by_hand(share))
    drawn = bm.variance_draws(gaussian.fit)
    assert drawn.dims == ("chain", "draw", "part")
    np.testing.assert_allclose(drawn.to_numpy().reshape(-1, 5).T, whole)
    np.testing.assert_allclose((drawn / drawn.sum("part")).sum("part"), 1.0, rtol=1e-12)


def test_icc_of_draws(gaussian):
    fixed, of_g, intercepts, of_f = parts_by_hand(gaussian)
    residual = gaussian.draws["sigma"] ** 2 * np.mean(1 / gaussian.fit.design.weights)
    of_h = intercepts + of_f
    without_fixed = of_g + of_h + residual
    table = bm.icc(gaussian.fit)
    groups = {"g": of_g, "h": of_h, "(all)": of_g + of_h}
    assert list(table.index) == [(name, kind) for name in groups for kind in ("adjusted", "conditional")]
    for name, of_group in groups.items():
        np.testing.assert_allclose(table.loc[(name, "adjusted"), COLUMNS], by_hand(of_group / without_fixed))
        np.testing.assert_allclose(
            table.loc[(name, "conditional"), COLUMNS], by_hand(of_group / (without_fixed + fixed))
        )
    pd.testing.assert_frame_equal(bm.icc(gaussian.fit, "h"), table.loc[["h"]])


def test_r2_of_draws(gaussian, binomial):
    parts = parts_by_hand(gaussian)
    residual = gaussian.draws["sigma"] ** 2 * np.mean(1 / gaussian.fit.design.weights)
    total = parts.sum(axis=0) + residual
    table = bm.r2(gaussian.fit)
    np.testing.assert_allclose(table.loc["marginal", COLUMNS], by_hand(parts[0] / total))
    np.testing.assert_allclose(table.loc["conditional", COLUMNS], by_hand(parts.sum(axis=0) / total))
    # Gelman et al.'s: the expectation of each row in each draw, and the variance about it
    for made_up in (gaussian, binomial):
        design, draws = made_up.fit.design, made_up.draws
        eta = design.fixed.matrix @ np.stack([draws["Intercept"], draws["x"], *draws["f"]]) + design.offset[:, None]
        g, h = design.random[0].index, design.random[1].index
        eta += draws["1|g"][g] + design.data["x"].to_numpy()[:, None] * draws["x|g"][g] + draws["1|h"][h]
        f = design.data["f"].to_numpy()
        eta += np.stack([draws["f|h"][f[row], h[row]] for row in range(design.n_obs)])
        if made_up is gaussian:
            expected, about = eta, draws["sigma"] ** 2 / design.weights[:, None]
        else:
            expected = expit(eta)
            about = expected * (1 - expected) / design.response.trials[:, None]
        explained = np.var(expected, axis=0, ddof=1)
        share = explained / (explained + about.mean(axis=0))
        np.testing.assert_allclose(bm.r2(made_up.fit).loc["bayes", COLUMNS], by_hand(share), rtol=1e-9)


def test_rows_are_read_a_stretch_at_a_time(monkeypatch, gaussian, poisson):
    r2, rate = bm.r2(gaussian.fit), bm.variance_draws(poisson.fit)
    weighted = bm.variance_draws(gaussian.fit)
    for module in (importlib.import_module(f"bayesmix.inference.shares.{name}") for name in ("r2", "residual")):
        monkeypatch.setattr(module, "VALUES_AT_ONCE", 7 * 4000)
    pd.testing.assert_frame_equal(bm.r2(gaussian.fit), r2)
    np.testing.assert_allclose(bm.variance_draws(poisson.fit), rate, rtol=1e-10)
    np.testing.assert_allclose(bm.variance_draws(gaussian.fit), weighted, rtol=1e-12)


def test_counts_have_the_variance_of_their_logarithm(poisson):
    design, draws = poisson.fit.design, poisson.draws
    eta = design.fixed.matrix @ np.stack([draws["Intercept"], draws["x"], *draws["f"]]) + design.offset[:, None]
    expected = np.zeros_like(eta)
    for row in range(design.n_obs):
        half = np.zeros(eta.shape[1])
        for term in design.random:
            z, sds = term.columns[row], [draws[f"sd_{term.group}__{name}"] for name in term.names]
            for i in range(term.k):
                for j in range(term.k):
                    low, high = min(i, j), max(i, j)
                    corr = 1.0 if i == j else draws[f"corr_{term.group}"][high * (high - 1) // 2 + low]
                    half += 0.5 * z[i] * z[j] * sds[i] * sds[j] * corr
        expected[row] = np.exp(eta[row] + half)
    rate = expected.mean(axis=0)
    for approximation, residual in (("lognormal", np.log1p(1 / rate)), ("trigamma", polygamma(1, rate))):
        drawn = bm.variance_draws(poisson.fit, approximation=approximation).sel(part="residual")
        np.testing.assert_allclose(drawn.to_numpy().ravel(), residual, rtol=1e-9)


# family, the residual variance by its further parameters (all of them have the draws of sigma)
KNOWN = {
    "bernoulli": lambda _: pi**2 / 3,
    "bernoulli(probit)": lambda _: 1.0,
    "binomial(cloglog)": lambda _: pi**2 / 6,
    "lognormal": lambda q: q**2,
    "gamma": lambda q: np.log(1 + 1 / q),
    "weibull": lambda q: pi**2 / (6 * q**2),
    "exponential": lambda _: pi**2 / 6,
    "skew_normal": lambda q: q**2,
    "exgaussian": lambda q: 2 * q**2,
}


@pytest.fixture(scope="module")
def of_any_family(make):
    """The same draws as those of a model of any family, whose further parameters all have the draws of sigma."""
    posterior = make(read_family("gaussian")).fit.posterior["posterior"].to_dataset()
    further = {name for family in FAMILIES.values() for name in read_family(family.name).auxiliary}
    made = make(read_family("gaussian"), posterior=posterior.assign(dict.fromkeys(further, posterior["sigma"])))
    return lambda family: replace(made.fit, family=read_family(family))


@pytest.mark.parametrize("family", KNOWN)
def test_the_residual_variance_of_each_family(of_any_family, family):
    fit = of_any_family(family)
    sigma = fit.posterior["posterior"]["sigma"].to_numpy().ravel()
    residual = bm.variance_draws(fit).sel(part="residual").to_numpy().ravel()
    np.testing.assert_allclose(residual, np.broadcast_to(KNOWN[family](sigma), residual.shape), rtol=1e-9)


def test_a_family_without_such_a_variance_is_refused(of_any_family):
    named = {name.partition("(")[0] for name in KNOWN} | {"gaussian", "poisson", "negative_binomial", "binomial"}
    for name in set(FAMILIES) - named - {"shifted_lognormal", "cumulative", "student_t"}:
        for question in (bm.icc, bm.variance_shares, bm.variance_draws):
            with pytest.raises(ArgumentError, match="has no variance on the scale of its linear predictor"):
                question(of_any_family(name))
    with pytest.raises(ArgumentError, match=r"is infinite in \d+ of 4000 draws"):
        bm.icc(of_any_family("student_t"))
    table = bm.r2(of_any_family("beta"))
    assert table.loc[["marginal", "conditional"], "mean"].isna().all()
    assert table["note"].str.contains("no variance").tolist() == [True, True, False]
    assert 0 < table.loc["bayes", "mean"] < 1


@pytest.mark.parametrize("name", ["sleepstudy", "Penicillin", "cake"])
def test_estimates_are_those_of_lme4_by_the_formulas(name):
    expected = dict(REFERENCE[name])
    fit = bm.reml(expected.pop("formula"), bm.load_data(name))
    table = bm.variance_shares(fit)
    values = np.array(list(expected.values()))
    np.testing.assert_allclose(table["variance"], values, rtol=2e-5, atol=1e-12)
    np.testing.assert_allclose(table["estimate"], values / values.sum(), rtol=2e-5, atol=1e-12)
    iccs = bm.icc(fit)["estimate"]
    for group in [key for key in expected if key not in ("fixed", "residual")]:
        assert iccs[group, "adjusted"] == pytest.approx(expected[group] / values[1:].sum(), rel=2e-5)
        assert iccs[group, "conditional"] == pytest.approx(expected[group] / values.sum(), rel=2e-5)
    r2 = bm.r2(fit)["estimate"]
    assert r2["marginal"] == pytest.approx(values[0] / values.sum(), rel=2e-5)
    assert r2["conditional"] == pytest.approx(values[:-1].sum() / values.sum(), rel=2e-5)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_counts_out_of_trials_are_those_of_lme4(link):
    fit = bm.laplace(HERDS, bm.load_data("cbpp"), f"binomial({link})")
    expected = np.array(list(REFERENCE[f"cbpp_{link}"].values()))
    # glmer stops early: its variances are good to some 1e-3
    np.testing.assert_allclose(bm.variance_shares(fit)["variance"], expected, rtol=2e-3)


def test_overdispersion_of_rows_is_residual():
    ticks = bm.laplace(
        "TICKS ~ YEAR + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)", bm.load_data("grouseticks"), "poisson"
    )
    for approximation in ("lognormal", "trigamma"):
        expected = REFERENCE[f"ticks_{approximation}"]
        table = bm.variance_shares(ticks, approximation=approximation)
        for label, value in expected.items():
            row = label if label in ("fixed", "residual") else f"(1 | {label})"
            assert table.loc[row, "variance"] == pytest.approx(value, rel=2e-3), row
        total = sum(expected.values())
        icc = bm.icc(ticks, approximation=approximation)["estimate"]
        assert set(icc.index.get_level_values(0)) == {"BROOD", "LOCATION", "(all)"}
        assert icc["BROOD", "adjusted"] == pytest.approx(expected["BROOD"] / (total - expected["fixed"]), rel=2e-3)
        explained = expected["fixed"] + expected["BROOD"] + expected["LOCATION"]
        assert bm.r2(ticks, approximation=approximation)["estimate"]["conditional"] == pytest.approx(
            explained / total, rel=2e-3
        )
    with pytest.raises(ArgumentError, match="has a level for each row"):
        bm.icc(ticks, "INDEX")


def test_a_balanced_one_way_layout_has_a_closed_form():
    """(MSB - MSW) / (MSB + (n - 1) MSW), Fisher's intraclass correlation."""
    data = bm.load_data("Dyestuff")
    by_batch = data.groupby("Batch", observed=True)["Yield"]
    n = 5
    between = n * by_batch.mean().var(ddof=1)
    within = by_batch.var(ddof=1).mean()
    expected = (between - within) / (between + (n - 1) * within)
    table = bm.icc(bm.reml("Yield ~ 1 + (1 | Batch)", data))
    np.testing.assert_allclose(table["estimate"], expected, rtol=1e-6)


def test_least_squares_has_the_ordinary_r2():
    line = bm.lm("Reaction ~ Days", bm.load_data("sleepstudy"))
    assert bm.r2(line)["estimate"].to_dict() == pytest.approx(REFERENCE["lm"])
    np.testing.assert_allclose(bm.variance_shares(line)["estimate"].sum(), 1)


def test_a_formula_for_sigma_is_averaged_over_rows(make):
    data = bm.load_data("sleepstudy")
    formulas = parse_formulas(["Reaction ~ 1", "sigma ~ Days"], auxiliary=("sigma",))
    design = build_design(formulas.mean, data, parts=formulas.parts)
    rng = np.random.default_rng(7)
    draws = {
        name: rng.normal(at, 0.1, (4, 1000))
        for name, at in (("Intercept", 5), ("sigma_Intercept", 1), ("sigma_Days", 0.1))
    }
    posterior = xr.Dataset({name: (("chain", "draw"), values) for name, values in draws.items()})
    fit = make(read_family("gaussian"), design, posterior).fit
    log_sigma = draws["sigma_Intercept"].ravel() + data["Days"].to_numpy()[:, None] * draws["sigma_Days"].ravel()
    residual = bm.variance_draws(fit).sel(part="residual").to_numpy().ravel()
    np.testing.assert_allclose(residual, np.exp(2 * log_sigma).mean(axis=0), rtol=1e-9)


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda fit: bm.icc(fit, "k"), UnknownTermError, "'k' is no grouping factor of the model"),
        (lambda fit: bm.icc(fit, approximation="delta"), ArgumentError, "Known: lognormal, trigamma"),
        (lambda fit: bm.r2(fit, prob=95), ArgumentError, "write prob=0.95"),
        (lambda fit: bm.variance_shares(fit, prob=0), ArgumentError, "between 0 and 1"),
        (lambda fit: bm.variance_draws(fit, approximation=2), ArgumentError, "got 2|approximation=2"),
    ],
)
def test_wrong_arguments(gaussian, ask, error, words):
    with pytest.raises(error, match=words):
        ask(gaussian.fit)


def test_other_kinds_of_fit():
    line = bm.lm("Reaction ~ Days", bm.load_data("sleepstudy"))
    with pytest.raises(
        ArgumentError, match=r"icc takes a fit by bm.fit, bm.reml or bm.laplace; got LmFit. It has no random"
    ):
        bm.icc(line)
    with pytest.raises(ArgumentError, match=r"variance_draws takes a fit by bm.fit; got LmFit. variance_shares\(fit\)"):
        bm.variance_draws(line)


@pytest.mark.slow
def test_intervals_of_the_icc_cover_the_truth():
    """Truth from the priors, then data, then the posterior: 90 % intervals cover in 90 % of cases."""
    rng = np.random.default_rng(8)
    n_sets, inside, ranks = 50, 0, []
    priors = {"Intercept": "Normal(0, 1)", "sd_g__Intercept": "HalfNormal(1)", "sigma": "HalfNormal(1)"}
    g = np.repeat(np.arange(10), 4)
    for number in range(n_sets):
        sd, sigma = abs(rng.normal(size=2))
        y = rng.normal() + (sd * rng.normal(size=10))[g] + sigma * rng.normal(size=40)
        data = pd.DataFrame({"y": y, "g": g.astype(str)})
        fit = bm.fit("y ~ 1 + (1 | g)", data, priors=priors, draws=250, seed=number, progress=False)
        truth = sd**2 / (sd**2 + sigma**2)
        table = bm.icc(fit, prob=0.9)
        inside += table["lower"].iloc[0] < truth < table["upper"].iloc[0]
        drawn = bm.variance_draws(fit)
        ranks.append(float((drawn.sel(part="(1 | g)") / drawn.sum("part") < truth).mean()))
    assert abs(inside / n_sets - 0.9) < 3.5 * np.sqrt(0.9 * 0.1 / n_sets)
    assert abs(np.mean(ranks) - 0.5) < 3.5 / np.sqrt(12 * n_sets)


@pytest.mark.parametrize("scale", ["latent", "response"])
def test_a_posterior_without_groups_has_an_empty_table(scale):
    fit = bm.fit("Reaction ~ Days", bm.load_data("sleepstudy"), seed=1)
    assert bm.icc(fit, scale=scale).empty
