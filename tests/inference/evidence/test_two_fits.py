"""Bayes factors of two fits, one of which is contained in the other: the range over prior scales, by other means."""

import numpy as np
import pytest

import bayesmix as bm

SLOPES, INTERCEPTS = "Reaction ~ Days + (Days | Subject)", "Reaction ~ Days + (1 | Subject)"


@pytest.fixture(scope="module")
def fits():
    data = bm.load_data("sleepstudy")
    return bm.fit(SLOPES, data, seed=1), bm.fit(INTERCEPTS, data, seed=1)


def test_two_fits_have_the_range_of_the_dropped_term(fits):
    slopes, intercepts = fits
    factor, dropped = bm.bayes_factor(slopes, intercepts), bm.bayes_factor(slopes, drop="Days in (Days | Subject)")
    assert factor.log10_bf == pytest.approx(dropped.log10_bf, abs=1e-9)
    np.testing.assert_allclose([factor.low, factor.high], [dropped.low, dropped.high], atol=1e-9)
    assert factor.priors == dropped.priors
    assert "with the prior scales multiplied" in str(factor)


def test_models_that_do_not_contain_each_other_have_no_range(fits):
    slopes, intercepts = fits
    assert np.isnan(bm.bayes_factor(intercepts, slopes).low)
    other = bm.fit(INTERCEPTS, slopes.data, seed=1, priors={"Days": "Normal(0, 5)"})
    factor = bm.bayes_factor(slopes, other)
    assert np.isnan([factor.low, factor.high]).all()
    assert not factor.priors


@pytest.mark.slow
def test_a_formula_of_sigma_has_the_range_that_other_fits_have(fits):
    """sigma_Intercept takes the place of sigma; the ends are those of fits with the scaled priors."""
    intercepts, formulas = fits[1], [INTERCEPTS, "sigma ~ Days"]
    factor = bm.bayes_factor(bm.fit(formulas, intercepts.data, seed=1), intercepts)
    assert factor.priors == "sigma_Days ~ Normal(0, 0.868)"
    for end, scale in ((factor.high, 0.0868), (factor.low, 8.68)):
        other = bm.fit(formulas, intercepts.data, seed=2, priors={"sigma_Days": f"Normal(0, {scale})"})
        assert bm.bayes_factor(other, intercepts).log10_bf == pytest.approx(end, abs=0.06)
