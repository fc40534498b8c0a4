"""What `print(bm.reml(...))` shows is what the tables say."""

from dataclasses import replace

import numpy as np
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError
from bayesmix.numerics.ddf import sums


@pytest.fixture(scope="module")
def fit():
    data = bm.load_data("sleepstudy").assign(w=1.5)
    data.loc[[1, 2], "Days"] = np.nan
    return bm.reml("Reaction ~ Days + (Days | Subject)", data, weights="w")


@pytest.fixture(scope="module")
def nought():
    return bm.reml("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff2"))


def section(text, heading):
    return text.split(f"{heading}:\n")[1].split("\n\n")[0].splitlines()


def test_the_model_its_data_and_its_criterion(fit):
    head = str(fit).split("\n\n")[0]
    for words in (
        "Linear mixed model by REML",
        "Formula: Reaction ~ Days + (Days | Subject)",
        "178 observations; groups: Subject 18",
        "2 rows with missing values left out (Days 2)",
        "weights: w",
        f"REML criterion: {fit.criterion:.1f} (log-likelihood {fit.loglik:.1f}, AIC {fit.aic:.1f}, BIC {fit.bic:.1f})",
    ):
        assert words in head


def test_maximum_likelihood_says_so():
    text = str(bm.reml("Reaction ~ Days + (1 | Subject)", bm.load_data("sleepstudy"), reml=False))
    assert "by maximum likelihood" in text
    assert "Deviance: 1794.1" in text


def test_sleepstudy_as_summary_of_lmer_prints_it():
    text = str(bm.reml("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy")))
    assert "REML criterion: 1743.6" in text
    assert section(text, "Scaled residuals")[1].split() == ["-3.9536", "-0.4634", "0.0231", "0.4634", "5.1793"]
    header, intercept, days, residual = section(text, "Random effects")
    assert header.split() == ["group", "term", "variance", "sd", "corr"]
    assert intercept.split() == ["Subject", "Intercept", "612.09", "24.740"]
    assert days.split() == ["Days", "35.072", "5.9221", "0.07"]
    assert residual.split() == ["Residual", "654.94", "25.592"]
    rows = section(text, "Fixed effects (Satterthwaite df, 95 % confidence intervals)")
    assert rows[1].split()[:5] == ["Intercept", "251.4051", "6.8246", "17.0000", "36.838"]
    assert rows[2].split()[:6] == ["Days", "10.4673", "1.5458", "17.0000", "6.771", "3.26e-06"]


def test_fixed_effects_are_those_of_fixef(fit):
    for ddf, name in (("satterthwaite", "Satterthwaite"), ("kenward-roger", "Kenward-Roger")):
        text = str(bm.summary(fit, prob=0.9, ddf=ddf))
        frame = bm.fixef(fit, prob=0.9, ddf=ddf)
        rows = section(text, f"Fixed effects ({name} df, 90 % confidence intervals)")[1:]
        for row, (label, numbers) in zip(rows, frame.iterrows(), strict=True):
            cells = row.replace("< ", "").split()
            assert cells[0] == label
            shown = np.array([float(cell) for cell in cells[1:]])
            np.testing.assert_allclose(shown[[0, 1, 2, 3, 5, 6]], numbers.drop("p").astype(float), rtol=3e-4)


def test_a_singular_fit_says_which_term_and_what_it_means(nought):
    text = str(nought)
    assert "Singular fit, (1 | Batch): its effect has no variance.\n  The sd of Intercept is 0." in text
    assert "bm.fit gives the\nposterior" in text
    assert section(text, "Random effects")[1].split() == ["Batch", "Intercept", "0", "0"]
    assert "Singular" in nought._repr_html_()


def test_degrees_of_freedom_on_the_boundary_say_what_they_take_as_known(fit, nought):
    words = "Satterthwaite's degrees of freedom take what is 0 at the boundary as known"
    assert words in str(nought)
    assert "degrees of freedom" not in str(bm.summary(nought, ddf="kenward-roger"))
    assert "degrees of freedom" not in str(fit)


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger"])
def test_terms_that_say_the_same_are_told(ddf):
    data = bm.load_data("sleepstudy")
    twice = bm.reml("Reaction ~ Days + (1 | Subject) + (1 | again)", data.assign(again=data["Subject"]))
    text = str(bm.summary(twice, ddf=ddf))
    assert "The degrees of freedom leave out a direction of the variance parameters" in text
    # What the data do tell is that of one term.
    once = bm.reml("Reaction ~ Days + (1 | Subject)", data)
    np.testing.assert_allclose(bm.fixef(twice, ddf=ddf), bm.fixef(once, ddf=ddf), rtol=1e-5)


def test_without_degrees_of_freedom_the_estimates_are_shown(monkeypatch):
    monkeypatch.setattr(sums, "_MOST_BYTES", 0)
    crossed = bm.reml("diameter ~ 1 + (1 | plate) + (1 | sample)", bm.load_data("Penicillin"))
    text = str(crossed)
    header, row = section(text, "Fixed effects (no degrees of freedom)")
    assert header.split() == ["estimate", "se", "t"]
    assert row.split() == ["Intercept", "22.97222", "0.80857", "28.411"]
    assert "6 group effects stand outside the largest grouping factor" in text.replace("\n", " ")
    with pytest.raises(ArgumentError, match="outside the largest"):
        bm.summary(crossed, ddf="kenward-roger")


def test_a_fit_that_is_no_optimum_says_so(fit):
    assert "OPTIMUM" not in str(fit)
    text = str(replace(fit, converged=False, gradient_size=0.73))
    assert "NOT AT AN OPTIMUM: the projected gradient of the criterion is 0.73" in text


def test_correlations_of_the_coefficients():
    """As summary(lmer) prints them: -0.138 for sleepstudy; of more coefficients than fit on a page none."""
    heading = "Correlation of the fixed effects' estimates"
    header, first, second = section(
        str(bm.reml("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"))), heading
    )
    assert (header.split(), first.split(), second.split()) == (["(1)"], ["(1)", "Intercept"], ["(2)", "Days", "-0.138"])
    cake = bm.load_data("cake")
    fit = bm.reml("angle ~ recipe + temp + (1 | recipe:replicate)", cake)
    covariance = bm.vcov(fit).to_numpy()
    expected = covariance / np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    rows = section(str(fit), heading)[2:]
    shown = [float(cell) for row in rows for cell in row.split()[2:]]
    np.testing.assert_allclose(shown, expected[np.tril_indices(4, -1)], atol=6e-4)
    assert heading not in str(bm.reml("angle ~ recipe * temperature + (1 | recipe:replicate)", cake))
    assert heading not in str(bm.reml("angle ~ 1 + (1 | recipe:replicate)", cake))


def test_html_has_the_same_numbers(fit):
    html = fit._repr_html_()
    assert html.startswith("<div")
    assert f"{fit.criterion:.1f}" in html
    assert "Reaction ~ Days + (Days | Subject)" in html


def test_three_effects_have_all_their_correlations():
    data = bm.load_data("sleepstudy")
    data["half"] = (data["Days"] >= 5).astype(float)
    text = str(bm.reml("Reaction ~ Days + (Days + half | Subject)", data))
    frame = bm.varcorr(bm.reml("Reaction ~ Days + (Days + half | Subject)", data))["estimate"]
    row = next(line for line in section(text, "Random effects") if " half " in line)
    expected = [f"{frame[('Subject', other, 'half')]:.2f}" for other in ("Intercept", "Days")]
    assert row.split()[-2:] == expected


def test_summary_of_something_else_is_refused():
    with pytest.raises(ArgumentError, match="summary takes a fit"):
        bm.summary(3)
