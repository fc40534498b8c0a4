"""The syntax tree of a formula: what its nodes are, how they are written, and which columns they use."""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

from bayesmix.errors import Span


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
"""What may be written as an argument of a function, or beside a comparison, as a number may."""

WORDS = {"T": True, "F": False, "pi": math.pi, "Inf": math.inf}
"""What stands for a constant where the data have no column of that name."""

COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")

_NAMES = {value: name for name, value in WORDS.items() if not isinstance(value, bool)}
_PLAIN_NAME = re.compile(r"(?:[^\W\d]|\.(?=[^\W\d]))[\w.]*")


def operations(node: Node, among: Collection[str] | None = None) -> tuple[Node, tuple[Binary, ...]]:
    """The first operand of `a + b - c`, and the operations that follow it in order; each has its `right` operand.

    A sum or product of many operands is a tree that grows to its left: walked as a list its length has no limit.
    `among`: the operators at which the list is cut, all by default.
    """
    nodes = []
    while isinstance(node, Binary) and (among is None or node.operator in among):
        nodes.append(node)
        node = node.left
    return node, tuple(reversed(nodes))


def comparison_in(node: Node) -> Binary | None:
    """The comparison that an expression is, inside of parentheses and I(); None where it calculates with one."""
    while isinstance(node, Parenthesis) or (
        isinstance(node, Call) and node.function == "I" and len(node.arguments) == 1
    ):
        node = node.inside if isinstance(node, Parenthesis) else node.arguments[0]
    return node if isinstance(node, Binary) and node.operator in (*COMPARISONS, "%in%") else None


def unparse(node: Node) -> str:
    """The expression as R prints it: `I(x^2)`, `poly(x, 2)`, `log(x + 1)`."""
    match node:
        case Name(name):
            return _plain(name)
        case Number(value) if value in _NAMES:
            return _NAMES[value]
        case Number(value):
            return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
        case Text(value):
            return f"'{value}'" if '"' in value else f'"{value}"'
        case Call(function, arguments, keywords):
            parts = [unparse(a) for a in arguments] + [f"{_plain(k)} = {unparse(v)}" for k, v in keywords]
            return f"{_plain(function)}({', '.join(parts)})"
        case Binary():
            first, following = operations(node)
            return unparse(first) + "".join(
                [_sign(operation.operator) + unparse(operation.right) for operation in following]
            )
        case Negative(operand):
            return f"-{unparse(operand)}"
        case Parenthesis(inside):
            return f"({unparse(inside)})"


def _plain(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else f"`{name}`"


def _sign(operator: str) -> str:
    return operator if operator in ("^", ":") else f" {operator} "


def columns_in(node: Node) -> tuple[Name, ...]:
    """The columns that an expression uses, in order; `TRUE` in `poly(x, 2, raw = TRUE)` is none."""
    match node:
        case Name():
            return (node,)
        case Call("C", (first, *_)):  # what follows names a coding: C(f, Sum)
            return columns_in(first)
        case Call("c"):
            return ()
        case Call(_, arguments):
            names = [name for argument in arguments for name in columns_in(argument)]
            return tuple([name for name in names if name.name not in CONSTANTS])
        case Binary():
            first, following = operations(node)
            names = [
                name for part in (first, *[operation.right for operation in following]) for name in columns_in(part)
            ]
            compared = any(operation.operator in COMPARISONS for operation in following)
            return tuple([name for name in names if not (compared and name.name in CONSTANTS)])
        case Negative(inside) | Parenthesis(inside):
            return columns_in(inside)
    return ()
