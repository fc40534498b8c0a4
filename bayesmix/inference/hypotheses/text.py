"""A hypothesis as it is written, `a + b < 0`, read by a whitelist: nothing in it is evaluated by Python."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf, isfinite

from bayesmix.errors import ArgumentError, FormulaError, Span, UnknownTermError, shown
from bayesmix.formula.syntax import Binary, Call, Name, Negative, Node, Number, Parenthesis
from bayesmix.inference.hypotheses.expression import constant_of
from bayesmix.inference.hypotheses.tokens import Names, Token, tokenize
from bayesmix.inference.shared.arguments import items_of

_RELATIONS = {"<": "<", "<=": "<", "\u2264": "<", ">": ">", ">=": ">", "\u2265": ">", "=": "=", "==": "="}
_BRACKETED = {"effect": "ranef", "mean": "emmean"}
_DEEPEST = 40  # brackets within brackets
_MOST = 400  # tokens

Parts = Callable[[tuple[str, ...]], str]
"""What tells the name of a group effect from its group, level and column, or that of a mean from its levels."""


@dataclass(frozen=True)
class Hypothesis:
    """That `expression` lies between `lower` and `upper`, of which one may be infinite; if they are equal, a point.

    `label` is how tables call it, `text` how it was written.
    """

    label: str
    text: str
    expression: Node
    lower: float
    upper: float

    @property
    def is_point(self) -> bool:
        return self.lower == self.upper

    @property
    def is_range(self) -> bool:
        return not self.is_point and self.lower > -inf and self.upper < inf


def texts_of(hypotheses: object) -> dict[str, str]:
    """The texts by their labels: of one text, several, or a mapping from names to texts.

    Raises
    ------
    ArgumentError
        There are none, or one is no text.
    """
    what = 'a hypothesis is a text such as "a + b < 0", or several of them'
    if isinstance(hypotheses, Mapping):
        named = {str(name): text for name, text in hypotheses.items()}
    else:
        items = [hypotheses] if isinstance(hypotheses, str) else items_of(hypotheses)
        if items is None:
            raise ArgumentError(f"hypothesis: {what}; got {shown(hypotheses)}.")
        named = {text if isinstance(text, str) else repr(text): text for text in items}
    if not named:
        raise ArgumentError(f"hypothesis is empty; {what}.")
    for text in named.values():
        if not isinstance(text, str):
            raise ArgumentError(f"hypothesis: {what}; got {shown(text)}.")
    return named


def read_hypothesis(label: str, text: str, names: Names, effects: Parts, means: Parts) -> Hypothesis:
    """Read `text`, in which the parameters called `names` may stand, group effects and marginal means.

    Raises
    ------
    FormulaError
        It cannot be read, or names what is no parameter; the place is marked.
    """
    tokens = tokenize(text, names)
    if len(tokens) > _MOST:
        raise FormulaError(f"The hypothesis has more than {_MOST} parts.", text, tokens[_MOST].span)
    return _Reader(text, tokens, effects, means).hypothesis(label)


@dataclass
class _Reader:
    """A recursive descent through the tokens; `at` is the place of the next one."""

    text: str
    tokens: tuple[Token, ...]
    effects: Parts
    means: Parts
    at: int = 0
    depth: int = field(default=0)

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def refusal(self, reason: str, token: Token | None = None) -> FormulaError:
        return FormulaError(reason, self.text, (token or self.next).span)

    def take(self, *operators: str) -> Token | None:
        token = self.next
        if token.kind == "operator" and token.text in operators:
            self.at += 1
            return token
        return None

    def hypothesis(self, label: str) -> Hypothesis:
        sides, relations = [self.sum()], []
        while self.next.kind != "end":
            token = self.take(*_RELATIONS)
            if token is None:
                raise self.refusal(_out_of_place(self.next))
            relations.append(token)
            sides.append(self.sum())
        if not relations:
            raise self.refusal('A hypothesis compares: "a + b < 0", "a > b", "a = 0" or "abs(a) < 0.1".')
        kinds = [_RELATIONS[token.text] for token in relations]
        if len(sides) > 2:
            return self._between(label, sides, relations, kinds)
        return self._compared(label, sides[0], kinds[0], sides[1])

    def _compared(self, label: str, left: Node, kind: str, right: Node) -> Hypothesis:
        """Against a number what is beside it is estimated, else the difference of both sides."""
        of_left, of_right = self._constant(left), self._constant(right)
        if of_left is not None and of_right is not None:
            raise FormulaError("No parameter stands in this hypothesis.", self.text, Span(0, len(self.text)))
        if of_left is not None:
            left, of_right, kind = right, of_left, {"<": ">", ">": "<", "=": "="}[kind]
        elif of_right is None:
            span = Span(0, len(self.text))
            left, of_right = Binary("-", left, Parenthesis(right, span), span, span), 0.0
        lower, upper = {"<": (-inf, of_right), ">": (of_right, inf), "=": (of_right, of_right)}[kind]
        return Hypothesis(label, self.text, left, lower, upper)

    def _between(self, label: str, sides: list[Node], relations: list[Token], kinds: list[str]) -> Hypothesis:
        ends = [self._constant(sides[0]), self._constant(sides[-1])]
        if len(sides) != 3 or "=" in kinds or kinds[0] != kinds[1] or None in ends or constant_of(sides[1]) is not None:
            raise self.refusal(
                "More than two sides are a range, as in -0.1 < a < 0.1; its ends are numbers.", relations[1]
            )
        lower, upper = (float(end or 0.0) for end in (ends if kinds[0] == "<" else reversed(ends)))
        if not lower < upper:
            raise self.refusal(f"Nothing lies between {lower:g} and {upper:g}.", relations[1])
        return Hypothesis(label, self.text, sides[1], lower, upper)

    def _constant(self, side: Node) -> float | None:
        value = constant_of(side)
        if value is not None and not isfinite(value):
            raise FormulaError("One side of this hypothesis is no finite number.", self.text, Span(0, len(self.text)))
        return value

    def sum(self) -> Node:
        return self._operations(("+", "-"), self._product)

    def _product(self) -> Node:
        return self._operations(("*", "/"), self._signed)

    def _operations(self, operators: tuple[str, ...], operand: Callable[[], Node]) -> Node:
        node = operand()
        while token := self.take(*operators):
            node = Binary(token.text, node, operand(), token.span, token.span)
        return node

    def _signed(self) -> Node:
        minus, sign = False, None
        while token := self.take("+", "-"):
            minus, sign = minus != (token.text == "-"), token
        node = self._power()
        return Negative(node, sign.span) if minus and sign else node

    def _power(self) -> Node:
        """`a ** b ** c` is `a ** (b ** c)`, `-a ** 2` is `-(a ** 2)`."""
        base = self._atom()
        token = self.take("**", "^")
        if token is None:
            return base
        return Binary("**", base, self._deeper(token, self._signed), token.span, token.span)

    def _deeper(self, token: Token, read: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.refusal(f"More than {_DEEPEST} brackets stand within each other.", token)
        node = read()
        self.depth -= 1
        return node

    def _atom(self) -> Node:
        token = self.next
        if token.kind == "end":
            raise self.refusal("The hypothesis ends here, where a parameter or a number is missing.")
        self.at += 1
        if token.kind == "number":
            return Number(float(token.text), token.span)
        if token.kind == "name":
            return Name(token.text, token.span)
        if token.kind == "effect":
            return Name(self._named(token, self.effects), token.span)
        if token.kind == "mean":
            return Name(self._named(token, self.means), token.span)
        if token.kind == "function":
            return Call(token.text, (self._bracket(),), (), token.span)
        if token.text == "(":
            self.at -= 1
            return self._bracket()
        raise self.refusal(_out_of_place(token), token)

    def _named(self, token: Token, read: Parts) -> str:
        try:
            return read(token.parts)
        except (ArgumentError, UnknownTermError) as error:
            raise self.refusal(str(error), token) from None

    def _bracket(self) -> Node:
        opened = self.next
        self.at += 1
        inside = self._deeper(opened, self.sum)
        if not self.take(")"):
            unclosed = self.next.kind == "end" or self.next.text in _RELATIONS
            raise self.refusal(*(("This bracket is not closed.", opened) if unclosed else (_out_of_place(self.next),)))
        return Parenthesis(inside, opened.span)


def _out_of_place(token: Token) -> str:
    if token.text == "!=":
        return "That a parameter differs from a number is true of any posterior; write = for evidence against it."
    if token.kind in ("number", "name", "function", "effect", "mean"):
        return f"An operator is missing before {shown(token.text or _BRACKETED[token.kind])}."
    return f"{shown(token.text)} is out of place here."
