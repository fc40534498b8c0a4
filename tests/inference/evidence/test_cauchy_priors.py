"""Bayes factors of fixed terms under priors made for tests: R's BayesFactor, integrals over g, and their order."""

import json
from math import log
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import bayesmix as bm
from bayesmix.errors import ArgumentError, UnknownTermError
from bayesmix.inference.evidence.cauchy_test import cauchy_test
from bayesmix.inference.evidence.tested_term import reduction_named

STORED = json.loads((Path(__file__).parents[2] / "references" / "bayes_factor.json").read_text(encoding="utf-8"))
DATA = {name: pd.DataFrame(columns) for name, columns in STORED["data"].items()}
QUIET = {"seed": 1, "draws": 20, "progress": False}
AS_IN_R = {"Intercept": "Flat()", "sigma": "LogNormal(0, 1000)"}
"""BayesFactor's priors of what both models have: flat, and 1 / sigma."""


def fitted(formula, data, priors=None):
    return bm.fit(formula, data, priors=AS_IN_R | (priors or {}), **QUIET)


def log_bf(fit, drop, **how):
    """Without the range of `bayes_factor`, whose number it is."""
    return bm.prior_sensitivity(fit, drop, multipliers=[1.0], **how)["log10_bf"].iloc[0] * log(10)


@pytest.mark.parametrize(
    ("name", "formula", "data", "drop", "scale"),
    [
        ("one_way", "y ~ f", "one_way", "f", None),
        ("one_way_wide", "y ~ f", "one_way", "f", 1.0),
        ("unequal", "y ~ f", "unequal", "f", None),
        ("two_groups", "y ~ rare", "pair", "rare", None),
        ("line", "y ~ x", "line", "x", None),
        ("two_covariates", "y ~ x + z", "line", ["x", "z"], None),
        ("two_covariates_wide", "y ~ x + z", "line", ["z", "x"], 0.8),
    ],
)
def test_one_g_has_the_digits_of_r(name, formula, data, drop, scale):
    """BayesFactor states a relative error of up to 4e-5."""
    assert log_bf(fitted(formula, DATA[data]), drop, scale=scale) == pytest.approx(
        STORED["found"][name]["log_bf"], abs=5e-5
    )


@pytest.mark.parametrize(
    ("name", "formula", "drop", "priors"),
    [
        ("two_way", "y ~ a * b", ["a", "b", "a:b"], {}),
        ("blocks", "y ~ f + (1 | g)", "f", {"sd_g__Intercept": "InverseHalfNormal(1) * sigma"}),
    ],
)
def test_several_g_are_within_both_errors_of_r(name, formula, drop, priors):
    found = bm.bayes_factor(fitted(formula, DATA[name], priors), drop=drop)
    stored = STORED["found"][name]
    error = np.hypot(found.mcse * log(10), stored["error"])
    assert abs(found.log10_bf * log(10) - stored["log_bf"]) < 4 * error < 0.04


def integral_over_g(y, columns, scale):
    """Rouder et al. (2012), equation 10: the mean and sigma integrated out, one dimension by quadrature."""
    n = len(y)
    centred = y - y.mean()

    def log_ratio(g):
        V = np.eye(n) + g * columns @ columns.T
        inverse = np.linalg.inv(V)
        level = inverse.sum()
        along = inverse.sum(axis=1)
        left = centred @ inverse @ centred - (along @ centred) ** 2 / level
        return (
            -0.5 * np.linalg.slogdet(V)[1]
            - 0.5 * np.log(level / n)
            - 0.5 * (n - 1) * np.log(left / (centred @ centred))
        )

    def integrand(log_g):
        g = np.exp(log_g)
        return np.exp(log_ratio(g) + log_g) * stats.invgamma.pdf(g, 0.5, scale=scale**2 / 2)

    return np.log(integrate.quad(integrand, -25, 25, limit=400)[0])


def test_a_covariate_and_a_one_way_layout_by_the_integral_over_g():
    line, unequal = DATA["line"], DATA["unequal"]
    x = line["x"].to_numpy()
    column = ((x - x.mean()) / x.std())[:, None]
    expected = integral_over_g(line["y"].to_numpy(), column, 0.6)
    assert log_bf(fitted("y ~ x", line), "x", scale=0.6) == pytest.approx(expected, abs=1e-5)
    codes = np.unique(unequal["f"], return_inverse=True)[1]
    contrasts = np.linalg.eigh(np.eye(4) - 0.25)[1][:, 1:]
    expected = integral_over_g(unequal["y"].to_numpy(), contrasts[codes], 0.5)
    assert log_bf(fitted("y ~ f", unequal), "f") == pytest.approx(expected, abs=1e-5)


@pytest.mark.slow
def test_beside_a_random_intercept_by_brute_force():
    """The default priors of irrigation: n x n normal densities on a grid of three logarithms."""
    data = bm.load_data("irrigation")
    fit = bm.fit("yield ~ irrigation + variety + (1 | field)", data, **QUIET)
    y, priors = data["yield"].to_numpy(), fit.priors
    levels = {name: np.unique(data[name], return_inverse=True)[1] for name in ("irrigation", "variety", "field")}
    dummies = np.eye(4)[levels["irrigation"]][:, 1:]
    X = np.column_stack([np.ones(16), dummies - dummies.mean(axis=0)])
    sds = np.array([priors["Intercept"].args[1], *[priors["irrigation[i2]"].args[1]] * 3])
    fixed = (X * sds**2) @ X.T
    same = (levels["field"][:, None] == levels["field"]).astype(float)
    column = np.where(levels["variety"] == 0, -1, 1) / np.sqrt(2)
    centred = y - priors["Intercept"].args[0]
    scale = priors["sigma"].args[1]

    def log_half_t(values):
        return np.log(2) + stats.t.logpdf(values / scale, 3) - np.log(scale)

    def log_integral(values, step, dimensions):
        top = values.max()
        return top + np.log(np.exp(values - top).sum()) + dimensions * np.log(step)

    step = 0.2
    sd, sigma = (np.exp(grid) for grid in (np.arange(-7, 4.5, step), np.arange(-1.4, 2.6, step)))
    ratio = np.exp(np.arange(-4, 10, step))
    evidence = []
    for s in sd:
        V = fixed + s**2 * same + sigma[:, None, None] ** 2 * np.eye(16)
        inverse = np.linalg.inv(V)
        value = -0.5 * (16 * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + centred @ inverse @ centred)
        value = value + log_half_t(s) + np.log(s) + log_half_t(sigma) + np.log(sigma)
        # One more column by the formulas of rank 1.
        along, across = inverse @ column, column @ inverse @ column
        variance = (ratio[:, None] * sigma) ** 2
        more = -0.5 * np.log1p(variance * across) + 0.5 * variance * (along @ centred) ** 2 / (1 + variance * across)
        of_ratio = np.log(2) + stats.norm.logpdf(0.5 / ratio) + np.log(0.5 / ratio)
        evidence.append((value, value + more + of_ratio[:, None]))
    smaller = log_integral(np.array([one for one, _ in evidence]), step, 2)
    larger = log_integral(np.array([other for _, other in evidence]), step, 3)
    found = bm.bayes_factor(fit, drop="variety")
    assert abs(found.log10_bf - (larger - smaller) / log(10)) < 4 * found.mcse + 1e-3
    assert found.mcse < 0.004


def test_the_coding_and_the_units_do_not_matter():
    rows = DATA["unequal"].assign(x=np.linspace(0, 3, 17) ** 2)
    expected = log_bf(bm.fit("y ~ f", rows, **QUIET), "f")
    for text in ("C(f, Sum)", "C(f, Helmert)", 'C(f, Treatment("c"))'):
        assert log_bf(bm.fit(f"y ~ {text}", rows, **QUIET), text) == pytest.approx(expected, abs=1e-6)
    bent = log_bf(bm.fit("y ~ x + I(x^2)", rows, **QUIET), "I(x^2)")
    moved = rows.assign(x=2000 + 12 * rows["x"], y=rows["y"] / 50)
    assert log_bf(bm.fit("y ~ x + I(x^2)", moved, **QUIET), "I(x^2)") == pytest.approx(bent, abs=2e-3)


def test_a_column_of_0_and_1_is_a_factor_however_rare_it_is():
    rng = np.random.default_rng(2)
    rows = pd.DataFrame({"one": np.arange(30) % 15 == 0, "y": rng.normal(size=30)})
    by_number, by_level = (
        bm.bayes_factor(bm.fit("y ~ one", rows.astype({"one": kind}), **QUIET), drop="one") for kind in (int, str)
    )
    assert by_number.log10_bf == pytest.approx(by_level.log10_bf, abs=1e-8)
    assert by_number.priors == by_level.priors == "one (1 orthonormal contrast) ~ Cauchy(0.5) * sigma"


def test_evidence_grows_with_the_effect_and_is_against_none():
    rows, found = DATA["one_way"], []
    means = rows.groupby("f")["y"].transform("mean")
    for factor in (0.0, 0.7, 1.4, 2.1):
        data = rows.assign(y=rows["y"] + (factor - 1) * (means - means.mean()))
        found.append(bm.bayes_factor(bm.fit("y ~ f", data, **QUIET), drop="f"))
    values = [one.log10_bf for one in found]
    assert values == sorted(values)
    assert values[0] < -0.4
    assert values[-1] > 2
    assert all(one.low <= one.log10_bf <= one.high for one in found)
    assert found[0].multiplied == (0.25, 4.0)


@pytest.fixture(scope="module")
def bib():
    """R's F test of gen has p = 0.041."""
    return bm.fit("yield ~ gen + (1 | loc)", bm.load_data("cochran_bib"), **QUIET)


@pytest.fixture(scope="module")
def genotypes(bib):
    return bm.bayes_factor(bib, drop="gen")


def test_genotypes_of_the_incomplete_blocks_are_open(genotypes):
    found = genotypes
    assert found.log10_bf == pytest.approx(-0.035, abs=0.01)
    assert found.mcse < 0.004
    assert (found.low, found.high) == pytest.approx((-1.37, 0.07), abs=0.02)
    assert found.label.endswith("to not worth more than a bare mention, by the scale of the prior")
    page = str(found).splitlines()
    assert 'Prior of what is tested, made for tests (prior="fit" has that of the fit):' in page
    assert "  gen (12 orthonormal contrasts) ~ Cauchy(0.5) * sigma" in page
    assert "log10 BF -1.37 to 0.07 with the prior scales multiplied by 0.25 to 4" in page


def test_the_curve_has_the_numbers_of_the_factors(bib, genotypes):
    """Weighted anew, each within the errors of a test that begins with that scale."""
    curve = bm.prior_sensitivity(bib, "gen", multipliers=[1.0, 1.5])
    assert list(curve["prior"]) == ["Cauchy(0.5) * sigma", "Cauchy(0.75) * sigma"]
    assert curve.loc[1.0, "log10_bf"] == genotypes.log10_bf
    (direct,) = bm.prior_sensitivity(bib, "gen", multipliers=[1.0], scale=0.75).itertuples()
    error = np.hypot(curve.loc[1.5, "mcse"], direct.mcse)
    assert 0 < abs(curve.loc[1.5, "log10_bf"] - direct.log10_bf) < 4 * error < 0.03


@pytest.mark.slow
def test_the_prior_of_the_fit_decides_what_the_f_test_leaves_open(bib):
    own = bm.bayes_factor(bib, drop="gen", prior="fit")
    assert own.log10_bf == pytest.approx(-4.81, abs=0.01)
    assert "Priors of what is tested, those of the fit:" in str(own)


def test_which_prior_is_taken(bib):
    rows = DATA["unequal"]
    given = bm.fit("y ~ f", rows, priors={"f[b]": "Normal(0, 1)"}, **QUIET)
    assert bm.bayes_factor(given, drop="f").prior == "fit"
    assert "f[b] ~ Normal(0, 1)" in bm.bayes_factor(given, drop="f").priors
    assert bm.bayes_factor(given, drop="f", prior="cauchy").prior == "cauchy"
    assert bm.bayes_factor(given, drop="f", scale=0.3).priors == "f (3 orthonormal contrasts) ~ Cauchy(0.3) * sigma"
    cells = bm.fit("y ~ 0 + f + h", rows.assign(h=np.arange(17) % 3 == 0), **QUIET)
    counts = bm.fit("count ~ f", rows.assign(count=np.arange(17) % 4), "poisson", **QUIET)
    assert cauchy_test(cells, reduction_named(cells, "f")) is cauchy_test(counts, reduction_named(counts, "f")) is None
    for fit, how, words in (
        (bib, {"drop": "1 | loc", "prior": "cauchy"}, "it is of fixed terms, and this one varies by group"),
        (cells, {"drop": "f", "prior": "cauchy"}, "no intercept"),
        (counts, {"drop": "f", "scale": 1}, "poisson .* has no closed form"),
        (bib, {"drop": "gen", "prior": "fit", "scale": 1}, 'prior="fit" asks for the priors of the fit'),
        (bib, {"drop": "gen", "prior": "cauchi"}, "Did you mean 'cauchy'"),
        (bib, {"drop": "gen", "scale": -1}, "scale is r of the Cauchy prior, such as 0.5; got -1"),
        (bib, {"drop": "gen", "scale": 1e9}, "scale is from 1e-06 to 1e\\+06 residual sds; got 1000000000.0"),
        (bib, {"other": bib, "prior": "fit"}, "two fits have their own priors"),
    ):
        with pytest.raises(ArgumentError, match=words):
            bm.bayes_factor(fit, **how)


@pytest.fixture(scope="module")
def crossed():
    rows = DATA["two_way"]
    return bm.fit("y ~ C(a, Sum) * b + (C(b, Sum) | rep)", rows, **QUIET)


def test_terms_have_the_names_that_the_formula_has(crossed):
    for names in (
        ("C(a, Sum):b", "C(a,Sum) : b", "C(a):b", "b:C(a)"),
        ("C(b, Sum) | rep", "(C(b, Sum) | rep)", "C(b) | rep", "C(b, Sum) in (C(b, Sum) | rep)"),
        (["b", "C(a, Sum)", "C(a):b"], ["C(a):b", "C(a, Sum)", "b"]),
    ):
        assert len({reduction_named(crossed, name).formula.text for name in names}) == 1


def test_terms_that_go_together(crossed):
    with pytest.raises(UnknownTermError, match=r"drop them together \(drop=\['C\(a\)', 'C\(a\):b'\]\), or 'C\(a\):b'"):
        bm.bayes_factor(crossed, drop="C(a, Sum)")
    for drop, error, words in (
        (["C(a)", "b"], UnknownTermError, "contained in"),
        (["C(a):b", "(C(b) | rep)"], ArgumentError, "varies by group: fixed terms alone"),
        (["C(a):b", "c"], UnknownTermError, r"'c' is no term of the model"),
        ([], ArgumentError, "got an empty one"),
        ([3], ArgumentError, "drop is a term of the model"),
    ):
        with pytest.raises(error, match=words):
            bm.bayes_factor(crossed, drop=drop)


def test_a_cauchy_prior_of_counts_is_one_of_the_fit():
    """On the log scale, against the ratio of posterior and prior density at 0, in a model with a random intercept."""
    rng, group = np.random.default_rng(4), np.repeat(np.arange(10), 8)
    step = np.arange(80) % 2
    rate = np.exp(0.8 + 0.2 * step + rng.normal(0, 0.3, 10)[group])
    data = pd.DataFrame({"count": rng.poisson(rate), "t": np.array(["a", "b"])[step], "g": group})
    prior = {"t[b]": "Cauchy(0, 0.5)"}
    fit = bm.fit("count ~ t + (1 | g)", data, "poisson", priors=prior, seed=1, progress=False, draws=4000, chains=2)
    found = bm.bayes_factor(fit, drop="t")
    assert (found.prior, found.priors) == ("fit", "t[b] ~ Cauchy(0, 0.5)")
    draws = fit.posterior["posterior"]["t"].to_numpy().ravel()
    ratio = stats.cauchy.pdf(0, scale=0.5) / stats.gaussian_kde(draws).pdf(0)[0]
    assert found.log10_bf == pytest.approx(np.log10(ratio), abs=0.04)
    with pytest.raises(ArgumentError, match=r'one on the link scale is given to the fit, priors=.*prior="fit"'):
        bm.bayes_factor(fit, drop="t", prior="cauchy")
