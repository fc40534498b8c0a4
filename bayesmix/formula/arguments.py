"""The arguments of a call matched with what a function takes, as R matches them: by name first, then in order."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from bayesmix.errors import FormulaError, did_you_mean
from bayesmix.formula.functions import Function
from bayesmix.formula.syntax import CONSTANTS, WORDS, Binary, Call, Name, Negative, Node, Number, Text, unparse

MOST_CONSTANTS = 10_000
"""Numbers that ``1:9`` may stand for at most."""


@dataclass(frozen=True)
class Arguments:
    """`values`: the expression that a function is of; `keywords`: its further arguments by name, all constants."""

    values: Node
    keywords: dict[str, Any]


def matched(call: Call, function: Function, text: str) -> Arguments:
    """The arguments of a `call` in the formula `text`.

    Raises
    ------
    FormulaError
        An argument is unknown, given twice, no constant, or one too many; it is marked.
    """
    if not call.arguments:
        raise FormulaError(f"{call.function}() is of a column, which stands first, without a name.", text, call.span)
    values, *further = call.arguments
    return Arguments(values, function.keywords | _given(call, further, function, text))


def constants_of(
    arguments: Sequence[Node],
    keywords: Sequence[tuple[str, Node]],
    names: Collection[str],
    *,
    called: str,
    text: str,
) -> dict[str, Any]:
    """The constants that the function `called` is given, by name or in the order of `names`.

    Raises
    ------
    FormulaError
        An argument is unknown, given twice, no constant, or one too many; it is marked.
    """
    nodes: dict[str, Node] = {}
    for name, node in keywords:
        if name not in names:
            takes = f"It takes {', '.join(names)}" if names else "It takes none"
            raise FormulaError(
                f"{called} has no argument '{name}'.{did_you_mean(name, names)} {takes}.", text, node.span
            )
        nodes[name] = node
    open_names = [name for name in names if name not in nodes]
    if len(arguments) > len(open_names):
        extra = arguments[len(open_names)]
        takes = f"takes {', '.join(names)}" if names else "takes no arguments"
        raise FormulaError(f"{called} {takes}; {unparse(extra)} is one too many.", text, extra.span)
    nodes |= dict(zip(open_names, arguments, strict=False))
    return {name: constant(node, text) for name, node in nodes.items()}


def _given(call: Call, further: Sequence[Node], function: Function, text: str) -> dict[str, Any]:
    names = list(function.keywords)
    given: dict[str, Node] = {}
    for name, node in call.keywords:
        if name not in names:
            raise FormulaError(
                f"{call.function}() has no argument '{name}'.{did_you_mean(name, names)} It is the {function.meaning}.",
                text,
                node.span,
            )
        given[name] = node
    open_names = [name for name in names if name not in given and name not in function.by_name_alone]
    if len(further) > len(open_names):
        raise FormulaError(_too_many(call, function, len(open_names)), text, further[len(open_names)].span)
    given |= dict(zip(open_names, further, strict=False))
    return {name: _of_kind(name, node, function, text) for name, node in given.items()}


def _of_kind(name: str, node: Node, function: Function, text: str) -> Any:
    """A constant where one number, TRUE or FALSE is expected, or several, or NULL where nothing is the default."""
    value = constant(node, text)
    absent = value is None and function.keywords[name] is None
    one = isinstance(value, int | float) or absent
    if one or (name in function.several and isinstance(value, list)):
        return value
    expected = "numbers such as c(2, 4) are" if name in function.several else "a number, TRUE or FALSE is"
    raise FormulaError(f"'{name}' cannot be {unparse(node)}; {expected} expected here.", text, node.span)


def _too_many(call: Call, function: Function, n_open: int) -> str:
    taken = [name for name, _ in call.keywords if name not in function.by_name_alone]
    if taken:
        return f"{call.function}() is given '{taken[-1]}' by name and a further argument in order; keep one of them."
    by_name = " and ".join(name for name in function.keywords if name in function.by_name_alone)
    also = f", and {by_name} by name" if by_name else ""
    return (
        f"{call.function}() takes {1 + n_open} argument{'s' if n_open else ''} in order{also}; got "
        f"{len(call.arguments)}. It is the {function.meaning}."
    )


def constant(node: Node, text: str) -> Any:
    """The value of a number, a text, TRUE or FALSE, ``pi``, or of several in ``c(...)`` or ``1:9``, a list."""
    match node:
        case Number(value) | Text(value):
            return value
        case Negative(inside) if isinstance(value := constant(inside, text), float):
            return -value
        case Name(name) if name in CONSTANTS | WORDS:
            return (CONSTANTS | WORDS)[name]
        case Name("NULL"):
            return None
        case Call("c", arguments, ()) if arguments:
            parts = [constant(argument, text) for argument in arguments]
            return [one for part in parts for one in (part if isinstance(part, list) else [part])]
        case Binary(":", left, right):
            return _counted(constant(left, text), constant(right, text), node, text)
    raise FormulaError(
        f"{unparse(node)} is no constant; a number, a text, TRUE, FALSE or several of them in c(...) is expected here.",
        text,
        node.span,
    )


def _counted(first: Any, last: Any, node: Node, text: str) -> list[float]:
    """``1:4``, counted up or down."""
    numbers = [value for value in (first, last) if isinstance(value, float)]
    if len(numbers) < 2 or abs(first - last) > MOST_CONSTANTS:
        raise FormulaError(
            f"{unparse(node)} counts from a number to another, at most {MOST_CONSTANTS} of them.", text, node.span
        )
    steps = int(abs(last - first) + 1e-10)
    return [first + (step if last >= first else -step) for step in range(steps + 1)]
