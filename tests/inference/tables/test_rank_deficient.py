"""Estimates with columns left out, and tables of variance of types 1, 2 and 3, against R's numbers.

`references/make_rank_deficient.R` fitted linear models and mixed models with empty cells, nested factors and numbers
made of others, and some of full rank: lm, lmer, car and lmerTest with both methods of degrees of freedom.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm

STORED = json.loads((Path(__file__).parents[2] / "references" / "rank_deficient.json").read_text(encoding="utf-8"))
LINEAR = [f"{case['data']}: {case['formula']}" for case in STORED["lm"]]
MIXED = [f"{case['data']}: {case['formula']}" for case in STORED["lmer"]]
METHODS = {"satterthwaite": "Satterthwaite", "kenward-roger": "Kenward-Roger"}
# lmerTest has the variances' covariance from differences; all else is as precise as the search of lmer.
# Without the main effect of farm R codes block by all levels in block:farm, and lmerTest takes it for no part of that
# term; car, and SAS, do. The table of lm above is car's.
LMERTEST_LOSES = {"y ~ spray * block + block:farm": ("block",)}
_TOLD = {}
DF = {"satterthwaite": 2e-5, "kenward-roger": 2e-5}


def rows_of(name):
    rows = pd.DataFrame({column: np.array(values) for column, values in STORED["data"][name].items()})
    return rows.assign(**{column: pd.Categorical(rows[column], of) for column, of in STORED["levels"][name].items()})


def numbers(values):
    """Of R, where null is NA and a single number stands for a vector of one."""
    values = values if isinstance(values, list) else [values]
    return np.array([np.nan if value is None else value for value in values], dtype=float)


@pytest.fixture(scope="module", params=range(len(LINEAR)), ids=LINEAR)
def linear(request):
    case = STORED["lm"][request.param]
    return case, bm.lm(case["formula"], rows_of(case["data"]), weights=case["weights"] or None)


@pytest.fixture(scope="module", params=range(len(MIXED)), ids=MIXED)
def mixed(request):
    case = STORED["lmer"][request.param]
    return case, bm.reml(case["formula"], rows_of(case["data"]))


def test_lm_has_the_coefficients_of_r(linear):
    case, fit = linear
    found, expected = bm.fixef(fit), numbers(case["coefficients"])
    np.testing.assert_allclose(found["estimate"], expected, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(found["se"], numbers(case["se"]), rtol=1e-9)
    assert (found["df"].dropna() == case["df"]).all()
    assert fit.sigma == pytest.approx(case["sigma"], rel=1e-10)
    assert fit.r_squared == pytest.approx(case["r_squared"], rel=1e-10)
    assert fit.loglik == pytest.approx(case["loglik"], rel=1e-10)
    np.testing.assert_allclose(fit.fitted, case["fitted"], rtol=1e-9)
    unknown = list(found.index[np.isnan(expected)])
    assert unknown == list(fit.design.fixed.left_out) == list(found.attrs.get("not_estimable", {}))


def checked(table, expected, sums):
    """Compares with a table of R, in which terms without a degree of freedom are missing or nan."""
    for label in table.index:
        place = expected["term"].index(label) if label in expected["term"] else None
        df = np.nan if place is None else numbers(expected["Df"])[place]
        if np.isnan(df) or df == 0:
            assert table.loc[label, "df"] == 0
            continue
        assert table.loc[label, "df"] == df
        assert table.loc[label, "sum_sq"] == pytest.approx(numbers(expected[sums])[place], rel=1e-8)
        if label != "Residuals" and "F.value" in expected:
            assert table.loc[label, "f"] == pytest.approx(numbers(expected["F.value"])[place], rel=1e-8)
            assert table.loc[label, "p"] == pytest.approx(numbers(expected["Pr..F."])[place], rel=1e-7)


def test_lm_type_one_is_that_of_r(linear):
    case, fit = linear
    checked(bm.anova(fit), case["type_one"], "Sum.Sq")
    assert bm.anova(fit).attrs["type"] == 1


def test_lm_type_two_is_that_of_car(linear):
    case, fit = linear
    table = bm.anova(fit, type=2)
    # car adjusts a factor for its product with a number's main effects alone.
    other = [label for label in table.index if has_product_with_number(label, fit)]
    checked(table.drop(index=other), case["type_two"], "Sum.Sq")


def has_product_with_number(label, fit):
    terms = {term.label: term for term in fit.design.formula.fixed}
    own = set(terms[label].labels) if label in terms else set()
    factors = {name for term in fit.design.fixed.terms for name in term.factors}
    return any(own < set(term.labels) and not set(term.labels) - own <= factors for term in terms.values())


def columns_of(fit):
    """Of each term its columns with every level of its factors, made without any coding."""
    rows, factors = fit.data, {name for term in fit.design.fixed.terms for name in term.factors}
    found = {}
    for term in fit.design.formula.fixed:
        block = np.ones((len(rows), 1))
        for label in term.labels:
            values = 2 * rows["x"] if label == "I(2 * x)" else rows[label]
            own = pd.get_dummies(values) if label in factors else values.to_frame()
            block = np.concatenate(
                [block * own.iloc[:, [j]].to_numpy(dtype=float) for j in range(own.shape[1])], axis=1
            )
        found[term.label] = (frozenset(set(term.labels) & factors), frozenset(set(term.labels) - factors), block)
    return found


def told_beside_others(fit):
    """By how much each term raises the rank beside all terms that do not contain it."""
    if fit in _TOLD:
        return _TOLD[fit]
    found, columns = {}, columns_of(fit)
    for label, (factors, plain, block) in columns.items():
        others = [
            other
            for name, (of, numbers_in, other) in columns.items()
            if name != label and not (factors < of and plain == numbers_in)
        ]
        beside = np.column_stack([np.empty((len(block), 0)), *others])
        together = np.linalg.matrix_rank(np.column_stack([beside, block]))
        found[label] = together - (np.linalg.matrix_rank(beside) if beside.size else 0)
    return _TOLD.setdefault(fit, found)


@pytest.mark.parametrize("kind", [2, 3])
def test_what_several_terms_explain_counts_for_none(linear, kind):
    _, fit = linear
    if not fit.design.fixed.has_intercept:
        return  # there the first factor's levels are compared with 0, as in R
    table, told = bm.anova(fit, type=kind), told_beside_others(fit)
    assert table["df"].drop("Residuals").to_dict() == {label: told[label] for label in table.index[:-1]}
    notes = table.get("note", pd.Series("", table.index))
    assert (notes.str.startswith("not estimable") == (table["df"] == 0)).all()


def test_lm_type_three_is_that_of_car_and_lmertest(linear):
    case, fit = linear
    table = bm.anova(fit, type="III")
    by_hand, told = case["hypotheses_three"], told_beside_others(fit)
    for label, df, squares in zip(by_hand["term"], by_hand["Df"], by_hand["SS"], strict=True):
        if told[label] < df or label in LMERTEST_LOSES.get(case["formula"], ()):
            continue  # lmerTest tests the coefficients that are left of what other terms explain as well
        assert table.loc[label, "df"] == df
        assert table.loc[label, "sum_sq"] == pytest.approx(squares, rel=1e-5, abs=1e-9)
    if case["type_three"]:
        # Covariates within an interaction are where car's hypotheses are others, whatever the contrasts.
        checked(table, case["type_three"], "Sum.Sq")


def test_reml_drops_the_columns_of_lmer(mixed):
    case, fit = mixed
    found = bm.fixef(fit)
    gone = [list(fit.design.fixed.every_name).index(name) + 1 for name in fit.design.fixed.left_out]
    assert gone == case["dropped"]
    assert list(found.index) == list(fit.design.fixed.every_name)
    assert found["estimate"].isna().sum() == len(gone)
    assert fit.criterion == pytest.approx(case["criterion"], rel=1e-9)
    np.testing.assert_allclose(fit.theta, np.atleast_1d(case["theta"]), rtol=2e-5)
    known = found.dropna()
    np.testing.assert_allclose(known["estimate"], case["coefficients"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(known["se"], case["se"], rtol=1e-5)
    np.testing.assert_allclose(known["df"], case["df"], rtol=DF["satterthwaite"])
    adjusted = bm.fixef(fit, ddf="kenward-roger").dropna()
    np.testing.assert_allclose(adjusted["se"], case["kr_se"], rtol=1e-5)
    np.testing.assert_allclose(adjusted["df"], case["kr_df"], rtol=DF["kenward-roger"])
    np.testing.assert_allclose(bm.fitted(fit)["estimate"], case["fitted"], rtol=1e-5)


@pytest.mark.parametrize("kind", [1, 2, 3])
@pytest.mark.parametrize("ddf", METHODS)
def test_reml_tables_are_those_of_lmertest(mixed, kind, ddf):
    case, fit = mixed
    table, expected = bm.anova(fit, type=kind, ddf=ddf), case["anova"][METHODS[ddf]][kind - 1]
    assert table.attrs["type"] == kind
    told = told_beside_others(fit)
    for label, row in table.iterrows():
        names = np.atleast_1d(expected["term"]).tolist()
        place = names.index(label) if label in names else None
        if place is None or np.isnan(numbers(expected["NumDF"])[place]):
            assert row["num_df"] == 0
            assert np.isnan(row["f"])
            continue
        own = {column: numbers(expected[column])[place] for column in expected if column != "term"}
        if kind > 1 and label in LMERTEST_LOSES.get(case["formula"].removesuffix(" + (1 | field)"), ()):
            continue
        if kind > 1 and told[label] < own["NumDF"]:
            assert row["num_df"] == told[label]
            continue
        assert row["num_df"] == own["NumDF"]
        assert row["den_df"] == pytest.approx(own["DenDF"], rel=DF[ddf])
        assert row["f"] == pytest.approx(own["F.value"], rel=2e-5)
        assert row["p"] == pytest.approx(own["Pr..F."], rel=2e-4)
        assert row["sum_sq"] == pytest.approx(own["Sum.Sq"], rel=2e-5)
