"""Comparisons of level means as texts, ``"c - (a + b) / 2"``, and the coding whose coefficients they are.

Coefficients that estimate given comparisons H mu of the levels' means belong to the columns of the generalised inverse
of H: Schad, Vasishth, Hohenstein & Kliegl (2020), doi:10.1016/j.jml.2019.104038. Texts are read by the parser of
formulas and calculated here; nothing is evaluated.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import DesignError, FormulaError
from bayesmix.formula.codings import Coding, position_of
from bayesmix.formula.grammar import read_expression
from bayesmix.formula.syntax import Binary, Name, Negative, Node, Number, Parenthesis, Text, operations, unparse

_EQUALS = ("~", "==")
_ROUNDING = 1e-9


def coding_of_comparisons(texts: Mapping[str, str], levels: Sequence[str]) -> Coding:
    """The coding under which the coefficients are the comparisons `texts`, by name.

    Raises
    ------
    DesignError
        A text is no sum of levels times numbers, its weights do not sum to 0, or a comparison follows from the others.
    """
    weights = np.array([comparison(text, levels, name) for name, text in texts.items()])
    rank = int(np.linalg.matrix_rank(weights))
    if rank < len(weights):
        raise DesignError(
            f"of its {len(weights)} comparisons {rank} are independent; leave out what follows from the others"
        )
    return Coding(tuple(texts), np.linalg.pinv(weights))


def comparison(text: str, levels: Sequence[str], name: str) -> Floats:
    """The weight of each level's mean (n_levels,) in a comparison such as ``"b - a"``; they sum to 0."""
    try:
        weights = _weights(read_expression(text), levels)
    except FormulaError as error:
        raise DesignError(f"comparison {name!r}, {text!r}: {error.reason.rstrip('.')}") from None
    if weights[-1]:
        raise DesignError(
            f"comparison {name!r}, {text!r}, has the number {weights[-1]:g} that no level is multiplied by"
        )
    weights = weights[:-1]
    largest = np.abs(weights).max()
    if largest == 0 or not np.isfinite(largest):
        raise DesignError(f"comparison {name!r}, {text!r}, compares nothing")
    if abs(weights.sum()) > _ROUNDING * largest:
        raise DesignError(
            f"comparison {name!r}, {text!r}, has weights that sum to {weights.sum():g}; of what is compared they sum "
            "to 0, as in b - a"
        )
    return weights


def _weights(node: Node, levels: Sequence[str]) -> Floats:
    """A text as a sum: the weight of each level, and last the number beside them."""
    match node:
        case Number(value):
            return _unit(len(levels), len(levels)) * value
        case Name(level) | Text(level):
            return _unit(position_of(level, levels), len(levels))
        case Parenthesis(inside):
            return _weights(inside, levels)
        case Negative(inside):
            return -_weights(inside, levels)
        case Binary():
            first, following = operations(node)
            total = _weights(first, levels)
            for operation in following:
                total = _combined(total, _weights(operation.right, levels), operation)
            return total
    raise DesignError(f"{unparse(node)} is no level, no number and no sum of them")


def _unit(place: int, n_levels: int) -> Floats:
    return (np.arange(n_levels + 1) == place).astype(float)


def _combined(left: Floats, right: Floats, operation: Binary) -> Floats:
    if operation.operator == "+":
        return left + right
    if operation.operator in ("-", *_EQUALS):
        return left - right
    if operation.operator == "*" and not (left[:-1].any() and right[:-1].any()):
        return right * left[-1] if not left[:-1].any() else left * right[-1]
    if operation.operator == "/" and not right[:-1].any() and right[-1]:
        return left / right[-1]
    raise DesignError(
        f"{unparse(operation)} is no sum of levels times numbers; a level whose name has such a sign stands in quotes"
    )
