"""What means are asked for: names, ``["f", "g"]``, or R's formulas, ``"~ f | g"``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bayesmix.errors import ArgumentError, FormulaError, UnknownTermError, listing, shown
from bayesmix.formula.design import Design
from bayesmix.formula.grammar import read_expression
from bayesmix.formula.syntax import Binary, Call, Name, Node, Number, Parenthesis
from bayesmix.formula.terms import label_of
from bayesmix.inference.means.variables import aliases
from bayesmix.inference.shared.arguments import items_of, near_matches

OVERALL = "1"
"""Asks for the mean over everything."""

_JOINED = ("+", "*", ":", "/")


@dataclass(frozen=True)
class Specs:
    """Variables whose levels are told apart, `names`, and those which split them into families, `by`."""

    names: tuple[str, ...]
    by: tuple[str, ...]


def read_specs(design: Design, known: Sequence[str], specs: Any, by: Any) -> Specs:
    """The variables that `specs` and `by` name.

    Parameters
    ----------
    known
        Names of the variables of the fixed part.

    Raises
    ------
    ArgumentError, UnknownTermError
        They are no names, or name something that is no variable of the fixed part.
    """
    wanted, after_bar = _read(specs, known, argument="specs")
    families, further = _read(by, known, argument="by") if by is not None else ([], [])
    if further:
        raise ArgumentError("by has a '|', which is of specs; name the variables, such as by=['f', 'g'].")
    other = aliases(design)
    names = [_known(other.get(name, name), known, design, argument="specs") for name in wanted if name != OVERALL]
    of_by = [_known(other.get(name, name), known, design, argument="by") for name in (*after_bar, *families)]
    names = list(dict.fromkeys(names))
    return Specs(tuple(names), tuple(name for name in dict.fromkeys(of_by) if name not in names))


def _read(given: Any, known: Sequence[str], *, argument: str) -> tuple[list[str], list[str]]:
    """Names before and after a bar."""
    if isinstance(given, str):
        return ([given], []) if given in known else _of_text(given, argument)
    items = None if isinstance(given, Mapping) else items_of(given)
    if items is None or not all(isinstance(item, str) for item in items):
        raise ArgumentError(
            f'{argument} is one or more names of variables, such as "f", ["f", "g"] or "~ f | g"; got {shown(given)}.'
        )
    if not items and argument == "specs":
        raise ArgumentError('specs is empty; name one or more variables, or write "1" for the mean over all.')
    return list(items), []


def _of_text(text: str, argument: str) -> tuple[list[str], list[str]]:
    left, _, right = text.rpartition("~")
    if left.strip():
        raise ArgumentError(
            f"{argument}={shown(text)} asks for contrasts beside the means; write bm.contrasts(bm.emmeans(fit, "
            f"{right.strip()!r}), {left.strip()!r})."
        )
    try:
        tree = read_expression(right)
    except FormulaError as error:
        raise ArgumentError(f"{argument}={shown(text)} cannot be read: {error.reason}") from None
    before, after = (tree.left, tree.right) if isinstance(tree, Binary) and tree.operator == "|" else (tree, None)
    return list(_names(before, text, argument)), list(_names(after, text, argument)) if after is not None else []


def _names(node: Node, text: str, argument: str) -> Iterable[str]:
    match node:
        case Name(name):
            yield name
        case Number(1):
            yield OVERALL
        case Call():
            yield label_of(node)
        case Parenthesis(inside):
            yield from _names(inside, text, argument)
        case Binary(operator, left, right) if operator in _JOINED:
            yield from _names(left, text, argument)
            yield from _names(right, text, argument)
        case _:
            raise ArgumentError(
                f'{argument}={shown(text)} cannot be read; write names joined by + or *, such as "~ f * g", and '
                'after a bar those that split them, "~ f | g".'
            )


def _known(name: str, known: Sequence[str], design: Design, *, argument: str) -> str:
    if name in known:
        return name
    groups = {term.group for term in design.random}
    group = f" {name} groups the effects of a random term: bm.coef(fit) has its levels." if name in groups else ""
    hint = "" if group else near_matches(name, known)
    have = f"Variables: {listing(known)}." if known else "The fixed part has no variables."
    raise UnknownTermError(f"{argument}: {shown(name)} is no variable of the fixed part.{group}{hint} {have}")
