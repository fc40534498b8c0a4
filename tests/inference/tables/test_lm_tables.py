"""The questions to a least squares fit, beside the record and its mixed neighbours."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmix as bm
from bayesmix.errors import ArgumentError


@pytest.fixture(scope="module")
def fit() -> bm.LmFit:
    data = bm.load_data("irrigation").assign(w=[1, 2, 0.5, 3] * 4, o=np.arange(16) / 10)
    return bm.lm("yield ~ irrigation + variety + offset(o)", data.iloc[1:], weights="w")


def test_coefficients_are_t_tests_of_the_record(fit):
    table = bm.fixef(fit, prob=0.9)
    assert table.columns.tolist() == ["estimate", "se", "df", "t", "p", "lower", "upper"]
    assert table.index.tolist() == list(fit.design.fixed.names)
    np.testing.assert_array_equal(table["estimate"], fit.beta)
    np.testing.assert_allclose(table["se"] ** 2, np.diag(bm.vcov(fit)))
    np.testing.assert_allclose(2 * stats.t(fit.df_residual).sf(np.abs(table["t"])), table["p"])
    # The interval ends where the two-sided test of the value has p = 0.1.
    for end in ("lower", "upper"):
        t = (table["estimate"] - table[end]) / table["se"]
        np.testing.assert_allclose(2 * stats.t(10).sf(np.abs(t)), 0.1)


def test_fitted_and_residuals_add_up_to_the_response(fit):
    fitted, residuals = bm.fitted(fit), bm.residuals(fit)
    assert fitted.index.tolist() == residuals.index.tolist() == list(range(1, 16))
    np.testing.assert_allclose(fitted["estimate"] + residuals["estimate"], fit.data["yield"])
    scaled = bm.residuals(fit, kind="scaled")["estimate"]
    assert np.sum(scaled**2) == pytest.approx(fit.df_residual)
    np.testing.assert_allclose(scaled, residuals["estimate"] * np.sqrt(fit.data["w"]) / fit.sigma)
    pd.testing.assert_frame_equal(bm.residuals(fit, kind="pearson"), bm.residuals(fit, kind="scaled"))


def test_augment_glance_and_tidy(fit):
    rows = bm.augment(fit)
    assert rows.columns.tolist() == [*fit.data.columns, ".fitted", ".resid", ".fixed"]
    np.testing.assert_allclose(rows[".fitted"] + rows[".resid"], rows["yield"])
    (row,) = bm.glance(fit).to_dict("records")
    assert (row["nobs"], row["df_model"], row["df_residual"]) == (15, 4, 10)
    assert row["p"] == pytest.approx(stats.f.sf(row["f"], 4, 10))
    assert row["bic"] - row["aic"] == pytest.approx(6 * (np.log(15) - 2))
    table = bm.tidy(fit)
    assert table["term"].tolist() == [*fit.design.fixed.names, "sd__Observation"]
    assert table["estimate"].iloc[-1] == fit.sigma
    assert table.columns.tolist() == bm.tidy(reml_of_the_same(), effects=("fixed", "ran_pars")).columns.tolist()


def reml_of_the_same():
    return bm.reml("yield ~ irrigation + variety + (1 | field)", bm.load_data("irrigation"))


def test_a_mean_alone_has_no_f_in_its_row():
    (row,) = bm.glance(bm.lm("yield ~ 1", bm.load_data("irrigation"))).to_dict("records")
    assert np.isnan(row["f"])
    assert np.isnan(row["p"])
    assert row["df_model"] == 0


def test_a_mixed_model_whose_groups_do_not_vary_is_the_linear_one():
    """Dyestuff2: REML puts the batch variance at 0, and what is left is least squares."""
    data = bm.load_data("Dyestuff2")
    mixed, plain = bm.reml("Yield ~ 1 + (1 | Batch)", data), bm.lm("Yield ~ 1", data)
    assert mixed.sigma == pytest.approx(plain.sigma, rel=1e-6)
    np.testing.assert_allclose(bm.fixef(mixed)[["estimate", "se"]], bm.fixef(plain)[["estimate", "se"]], rtol=1e-6)
    np.testing.assert_allclose(bm.fitted(mixed), bm.fitted(plain), rtol=1e-6)


def test_summary_takes_the_probability(fit):
    assert str(bm.summary(fit)) == repr(fit)
    assert "(80 % confidence intervals)" in str(bm.summary(fit, prob=0.8))


@pytest.mark.parametrize("question", [bm.ranef, bm.coef, bm.varcorr])
def test_questions_about_groups_are_refused(fit, question):
    with pytest.raises(ArgumentError, match=r"takes a fit by bm\.fit, bm\.reml or bm\.laplace; got LmFit"):
        question(fit)


@pytest.mark.parametrize("question", [bm.fixef, bm.vcov, bm.tidy, bm.summary])
def test_degrees_of_freedom_are_not_chosen(fit, question):
    with pytest.raises(ArgumentError, match="those of least squares are exact; leave it out"):
        question(fit, ddf="kenward-roger")
