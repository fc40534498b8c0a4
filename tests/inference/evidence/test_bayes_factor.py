"""Bayes factors of random terms: against integrals worked out otherwise, against each other, and in their order."""

from math import log

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gaussian_kde, norm, t

import bayesmix as bm
from bayesmix.errors import ArgumentError, PriorError, UnknownTermError
from bayesmix.inference.evidence.comparison import verbal

SETTINGS = {"seed": 1, "progress": False, "draws": 500}


def one_way(sd, n_groups=8, n_each=4, seed=2):
    """A balanced one-way layout whose error is the same whatever `sd` is."""
    rng = np.random.default_rng(seed)
    effects, errors = rng.normal(size=n_groups), rng.normal(size=(n_groups, n_each))
    y = 5 + sd * effects[:, None] + errors
    return pd.DataFrame({"y": y.ravel(), "g": np.repeat(np.arange(n_groups), n_each)})


def half_t(x, scale):
    return 2 * t.pdf(x / scale, 3) / scale


def log_likelihood(y, sd, sigma, mean, spread):
    """Balanced one-way layout in closed form: means of groups and deviations from them are independent.

    The intercept ~ Normal(mean, spread) is common to all groups, and their mean carries all that is known of it.
    """
    n_groups, n_each = y.shape
    means = y.mean(axis=1)
    within = ((y - means[:, None]) ** 2).sum()
    variance = sd**2 + sigma**2 / n_each
    between = ((means - means.mean()) ** 2).sum()
    found = -0.5 * (n_groups * (n_each - 1) * np.log(2 * np.pi * sigma**2) + within / sigma**2)
    found = found - 0.5 * n_groups * np.log(n_each)
    found = found - 0.5 * ((n_groups - 1) * np.log(2 * np.pi * variance) + between / variance) - 0.5 * np.log(n_groups)
    return found + norm.logpdf(means.mean(), mean, np.sqrt(variance / n_groups + spread**2))


def by_brute_force(data):
    """log marginal likelihoods with and without the groups: 400 x 400 Gauss-Legendre points, sd = u / (1 - u) / 2."""
    y = data["y"].to_numpy().reshape(data["g"].nunique(), -1)
    scale, centre = data["y"].std(ddof=1), data["y"].mean()
    nodes, weights = np.polynomial.legendre.leggauss(400)
    share = (nodes + 1) / 2
    sd = 0.5 * share / (1 - share)
    jacobian = weights / 2 * 0.5 / (1 - share) ** 2
    top = log_likelihood(y, 0.0, scale, centre, 2.5 * scale)
    both = np.exp(log_likelihood(y, sd[:, None], sd[None, :], centre, 2.5 * scale) - top)
    alone = np.exp(log_likelihood(y, 0.0, sd, centre, 2.5 * scale) - top)
    prior = half_t(sd, scale) * jacobian
    return top + log(prior @ both @ prior), top + log(alone @ prior)


@pytest.mark.parametrize("sd", [0.0, 0.8])
def test_balanced_one_way_layout_by_brute_force(sd):
    data = one_way(sd)
    fit = bm.fit("y ~ 1 + (1 | g)", data, **SETTINGS)
    larger, smaller = by_brute_force(data)
    assert bm.log_marginal(fit).value == pytest.approx(larger, abs=2e-6)
    assert bm.log_marginal(fit).method == "quadrature"
    found = bm.bayes_factor(fit, drop="(1 | g)")
    assert found.log10_bf == pytest.approx((larger - smaller) / log(10), abs=2e-6)
    alone = bm.fit("y ~ 1", data, **SETTINGS)
    assert bm.bayes_factor(fit, alone).log10_bf == pytest.approx(found.log10_bf, abs=1e-9)
    assert found.probability == pytest.approx(1 / (1 + 10**-found.log10_bf))


def stored_priors(data, y):
    """Those of the stored values, for coefficients and standard deviations of any name."""
    sd, mean = float(data[y].std(ddof=1)), float(data[y].mean())
    wide = f"HalfStudentT(3, {sd})"
    names = ("sigma", "sd_Subject__Intercept", "sd_Subject__Days", "sd_Batch__Intercept")
    priors = {"Intercept": f"Normal({mean}, {10 * sd})", "Days": f"Normal(0, {10 * sd})", "corr_Subject": "LKJ(1)"}
    return priors | dict.fromkeys(names, wide)


@pytest.mark.parametrize(
    ("source", "formula"),
    [
        ("sleepstudy", "Reaction ~ Days"),
        ("sleepstudy", "Reaction ~ Days + (1 | Subject)"),
        ("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
        ("Dyestuff", "Yield ~ 1"),
        ("Dyestuff", "Yield ~ 1 + (1 | Batch)"),
    ],
)
def test_log_marginal_is_the_stored_one(source, formula, exact_log_marginal):
    """2e-4 is what the stored values are good for; 0.01 is two Monte Carlo errors for four variance parameters."""
    exact = exact_log_marginal[source][formula]
    data = bm.load_data(source)
    has = bm.fit(formula, data, seed=1, draws=50, progress=False).priors
    priors = {name: text for name, text in stored_priors(data, formula.split(" ~ ")[0]).items() if name in has}
    found = bm.log_marginal(bm.fit(formula, data, priors=priors, seed=1, progress=False))
    assert found.value == pytest.approx(exact, abs=2e-4 if found.method == "quadrature" else 0.01)
    assert found.method == ("importance" if "Days |" in formula else "quadrature")
    assert found.error < 0.006


def test_against_the_stored_exact_values(exact_log_marginal):
    stored = exact_log_marginal["sleepstudy"]
    data = bm.load_data("sleepstudy")
    priors = {name: text for name, text in stored_priors(data, "Reaction").items() if "Batch" not in name}
    fit = bm.fit("Reaction ~ Days + (Days | Subject)", data, priors=priors, **SETTINGS)
    exact = {name: stored[f"Reaction ~ Days{name}"] for name in ("", " + (1 | Subject)", " + (Days | Subject)")}
    assert bm.log_marginal(fit).value == pytest.approx(exact[" + (Days | Subject)"], abs=0.02)
    rows = bm.rand(fit)
    (label,) = rows.index
    assert label == "Days in (Days | Subject)"
    assert rows.loc[label, "dropped"] == "(Days | Subject) -> (1 | Subject)"
    expected = (exact[" + (Days | Subject)"] - exact[" + (1 | Subject)"]) / log(10)
    assert abs(rows.loc[label, "log10_bf"] - expected) < 4 * rows.loc[label, "mcse"] < 0.02


@pytest.mark.slow
def test_evidence_grows_with_the_variance_and_is_bounded_where_there_is_none():
    found = [evidence(one_way(sd)) for sd in (0.0, 0.5, 1.0, 2.0, 4.0)]
    assert found == sorted(found)
    assert found[-1] > 5
    none = [evidence(level(n_groups)) for n_groups in (5, 20, 80)]
    assert none == sorted(none, reverse=True)
    assert none[0] < 0


def evidence(data):
    """log10 of the Bayes factor for the groups, without its range over prior scales."""
    return bm.bayes_factor(*(bm.fit(f"y ~ {text}", data, **SETTINGS) for text in ("1 + (1 | g)", "1"))).log10_bf


def level(n_groups):
    """Groups whose means are all the same."""
    data = one_way(0.0, n_groups=n_groups)
    return data.assign(y=data["y"] - data.groupby("g")["y"].transform("mean"))


@pytest.mark.slow
def test_a_prior_at_zero_leaves_nothing_to_decide():
    fit = bm.fit("y ~ 1 + (1 | g)", one_way(1.0), **SETTINGS)
    curve = bm.prior_sensitivity(fit, drop="1 | g", multipliers=[1e-6, 0.1, 1.0, 10.0])
    assert abs(curve["log10_bf"].iloc[0]) < 1e-4
    assert curve["log10_bf"].loc[1.0] == pytest.approx(bm.bayes_factor(fit, drop="1 | g").log10_bf, abs=1e-9)
    own = bm.fit("y ~ 1 + (1 | g)", one_way(1.0), priors={"sd_g__Intercept": curve["prior"].loc[10.0]}, **SETTINGS)
    # The prior in the table is rounded to four digits.
    assert curve["log10_bf"].loc[10.0] == pytest.approx(bm.bayes_factor(own, drop="1 | g").log10_bf, abs=1e-3)


def test_weights_anew_are_as_good_as_draws_anew():
    fit = bm.fit("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"), seed=1, progress=False)
    curve = bm.prior_sensitivity(fit, drop="Days | Subject", multipliers=[0.1, 0.5, 3.0])
    for multiplier, row in curve.iterrows():
        priors = {"sd_Subject__Days": f"HalfStudentT(3, {multiplier * fit.priors['sd_Subject__Days'].args[1]})"}
        other = bm.fit(fit.formula, fit.data, priors=priors, seed=7, progress=False)
        anew = bm.bayes_factor(other, drop="Days | Subject")
        assert abs(anew.log10_bf - row["log10_bf"]) < 4 * np.hypot(anew.mcse, row["mcse"])
        assert row["mcse"] < 0.01


@pytest.mark.slow
def test_the_stated_error_covers():
    """100 seeds against a value with a hundredth of their variance."""
    data = bm.load_data("sleepstudy").iloc[:60]
    formula = "Reaction ~ Days + (Days | Subject)"
    found = [bm.log_marginal(bm.fit(formula, data, seed=seed, draws=250, progress=False)) for seed in range(100)]
    values, errors = (np.array([getattr(one, name) for one in found]) for name in ("value", "error"))
    z = (values - values.mean()) / errors
    assert 0.7 < z.std(ddof=1) < 1.3


@pytest.mark.slow
def test_fixed_terms_too():
    """Against the ratio of posterior to prior density at 0 (Savage-Dickey), where many draws lie about 0."""
    data = one_way(0.5).assign(x=lambda rows: np.cos(np.arange(len(rows)) ** 2))
    fit = bm.fit("y ~ x + (1 | g)", data, seed=3, draws=10_000, progress=False)
    draws = fit.posterior["posterior"]["x"].to_numpy().ravel()
    at_zero = gaussian_kde(draws)(0.0)[0]
    expected = np.log10(norm.pdf(0, 0, fit.priors["x"].args[1]) / at_zero)
    assert bm.bayes_factor(fit, drop="x", prior="fit").log10_bf == pytest.approx(expected, abs=0.015)


def test_what_cannot_be_answered_is_refused():
    fit = bm.fit("y ~ 1 + (1 | g)", one_way(1.0), **SETTINGS)
    other = bm.fit("y ~ 1", one_way(1.0, n_groups=7), **SETTINGS)
    changed = bm.fit("y ~ 1", one_way(1.0).assign(y=lambda data: data["y"] + 1), **SETTINGS)
    gamma = bm.fit("y ~ 1 + (1 | g)", one_way(1.0), priors={"sd_g__Intercept": "Gamma(2, 1)"}, **SETTINGS)
    counts = pd.DataFrame({"k": [1, 2, 3, 1, 2, 5], "g": list("aabbcc")})
    poisson = bm.fit("k ~ 1 + (1 | g)", counts, "poisson", draws=50, tune=50, seed=1, progress=False)
    for error, words, question in (
        (ArgumentError, "one of the two", lambda: bm.bayes_factor(fit)),
        (ArgumentError, "32 and 28", lambda: bm.bayes_factor(fit, other)),
        (ArgumentError, "other rows", lambda: bm.bayes_factor(fit, changed)),
        (UnknownTermError, r"\(1 \| g\)", lambda: bm.bayes_factor(fit, drop="(1 | h)")),
        (PriorError, r"Gamma\(2, 1\) of sd_g__Intercept has density 0 at 0", lambda: bm.rand(gamma)),
        (ArgumentError, "no single residual sd", lambda: bm.equivalence(poisson)),
        (ArgumentError, "positive", lambda: bm.prior_sensitivity(fit, drop="1 | g", multipliers=[0])),
    ):
        with pytest.raises(error, match=words):
            question()


def test_a_term_that_reml_cannot_fit_has_a_bayes_factor_all_the_same():
    """With the levels as fixed effects, too, proper priors still say something, the restricted likelihood nothing."""
    fit = bm.fit("Yield ~ Batch + (1 | Batch)", bm.load_data("Dyestuff"), seed=1, progress=False)
    (row,) = bm.rand(fit).to_dict("records")
    assert abs(row["log10_bf"]) < 1
    assert np.isnan([row["p"], row["p_boundary"]]).all()


def test_independent_effects_are_parts_of_their_own():
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"y": rng.normal(size=80), "x": rng.normal(size=80), "g": rng.integers(0, 8, 80)})
    assert bm.rand(bm.fit("y ~ x + (x || g)", data, seed=1, draws=100, progress=False))["reliable"].all()


def test_words():
    assert verbal(0.3) == "not worth more than a bare mention"
    assert verbal(-0.7) == "substantial against the term"
    assert verbal(1.5) == "strong for the term"
    assert verbal(30) == "decisive for the term"


def test_inclusion_averages_over_what_else_is_there():
    fit = bm.fit("strength ~ 1 + (1 | batch/cask)", bm.load_data("Pastes"), **SETTINGS)
    found = bm.inclusion(fit)
    assert found["models"].tolist() == [4, 4]
    texts = ("1 + (1 | batch) + (1 | batch:cask)", "1 + (1 | batch)", "1 + (1 | batch:cask)", "1")
    both, batch, cask, none = (
        np.exp(bm.log_marginal(bm.fit(f"strength ~ {text}", fit.data, **SETTINGS)).value + 125) for text in texts
    )
    expected = {"(1 | batch)": (both + batch) / (cask + none), "(1 | batch:cask)": (both + cask) / (batch + none)}
    for term, ratio in expected.items():
        assert abs(found.loc[term, "log10_bf"] - np.log10(ratio)) < max(1e-6, 5 * found.loc[term, "mcse"])
        assert found.loc[term, "probability"] == pytest.approx(ratio / (1 + ratio), abs=0.01)


def test_inclusion_of_a_slope_comes_after_its_intercept():
    fit = bm.fit("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"), **SETTINGS)
    found = bm.inclusion(fit)
    assert found.index.tolist() == ["Days in (Days | Subject)", "(1 | Subject)"]
    assert np.isfinite(found["mcse"]).all()
    models = [bm.fit(f"Reaction ~ Days{text}", fit.data, **SETTINGS) for text in (" + (1 | Subject)", "")]
    full, intercept, none = (bm.log_marginal(one).value for one in (fit, *models))
    # Two of three models have the intercept, one of three the slope.
    slope = (full - np.logaddexp(intercept, none) + log(2)) / log(10)
    either = (np.logaddexp(full, intercept) - none - log(2)) / log(10)
    assert found["log10_bf"].tolist() == pytest.approx([slope, either], abs=0.01)


def test_region_of_practical_equivalence():
    """Prior probability by sampling from the priors; posterior by counting draws."""
    fit = bm.fit("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff2"), **SETTINGS)
    found = bm.equivalence(fit, delta=0.3).loc["sd_Batch__Intercept"]
    posterior = fit.posterior["posterior"]
    inside = (posterior["sd_Batch__Intercept"] < 0.3 * posterior["sigma"]).to_numpy()
    assert found["probability"] == inside.mean()
    assert found["mcse"] == pytest.approx(np.sqrt(inside.mean() * (1 - inside.mean()) / inside.size), rel=0.5)
    rng = np.random.default_rng(3)
    sd, sigma = np.abs(rng.standard_t(3, (2, 1_000_000)))
    before = np.mean(sd < 0.3 * sigma)
    assert found["prior"] == pytest.approx(before, abs=5 * np.sqrt(before / 1e6))
    odds = inside.mean() / (1 - inside.mean()) * (1 - found["prior"]) / found["prior"]
    assert found["odds_ratio"] == pytest.approx(odds)
    with pytest.raises(ArgumentError, match="delta"):
        bm.equivalence(fit, delta=0)
    with pytest.raises(ArgumentError, match="per="):
        bm.equivalence(fit, per="sds")


def test_region_of_practical_equivalence_of_correlated_effects():
    """Each sd for itself, by counting; a prior relative to sigma by its own distribution function."""
    priors = {"sd_Subject__Days": "ScaleFree(0.5)"}
    fit = bm.fit("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"), priors=priors, **SETTINGS)
    posterior = fit.posterior["posterior"]
    per_unit, per_sd = (bm.equivalence(fit, delta=0.7, per=per) for per in ("unit", "sd"))
    spread = fit.data["Days"].std()
    for name, frame, factor in (
        ("sd_Subject__Intercept", per_unit, 1.0),
        ("sd_Subject__Intercept", per_sd, 1.0),
        ("sd_Subject__Days", per_unit, 1.0),
        ("sd_Subject__Days", per_sd, spread),
    ):
        inside = (posterior[name] * factor < 0.7 * posterior["sigma"]).to_numpy()
        assert frame.loc[name, "probability"] == pytest.approx(inside.mean())
        assert frame.loc[name, "mcse"] > 0
    assert 0 < per_sd.loc["sd_Subject__Days", "probability"] < 1
    # half-Cauchy(0.5) of sd(Days) sd / sigma: 2 / pi arctan(0.7 / 0.5)
    assert per_sd.loc["sd_Subject__Days", "prior"] == pytest.approx(2 / np.pi * np.arctan(1.4), abs=1e-6)
    assert per_unit.loc["sd_Subject__Days", "prior"] == pytest.approx(2 / np.pi * np.arctan(1.4 * spread), abs=1e-6)


def test_a_term_may_be_named_without_a_keyword():
    fit = bm.fit("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff"), **SETTINGS)
    assert bm.bayes_factor(fit, "(1 | Batch)") == bm.bayes_factor(fit, drop="1 | Batch")
    by_name = bm.prior_sensitivity(fit, drop="1 | Batch", multipliers=[0.5])
    pd.testing.assert_frame_equal(bm.prior_sensitivity(fit, "1 | Batch", multipliers=[0.5]), by_name)
    for question in (bm.ranef, bm.coef):
        pd.testing.assert_frame_equal(question(fit, "Batch"), question(fit, group="Batch"))
    with pytest.raises(UnknownTermError, match="'Batch' is no term of the model"):
        bm.bayes_factor(fit, "Batch")
    with pytest.raises(ArgumentError, match="one of the two"):
        bm.bayes_factor(fit, "(1 | Batch)", drop="(1 | Batch)")


def test_a_region_that_the_priors_leave_out_has_no_odds_and_no_warning():
    priors = {"sd_Batch__Intercept": "Uniform(60, 70)", "sigma": "Uniform(20, 60)"}
    fit = bm.fit("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff"), priors=priors, **SETTINGS)
    found = bm.equivalence(fit, delta=0.1).loc["sd_Batch__Intercept"]
    assert (found["probability"], found["prior"]) == (0, 0)
    assert np.isnan(found["odds_ratio"])
    # sd < 1.2 sigma: sigma above 50 and, given it, (1.2 sigma - 60) / 10 of the sd's range, all of it from 58.33 on
    exact = (0.5 * (70 - 60) * (70 / 1.2 - 50) / 10 + (60 - 70 / 1.2)) / 40
    assert bm.equivalence(fit, delta=1.2).loc["sd_Batch__Intercept", "prior"] == pytest.approx(exact, rel=1e-9)


def test_a_prior_that_the_draws_of_counts_do_not_reach_has_its_number_all_the_same():
    """0.607 by adaptive Gauss and Hermite quadrature in another program, the prior of the sd HalfNormal(0.1)."""
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    fit = bm.fit(formula, bm.load_data("cbpp"), "binomial", **SETTINGS)
    found = bm.prior_sensitivity(fit, "1 | herd", multipliers=[0.1]).iloc[0]
    assert found["reason"] == ""
    assert abs(found["log10_bf"] - 0.607) < 4 * found["mcse"] < 0.05
    assert bm.bayes_factor(fit, "1 | herd").low == pytest.approx(found["log10_bf"])
