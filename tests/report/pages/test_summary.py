"""What `print(fit)` shows is what the tables say."""

import re
from dataclasses import replace
from html import unescape

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.report.pages.numbers import aligned, decimals_for, number, row

SHORT = {"draws": 60, "tune": 150, "chains": 2, "seed": 3, "progress": False}


@pytest.fixture(scope="module")
def fit():
    data = bm.load_data("sleepstudy").assign(w=1.5)
    data.loc[[1, 2, 3], "Days"] = np.nan
    data.loc[3, "Reaction"] = np.nan
    return bm.fit(
        "Reaction ~ Days + (Days | Subject)", data, weights="w", priors={"sigma": "HalfNormal(33.3)"}, **SHORT
    )


def section(text, heading):
    return text.split(f"\n{heading}")[1].split("\n\n")[0]


def test_the_model_and_its_data(fit):
    head = str(fit).split("\n\n")[0]
    for words in (
        "gaussian (identity)",
        "Formula: Reaction ~ Days + (Days | Subject)",
        "177 observations; groups: Subject 18",
        "3 rows with missing values left out (Reaction 1, Days 3)",
        "weights: w",
        "2 chains x 60 draws after 150 warm-up steps; seed 3",
        "NUTS by nutpie on 4 variance parameters, the rest exact (exact: Gaussian, Normal priors",
        "NUTS since tune= is given",
    ):
        assert words in head


@pytest.mark.parametrize(("seconds", "shown"), [(0.0432, "0.04 s"), (0.83, "0.83 s"), (12.34, "12.3 s")])
def test_no_fit_takes_no_time(fit, seconds, shown):
    timed = replace(fit, sampling=replace(fit.sampling, seconds=seconds))
    assert f"seed 3, {shown}\n" in str(timed)


def test_fixed_effects_are_those_of_fixef(fit):
    lines = section(str(fit), "Fixed effects (95 % equal-tailed intervals):").splitlines()[2:]
    for line, (name, estimate) in zip(lines, bm.fixef(fit).iterrows(), strict=True):
        label, *cells = line.split()
        assert label == name
        shown = [float(cell) for cell in cells]
        half = 0.5 * 10.0 ** -max(0, decimals_for(estimate["sd"]))
        columns = ["mean", "sd", "lower", "upper", "ess_bulk", "ess_tail", "rhat"]
        for value, column, tolerance in zip(shown, columns, [half] * 4 + [0.5, 0.5, 0.0005], strict=True):
            assert abs(value - estimate[column]) <= tolerance * 1.0001


def test_random_effects_are_those_of_varcorr(fit):
    lines = section(str(fit), "Random effects (standard deviations, 95 % equal-tailed intervals):").splitlines()[2:]
    table = bm.varcorr(fit)
    found = [[float(cell) for cell in re.findall(r"-?\d+\.\d+", line)] for line in lines]
    expected = [
        table.loc[("Subject", "Intercept", "Intercept"), ["mean", "lower", "upper"]],
        pd.concat(
            [
                table.loc[("Subject", "Days", "Days"), ["mean", "lower", "upper"]],
                table.loc[("Subject", "Intercept", "Days"), ["mean", "lower", "upper"]],
            ]
        ),
        table.loc[("Residual", "", ""), ["mean", "lower", "upper"]],
    ]
    assert lines[0].split()[:2] == ["Subject", "Intercept"]
    assert lines[1].split()[0] == "Days"
    assert lines[2].split()[0] == "Residual"
    for shown, numbers in zip(found, expected, strict=True):
        np.testing.assert_allclose(shown, numbers, atol=0.06)


def test_priors_and_verdict_close_the_page(fit):
    text = str(fit)
    priors = section(text, "Priors:")
    for name, prior in fit.priors.items():
        assert re.search(rf"^  {re.escape(name)} +{re.escape(str(prior))}", priors, re.MULTILINE)
    assert "at the predictors' means" in priors
    last = text.splitlines()[-1]
    assert last.startswith(("Sampling: no problems", "Sampling: problems"))


def test_other_intervals_are_named(fit):
    text = str(bm.summary(fit, prob=0.8))
    assert text.count("80 % equal-tailed") == 2
    assert "95 %" not in text


def test_html_says_the_same(fit):
    html = fit._repr_html_()
    plain = unescape(re.sub(r"<[^>]+>", " ", html)).replace("\xa0", " ")
    for word in str(fit).replace(":\n", "\n").split():
        assert word in plain or word.rstrip(":") in plain
    assert "<script" not in bm.summary(fit)._repr_html_()


def test_html_escapes_names():
    data = bm.load_data("Dyestuff").rename(columns={"Batch": "<b>&"})
    result = bm.fit("Yield ~ 1 + (1 | `<b>&`)", data, **SHORT)
    assert "<b>&" in str(result)
    assert "&lt;b&gt;&amp;" in result._repr_html_()


def test_three_correlated_columns_make_a_triangle():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"y": rng.normal(size=120), "f": np.tile(list("abc"), 40), "g": np.repeat(range(10), 12)})
    result = bm.fit("y ~ f + (0 + f | g)", data, **SHORT)
    lines = section(str(result), "Random effects (standard deviations, 95 % equal-tailed intervals):").splitlines()
    counts = [len(re.findall(r"-?\d+\.\d+", line)) for line in lines[2:]]
    assert counts == [3, 4, 5, 3]


def test_a_model_without_random_terms_or_sigma():
    cbpp = bm.load_data("cbpp")
    result = bm.fit("p(incidence, size) ~ period", cbpp, "binomial", **SHORT)
    assert "Random effects" not in str(result)
    gaussian = bm.fit("Yield ~ 1", bm.load_data("Dyestuff"), **SHORT)
    assert "Residual (standard deviations" in str(gaussian)
    assert "predictors' means" not in str(gaussian)


@pytest.mark.parametrize(
    ("spread", "decimals"), [(7.4, 2), (0.00123, 5), (123.0, 0), (99999.0, -2), (0.0, 3), (float("nan"), 3)]
)
def test_digits_follow_the_uncertainty(spread, decimals):
    assert decimals_for(spread) == decimals


def test_numbers_stand_below_each_other():
    assert aligned(["1.25", "-10", "3.5", ""]) == ["  1.25", "-10   ", "  3.5 ", "      "]
    assert row([1234.5678, float("nan")], 0.5) == ["1234.568", "nan"]
    assert number(3.2e12, 2) == "3200000000000.00"


@pytest.mark.parametrize(
    ("values", "spread", "shown"),
    [
        ([1e12 + 0.125, 1e12 - 0.5], 0.3, ["1000000000000.125", "999999999999.500"]),
        ([1.0367e12, 3e10, 9.77e11, 0.0], 3e10, ["1.0367e+12", "3.00e+10", "9.770e+11", "0"]),
        ([54321.0, -1e8], 12345.0, ["54321", "-100000000"]),
        ([1.23456e-7, 1e-11], 1e-11, ["1.234560e-07", "1.00e-11"]),
        ([0.5], 1e-16, ["0.500000000000"]),
    ],
)
def test_large_and_small_numbers_keep_the_digits_that_the_sd_allows(values, spread, shown):
    assert row(values, spread) == shown
