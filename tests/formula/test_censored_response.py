"""`time | cens(censored)`: how censoring is written, what it becomes, and what is refused in one line."""

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import DataError, DesignError, FamilyError, FormulaError, UnknownColumnError
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.formula.reduce import fixed_reductions

CODES = [0, 1, 0, -1, 0, 1]


@pytest.fixture
def data():
    texts = {0: "none", 1: "right", -1: "left"}
    return pd.DataFrame(
        {
            "time": [1.0, 2.5, 0.3, 4.0, 2.0, 6.0],
            "code": CODES,
            "text": [texts[code] for code in CODES],
            "factor": pd.Categorical([texts[code] for code in CODES]),
            "shouted": [texts[code].upper() for code in CODES],
            "flag": [code == 1 for code in CODES],
            "r_flag": ["TRUE" if code == 1 else "FALSE" for code in CODES],
            "status": [0 if code == 1 else 1 for code in CODES],
            "one_two": [1 if code == 1 else 2 for code in CODES],
            "all": 1,
            "x": [0.1, 0.5, 0.3, 0.9, 0.2, 0.8],
        }
    )


def built(formula, data, kind="positive"):
    return build_design(parse(formula), data, response=kind)


@pytest.mark.parametrize("written", ["code", "text", "factor", "shouted"])
def test_codes_and_texts_of_brms(written, data):
    response = built(f"time | cens({written}) ~ x", data).response
    assert response.censoring.tolist() == CODES
    assert response.name == "time"
    np.testing.assert_array_equal(response.values, data["time"])


@pytest.mark.parametrize("written", ["flag", "r_flag", "1 - status", "status == 0", "one_two == 1", 'text == "right"'])
def test_true_is_right_censored_and_a_status_is_turned_around(written, data):
    response = built(f"time | cens({written}) ~ x", data).response
    assert response.censoring.tolist() == [int(code == 1) for code in CODES]


def test_where_no_row_is_censored_the_response_is_an_ordinary_one(data):
    assert built("time | cens(code) ~ x", data.assign(code=0)).response.censoring is None


def test_a_transformed_response_and_a_gaussian_one(data):
    response = built("log(time) | cens(code) ~ x", data, kind="real").response
    assert response.name == "log(time)"
    np.testing.assert_allclose(response.values, np.log(data["time"]))


def test_a_row_whose_censoring_is_missing_is_left_out(data):
    design = built("time | cens(code) ~ x", data.assign(code=[0, None, 0, -1, 0, 1]))
    assert design.missing == {"code": 1}
    assert design.response.censoring.tolist() == [0, 0, -1, 0, 1]


def test_smaller_models_keep_the_censoring(data):
    (without_x,) = fixed_reductions(parse("time | cens(code) ~ x"))
    assert parse(without_x.formula.text).response.censoring is not None
    assert build_design(without_x.formula, data, response="positive").response.censoring.tolist() == CODES


@pytest.mark.parametrize("formula", ["time | cens(code) ~ I(x * pi)", "I(time * pi) | cens(code * pi / pi) ~ x"])
def test_constants_in_a_formula_leave_its_censoring(formula, data):
    assert built(formula, data).response.censoring.tolist() == CODES


@pytest.mark.parametrize(
    ("formula", "kind", "error", "says"),
    [
        ("time | cens(all) ~ x", "positive", DataError, "censored in all 6 rows"),
        ("time | cens(one_two) ~ x", "positive", DataError, "2.0 in 4 of 6 rows, which is no censoring"),
        ("time | cens(typo) ~ x", "positive", DataError, "'rigth' in 2 of 6 rows"),
        ("time | cens(interval) ~ x", "positive", DataError, "intervals are not supported"),
        ("time | cens(poly(x, 2)) ~ x", "positive", DataError, "2 columns; it needs 1"),
        ("time | cens(codes) ~ x", "positive", UnknownColumnError, "Did you mean 'code'?"),
        ("status | cens(code) ~ x", "positive", DataError, "above 0"),
        ("time | cens(code) ~ x", "count", FamilyError, "censored"),
        ("time | cens(code) ~ time", "positive", DesignError, "a predictor too"),
        ("time | cens(code, x) ~ x", "positive", FormulaError, "intervals, with a second bound"),
        ("time | cens(code, y2 = x) ~ x", "positive", FormulaError, "intervals, with a second bound"),
        ("time | cens() ~ x", "positive", FormulaError, "1 argument, got 0"),
        ("time | censored(code) ~ x", "positive", FormulaError, "time | cens(censored)"),
        ("time ~ x + cens(code)", "positive", FormulaError, "cannot stand here"),
        ("Surv(time, status) ~ x", "positive", FormulaError, "time | cens(1 - status)"),
    ],
)
def test_refusals(formula, kind, error, says, data):
    more = data.assign(typo=data["text"].replace("right", "rigth"), interval=data["text"].replace("left", "interval"))
    with pytest.raises(error) as caught:
        built(formula, more, kind)
    message = str(caught.value)
    assert says in message
    assert len(message.splitlines()) == (3 if error is FormulaError else 1)
