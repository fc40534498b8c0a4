"""The terms of a formula, read: fixed terms, random terms, response."""

from dataclasses import dataclass
from functools import cached_property

from bayesmix.errors import Span
from bayesmix.formula.syntax import Binary, Call, Name, Node, columns_in, unparse


def label_of(node: Node) -> str:
    """How an expression is called in tables; a column by its plain name, ``C(f, Sum)`` without its coding."""
    match node:
        case Name(name):
            return name
        case Call("C", (first, *_)):
            return unparse(Call("C", (first,), (), node.span))
    return unparse(node)


@dataclass(frozen=True, eq=False)
class Term:
    """A product of variables, `a:b`; the intercept is the empty product. Equal when the same variables meet."""

    variables: tuple[Node, ...]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        return tuple(label_of(variable) for variable in self.variables)

    @property
    def label(self) -> str:
        return ":".join(self.labels) or "1"

    @property
    def written(self) -> str:
        """The product as a formula writes it: a bare comparison in parentheses."""
        parts = [
            f"({unparse(variable)})" if isinstance(variable, Binary) else unparse(variable)
            for variable in self.variables
        ]
        return ":".join(parts) or "1"

    @cached_property
    def _meeting(self) -> frozenset[str]:
        return frozenset(self.labels)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Term) and self._meeting == other._meeting

    def __hash__(self) -> int:
        return hash(self._meeting)

    def times(self, other: "Term") -> "Term":
        new = [v for v, label in zip(other.variables, other.labels, strict=True) if label not in self._meeting]
        return Term((*self.variables, *new))


INTERCEPT = Term(())


@dataclass(frozen=True)
class RandomTerm:
    """`(terms | group)`: `terms` vary by the levels of `group`, a product of columns; all correlated."""

    terms: tuple[Term, ...]
    group: tuple[Node, ...]
    span: Span

    @property
    def group_label(self) -> str:
        return ":".join(label_of(part) for part in self.group)

    @property
    def columns(self) -> tuple[Name, ...]:
        """The columns that what varies by the levels is made of."""
        return _unique_names([variable for term in self.terms for variable in term.variables])

    @property
    def group_columns(self) -> tuple[Name, ...]:
        """The columns that the levels are made of."""
        return _unique_names(list(self.group))

    @property
    def label(self) -> str:
        """`Days | Subject` with its intercept, `0 + Days | Subject` without, `1 | Subject` for it alone."""
        others = [_in_a_sum(term) for term in self.terms if term != INTERCEPT]
        has_intercept = INTERCEPT in self.terms
        parts = others if has_intercept and others else ["1"] if has_intercept else ["0", *others]
        return f"{' + '.join(parts)} | {self.group_label}"

    @property
    def written(self) -> str:
        """The term as a formula writes it, with the codings of its factors."""
        others = [term.written for term in self.terms if term != INTERCEPT]
        has_intercept = INTERCEPT in self.terms
        parts = others if has_intercept and others else ["1"] if has_intercept else ["0", *others]
        return f"{' + '.join(parts)} | {':'.join(unparse(part) for part in self.group)}"


def _in_a_sum(term: Term) -> str:
    """A term's label, a bare comparison in parentheses."""
    parts = zip(term.variables, term.labels, strict=True)
    return ":".join(f"({label})" if isinstance(variable, Binary) else label for variable, label in parts)


@dataclass(frozen=True)
class ResponseSpec:
    """`values`; for counts either `trials` or `failures`; `censoring`: which values are but bounds of the response."""

    values: Node
    trials: Node | None = None
    failures: Node | None = None
    text: str = ""
    censoring: Node | None = None

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Its expressions."""
        return tuple(node for node in (self.values, self.trials, self.failures, self.censoring) if node is not None)


@dataclass(frozen=True)
class Formula:
    """A formula, read: response, fixed terms (the intercept first where there is one), random terms, offsets."""

    text: str
    response: ResponseSpec
    fixed: tuple[Term, ...]
    random: tuple[RandomTerm, ...]
    offsets: tuple[Node, ...]

    @property
    def predictor_columns(self) -> tuple[Name, ...]:
        """Every column that the right-hand side uses, once, with its place in the text."""
        nodes = [variable for term in self.fixed for variable in term.variables]
        for random in self.random:
            nodes += [variable for term in random.terms for variable in term.variables]
            nodes += random.group
        return _unique_names([*nodes, *self.offsets])

    @property
    def columns(self) -> tuple[Name, ...]:
        """Every column that the formula uses, the response's first."""
        return _unique_names([*self.response.nodes, *self.predictor_columns])


def _unique_names(nodes: list[Node]) -> tuple[Name, ...]:
    names: dict[str, Name] = {}
    for node in nodes:
        for name in columns_in(node):
            names.setdefault(name.name, name)
    return tuple(names.values())
