"""The text of an error: one line whatever it quotes, and a formula's token marked in a line of its own."""

import pickle

import pytest

from bayesmix.errors import BayesmixError, DataError, FormulaError, Span
from bayesmix.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 中", "plain é 中"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("a\0b", r"a\x00b"),
        ("half \ud800", r"half \ud800"),
        ("right \u202eto left", r"right \u202eto left"),
        ("line\u2028break", r"line\u2028break"),
    ],
)
def test_control_characters_are_written_out(text, shown):
    assert visible(text) == shown
    assert str(DataError(text)) == shown


def test_long_messages_lose_their_middle():
    said = str(BayesmixError("begin " + "x" * 100_000 + " end"))
    assert said.startswith("begin x")
    assert said.endswith("x end")
    assert "characters more" in said
    assert len(said) < 2000


def test_a_formula_of_several_lines_is_shown_on_one():
    formula = "y ~ x\n  + lgo(z)\r\n\t+ w\x1b"
    error = FormulaError("no\nfunction", formula, Span(10, 13))
    reason, shown, marks = str(error).splitlines()
    assert reason == r"no\nfunction"
    assert shown == "  y ~ x   + lgo(z)   + w?"
    assert shown[marks.index("^") : marks.rindex("^") + 1] == "lgo"
    assert error.formula == formula


def test_errors_of_a_formula_survive_a_process():
    error = pickle.loads(pickle.dumps(FormulaError("no function", "y ~ lgo(x)", Span(4, 7))))
    assert str(error).splitlines() == ["no function", "  y ~ lgo(x)", "      ^^^"]
    assert (error.reason, error.formula, error.span) == ("no function", "y ~ lgo(x)", Span(4, 7))
