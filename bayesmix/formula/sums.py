"""Sums and products of terms: what `+`, `-`, `*`, `:`, `/`, `%in%` and `^` mean, as R reads them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import combinations
from math import comb

from bayesmix.errors import FormulaError, Span
from bayesmix.formula.allowed import check_expression
from bayesmix.formula.syntax import Binary, Call, Name, Negative, Node, Number, Parenthesis, operations, unparse
from bayesmix.formula.terms import INTERCEPT, Term, label_of

BARS = ("|", "||")
_SUMS = ("+", "-")
_PRODUCTS = ("*", ":", "%in%", "/")

MOST_TERMS = 10_000
"""Terms of a formula at most."""

MOST_VARIABLES = 50
"""Variables that one term may multiply at most."""


@dataclass
class Sum:
    """The terms of a sum, in order and each once (keys of `terms`), without its intercept.

    `intercept`: whether the sum says that there is one (1) or none (0, -1); None where it says nothing. `offsets` are
    the arguments of offset().
    """

    terms: dict[Term, None] = field(default_factory=dict)
    intercept: bool | None = None
    offsets: list[Node] = field(default_factory=list)

    def with_intercept(self) -> list[Term]:
        """All terms, with an intercept unless the sum takes it away."""
        return [*self.terms] if self.intercept is False else [INTERCEPT, *self.terms]


@dataclass(frozen=True)
class SumReader:
    """Reads the sums of the formula `text`, in which the functions `known` may be called."""

    text: str
    known: Collection[str]
    seen: dict[str, Node] = field(default_factory=dict)
    """Each variable by its label, as it is written first."""

    def fail(self, reason: str, span: Span) -> FormulaError:
        return FormulaError(reason, self.text, span)

    def read(self, node: Node) -> Sum:
        """The sum that an expression is; a single term is a sum too."""
        first, following = operations(node, _SUMS)
        total = Sum()
        if isinstance(first, Negative):
            self._combine(total, first.operand, remove=True)
        else:
            self._combine(total, first, remove=False)
        for operation in following:
            self._combine(total, operation.right, remove=operation.operator == "-")
        return total

    def _combine(self, total: Sum, node: Node, *, remove: bool) -> None:
        inside = node
        while isinstance(inside, Parenthesis):
            inside = inside.inside
        if isinstance(inside, Number) and inside.value in (0, 1):
            total.intercept = (inside.value == 1) != remove
        elif isinstance(inside, Call) and inside.function == "offset":
            total.offsets.append(self._offset(inside, removed=remove))
        elif remove:
            self._remove(total, node)
        elif isinstance(node, Parenthesis) and isinstance(inside, Binary | Negative) and _is_sum(inside):
            part = self.read(inside)
            total.intercept = total.intercept if part.intercept is None else part.intercept
            total.offsets += part.offsets
            self._add(total, part.terms, node.span)
        else:
            self._add(total, self.product(node), node.span)

    def _add(self, total: Sum, terms: Collection[Term], span: Span) -> None:
        total.terms.update(dict.fromkeys(terms))
        self._refuse_many(len(total.terms), span)

    def _remove(self, total: Sum, node: Node) -> None:
        gone = self.product(node)
        absent = [term for term in gone if term not in total.terms]
        if absent and len(absent) == len(gone):
            raise self.fail(f"'{absent[0].label}' is removed here, but it is not in the formula.", node.span)
        for term in gone:
            total.terms.pop(term, None)

    def product(self, node: Node) -> list[Term]:
        """The terms of an expression that takes part in a product."""
        if isinstance(node, Binary) and node.operator in _PRODUCTS:
            first, following = operations(node, _PRODUCTS)
            terms = self.product(first)
            for operation in following:
                terms = self._times(operation, terms, self.product(operation.right))
            return terms
        match node:
            case Parenthesis(inside):
                if isinstance(inside, Binary) and inside.operator in BARS:
                    raise self.fail("A random term can only be added: write ... + (x | g).", node.span)
                return self._terms_alone(inside)
            case Binary("^", left, right):
                if not (isinstance(right, Number) and right.value.is_integer() and right.value >= 1):
                    raise self.fail("The power of a sum of terms is a whole number; write (a + b)^2.", right.span)
                return self._power(node, left, int(right.value))
            case Binary("+" | "-"):
                return self._terms_alone(node)
            case Binary("|" | "||"):
                raise self.fail("A random term stands in parentheses: write (x | g).", node.operator_span)
        check_expression(node, self.text, self.known, within_arithmetic=False)
        term = Term((node,))
        first = self.seen.setdefault(term.label, node)
        if isinstance(first, Name) != isinstance(node, Name):
            raise self.fail(f"A column is called as the expression {term.label} is; rename the column.", node.span)
        if unparse(first) != unparse(node):
            raise self.fail(
                f"{term.label} is coded as {unparse(first)} before and as {unparse(node)} here; a formula has one "
                "coding of a factor.",
                node.span,
            )
        return [term]

    def _terms_alone(self, node: Node) -> list[Term]:
        """The terms of a sum within a product, where R would take away the intercept of the whole formula for a 0."""
        part = self.read(node) if _is_sum(node) else Sum(dict.fromkeys(self.product(node)))
        if part.intercept is False or (part.intercept and not part.terms):
            raise self.fail("0 and 1 stand in the sum itself, not in a product: write 0 + ...", node.span)
        if part.offsets:
            raise self.fail("An offset stands in the sum itself, not in a product.", node.span)
        return [*part.terms]

    def _times(self, operation: Binary, a: list[Term], b: list[Term]) -> list[Term]:
        span = operation.operator_span
        if operation.operator == "/":
            products, alone = [_whole(a).times(y) for y in b], a
        elif operation.operator == "%in%":
            products, alone = [x.times(_whole(b)) for x in a], []
        else:
            self._refuse_many(len(a) * len(b), span)
            products = [x.times(y) for x in a for y in b]
            alone = [*a, *b] if operation.operator == "*" else []
        terms = list(dict.fromkeys([*alone, *products]))
        self._refuse_many(len(terms), span)
        longest = max((len(term.variables) for term in products), default=0)
        if longest > MOST_VARIABLES:
            raise self.fail(f"A term multiplies {longest} variables here; at most {MOST_VARIABLES} are read.", span)
        return terms

    def _power(self, node: Binary, base: Node, power: int) -> list[Term]:
        terms = self.product(base)
        if isinstance(base, Name | Call) and power > 1:
            raise self.fail(
                f"{unparse(base)}^{power} means {unparse(base)} alone in a formula; "
                f"write I({unparse(base)}^{power}) or poly({unparse(base)}, {power}).",
                base.span,
            )
        sizes = range(1, min(power, len(terms), MOST_VARIABLES + 1) + 1)
        self._refuse_many(sum(comb(len(terms), size) for size in sizes), node.operator_span)
        products = []
        for size in sizes:
            for chosen in combinations(terms, size):
                product = chosen[0]
                for term in chosen[1:]:
                    product = product.times(term)
                products.append(product)
        return list(dict.fromkeys(products))

    def _refuse_many(self, n_terms: int, span: Span) -> None:
        if n_terms > MOST_TERMS:
            raise self.fail(
                f"The formula would have {n_terms if n_terms < 1e9 else f'{n_terms:.1e}'} terms here; at most "
                f"{MOST_TERMS} are read. Write the terms that are meant.",
                span,
            )

    def _offset(self, call: Call, *, removed: bool) -> Node:
        if removed:
            raise self.fail("An offset cannot be removed; leave it out.", call.span)
        if len(call.arguments) != 1 or call.keywords:
            raise self.fail(f"offset() takes 1 argument, got {len(call.arguments)}; write offset(log(t)).", call.span)
        check_expression(call.arguments[0], self.text, self.known, within_arithmetic=True)
        return call.arguments[0]


def _whole(terms: list[Term]) -> Term:
    """The product of all variables of the terms, within which R nests others."""
    return Term(tuple({label_of(v): v for term in terms for v in term.variables}.values()))


def _is_sum(node: Node) -> bool:
    if isinstance(node, Negative):
        return isinstance(node.operand, Number)
    return (isinstance(node, Binary) and node.operator in _SUMS) or isinstance(node, Number)
