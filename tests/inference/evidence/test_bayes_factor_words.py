"""What a Bayes factor says of the two models, of the priors, and of a term that cannot be dropped alone."""

import numpy as np
import pytest
from scipy.stats import gaussian_kde, norm

import bayesmix as bm
from bayesmix.errors import UnknownTermError
from bayesmix.inference.evidence.bayes_factor import told_apart, verbal_range

QUIET = {"seed": 1, "progress": False}
FORMULA = "yield ~ irrigation * variety + (1 | field)"


@pytest.fixture(scope="module")
def irrigation():
    return bm.fit(FORMULA, bm.load_data("irrigation"), draws=200, **QUIET)


@pytest.fixture(scope="module")
def days():
    return bm.fit("Reaction ~ Days + (1 | Subject)", bm.load_data("sleepstudy"), draws=200, **QUIET)


@pytest.mark.slow
def test_models_that_differ_in_sigma_are_told_apart(days):
    both = ["Reaction ~ Days + (1 | Subject)", "sigma ~ Days"]
    fit = bm.fit(both, days.data, draws=100, tune=200, chains=2, remedies=False, **QUIET)
    assert told_apart(fit, days) == ("Reaction ~ Days + (1 | Subject); sigma ~ Days", days.formula)
    assert bm.rand(fit).attrs["formula"] == "Reaction ~ Days + (1 | Subject); sigma ~ Days"


def test_models_that_differ_in_priors_or_family_are_told_apart(days):
    narrow = bm.fit(days.formula, days.data, draws=50, priors={"sd_Subject__Intercept": "HalfNormal(20)"}, **QUIET)
    found = bm.bayes_factor(days, narrow)
    assert found.larger == f"{days.formula}, sd_Subject__Intercept ~ HalfStudentT(3, 56.33)"
    assert found.smaller == f"{days.formula}, sd_Subject__Intercept ~ HalfNormal(20)"
    counts = bm.load_data("cbpp")
    one, two = (
        bm.fit("incidence ~ 1", counts, family, draws=50, **QUIET) for family in ("poisson", "negative_binomial")
    )
    assert told_apart(one, two) == ("incidence ~ 1, poisson (log)", "incidence ~ 1, negative_binomial (log)")


@pytest.mark.slow
def test_a_term_within_an_interaction_is_explained(irrigation):
    with pytest.raises(UnknownTermError, match="'irrigation' is contained in irrigation:variety") as refused:
        bm.bayes_factor(irrigation, drop="irrigation")
    together = ["irrigation", "irrigation:variety"]
    assert f"drop them together (drop={together}), or 'irrigation:variety' alone" in str(refused.value)
    # Followed: both together, or the interaction, and then the main effect.
    assert np.isfinite(bm.bayes_factor(irrigation, drop=together).log10_bf)
    assert np.isfinite(bm.bayes_factor(irrigation, drop="irrigation:variety").log10_bf)
    main = bm.fit("yield ~ irrigation + variety + (1 | field)", irrigation.data, draws=50, **QUIET)
    alone = bm.fit("yield ~ variety + (1 | field)", irrigation.data, draws=50, **QUIET)
    dropped = bm.bayes_factor(main, drop="irrigation", prior="fit").log10_bf
    assert dropped == pytest.approx(bm.bayes_factor(main, alone).log10_bf)
    both = bm.bayes_factor(irrigation, drop=together, prior="fit").log10_bf
    assert both == pytest.approx(bm.bayes_factor(irrigation, alone).log10_bf)


def test_the_range_over_scales_of_a_coefficient(irrigation):
    """Its ends are the factors of fits with these priors; smaller scales weaken what speaks against the term."""
    found = bm.bayes_factor(irrigation, drop="irrigation:variety", prior="fit")
    names = [name for name in irrigation.priors if ":" in name]
    without = bm.fit("yield ~ irrigation + variety + (1 | field)", irrigation.data, draws=50, **QUIET)
    for factor, end in ((0.1, found.high), (10.0, found.low)):
        priors = {name: f"Normal(0, {irrigation.priors[name].args[1] * factor})" for name in names}
        scaled = bm.fit(FORMULA, irrigation.data, draws=50, priors=priors, **QUIET)
        assert bm.bayes_factor(scaled, without).log10_bf == pytest.approx(end, abs=1e-6)
    assert (
        found.label == "from decisive against the term to not worth more than a bare mention, by the scale of the prior"
    )
    assert "grows with the scale of their prior without bound" in found.note
    assert str(found).splitlines()[-1] == found.note
    curve = bm.prior_sensitivity(irrigation, drop="irrigation:variety", multipliers=[0.1, 1, 10], prior="fit")
    assert curve["log10_bf"].tolist() == pytest.approx([found.high, found.log10_bf, found.low])


@pytest.mark.slow
def test_the_scale_of_a_coefficient_without_a_closed_form():
    """Against posterior over prior density at 0 of a fit with the other prior (Savage-Dickey)."""
    rng = np.random.default_rng(2)
    data = bm.load_data("cbpp").assign(x=rng.normal(size=56))
    fit = bm.fit("p(incidence, size) ~ x + (1 | herd)", data, "binomial", **QUIET)
    curve = bm.prior_sensitivity(fit, drop="x", multipliers=[0.3, 3.0])
    for multiplier, row in curve.iterrows():
        scale = fit.priors["x"].args[1] * multiplier
        again = bm.fit(fit.formula, data, "binomial", priors={"x": f"Normal(0, {scale})"}, draws=4000, **QUIET)
        at_zero = gaussian_kde(again.posterior["posterior"]["x"].to_numpy().ravel())(0.0)[0]
        assert row["log10_bf"] == pytest.approx(np.log10(norm.pdf(0, 0, scale) / at_zero), abs=0.05)


def test_a_label_heeds_the_range():
    assert verbal_range(2.5, 3.0) == "decisive for the term"
    assert verbal_range(-1.49, -0.04) == (
        "from strong against the term to not worth more than a bare mention, by the scale of the prior"
    )


def test_rand_says_against_which_model(days):
    page = str(bm.rand(days))
    assert "against the model without (1 | Subject), by " in page
    assert "nothing" not in page
    assert "P(term): posterior probability with prior odds 1:1." in page
    assert bm.rand(days)["dropped"].tolist() == ["(1 | Subject) left out"]


def test_the_same_formula_in_other_columns_is_told_apart():
    """Days as numbers and as levels: the models have other coefficients under one formula."""
    data = bm.load_data("sleepstudy").query("Days < 3")
    numbers = bm.fit("Reaction ~ Days + (1 | Subject)", data, draws=50, **QUIET)
    levels = bm.fit("Reaction ~ Days + (1 | Subject)", data.assign(Days=data["Days"].astype(str)), draws=50, **QUIET)
    found = bm.bayes_factor(numbers, levels)
    assert "Days ~ Normal" in found.larger
    assert "Days[1] ~ Normal" in found.smaller
