"""A formula's text as tokens, each with its place in the text."""

import re
from dataclasses import dataclass

from bayesmix.errors import FormulaError, Span

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
        A character that no formula has, marked in the text.
    """
    tokens = []
    position = 0
    while position < len(formula):
        match = _PATTERN.match(formula, position)
        if match is None:
            character = formula[position]
            raise FormulaError(
                f"{character!r} has no meaning in a formula; a column with unusual characters is written "
                "between backticks, such as `my column`.",
                formula,
                Span(position, position + 1),
            )
        kind = str(match.lastgroup)
        if kind != "space":
            text = match.group()
            if kind == "text" or text.startswith("`"):
                text = text[1:-1]
            tokens.append(Token(kind, text, Span(match.start(), match.end())))
        position = match.end()
    tokens.append(Token("end", "", Span(len(formula), len(formula) + 1)))
    return tuple(tokens)
