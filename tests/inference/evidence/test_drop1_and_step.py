"""Single deletions and backward elimination: against lmerTest 3.1-3, `drop1` of R 4.2 and lme4, by eye from print().

The data of `whole` are those of
  s <- transform(sleepstudy, z = 1:180 %% 7, f = factor(1:180 %% 3))
"""

import numpy as np
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, CallError, MissingNameError

NONE = "<none>"


def turns(table):
    return table["eliminated"].to_dict()


@pytest.fixture(scope="module")
def whole():
    data, rows = bm.load_data("sleepstudy"), np.arange(1, 181)
    data = data.assign(z=rows % 7, f=(rows % 3).astype(str))
    return bm.reml("Reaction ~ Days * f + z + (Days | Subject)", data)


@pytest.fixture(scope="module")
def irrigation():
    return bm.reml("yield ~ irrigation * variety + (1 | field)", bm.load_data("irrigation"))


def test_step_of_the_split_plot(irrigation):
    found = bm.step(irrigation)
    assert turns(found.random) == {NONE: 0, "(1 | field)": 0}
    assert turns(found.fixed) == {"irrigation:variety": 1, "irrigation": 2, "variety": 3}
    row = found.random.loc["(1 | field)"]
    assert row[["npar", "df"]].tolist() == [9, 1]
    figures = row[["loglik", "aic", "lrt", "p"]].astype(float)
    np.testing.assert_allclose(figures, [-25.753340, 69.50668, 6.1117701, 0.013428], rtol=5e-5)
    fixed = found.fixed[["sum_sq", "mean_sq", "num_df", "den_df", "f", "p"]]
    expected = [
        [1.55, 0.51666667, 3, 4, 0.24516, 0.86124],
        [1.6604928, 0.55349761, 3, 4, 0.38822, 0.76850],
        [2.25, 2.25, 1, 7, 1.57816, 0.24933],
    ]
    np.testing.assert_allclose(fixed, expected, rtol=3e-5)
    assert found.reduced == "yield ~ 1 + (1 | field)"


def test_step_of_crossed_and_nested_terms():
    cake = bm.load_data("cake")
    found = bm.step(bm.reml("angle ~ recipe * temp + (1 | recipe:replicate) + (1 | replicate)", cake))
    assert turns(found.random) == {NONE: 0, "(1 | recipe:replicate)": 0, "(1 | replicate)": 0}
    np.testing.assert_allclose(found.random["lrt"].iloc[1:], [7.688634, 37.899697], rtol=1e-5)
    assert turns(found.fixed) == {"recipe:temp": 1, "recipe": 2, "temp": 0}
    np.testing.assert_allclose(found.fixed["f"], [0.04169, 1.57805, 94.97591], rtol=1e-4)
    np.testing.assert_allclose(found.fixed["den_df"], [222, 28, 224], rtol=1e-5)
    assert found.reduced == "angle ~ temp + (1 | recipe:replicate) + (1 | replicate)"
    again = bm.reml("angle ~ temp + (1 | recipe:replicate) + (1 | replicate)", cake)
    assert found.fit.criterion == pytest.approx(again.criterion, abs=1e-9)


def test_step_eliminates_what_tells_least_first(whole):
    found = bm.step(whole)
    assert turns(found.fixed) == {"z": 1, "Days:f": 2, "f": 3, "Days": 0}
    np.testing.assert_allclose(found.fixed["f"], [0.01075, 0.11640, 0.11915, 45.85296], rtol=5e-4)
    np.testing.assert_allclose(found.fixed["den_df"], [141.297914, 149.461600, 143.025424, 16.999984], rtol=1e-4)
    assert found.fit.formula == "Reaction ~ Days + (Days | Subject)"


def test_step_keeps_terms_and_follows_its_alphas(whole):
    kept = bm.step(whole, keep="z")
    assert turns(kept.fixed) == {"Days:f": 1, "f": 2, "Days": 0, "z": 0}
    np.testing.assert_allclose(kept.fixed["p"].iloc[[0, 1, 3]], [0.89515, 0.88988, 0.87698], atol=2e-5)
    strict = bm.step(whole, alpha_random=1e-12, alpha_fixed=0.9)
    assert turns(strict.random) == {NONE: 0, "Days in (Days | Subject)": 1, "(1 | Subject)": 0}
    np.testing.assert_allclose(strict.random["lrt"].iloc[1:], [40.16091, 102.81453], rtol=1e-6)
    assert turns(strict.fixed) == {"z": 0, "Days:f": 0}
    np.testing.assert_allclose(strict.fixed["p"], [0.87095, 0.59026], atol=2e-5)
    untouched = bm.step(whole, alpha_random=1, alpha_fixed=1)
    assert untouched.fit.criterion == whole.criterion


def test_step_may_end_without_random_terms():
    """Dyestuff2 has no batch variance: the statistic is 0 and p is 1."""
    found = bm.step(bm.reml("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff2")))
    assert turns(found.random) == {NONE: 0, "(1 | Batch)": 1}
    assert not found.fit.design.random
    assert not len(found.fixed)
    assert "Random terms:" in str(found)
    assert "Fixed terms:" not in str(found)


def test_step_prints_the_turns_and_a_caution(irrigation):
    text = str(bm.step(irrigation))
    assert "Model that is left: yield ~ 1 + (1 | field)" in text
    assert "do not know of the search" in text
    assert max(map(len, text.splitlines())) <= 80


def test_drop1_of_reml(irrigation, whole):
    assert bm.drop1(irrigation).index.tolist() == ["irrigation:variety"]
    table = bm.drop1(whole)
    assert table.index.tolist() == ["z", "Days:f"]
    np.testing.assert_allclose(table["sum_sq"], [7.260765, 149.801031], rtol=1e-3)
    np.testing.assert_allclose(table["den_df"], [141.29791, 148.52212], rtol=1e-4)
    assert bm.drop1(whole, ddf="kenward-roger")["den_df"].between(100, 200).all()


def test_drop1_of_least_squares():
    """R: drop1(lm(yield ~ gen + loc, cochran_bib), test = "F"), whose AIC lacks constants."""
    data = bm.load_data("cochran_bib")
    fit = bm.lm("yield ~ gen + loc", data)
    table = bm.drop1(fit)
    smaller = {term: bm.lm(f"yield ~ {other}", data) for term, other in (("gen", "loc"), ("loc", "gen"))}
    assert table.index.tolist() == [NONE, *smaller]
    for term, other in smaller.items():
        assert table.loc[term, "aic"] == pytest.approx(other.aic, abs=1e-9)
        assert table.loc[term, "rss"] == pytest.approx(other.df_residual * other.sigma**2, rel=1e-10)
    assert table.loc["gen", "p"] == pytest.approx(bm.anova(fit, type=2).loc["gen", "p"])


def test_drop1_of_a_laplace_fit_is_by_likelihood_ratios():
    """R: drop1(glmer(TICKS ~ YEAR + h + (1|BROOD) + (1|INDEX) + (1|LOCATION), poisson), test = "Chisq")."""
    data = bm.load_data("grouseticks")
    data["h"] = (data["HEIGHT"] - data["HEIGHT"].mean()) / 100
    fit = bm.laplace("TICKS ~ YEAR + h + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)", data, "poisson")
    table = bm.drop1(fit)
    np.testing.assert_allclose(table["aic"], [1794.543, 1851.661, 1827.284], atol=2e-3)
    np.testing.assert_allclose(table["lrt"].iloc[1:], [61.11791, 34.74181], atol=2e-3)
    assert table["df"].iloc[1:].tolist() == [2, 1]
    # car::Anova of the same fit, type II.
    tests = bm.anova(fit)
    assert tests.columns.tolist() == ["chisq", "df", "p"]
    np.testing.assert_allclose(tests["chisq"], [78.05941, 47.75320], rtol=0.01)


def test_a_fit_without_maximum_has_no_deletions():
    """No cow ill in the second period."""
    data = bm.load_data("cbpp")
    data.loc[data["period"] == "2", "incidence"] = 0
    fit = bm.laplace("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, "binomial")
    for question in (bm.drop1, bm.anova):
        with pytest.raises(ArgumentError, match="maxim"):
            question(fit)


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda fit: bm.step(fit, alpha_random=5), ArgumentError, "alpha_random is a p value.* got 5"),
        (lambda fit: bm.step(fit, alpha_fixed="a"), ArgumentError, "alpha_fixed is a p value"),
        (lambda fit: bm.step(fit, keep="varietty"), ArgumentError, "Did you mean 'variety'"),
        (lambda fit: bm.step(fit, reduce_random=False), CallError, "alpha_random=1 keeps all"),
        (lambda fit: bm.drop1(fit, test="F"), CallError, "F tests by REML"),
        (lambda fit: bm.step(fit).moel, MissingNameError, "It has alpha_fixed"),
        (lambda _: bm.step(bm.lm("yield ~ variety", bm.load_data("irrigation"))), ArgumentError, "got LmFit"),
    ],
)
def test_mistakes_have_one_line(irrigation, ask, error, words):
    with pytest.raises(error, match=words):
        ask(irrigation)
