"""The syntax tree of a formula, and the parser that makes it (operator precedence as in R)."""

import re
from dataclasses import dataclass

from bayesmix.errors import FormulaError, Span
from bayesmix.formula.tokens import Token, tokenize


@dataclass(frozen=True)
class Name:
    """A column of the data."""

    name: str
    span: Span


@dataclass(frozen=True)
class Number:
    value: float
    span: Span


@dataclass(frozen=True)
class Text:
    value: str
    span: Span


@dataclass(frozen=True)
class Call:
    """`function(arguments, keyword = argument)`."""

    function: str
    arguments: tuple["Node", ...]
    keywords: tuple[tuple[str, "Node"], ...]
    span: Span


@dataclass(frozen=True)
class Binary:
    operator: str
    left: "Node"
    right: "Node"
    span: Span
    operator_span: Span


@dataclass(frozen=True)
class Negative:
    operand: "Node"
    span: Span


@dataclass(frozen=True)
class Parenthesis:
    """An expression in parentheses; kept, since only there a bar makes a random term."""

    inside: "Node"
    span: Span


type Node = Name | Number | Text | Call | Binary | Negative | Parenthesis

CONSTANTS = {"TRUE": True, "True": True, "FALSE": False, "False": False}
"""What may be written as an argument of a function, beside numbers."""

_PRECEDENCE = {
    "~": 1,
    "|": 2,
    "||": 2,
    "==": 3,
    "!=": 3,
    "<": 3,
    ">": 3,
    "<=": 3,
    ">=": 3,
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "%in%": 6,
    ":": 7,
    "^": 9,
    "**": 9,
}
_SIGN_PRECEDENCE = 8
_DEEPEST = 60
_PLAIN_NAME = re.compile(r"(?:[^\W\d]|\.(?=[^\W\d]))[\w.]*")


class _Parser:
    def __init__(self, formula: str):
        self.formula = formula
        self.tokens = tokenize(formula)
        self.position = 0

    @property
    def current(self) -> Token:
        return self.tokens[self.position]

    def advance(self) -> Token:
        token = self.current
        self.position += 1
        return token

    def fail(self, reason: str, span: Span) -> FormulaError:
        return FormulaError(reason, self.formula, span)

    def expect(self, operator: str, opened: Token) -> Token:
        if self.current.text != operator or self.current.kind != "operator":
            if self.current.kind == "end":
                raise self.fail(f"This '{opened.text}' is never closed; add '{operator}'.", opened.span)
            raise self.fail(
                f"'{self.current.text}' is not expected here; an operator or '{operator}' is missing before it.",
                self.current.span,
            )
        return self.advance()

    def expression(self, at_least: int = 0) -> Node:
        left = self.operand()
        while True:
            token = self.current
            precedence = _PRECEDENCE.get(token.text, -1) if token.kind == "operator" else -1
            if precedence < at_least or precedence < 0:
                return left
            self.advance()
            power = token.text in ("^", "**")
            right = self.expression(precedence if power else precedence + 1)
            operator = "^" if power else token.text
            left = Binary(operator, left, right, Span(left.span.start, right.span.end), token.span)

    def operand(self) -> Node:
        token = self.advance()
        if token.kind == "number":
            return Number(float(token.text), token.span)
        if token.kind == "text":
            return Text(token.text, token.span)
        if token.kind == "name":
            if self.current.text == "(" and self.current.kind == "operator":
                return self.call(token)
            return Name(token.text, token.span)
        if token.kind == "operator" and token.text == "(":
            inside = self.expression()
            closing = self.expect(")", token)
            return Parenthesis(inside, Span(token.span.start, closing.span.end))
        if token.kind == "operator" and token.text in ("-", "+"):
            operand = self.expression(_SIGN_PRECEDENCE)
            span = Span(token.span.start, operand.span.end)
            return Negative(operand, span) if token.text == "-" else operand
        if token.text == ".":
            raise self.fail("'.' for all other columns is not supported; write the columns out.", token.span)
        if token.kind == "end":
            before = self.tokens[self.position - 2]
            raise self.fail(f"The formula ends after '{before.text}', where a term is expected.", before.span)
        raise self.fail(f"A term is expected before '{token.text}'.", token.span)

    def call(self, name: Token) -> Call:
        opened = self.advance()
        arguments: list[Node] = []
        keywords: list[tuple[str, Node]] = []
        while not (self.current.kind == "operator" and self.current.text == ")"):
            following = self.tokens[min(self.position + 1, len(self.tokens) - 1)]
            if self.current.kind == "name" and following.kind == "operator" and following.text == "=":
                keyword = self.advance().text
                self.advance()
                keywords.append((keyword, self.expression()))
            else:
                arguments.append(self.expression())
            if self.current.text != ",":
                break
            self.advance()
        closing = self.expect(")", opened)
        return Call(name.text, tuple(arguments), tuple(keywords), Span(name.span.start, closing.span.end))


def read_syntax(formula: str) -> Binary:
    """The syntax tree of `response ~ terms`.

    Raises
    ------
    FormulaError
        The text is no formula; the token at fault is marked.
    """
    parser = _Parser(formula)
    if not formula.strip():
        raise parser.fail("The formula is empty; write 'response ~ terms'.", Span(0, 1))
    if all(token.text != "~" for token in parser.tokens):
        raise parser.fail("A formula has the form 'response ~ terms'; '~' is missing.", Span(0, len(formula)))
    if parser.current.text == "~":
        raise parser.fail("The response is missing before '~'.", parser.current.span)
    _refuse_deep_nesting(parser)
    tree = parser.expression()
    if parser.current.kind != "end":
        raise parser.fail(
            f"'{parser.current.text}' is not expected here; an operator such as '+' is missing before it.",
            parser.current.span,
        )
    if not isinstance(tree, Binary) or tree.operator != "~":
        raise parser.fail("A formula has the form 'response ~ terms'.", Span(0, len(formula)))
    if isinstance(tree.left, Binary) and tree.left.operator == "~":
        raise parser.fail("A formula has one '~'.", tree.operator_span)
    return tree


def _refuse_deep_nesting(parser: _Parser) -> None:
    depth = 0
    for token in parser.tokens:
        if token.kind == "operator" and token.text in "()":
            depth += 1 if token.text == "(" else -1
        if depth > _DEEPEST:
            raise parser.fail(f"Parentheses are nested more than {_DEEPEST} deep, too deeply to be read.", token.span)


def unparse(node: Node) -> str:
    """The expression as R prints it: `I(x^2)`, `poly(x, 2)`, `log(x + 1)`."""
    match node:
        case Name(name):
            return name if _PLAIN_NAME.fullmatch(name) else f"`{name}`"
        case Number(value):
            return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
        case Text(value):
            return f'"{value}"'
        case Call(function, arguments, keywords):
            parts = [unparse(a) for a in arguments] + [f"{k} = {unparse(v)}" for k, v in keywords]
            return f"{function}({', '.join(parts)})"
        case Binary(operator, left, right):
            gap = "" if operator in ("^", ":") else " "
            return f"{unparse(left)}{gap}{operator}{gap}{unparse(right)}"
        case Negative(operand):
            return f"-{unparse(operand)}"
        case Parenthesis(inside):
            return f"({unparse(inside)})"


def columns_in(node: Node) -> tuple[Name, ...]:
    """The columns that an expression uses, in order; `TRUE` in `poly(x, 2, raw = TRUE)` is none."""
    match node:
        case Name():
            return (node,)
        case Call(_, arguments):
            names = (name for argument in arguments for name in columns_in(argument))
            return tuple(name for name in names if name.name not in CONSTANTS)
        case Binary(_, left, right):
            return columns_in(left) + columns_in(right)
        case Negative(inside) | Parenthesis(inside):
            return columns_in(inside)
    return ()
