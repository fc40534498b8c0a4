"""The parser of formulas: from tokens to the syntax tree, with the precedence of operators as in R."""

from bayesmix.errors import FormulaError, Span
from bayesmix.formula.syntax import Binary, Call, Name, Negative, Node, Number, Parenthesis, Text
from bayesmix.formula.tokens import Token, tokenize

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
_COMPARISON = 3
_SIGN_PRECEDENCE = 8

DEEPEST = 50
"""How deep parentheses, calls, signs and powers may stand inside one another, each with the operators around it."""


class _Parser:
    def __init__(self, formula: str):
        self.formula = formula
        self.tokens = tokenize(formula)
        self.position = 0
        self.depth = 0

    @property
    def current(self) -> Token:
        return self.tokens[self.position]

    def advance(self) -> Token:
        token = self.current
        self.position += 1
        return token

    def at(self, operator: str) -> bool:
        return self.current.kind == "operator" and self.current.text == operator

    def fail(self, reason: str, span: Span) -> FormulaError:
        return FormulaError(reason, self.formula, span)

    def expect(self, operator: str, opened: Token) -> Token:
        if not self.at(operator):
            if self.current.kind == "end":
                raise self.fail(f"This '{opened.text}' is never closed; add '{operator}'.", opened.span)
            raise self.fail(
                f"'{self.current.text}' is not expected here; an operator or '{operator}' is missing before it.",
                self.current.span,
            )
        return self.advance()

    def whole(self, cure: str = "") -> Node:
        """The expression that the text is; behind what is left over the message says `cure`."""
        tree = self.expression()
        if self.current.kind != "end":
            raise self.fail(f"'{self.current.text}' is not expected here{cure}.", self.current.span)
        return tree

    def expression(self, at_least: int = 0) -> Node:
        """An operand and what follows it, of operators that bind as tightly as `at_least`; sums grow to the left."""
        left = self.operand()
        while True:
            token = self.current
            precedence = _PRECEDENCE.get(token.text, -1) if token.kind == "operator" else -1
            if precedence < at_least or precedence < 0:
                return left
            if precedence == _COMPARISON and isinstance(left, Binary) and _PRECEDENCE[left.operator] == _COMPARISON:
                raise self.fail("Comparisons do not follow one another; write I((x > 1) * (x < 5)).", token.span)
            self.advance()
            power = token.text in ("^", "**")
            right = self.nested(token, precedence) if power else self.expression(precedence + 1)
            operator = "^" if power else token.text
            left = Binary(operator, left, right, Span(left.span.start, right.span.end), token.span)

    def nested(self, opened: Token, at_least: int = 0) -> Node:
        """An expression inside of another one; `opened` is the token that leads into it."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail(
                f"Parentheses, signs and powers are nested more than {DEEPEST} deep, too deeply to be read; write "
                "terms side by side, or make a column of the inner part.",
                opened.span,
            )
        inside = self.expression(at_least)
        self.depth -= 1
        return inside

    def operand(self) -> Node:
        token = self.advance()
        if token.kind == "number":
            return Number(float(token.text), token.span)
        if token.kind == "text":
            return Text(token.text, token.span)
        if token.kind == "name":
            return self.call(token) if self.at("(") else Name(token.text, token.span)
        if token.kind == "operator" and token.text == "(":
            inside = self.nested(token)
            closing = self.expect(")", token)
            return Parenthesis(inside, Span(token.span.start, closing.span.end))
        if token.kind == "operator" and token.text in ("-", "+"):
            operand = self.nested(token, _SIGN_PRECEDENCE)
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
        keywords: dict[str, Node] = {}
        while not self.at(")"):
            following = self.tokens[min(self.position + 1, len(self.tokens) - 1)]
            if self.current.kind == "name" and following.kind == "operator" and following.text == "=":
                keyword = self.advance()
                self.advance()
                if keyword.text in keywords:
                    raise self.fail(f"{name.text}() is given '{keyword.text}' twice; keep one of them.", keyword.span)
                keywords[keyword.text] = self.nested(opened)
            else:
                arguments.append(self.nested(opened))
            if not self.at(","):
                break
            comma = self.advance()
            if self.at(")"):
                raise self.fail("An argument is missing after this ','.", comma.span)
        closing = self.expect(")", opened)
        return Call(name.text, tuple(arguments), tuple(keywords.items()), Span(name.span.start, closing.span.end))


def read_expression(text: str) -> Node:
    """The syntax tree of a text without a response, such as ``"b - a"``.

    Raises
    ------
    FormulaError
        The text is no expression; the token at fault is marked.
    """
    parser = _Parser(text)
    if not text.strip():
        raise parser.fail("The text is empty.", Span(0, 1))
    return parser.whole()


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
    if all(token.kind != "operator" or token.text != "~" for token in parser.tokens):
        raise parser.fail("A formula has the form 'response ~ terms'; '~' is missing.", Span(0, len(formula)))
    if parser.at("~"):
        raise parser.fail("The response is missing before '~'.", parser.current.span)
    tree = parser.whole(cure="; an operator such as '+' is missing before it")
    if not isinstance(tree, Binary) or tree.operator != "~":
        raise parser.fail("A formula has the form 'response ~ terms'.", Span(0, len(formula)))
    if isinstance(tree.left, Binary) and tree.left.operator == "~":
        raise parser.fail("A formula has one '~'.", tree.operator_span)
    return tree
