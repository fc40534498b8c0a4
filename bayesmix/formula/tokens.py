"""A formula's text as tokens, each with its place in the text."""

import re
from dataclasses import dataclass

import numpy as np

from bayesmix.errors import FormulaError, Span

LONGEST = 500_000
"""Characters of a formula at most."""

_PATTERN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<name>(?:[^\W\d]|\.(?=[^\W\d]))[\w.]*|`[^`]+`)
  | (?P<text>"[^"]*"|'[^']*')
  | (?P<operator>%in%|\*\*|\|\||==|!=|<=|>=|[~+\-*/:^|(),=<>.])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """`kind` is ``"number"``, ``"name"``, ``"text"``, ``"operator"`` or ``"end"``; `text` without quotes."""

    kind: str
    text: str
    span: Span


def tokenize(formula: str) -> tuple[Token, ...]:
    """The tokens of `formula`, closed by an ``"end"`` token.

    Raises
    ------
    FormulaError
        A character that no formula has, a quote that is not closed, a name or a level with a control character, or a
        number that is too large, marked in the text; or the text is longer than `LONGEST`.
    """
    if len(formula) > LONGEST:
        raise FormulaError(
            f"The formula has {len(formula)} characters; at most {LONGEST} are read.", formula, Span(LONGEST, LONGEST)
        )
    tokens = []
    position = 0
    while position < len(formula):
        match = _PATTERN.match(formula, position)
        if match is None:
            raise _meaningless(formula, position)
        if match.lastgroup != "space":
            tokens.append(_token(formula, str(match.lastgroup), Span(match.start(), match.end())))
        position = match.end()
    tokens.append(Token("end", "", Span(len(formula), len(formula) + 1)))
    return tuple(tokens)


def _token(formula: str, kind: str, span: Span) -> Token:
    text = formula[span.start : span.end]
    if kind == "text" or text.startswith("`"):
        text = text[1:-1]
        quoted = "level" if kind == "text" else "column"
        if unprintable(text):
            raise FormulaError(
                f"The {quoted} {text!r} has a control character or half of a surrogate pair in it, which no table can "
                f"print; rename the {quoted}.",
                formula,
                span,
            )
    if kind == "number" and not np.isfinite(float(text)):
        raise FormulaError(f"{text} is larger than any number that a computer calculates with.", formula, span)
    return Token(kind, text, span)


def unprintable(text: str) -> bool:
    """Whether a name cannot stand in a line of a table: it has control characters or halves of surrogate pairs."""
    return any(
        character < " "
        or "\x7f" <= character < "\xa0"
        or "\ud800" <= character <= "\udfff"
        or character in "\u2028\u2029"
        for character in text
    )


def _meaningless(formula: str, position: int) -> FormulaError:
    character = formula[position]
    reason = {
        "`": "This backtick is never closed, or has no name in it. A column whose own name has a backtick is renamed "
        "before the fit.",
        '"': "This quote is never closed.",
        "'": "This quote is never closed.",
    }.get(
        character,
        f"{character!r} has no meaning in a formula; a column with unusual characters is written between backticks, "
        "such as `my column`.",
    )
    return FormulaError(reason, formula, Span(position, position + 1))
