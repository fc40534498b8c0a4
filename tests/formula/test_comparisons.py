"""Comparisons as R reads them: factors of FALSE and TRUE, alone and in I(); numbers where one calculates with them.

R 4.2.2: d <- data.frame(y = c(1.2, 3.4, 2.2, 5.1, 4.0, 6.3), x = 1:6, z = c(2, 1, 5, 3, 3, 1),
                         f = factor(c("a", "b", "c", "a", "b", "c"))); d$b <- d$x > 3
model.matrix(as.formula(call), d); the names below are R's with [True] for TRUE and [False] for FALSE.
"""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import DataError, FormulaError
from bayesmix.formula.matrices import build_design, new_rows
from bayesmix.formula.parse import parse
from bayesmix.formula.reduce import fixed_reductions, reductions

DATA = pd.DataFrame(
    {"y": [1.2, 3.4, 2.2, 5.1, 4.0, 6.3], "x": range(1, 7), "z": [2.0, 1, 5, 3, 3, 1], "f": list("abcabc")}
)
DATA["b"] = DATA["x"] > 3
ONE, HIGH, LOW = [1] * 6, [0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]
Z_HIGH, Z_LOW = [0, 0, 0, 3, 3, 1], [2, 1, 5, 0, 0, 0]
B = [0, 1, 0, 0, 1, 0]

R = {
    "x > 3": {"Intercept": ONE, "x > 3[True]": HIGH},
    "I(x > 3)": {"Intercept": ONE, "I(x > 3)[True]": HIGH},
    "I((x > 3))": {"Intercept": ONE, "I((x > 3))[True]": HIGH},
    "I(I(x > 3))": {"Intercept": ONE, "I(I(x > 3))[True]": HIGH},
    "factor(x > 3)": {"Intercept": ONE, "factor(x > 3)[True]": HIGH},
    "I(x > z)": {"Intercept": ONE, "I(x > z)[True]": [0, 1, 0, 1, 1, 1]},
    'I(f == "b")': {"Intercept": ONE, 'I(f == "b")[True]': B},
    'f == "b"': {"Intercept": ONE, 'f == "b"[True]': B},
    "(x > 3) + z": {"Intercept": ONE, "x > 3[True]": HIGH, "z": [2, 1, 5, 3, 3, 1]},
    "I(x > 3) + x": {"Intercept": ONE, "I(x > 3)[True]": HIGH, "x": [1, 2, 3, 4, 5, 6]},
    "0 + I(x > 3)": {"I(x > 3)[False]": LOW, "I(x > 3)[True]": HIGH},
    "I(x > 3) - 1": {"I(x > 3)[False]": LOW, "I(x > 3)[True]": HIGH},
    "0 + f + I(x > 3)": {
        "f[a]": [1, 0, 0, 1, 0, 0],
        "f[b]": B,
        "f[c]": [0, 0, 1, 0, 0, 1],
        "I(x > 3)[True]": HIGH,
    },
    "z:I(x > 3)": {"Intercept": ONE, "z:I(x > 3)[False]": Z_LOW, "z:I(x > 3)[True]": Z_HIGH},
    "z * (x > 3)": {"Intercept": ONE, "z": [2, 1, 5, 3, 3, 1], "x > 3[True]": HIGH, "z:x > 3[True]": Z_HIGH},
    "I((x > 1) * (x < 5))": {"Intercept": ONE, "I((x > 1) * (x < 5))": [0, 1, 1, 1, 0, 0]},
    "I((x > 3) + 0)": {"Intercept": ONE, "I((x > 3) + 0)": HIGH},
    "I(-(x > 3))": {"Intercept": ONE, "I(-(x > 3))": [0, 0, 0, -1, -1, -1]},
    "as.numeric(x > 3)": {"Intercept": ONE, "as.numeric(x > 3)": HIGH},
    "I(b == TRUE)": {"Intercept": ONE, "I(b == TRUE)[True]": HIGH},
    "b == FALSE": {"Intercept": ONE, "b == FALSE[True]": LOW},
}


@pytest.mark.parametrize("call", R)
def test_columns_are_rs(call):
    design = build_design(parse(f"y ~ {call}"), DATA)
    assert dict(zip(design.fixed.names, design.fixed.matrix.T.tolist(), strict=True)) == R[call]


def test_a_slope_of_a_comparison_varies_by_its_levels():
    rows = pd.concat([DATA] * 4, ignore_index=True).assign(g=np.repeat(list("pqrs"), 6))
    both, one = (build_design(parse(f"y ~ z + ({side} | g)"), rows).random[0] for side in ("0 + I(x > 3)", "x > 3"))
    assert both.names == ("I(x > 3)[False]", "I(x > 3)[True]")
    assert one.names == ("Intercept", "x > 3[True]")
    assert one.label == "(x > 3) | g"


@pytest.mark.parametrize("formula", ["y ~ x > 3 + (1 | g)", "y ~ (1 | g) + x > 3", "y ~ (x > 3) + (1 | g)"])
def test_a_random_term_is_no_part_of_the_comparison(formula):
    """lme4's nobars() leaves y ~ x > 3 of all three."""
    read = parse(formula)
    assert [term.label for term in read.fixed] == ["1", "x > 3"]
    assert [term.label for term in read.random] == ["1 | g"]


@pytest.mark.parametrize(
    "formula", ["y ~ (x > 3) * z + (1 | g) + (0 + (x > 3) | g)", 'y ~ f == "b" + (f == "b" | g)', "y ~ z + (x > 3 | g)"]
)
def test_a_formula_that_is_written_anew_is_the_same(formula):
    read = parse(formula)
    for reduced in (*reductions(read), *fixed_reductions(read)):
        again = parse(reduced.formula.text)
        assert (again.fixed, [term.label for term in again.random]) == (
            reduced.formula.fixed,
            [term.label for term in reduced.formula.random],
        )


def test_new_rows_have_the_levels_of_the_fit():
    design = build_design(parse("y ~ 0 + I(x > 3) + z"), DATA)
    np.testing.assert_array_equal(
        new_rows(design, pd.DataFrame({"x": [9, 8], "z": [1, 2]})).fixed, [[0, 1, 1], [0, 1, 2]]
    )


@pytest.mark.parametrize("call", ["x > 0", "I(x > 99)", "z * (x < 0)"])
def test_a_comparison_with_one_outcome_is_refused(call):
    with pytest.raises(DataError, match=r"has 1 level \((True|False)\) in the rows used"):
        build_design(parse(f"y ~ {call}"), DATA)


@pytest.mark.parametrize("call", ["I(log(x - 3.5) > 0)", "log(x - 3.5) > 0", "as.numeric(0 < log(x - 3.5))"])
def test_a_comparison_of_what_is_not_known_is_refused(call):
    with pytest.raises(DataError, match=r"log\(x - 3.5\) is not finite in 3 of 6 rows \(first in row 0: x = 1\)"):
        build_design(parse(f"y ~ {call}"), DATA)


@pytest.mark.parametrize("call", ["x > 3 + z", "z + x > 3", "x > 3 + z + (1 | f)", "x > 3 - z"])
def test_a_comparison_with_a_sum_is_refused(call):
    with pytest.raises(FormulaError, match=r"write the comparison in parentheses, \(x > 3\) \+ z"):
        build_design(parse(f"y ~ {call}"), DATA)


def test_fits_have_the_numbers_of_the_same_factor_as_a_column():
    rng = np.random.default_rng(4)
    rows = pd.DataFrame({"x": rng.normal(size=60), "g": np.repeat(list("abcdef"), 10)})
    rows["y"] = rows["x"] + rng.normal(size=60)
    rows["high"] = np.where(rows["x"] > 0.2, "True", "False")
    one, other = bm.reml("y ~ x > 0.2 + (1 | g)", rows), bm.reml("y ~ high + (1 | g)", rows)
    assert one.criterion == pytest.approx(other.criterion, abs=1e-9)
    assert bm.fixef(one).index.tolist() == ["Intercept", "x > 0.2[True]"]
    assert bm.anova(one).index.tolist() == ["x > 0.2"]


@pytest.mark.parametrize("term", ["I(poly(x, 2) > 0)", "poly(x, 2) > 0", "scale(x > poly(x, 2))", "I(poly(x, 2) * x)"])
def test_columns_of_a_matrix_are_not_calculated_with(term):
    data = pd.DataFrame({"y": np.arange(20.0), "x": np.sin(np.arange(20.0))})
    with pytest.raises(FormulaError, match=r"takes one number a row, and poly\(x, 2\) has 2"):
        build_design(parse(f"y ~ {term}"), data)
