"""Likelihood-ratio tests against lme4's and lmerTest's tables, and on the boundary against simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

import bayesmix as bm
from bayesmix.errors import ArgumentError
from bayesmix.inference.evidence.lrt import boundary_p, naive_p

from ...conftest import LME4_GAUSSIAN


def test_of_several_models_each_is_tested_against_the_one_before():
    """As R: anova(m0, m1, m2) by lme4 has chi-squares 116.46 and 42.1393."""
    data = bm.load_data("sleepstudy")
    formulas = ("Reaction ~ 1 + (1 | Subject)", "Reaction ~ Days + (1 | Subject)", "Reaction ~ Days + (Days | Subject)")
    fits = [bm.reml(formula, data) for formula in formulas]
    table = bm.lrt(*fits)
    assert list(table.index) == list(formulas)
    assert table["npar"].tolist() == [3, 4, 6]
    for place in (1, 2):
        pd.testing.assert_frame_equal(table.iloc[[place]], bm.lrt(*fits[place - 1 : place + 1]).iloc[[1]])
    assert np.isnan(table["chisq"].iloc[0])
    assert table["chisq"].iloc[1] == pytest.approx(116.46, abs=0.005)
    assert table["chisq"].iloc[2] == pytest.approx(42.1393, abs=1e-4)
    assert np.isnan(table["p_boundary"].iloc[1])
    with pytest.raises(
        ArgumentError, match=r"Reaction ~ Days \+ \(1 \| Subject\) has 4 parameters, .* smaller one first"
    ):
        bm.lrt(fits[0], fits[2], fits[1])


@pytest.mark.parametrize("name", [name for name in LME4_GAUSSIAN if name != "cake"])  # its contrasts are others
def test_rand_is_the_table_of_lmertest(name, lme4):
    data, formula = LME4_GAUSSIAN[name]
    table = bm.rand(bm.reml(formula, bm.load_data(data)))
    expected = {row["term"].replace("cask:batch", "batch:cask"): row for row in lme4[name]["ranova"]}
    for label, found in table.iterrows():
        if label == "(0 + Days | Subject)":
            # lmerTest puts (1 | Subject) in its place, which alone is another model, on 0 degrees of freedom.
            label = f"Days in {label}"
            if expected[label]["Df"] == 0:
                continue
        row = expected[label]
        assert found["npar"] == row["npar"]
        assert found["loglik"] == pytest.approx(row["logLik"], abs=2e-5)
        assert found["aic"] == pytest.approx(row["AIC"], abs=4e-5)
        if label != "<none>":
            assert found["lrt"] == pytest.approx(row["LRT"], abs=8e-5)
            assert found["df"] == row["Df"]
            assert found["p"] == pytest.approx(row["Pr(>Chisq)"], rel=1e-4)
            assert found["p_boundary"] <= found["p"]


def test_a_slope_alone_against_nothing():
    """R: 2 * (logLik(lmer(Reaction ~ Days + (0 + Days | Subject))) - logLik(lm(Reaction ~ Days), REML = TRUE))."""
    table = bm.rand(bm.reml("Reaction ~ Days + (0 + Days | Subject)", bm.load_data("sleepstudy")))
    assert table["lrt"].iloc[1] == pytest.approx(127.138635987, abs=1e-6)
    assert table["dropped"].iloc[1] == "(0 + Days | Subject) left out"


def test_a_variance_that_is_zero_leaves_no_evidence():
    table = bm.rand(bm.reml("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff2")))
    row = table.loc["(1 | Batch)"]
    assert row["lrt"] == pytest.approx(0, abs=1e-8)
    assert row["p"] == pytest.approx(1)
    assert row["p_boundary"] == 1  # of a statistic of 0, which every draw of the mixture reaches
    assert row["dropped"] == "(1 | Batch) left out"


def test_p_values():
    assert naive_p(3.84, 1) == pytest.approx(0.05, abs=1e-3)
    assert boundary_p(2.71, 1, 1) == pytest.approx(0.05, abs=1e-3)
    assert boundary_p(5.0, 2, 1) == pytest.approx((chi2.sf(5, 1) + chi2.sf(5, 2)) / 2)
    assert np.isnan(boundary_p(5.0, 3, 2))
    assert np.isnan(boundary_p(5.0, 1, 0))


@pytest.mark.slow
def test_the_mixture_holds_where_there_is_no_variance():
    """400 data sets without a group effect, 40 groups of 5: the mixture's p value below 0.1 in about a tenth."""
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(40), 5)
    below = naive = 0
    for _ in range(400):
        data = pd.DataFrame({"y": rng.normal(size=200), "g": g})
        row = bm.rand(bm.reml("y ~ 1 + (1 | g)", data)).loc["(1 | g)"]
        below += row["p_boundary"] < 0.1
        naive += row["p"] < 0.1
    error = np.sqrt(400 * 0.1 * 0.9)
    assert abs(below - 40) < 3 * error
    assert naive < 40 - 2 * error


def test_lrt_refits_by_maximum_likelihood():
    """As R: anova(lmer(Reaction ~ 1 + (1 | Subject)), lmer(Reaction ~ Days + (1 | Subject)))."""
    data = bm.load_data("sleepstudy")
    small, large = (bm.reml(f"Reaction ~ {fixed} + (1 | Subject)", data) for fixed in ("1", "Days"))
    table = bm.lrt(small, large)
    ml = [bm.reml(fit.formula, data, reml=False) for fit in (small, large)]
    assert table["deviance"].tolist() == pytest.approx([fit.criterion for fit in ml], abs=1e-6)
    assert table["chisq"].iloc[1] == pytest.approx(ml[0].criterion - ml[1].criterion, abs=1e-6)
    # lme4 prints deviances 1911.3 and 1794.5, chi-square 116.46.
    assert round(table["chisq"].iloc[1], 2) == 116.46
    assert table["df"].iloc[1] == 1
    assert np.isnan(table["p_boundary"].iloc[1])
    random = bm.lrt(large, bm.reml("Reaction ~ Days + (Days | Subject)", data), refit=False)
    assert random["chisq"].iloc[1] == pytest.approx(42.8368, abs=1e-3)
    assert random["p_boundary"].iloc[1] < random["p"].iloc[1]


def test_what_cannot_be_compared_is_refused():
    data = bm.load_data("sleepstudy")
    one = bm.reml("Reaction ~ Days + (1 | Subject)", data)
    fewer = bm.reml("Reaction ~ 1 + (1 | Subject)", data.iloc[:170])
    other = bm.reml("Reaction ~ 1 + (1 | Subject)", data.assign(Reaction=data["Reaction"] + 1))
    null = bm.reml("Reaction ~ 1 + (1 | Subject)", data)
    for words, question in (
        ("170 and 180", lambda: bm.lrt(fewer, one)),
        ("different responses", lambda: bm.lrt(other, one)),
        ("smaller one first", lambda: bm.lrt(one, null)),
        ("different fixed parts", lambda: bm.lrt(null, one, refit=False)),
        ("takes two fits by bm.reml", lambda: bm.lrt(one, 3)),
        ("fits models without random terms too", lambda: bm.lrt(bm.lm("Reaction ~ Days", data), one)),
    ):
        with pytest.raises(ArgumentError, match=words):
            question()
    assert bm.lrt(bm.reml("Reaction ~ Days", data), one)["df"].iloc[1] == 1  # as the message says


def test_models_that_are_not_nested_are_refused():
    """R's anova prints a chi-square for them all the same."""
    data = bm.load_data("Pastes").assign(x=np.arange(60.0) % 7, o=np.arange(60.0))
    batch = bm.reml("strength ~ 1 + (1 | batch)", data)
    for smaller, larger, words in (
        ("strength ~ x + (1 | batch)", "strength ~ I(x^2) + (1 | batch/cask)", "lacks x of the fixed part"),
        ("strength ~ x + (1 | cask)", "strength ~ x + (1 | batch) + (1 | batch:cask)", r"lacks \(1 \| cask\)"),
        ("strength ~ x + (0 + x | batch)", "strength ~ x + (1 | batch/cask)", r"lacks \(0 \+ x \| batch\)"),
        ("strength ~ offset(o) + (1 | batch)", "strength ~ x + (1 | batch)", "different offsets"),
    ):
        with pytest.raises(ArgumentError, match=words) as caught:
            bm.lrt(bm.reml(smaller, data), bm.reml(larger, data))
        assert "\n" not in str(caught.value)
    # The same levels under another name, the same columns in other words.
    renamed = data.assign(pot=data["batch"].astype(str) + "-" + data["cask"].astype(str), z=1000 - 3 * data["x"])
    for smaller, larger in (
        ("strength ~ x + (1 | pot)", "strength ~ x + (1 | batch/cask)"),
        ("strength ~ z + (1 | batch)", "strength ~ x + (x | batch)"),
        ("strength ~ 0 + cask + (1 | batch)", "strength ~ x + cask + (1 | batch)"),
    ):
        table = bm.lrt(bm.reml(smaller, renamed), bm.reml(larger, renamed))
        assert table["df"].iloc[1] > 0
    assert bm.lrt(batch, bm.reml("strength ~ poly(x, 2) + (1 | batch)", data))["df"].iloc[1] == 2
