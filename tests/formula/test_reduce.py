"""Formulas without one part of their random terms."""

import pytest

from bayesmix.formula.parse import parse
from bayesmix.formula.reduce import reductions

TABLE = {
    "y ~ x": [],
    "y ~ x + (1 | g)": [("(1 | g)", "", "y ~ x")],
    "y ~ 1 + (1 | g)": [("(1 | g)", "", "y ~ 1")],
    "y ~ 0 + x + (x | g)": [("x in (x | g)", "(1 | g)", "y ~ 0 + x + (1 | g)")],
    "y ~ x + (0 + x | g)": [("(0 + x | g)", "", "y ~ x")],
    "y ~ x * z + (x + z | g) + (1 | h)": [
        ("x in (x + z | g)", "(z | g)", "y ~ x + z + x:z + (z | g) + (1 | h)"),
        ("z in (x + z | g)", "(x | g)", "y ~ x + z + x:z + (x | g) + (1 | h)"),
        ("(1 | h)", "", "y ~ x + z + x:z + (x + z | g)"),
    ],
    "y ~ x + (a * b | g)": [("a:b in (a + b + a:b | g)", "(a + b | g)", "y ~ x + (a + b | g)")],
    "y ~ x + (0 + a + z + a:b | g)": [
        ("z in (0 + a + z + a:b | g)", "(0 + a + a:b | g)", "y ~ x + (0 + a + a:b | g)"),
        ("a:b in (0 + a + z + a:b | g)", "(0 + a + z | g)", "y ~ x + (0 + a + z | g)"),
    ],
    "y ~ x + (x || g)": [
        ("(1 | g)", "", "y ~ x + (0 + x | g)"),
        ("(0 + x | g)", "", "y ~ x + (1 | g)"),
    ],
    "y ~ 1 + (1 | a / b)": [
        ("(1 | a)", "", "y ~ 1 + (1 | a:b)"),
        ("(1 | a:b)", "", "y ~ 1 + (1 | a)"),
    ],
    "log(y) ~ scale(x) + offset(z) + (scale(x) | g)": [
        ("scale(x) in (scale(x) | g)", "(1 | g)", "log(y) ~ scale(x) + offset(z) + (1 | g)")
    ],
}


@pytest.mark.parametrize("text", TABLE)
def test_each_part_in_turn(text):
    found = [(one.label, one.after, one.formula.text) for one in reductions(parse(text))]
    assert found == TABLE[text]


@pytest.mark.parametrize("text", TABLE)
def test_the_text_reads_as_the_formula_does(text):
    for one in reductions(parse(text)):
        again = parse(one.formula.text)
        assert again.fixed == one.formula.fixed
        assert [term.label for term in again.random] == [term.label for term in one.formula.random]
