"""Sums of terms as R expands them, and the limits at which a formula is refused.

R 4.2.2: t <- terms(formula); c(attr(t, "intercept"), attr(t, "term.labels"))
"""

import time

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import FormulaError
from bayesmix.formula.coding import code_terms
from bayesmix.formula.grammar import DEEPEST
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.formula.sums import MOST_TERMS, MOST_VARIABLES
from bayesmix.formula.tokens import LONGEST
from bayesmix.formula.variables import Variables

R = [
    ("(x - 1)", 0, ["x"]),
    ("(0 + x)", 0, ["x"]),
    ("z + (0 + x)", 0, ["z", "x"]),
    ("(x + 0)", 0, ["x"]),
    ("(x - 1) + 1", 1, ["x"]),
    ("(x - 1) + z", 0, ["x", "z"]),
    ("0 + (1 + x)", 1, ["x"]),
    ("((x + 0) + z) + w", 0, ["x", "z", "w"]),
    ("x - (1)", 0, ["x"]),
    ("-(1) + x", 0, ["x"]),
    ("x - 0", 1, ["x"]),
    ("x - 1 + 1", 1, ["x"]),
    ("(1 + x) * z", 1, ["x", "z", "x:z"]),
    ("(x + 1)^2", 1, ["x"]),
    ("x - x", 1, []),
    ("(a + b)^3 - a:b", 1, ["a", "b"]),
    ("(a + b - a)^2", 1, ["b"]),
    ("(a * b)^2", 1, ["a", "b", "a:b"]),
    ("a:a", 1, ["a"]),
    ("a:b + b:a", 1, ["a:b"]),
    ("a / b / c", 1, ["a", "a:b", "a:b:c"]),
    ("(a + b) / c", 1, ["a", "b", "a:b:c"]),
    ("a / (b + c)", 1, ["a", "a:b", "a:c"]),
    ("a / (b * c)", 1, ["a", "a:b", "a:c", "a:b:c"]),
    ("a %in% b", 1, ["a:b"]),
    ("a %in% (b + c)", 1, ["a:b:c"]),
    ("a %in% (b + a)", 1, ["a:b"]),
    ("(a + b) %in% c", 1, ["a:c", "b:c"]),
]


@pytest.mark.parametrize(("right", "intercept", "labels"), R, ids=[row[0] for row in R])
def test_terms_are_rs(right, intercept, labels):
    found = [term.label for term in parse(f"y ~ {right}").fixed]
    assert found == (["1"] if intercept else []) + labels


@pytest.mark.parametrize("effects", ["0 + x", "(0 + x)", "(x - 1)", "((x) + 0)"])
def test_an_intercept_is_taken_away_inside_parentheses_too(effects):
    # lme4: (0 + x | g) and ((0 + x) | g) are one model.
    assert [term.label for term in parse(f"y ~ x + ({effects} | g)").random] == ["0 + x | g"]


@pytest.mark.parametrize("right", ["z:(x - 1)", "(0 + x)^2", "(x - 1) * z", "x / (z - 1)", "z - (x - 1)", "(1) * x"])
def test_an_intercept_within_a_product_is_refused(right):
    with pytest.raises(FormulaError, match="0 and 1 stand in the sum itself"):
        parse(f"y ~ {right}")


def test_parentheses_around_random_terms_do_not_matter():
    plain = parse("y ~ x + (1 | g) + (1 | h)")
    for text in ("y ~ x + ((1 | g)) + (1 | h)", "y ~ (x + (1 | g)) + (((1 | h)))", "y ~ (x + ((1 | g) + (1 | h)))"):
        assert [term.label for term in parse(text).random] == [term.label for term in plain.random]
        assert parse(text).fixed == plain.fixed
    assert [term.label for term in parse("y ~ ((1 | g) - 1) + x").fixed] == ["x"]


def joined(operator: str, n: int) -> str:
    return operator.join(f"x{i}" for i in range(n))


def test_a_sum_of_a_thousand_terms_is_read_and_coded():
    n = 1000
    data = pd.DataFrame(np.random.default_rng(7).normal(size=(30, n)), columns=[f"x{i}" for i in range(n)])
    formula = parse(f"y ~ {joined(' + ', n)} + (1 | g)")
    matrix, names, _ = code_terms(formula.fixed, Variables(formula.text, data, {}))
    assert names == ("Intercept", *data.columns)
    np.testing.assert_array_equal(matrix[:, 1:], data.to_numpy())


def test_long_arithmetic_is_worked_out():
    data = pd.DataFrame({"y": [1.0, 2, 4], "x": [1.0, 2, 5]})
    design = build_design(parse(f"y ~ I({' + '.join(['x'] * 3000)} - x)"), data)
    np.testing.assert_allclose(design.fixed.matrix[:, 1], 2999 * data["x"])


LIMITS = {
    "minus signs": (f"y ~ I({'-' * 200}x)", f"more than {DEEPEST} deep"),
    "powers": (f"y ~ I({'x^' * 200}2)", f"more than {DEEPEST} deep"),
    "parentheses": (f"y ~ {'(' * 200}x{')' * 200}", f"more than {DEEPEST} deep"),
    "calls": (f"y ~ {'log(' * 200}x{')' * 200}", f"more than {DEEPEST} deep"),
    "every operator": (f"y ~ I({'a == b + c * d ^ (' * 100}x", f"more than {DEEPEST} deep"),
    "interactions": (f"y ~ {joined(':', 5000)}", f"at most {MOST_VARIABLES}"),
    "nested factors": (f"y ~ {joined('/', 5000)}", f"at most {MOST_VARIABLES}"),
    "nested groups": (f"y ~ (1 | {joined('/', 5000)})", f"at most {MOST_VARIABLES}"),
    "group of many columns": (f"y ~ (1 | {joined(':', 5000)})", f"at most {MOST_VARIABLES}"),
    "full factorial": (f"y ~ {joined('*', 40)}", f"at most {MOST_TERMS}"),
    "power of a sum": (f"y ~ ({joined('+', 200)})^9", f"at most {MOST_TERMS}"),
    "high power of a long sum": (f"y ~ ({joined('+', 9000)})^9000", f"at most {MOST_TERMS}"),
    "wide sum": (f"y ~ {joined('+', MOST_TERMS + 1)}", f"at most {MOST_TERMS}"),
    "random terms": (f"y ~ ({joined('+', 5000)} || a/b/c)", f"at most {MOST_TERMS}"),
    "length": ("y ~ x" + " + x" * (LONGEST // 4), f"at most {LONGEST}"),
    "one long name": (f"y ~ {'x' * 1000} z", "operator"),
    "line break": ("y ~ x\n  + lgo(z)", "Did you mean 'log'"),
}


@pytest.mark.parametrize("case", LIMITS)
def test_limits_are_said_at_once_in_three_short_lines(case):
    formula, said = LIMITS[case]
    start = time.process_time()
    with pytest.raises(FormulaError, match=said) as caught:
        parse(formula)
    assert time.process_time() - start < 5  # an expansion in full would take minutes, or all memory
    reason, shown, marks = str(caught.value).splitlines()
    assert max(len(reason), len(shown), len(marks)) < 400
    assert "^" in marks


def test_the_mark_stands_under_its_token_in_a_long_formula():
    formula = f"y ~ {joined(' + ', 500)} + lgo(x) + {joined(' + ', 500)}"
    with pytest.raises(FormulaError) as caught:
        parse(formula)
    _, shown, marks = str(caught.value).splitlines()
    assert shown[marks.index("^") :].startswith("lgo(x)")
    assert marks.count("^") == len("lgo")


@pytest.mark.parametrize(
    ("text", "marked"), [("y ~ `a\nb`", "`a\nb`"), ("y ~ `a\x1b[1m`", "`a\x1b[1m`"), ("y ~ `\ud800`", "`\ud800`")]
)
def test_names_that_no_table_prints_are_refused(text, marked):
    with pytest.raises(FormulaError, match="control character or half of a surrogate pair") as caught:
        parse(text)
    assert text[caught.value.span.start : caught.value.span.end] == marked
    assert len(str(caught.value).splitlines()) == 3
    assert str(caught.value).replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("y ~ `a", "never closed"),
        ("y ~ ``", "never closed"),
        ("y ~ I(f == 'a)", "quote"),
        ("y ~ 1e400", "larger than any"),
        ("y ~ I(x * 1e400)", "larger than any"),
    ],
)
def test_tokens_that_are_none(text, said):
    with pytest.raises(FormulaError, match=said):
        parse(text)


def test_what_is_written_anew_is_read_again():
    for text in ("y ~ I(f == 'a\"b')", "y ~ `my f`(x, `a b` = 2)", "y ~ I(-x^2 - (x - 1) * 3)", "y ~ I(`a b` / 2)"):
        term = parse(text, ["my f"]).fixed[1]
        assert parse(f"y ~ {term.label}", ["my f"]).fixed[1].label == term.label
