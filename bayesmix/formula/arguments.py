"""The arguments of a call matched with what a function takes, as R matches them: by name first, then in order."""

from dataclasses import dataclass
from typing import Any

from bayesmix.errors import FormulaError, did_you_mean
from bayesmix.formula.functions import Function
from bayesmix.formula.syntax import CONSTANTS, Call, Name, Negative, Node, Number, unparse


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
    return Arguments(values, function.keywords | {name: constant(node, text) for name, node in given.items()})


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
    """The value of a number, TRUE or FALSE."""
    match node:
        case Number(value):
            return value
        case Negative(Number(value)):
            return -value
        case Name(name) if name in CONSTANTS:
            return CONSTANTS[name]
    raise FormulaError(f"{unparse(node)} is no constant; a number, TRUE or FALSE is expected here.", text, node.span)
