"""Hypotheses: how texts are read, probabilities by plain loops, Savage-Dickey ratios by quadrature, Wald tests of R."""

import json
from math import inf, log, sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import bayesmix as bm
from bayesmix.errors import ArgumentError, FormulaError, PriorError, UnknownTermError
from bayesmix.formula.syntax import unparse
from bayesmix.inference.evidence.log_marginal import log_marginals
from bayesmix.inference.evidence.tested_term import reduction_named
from bayesmix.inference.hypotheses.expression import affine, evaluate, slopes
from bayesmix.inference.hypotheses.local_density import local_density
from bayesmix.inference.hypotheses.parameters import names_of_draws
from bayesmix.inference.hypotheses.prior import PriorDraws, prior_density
from bayesmix.inference.hypotheses.text import read_hypothesis
from bayesmix.inference.hypotheses.tokens import Names

NAMES = Names(["Intercept", "x", "log(x)", "x2", "f[b]", "f[c d]", "x:f[b]", "I(x^2)", "log(x + 1)", "sigma", "my col"])


def read(text):
    return read_hypothesis(
        text, text, NAMES, lambda parts: f"ranef[{', '.join(parts)}]", lambda parts: f"emmean[{'; '.join(parts)}]"
    )


# text, expression as it was understood, lower and upper end
READ = [
    ("x < 0", "x", -inf, 0),
    ("x<=0", "x", -inf, 0),
    ("x \u2265 2", "x", 2, inf),
    ("0 < x", "x", 0, inf),
    ("x = 1", "x", 1, 1),
    ("x == -1.5e1", "x", -15, -15),
    ("x > x2", "x - (x2)", 0, inf),
    ("x + x:f[b] < 0", "x + x:f[b]", -inf, 0),
    ("x : f[b] > 0", "x:f[b]", 0, inf),
    ("x2 - f[c d] * 2 > 1 / 4", "x2 - f[c d] * 2", 0.25, inf),
    ("-x ** 2 > 0", "-x ** 2", 0, inf),
    ("(-x)^2 > 0", "(-x) ** 2", 0, inf),
    ("--x > 0", "x", 0, inf),
    ("x - -x2 > 0", "x - -x2", 0, inf),
    ("-0.1 < x < 0.1", "x", -0.1, 0.1),
    ("2 > x > 1", "x", 1, 2),
    ("abs(x) < exp(0)", "abs((x))", -inf, 1),
    ("log(x) > 0", "log(x)", 0, inf),
    ("log((x)) > 0", "log(((x)))", 0, inf),
    ("log(x+1) > 0", "log(x + 1)", 0, inf),
    ("log(x2 + 1) > 0", "log((x2 + 1))", 0, inf),
    ("I( x ^ 2 ) > 0", "I(x^2)", 0, inf),
    ("`my col` > \"x\"", "my col - (x)", 0, inf),
    ("ranef[g, a b, x] > 0", "ranef[g, a b, x]", 0, inf),
    ("ranef[ g , \"a, [b\" , f[b] ] > 0", "ranef[g, a, [b, f[b]]", 0, inf),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expression", "lower", "upper"), READ)
def test_a_text_is_read(text, expression, lower, upper):
    hypothesis = read(text)
    assert unparse(hypothesis.expression).replace("`", "") == expression
    assert (hypothesis.lower, hypothesis.upper) == (lower, upper)


def test_a_name_is_the_longest_one():
    assert affine(read("log(x) > 0").expression).weights == {"log(x)": 1.0}
    assert affine(read("x:f[b] - x2 > 0").expression).weights == {"x:f[b]": 1.0, "x2": -1.0}


# text, what is marked, words
REFUSED = [
    ("y < 0", "y", "'y' is no parameter of the model. Parameters: Intercept, x,"),
    ("X < 0", "X", "Did you mean 'x'"),
    ("f[d] < 0", "f[d]", "Did you mean 'f[c d]' or 'f[b]'"),
    ("x + x:f[e] < 0", "x:f[e]", "Did you mean 'x:f[b]'"),
    ("x[2] < 0", "x[2]", "no parameter"),
    ("x3 < 0", "x3", "Did you mean 'x'?"),
    ("2x < 0", "x", "An operator is missing"),
    ("x < ", "", "a parameter or a number is missing"),
    ("x", "", "A hypothesis compares"),
    ("", "", "is missing"),
    ("(x < 0", "(", "not closed"),
    ("x) < 0", ")", "out of place"),
    ("x + * x2 < 0", "*", "out of place"),
    ("x != 0", "!=", "write ="),
    ("x; x2 < 0", ";", "no meaning"),
    ("`x < 0", "`", "never closed"),
    ("ranef[g, a < 0", "ranef[g, a < 0", "never closed"),
    ("1 < 2", "1 < 2", "No parameter"),
    ("x < 1 / 0", "x < 1 / 0", "no finite number"),
    ("x < 1e999", "1e999", "larger than any number"),
    ("1 < x < 0", "<", "Nothing lies between"),
    ("x < x2 < 1", "<", "its ends are numbers"),
    ("sin(x) < 0", "sin", "no parameter"),
    ("__import__('os') < 0", "__import__", "no parameter"),
    ("x.__class__ < 0", "x.__class__", "no parameter"),
    ("(" * 100 + "x" + ")" * 100 + " < 0", "(", "within each other"),
    ("x" + " + x" * 1000 + " < 0", "", "characters"),
    ("x" + "+x" * 300 + " < 0", "x", "parts"),
]


@pytest.mark.parametrize(("text", "marked", "words"), REFUSED, ids=[words for *_, words in REFUSED])
def test_a_text_is_refused_with_its_place(text, marked, words):
    with pytest.raises(FormulaError) as caught:
        read(text)
    assert words in str(caught.value)
    assert text[caught.value.span.start : caught.value.span.end] == marked


EXPRESSIONS = [
    "x + 2*x2 - 3",
    "x * x2 / (1 + x2 ** 2)",
    "exp(x) - log(x2 + 3) * sqrt(x2 + 5)",
    "-x ** 2 + 2 ** x2",
    "abs(x) ** 3",
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_values_are_those_of_python(text):
    rng = np.random.default_rng(1)
    values = {"x": rng.normal(size=9), "x2": rng.normal(size=9)}
    functions = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt, "abs": np.abs}
    expression = read(f"{text} > 0").expression
    np.testing.assert_allclose(evaluate(expression, values), eval(text, {**functions, **values}), rtol=1e-14)
    if "abs" not in text:
        at, step = {name: float(value[0]) for name, value in values.items()}, 1e-6
        for name, slope in slopes(expression, at).items():
            moved = [evaluate(expression, at | {name: at[name] + side}) for side in (step, -step)]
            assert slope == pytest.approx((moved[0] - moved[1]) / (2 * step), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(
    ("text", "constant", "weights"),
    [
        ("2 * (x - x2) / 4 + 1", 1, {"x": 0.5, "x2": -0.5}),
        ("-(x + 3) * 2", -6, {"x": -2.0}),
        ("x * exp(0) - x2 ** 1", 0, {"x": 1.0, "x2": -1.0}),
        ("x - x", None, None),
        ("x * x2", None, None),
        ("1 / x", None, None),
        ("exp(x)", None, None),
        ("x ** 2", None, None),
    ],
)
def test_a_linear_expression_is_known_as_one(text, constant, weights):
    linear = affine(read(f"{text} > 0").expression)
    if constant is None:
        assert linear is None
    else:
        assert (linear.constant, linear.weights) == (constant, weights)


@pytest.fixture(scope="module")
def sleepstudy():
    return bm.load_data("sleepstudy")


@pytest.fixture(scope="module")
def fit(sleepstudy):
    return bm.fit("Reaction ~ Days + (Days | Subject)", sleepstudy, seed=1, progress=False)


def draws(fit, name):
    return fit.posterior["posterior"][name].to_numpy().ravel()


def test_probabilities_are_shares_of_draws(fit):
    days, sigma = draws(fit, "Days"), draws(fit, "sigma")
    effects = fit.posterior["posterior"]["Days|Subject"].sel(Subject__factor_dim="308").to_numpy().ravel()
    corr, sds = draws(fit, "corr_Subject"), [draws(fit, f"sd_Subject__{name}") for name in ("Intercept", "Days")]
    cases = {
        "Days > 11": days > 11,
        "Days / sigma < 0.4": days / sigma < 0.4,
        "9 < Days < 11": (days > 9) & (days < 11),
        "abs(Days - 10) < 1": abs(days - 10) < 1,
        "corr_Subject < 0": corr < 0,
        "corr_Subject[Days,Intercept] > 0.2": corr > 0.2,
        "ranef[Subject, 308, Days] > 10": effects > 10,
        "sd_Subject__Intercept < 3 * sd_Subject__Days": sds[0] < 3 * sds[1],
    }  # fmt: skip
    table = bm.hypothesis(fit, list(cases))
    assert list(table.index) == list(cases)
    for text, inside in cases.items():
        row = table.loc[text]
        share = inside.mean()
        assert row["probability"] == share
        assert row["evidence_ratio"] == pytest.approx(share / (1 - share))
        assert row["limit"] == ""
        # independent draws would have this error; those by importance hardly more
        assert sqrt(share * (1 - share) / 4000) * 0.99 <= row["mcse"] < 1.3 * sqrt(share * (1 - share) / 4000)
        odds = share / (1 - share) / (row["prior"] / (1 - row["prior"]))
        assert row["bayes_factor"] == pytest.approx(odds)
        assert row["log10_bf"] == pytest.approx(np.log10(odds))
    ratio = days / sigma
    np.testing.assert_allclose(
        table.loc["Days / sigma < 0.4", ["mean", "sd", "lower", "upper"]].astype(float),
        [ratio.mean(), ratio.std(ddof=1), *np.quantile(ratio, [0.025, 0.975])],
    )


def test_both_sides_have_parameters(fit):
    table = bm.hypothesis(fit, "sd_Subject__Days < sd_Subject__Intercept", prob=0.5)
    difference = draws(fit, "sd_Subject__Days") - draws(fit, "sd_Subject__Intercept")
    assert table["mean"].item() == pytest.approx(difference.mean())
    assert table["lower"].item() == pytest.approx(np.quantile(difference, 0.25))


def test_the_odds_are_never_infinite(fit):
    table = bm.hypothesis(fit, {"all": "Days > 0", "none": "Days < 0"})
    assert list(table["limit"]) == [">", "<"]
    above, below = table["evidence_ratio"]
    assert 3000 < above <= 3999
    assert below == pytest.approx(1 / above)
    assert (table["mcse"] > 0).all()
    assert np.isfinite(table["bayes_factor"]).all()
    assert table["log10_bf_mcse"].isna().all()
    printed = str(table)
    assert f"> {above:.0f}" in printed
    assert "inf" not in printed
    assert "> 0.999" in printed
    assert "1.0000" not in printed.split("P:")[0]


def test_a_normal_prior_has_a_closed_form(fit):
    mean, sd = fit.priors["Days"].args
    at_means, spread = fit.priors["Intercept"].args
    table = bm.hypothesis(
        fit, {"one": "Days > 5", "intercept": "Intercept < 250", "row": "Intercept + 4.5 * Days > 300"}
    )
    assert table.loc["one", "prior"] == pytest.approx(stats.norm.sf(5, mean, sd))
    # the intercept's prior is at the mean of Days, 4.5
    total = sqrt(spread**2 + (4.5 * sd) ** 2)
    assert table.loc["intercept", "prior"] == pytest.approx(stats.norm.cdf(250, at_means, total))
    assert table.loc["row", "prior"] == pytest.approx(stats.norm.sf(300, at_means, spread))


def test_other_priors_are_drawn_from(fit):
    """Against quadrature: P(sd_1 < 2 sd_2), P(sigma < 20), a correlation under LKJ(2) and an effect, symmetric."""
    nu, first = fit.priors["sd_Subject__Intercept"].args
    _, second = fit.priors["sd_Subject__Days"].args
    half = stats.t(nu)
    below, _ = integrate.quad(lambda t: 2 * half.pdf(t) * (2 * half.cdf(2 * second * t / first) - 1), 0, inf)
    of_sigma = 2 * stats.t(3).cdf(20 / fit.priors["sigma"].args[1]) - 1
    table = bm.hypothesis(
        fit,
        {
            "sds": "sd_Subject__Intercept < 2 * sd_Subject__Days",
            "sigma": "sigma < 20",
            "corr": "corr_Subject < 0.5",
            "effect": "ranef[Subject, 308, Days] > 0",
        },
    )["prior"]
    error = sqrt(0.25 / 100_000)
    assert table["sds"] == pytest.approx(below, abs=4 * error)
    assert table["sigma"] == pytest.approx(of_sigma, abs=1e-12)
    assert table["corr"] == pytest.approx(stats.beta(2, 2).cdf(0.75), abs=4 * error)
    assert table["effect"] == pytest.approx(0.5, abs=4 * error)


def test_no_prior_probability_says_why(fit, sleepstudy):
    flat = bm.fit(
        "Reaction ~ Days + (1 | Subject)", sleepstudy, priors={"Days": "Flat()"}, draws=50, seed=1, progress=False
    )
    table = bm.hypothesis(flat, ["Days > 5", "Days = 10"])
    assert table["prior"].isna().all()
    assert table["bayes_factor"].isna().all()
    assert table["note"].str.contains("flat").all()
    assert table["probability"].iloc[0] > 0.9
    no_value = bm.hypothesis(fit, "log(Days) > 2")
    assert "no value in a share of" in no_value["note"].item()


def of_a_line(x, y, priors, point=None):
    """log p(y) by quadrature over sigma of a line, or of one whose slope is `point`, with n x n matrices."""
    (m0, s0), (m1, s1), (nu, scale) = priors
    centred = x - x.mean()
    slope = m1 if point is None else point
    mean = m0 + slope * centred
    spread = s0**2 * np.ones((len(y), len(y))) + (s1**2 * np.outer(centred, centred) if point is None else 0)

    def density(log_sigma):
        sigma = np.exp(log_sigma)
        of_y = stats.multivariate_normal.logpdf(y, mean, spread + sigma**2 * np.eye(len(y)))
        return np.exp(of_y + 60) * 2 * stats.t.pdf(sigma, nu, scale=scale) * sigma

    grid = np.linspace(-2, 2, 161)  # the integrand vanishes at both ends, with all its derivatives
    return log(integrate.trapezoid([density(value) for value in grid], x=grid)) - 60


@pytest.fixture(scope="module")
def line():
    rng = np.random.default_rng(4)
    x = rng.normal(2, 1, 30)
    return pd.DataFrame({"x": x, "y": 1 + 0.4 * x + rng.normal(size=30)})


@pytest.fixture(scope="module")
def of_line(line):
    priors = {"Intercept": "Normal(1, 2)", "x": "Normal(0.3, 1)", "sigma": "HalfStudentT(3, 1)"}
    return bm.fit("y ~ x", line, priors=priors, seed=1, progress=False)


@pytest.mark.parametrize("point", [0.0, 0.4, -0.3])
def test_savage_dickey_is_the_ratio_of_marginal_likelihoods(line, of_line, point):
    x, y, priors = line["x"].to_numpy(), line["y"].to_numpy(), [(1, 2), (0.3, 1), (3, 1)]
    expected = of_a_line(x, y, priors, point) - of_a_line(x, y, priors)
    row = bm.hypothesis(of_line, f"x = {point}").iloc[0]
    assert row["method"] == "Savage-Dickey, conditional density"
    assert row["log10_bf_mcse"] < 0.03
    assert row["log10_bf"] == pytest.approx(expected / log(10), abs=4 * row["log10_bf_mcse"] + 1e-4)
    assert row["bayes_factor"] == row["evidence_ratio"] == pytest.approx(10 ** row["log10_bf"])
    assert row["probability"] == pytest.approx(row["evidence_ratio"] / (1 + row["evidence_ratio"]))
    assert row["prior"] == 0.5


def test_a_point_of_a_combination(line, of_line):
    """Intercept + 2 x = 2: a line through that point, by the coordinates in which it is one parameter."""
    priors = dict(of_line.priors)
    mean = line["x"].mean()
    # Intercept + 2 x = (intercept at the mean) + (2 - mean) x, whose prior is normal
    before = stats.norm(1 + (2 - mean) * 0.3, sqrt(4 + (2 - mean) ** 2)).logpdf(2)
    X = np.column_stack([np.ones(30), line["x"] - mean])
    m, S = np.array([1, 0.3]), np.diag([4.0, 1.0])
    L = np.array([1, 2 - mean])
    grid = np.linspace(-1, 1, 401)
    logs, at = [], []
    for sigma in np.exp(grid):
        V = X @ S @ X.T + sigma**2 * np.eye(30)
        gain = S @ X.T @ np.linalg.inv(V)
        mean_given, spread = m + gain @ (line["y"] - X @ m), S - gain @ X @ S
        prior = 2 * stats.t.pdf(sigma, 3) * sigma
        logs.append(stats.multivariate_normal.logpdf(line["y"], X @ m, V) + log(prior))
        at.append(stats.norm.pdf(2, L @ mean_given, sqrt(L @ spread @ L)))
    weights = np.exp(np.array(logs) - max(logs))
    after = log(np.sum(weights * at) / weights.sum())
    row = bm.hypothesis(of_line, "Intercept + 2 * x = 2").iloc[0]
    assert priors["sigma"].args == (3, 1)
    assert row["log10_bf"] == pytest.approx((after - before) / log(10), abs=4 * row["log10_bf_mcse"] + 1e-4)


def test_a_point_is_what_bayes_factor_drops(fit):
    """The same prior, the same two models: by densities here, by marginal likelihoods there."""
    rows = bm.load_data("Dyestuff").assign(z=np.tile([0.0, 1, 2], 10))
    weak = bm.fit("Yield ~ z + (1 | Batch)", rows, priors={"z": "Normal(0, 60)"}, seed=2, progress=False)
    row, factor = bm.hypothesis(weak, "z = 0").iloc[0], bm.bayes_factor(weak, drop="z")
    assert row["method"] == "Savage-Dickey, conditional density"
    assert row["log10_bf"] == pytest.approx(
        -factor.log10_bf, abs=4 * np.hypot(row["log10_bf_mcse"], factor.mcse) + 1e-4
    )
    far = bm.hypothesis(fit, "Days = 0").iloc[0]
    assert far["method"].startswith("marginal likelihoods without Days")
    larger, smaller = log_marginals(fit, [fit.design.formula, reduction_named(fit, "Days").formula])
    assert far["log10_bf"] == pytest.approx((smaller.value - larger.value) / log(10), abs=1e-12)


def test_a_point_that_draws_do_not_reach_has_no_number(fit):
    row = bm.hypothesis(fit, "sigma = 60").iloc[0]
    assert np.isnan(row["log10_bf"])
    assert np.isnan(row["probability"])
    assert "draws lie near the point" in row["note"]


def test_points_of_other_parameters(fit):
    """One parameter: the density of its draws over the prior's, by the share of draws within a small band."""
    for text, name, point, prior in [
        (
            "sigma = 26",
            "sigma",
            26.0,
            2 * stats.t.pdf(26 / fit.priors["sigma"].args[1], 3) / fit.priors["sigma"].args[1],
        ),
        ("corr_Subject = 0.1", "corr_Subject", 0.1, stats.beta(2, 2).pdf(0.55) / 2),
    ]:
        row = bm.hypothesis(fit, text).iloc[0]
        drawn = draws(fit, name)
        width = 0.3 * drawn.std()
        share = np.mean(abs(drawn - point) < width)
        log10_bf = np.log10(share / (2 * width) / prior)
        assert row["method"] == "Savage-Dickey, density of the draws"
        assert row["log10_bf"] == pytest.approx(
            log10_bf, abs=4 * np.hypot(row["log10_bf_mcse"], sqrt((1 - share) / share / 4000) / log(10))
        )


def test_the_prior_density_of_a_combination(fit):
    """Against quadrature: of sds with heavy tails, and of a coefficient with sigma."""
    nu, first = fit.priors["sd_Subject__Intercept"].args
    second, of_sigma = fit.priors["sd_Subject__Days"].args[1], fit.priors["sigma"].args[1]
    mean, sd = fit.priors["Days"].args

    def half(value, scale):
        return 2 * stats.t.pdf(value, nu, scale=scale)

    cases = {
        "sd_Subject__Intercept - 3 * sd_Subject__Days = 2": integrate.quad(
            lambda t: half(2 + 3 * t, first) * half(t, second), 0, inf
        )[0],
        "Days - 0.3 * sigma = 4": integrate.quad(
            lambda t: stats.norm.pdf(4 + 0.3 * t, mean, sd) * half(t, of_sigma), 0, inf
        )[0],
        "2 * sigma = 52": half(26, of_sigma) / 2,
        "1 - corr_Subject / 2 = 0.9": stats.beta(2, 2).pdf(0.6),
    }
    names = names_of_draws(fit)
    for text, density in cases.items():
        hypothesis = read_hypothesis(text, text, names, str, str)
        found = prior_density(fit, affine(hypothesis.expression), hypothesis.lower, PriorDraws(fit, {}))
        assert found.error < 0.02
        assert found.log == pytest.approx(log(density), abs=4 * found.error + 1e-9), text


@pytest.mark.parametrize(
    ("distribution", "point"),
    [
        (stats.norm(), 0.0),
        (stats.norm(), 2.2),
        (stats.t(5), 0.5),
        (stats.gamma(6), 4.0),
        (stats.gamma(6), 10.0),
        (stats.gamma(3), 1.0),
    ],
)
def test_the_density_of_draws_has_an_honest_error(distribution, point):
    """Over 60 samples of 4,000 the error covers; a normal density has no bias even in its tail."""
    rng = np.random.default_rng(5)
    found = [local_density(distribution.rvs((4, 1000), random_state=rng), point) for _ in range(60)]
    away = np.array([one.log for one in found]) - distribution.logpdf(point)
    errors = np.array([one.error for one in found])
    assert np.all(np.isfinite(away))
    assert errors.mean() < 0.25
    assert np.mean(abs(away) < 2 * errors) >= 0.9
    assert np.std(away) < 1.3 * errors.mean()


def test_the_density_of_draws_says_where_it_knows_none():
    rng = np.random.default_rng(6)
    assert "draws lie near" in local_density(rng.normal(size=(4, 1000)), 5.0).reason
    assert local_density(np.ones((4, 1000)), 1.0).reason == "the draws do not vary"


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("sd_Subject__Days = 0", PriorError, "drop='Days in (Days | Subject)')"),
        ("sd_Subject__Intercept + sd_Subject__Days = 0", PriorError, "is the end of what"),
        ("sigma = -1", ArgumentError, "no value beyond 0 and inf is possible"),
        ("corr_Subject = 1", PriorError, "is the end"),
        ("Days / Intercept = 1", ArgumentError, "linear expression alone"),
        ("ranef[Subject, 308, Days] = 0", ArgumentError, "infinite density at 0"),
        ("log(Days - 10) > 0", ArgumentError, "no finite value in 15"),
        ("ranef[Subjct, 308, Days] > 0", FormulaError, "Did you mean 'Subject'?"),
        ("ranef[Subject, 30, Days] > 0", FormulaError, "has no level '30'"),
        ("ranef[Subject, 308, Day] > 0", FormulaError, "Did you mean 'Days'?"),
        ("ranef[Subject, 308] > 0", FormulaError, "Which column?"),
        ("ranef[Subject] > 0", FormulaError, "ranef has 1 part"),
        ("sd_Subject__Dys > 1", FormulaError, "Did you mean 'sd_Subject__Days'"),
        (3, ArgumentError, "a hypothesis is a text"),
        ([], ArgumentError, "is empty"),
        ([None], ArgumentError, "got None"),
    ],
)
def test_what_has_no_answer_is_said(fit, text, error, words):
    with pytest.raises(error) as caught:
        bm.hypothesis(fit, text)
    assert words in str(caught.value)


REFERENCE = json.loads((Path(__file__).parents[2] / "references" / "hypothesis.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def estimates(sleepstudy):
    left_out = [*range(7), *range(16, 23), *range(41, 44), *range(100, 106), *range(149, 152)]
    return {
        "sleepstudy": bm.reml("Reaction ~ Days + (Days | Subject)", sleepstudy),
        "uneven": bm.reml("Reaction ~ Days + (Days | Subject)", sleepstudy.drop(index=left_out)),
        "cake": bm.reml("angle ~ recipe * temp + (1 | recipe:replicate)", bm.load_data("cake")),
    }


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger"])
@pytest.mark.parametrize("model", ["sleepstudy", "uneven", "cake"])
def test_wald_tests_are_those_of_lmertest(estimates, model, ddf):
    expected = REFERENCE[model][ddf]
    table = bm.hypothesis(estimates[model], list(expected), ddf=ddf)
    for text, row in expected.items():
        for name in ("estimate", "se", "df", "t", "p"):
            assert table.loc[text, name] == pytest.approx(row[name], rel=2e-6, abs=1e-8), (text, name)
        half = stats.t.ppf(0.975, row["df"]) * row["se"]
        assert table.loc[text, "upper"] == pytest.approx(row["estimate"] + half, rel=1e-6)
    assert (table["note"] == "").all()


def test_the_delta_method_is_that_of_car(estimates):
    expected = REFERENCE["delta"]
    table = bm.hypothesis(estimates["sleepstudy"], [f"{text} = 1" for text in expected])
    for (_, row), found in zip(expected.items(), table.itertuples(), strict=True):
        assert found.estimate == pytest.approx(row["estimate"], rel=1e-7)
        assert found.se == pytest.approx(row["se"], rel=2e-6)
        assert "delta method" in found.note


def test_least_squares_has_exact_degrees_and_one_sided_tests():
    line = bm.lm("angle ~ recipe * temp", bm.load_data("cake"))
    text, expected = "recipe[B] + 200 * recipe[B]:temp {} -2", REFERENCE["lm"]
    table = bm.hypothesis(line, {side: text.format(side) for side in "=><"})
    np.testing.assert_allclose(table["t"] ** 2, expected["F"], rtol=1e-9)
    np.testing.assert_allclose(table["df"], expected["df"])
    np.testing.assert_allclose(table["p"], [expected["p"], expected["greater"]["p"], expected["less"]["p"]], rtol=1e-9)
    assert list(table["null"]) == ["= -2", "<= -2", ">= -2"]


def test_a_laplace_fit_has_z_tests():
    herds = bm.laplace("cbind(incidence, size - incidence) ~ period + (1 | herd)", bm.load_data("cbpp"), "binomial")
    row = bm.hypothesis(herds, "period[2] < period[3]", prob=0.9).iloc[0]
    contrast, table = np.array([0, 1, -1, 0]), bm.fixef(herds)
    estimate = float(contrast @ table["estimate"])
    se = sqrt(contrast @ bm.vcov(herds).to_numpy() @ contrast)
    expected = [estimate, se, estimate / se, stats.norm.cdf(estimate / se), estimate - stats.norm.ppf(0.95) * se]
    np.testing.assert_allclose(row[["estimate", "se", "z", "p", "lower"]].astype(float), expected)


def test_coefficients_that_were_left_out():
    cells = bm.load_data("irrigation").query("not (irrigation == 'i4' and variety == 'v2')")
    line = bm.lm("yield ~ irrigation * variety", cells)
    with pytest.raises(UnknownTermError, match=r"cannot be estimated: 'irrigation\[i4\]:variety\[v2\]' was left out"):
        bm.hypothesis(line, "irrigation[i4]:variety[v2] > 0")
    assert bm.hypothesis(line, "irrigation[i4] > 0")["p"].notna().all()
    twice = bm.load_data("sleepstudy").eval("double = 2 * Days")
    pair = bm.lm("Reaction ~ Days + double", twice)
    # Days + 2 double is the slope that the data know, whichever of both was left out
    known = bm.hypothesis(pair, "Days + 2 * double = 0")
    assert known["estimate"].item() == pytest.approx(bm.fixef(bm.lm("Reaction ~ Days", twice)).loc["Days", "estimate"])


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("abs(Days) < 1", ArgumentError, "two one-sided tests"),
        ("-1 < Days < 1", ArgumentError, "two one-sided tests"),
        ("sigma > 1", UnknownTermError, "'sigma' has no standard error here"),
        ("sd_Subject__Days > 1", UnknownTermError, "rand(fit) tests"),
        ("ranef[Subject, 308, Days] > 0", FormulaError, "is a prediction here"),
        ("Days - Days = 0", ArgumentError, "cancel"),
        ("log(-Days) > 0", ArgumentError, "no finite value"),
        ("Dys > 0", FormulaError, "Did you mean 'Days'?"),
    ],
)
def test_what_estimates_cannot_answer(estimates, text, error, words):
    with pytest.raises(error) as caught:
        bm.hypothesis(estimates["sleepstudy"], text)
    assert words in str(caught.value)


def test_the_page_fits_into_eighty_columns(fit, estimates):
    texts = [
        "Days > 5",
        "Days = 10",
        "sd_Subject__Intercept + sd_Subject__Days + sigma < 100 * corr_Subject",
        "Days = 0",
    ]
    page = str(bm.hypothesis(fit, texts))
    assert max(map(len, page.splitlines())) <= 80
    assert "Savage-Dickey" in page
    assert "_repr_html_" in dir(bm.hypothesis(fit, texts))
    tests = str(bm.hypothesis(estimates["sleepstudy"], ["Days > 5", "exp(Days) = 1"], ddf="kenward-roger"))
    assert max(map(len, tests.splitlines())) <= 80
    assert "delta method" in tests
    assert "<= 5" in tests
