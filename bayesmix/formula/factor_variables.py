"""The factors of a formula on one data set: columns, and what functions make of them."""

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import DataError
from bayesmix.formula.arguments import constants_of
from bayesmix.formula.columns import Factor, coded, distinct_levels, is_ordered
from bayesmix.formula.factor_functions import (
    FACTOR_FUNCTIONS,
    ORDERED,
    breaks_of,
    interval_codes,
    interval_names,
    recoded,
    relevelled,
    with_levels,
)
from bayesmix.formula.syntax import Binary, Call, Name, Node, Parenthesis, Text, comparison_in, unparse
from bayesmix.formula.terms import label_of

if TYPE_CHECKING:
    from bayesmix.formula.variables import Variables


def factor_of(node: Node, variables: "Variables") -> Factor:
    """A factor row by row; its levels are learnt from the data of the fit, under the name of the expression.

    Raises
    ------
    FormulaError
        The expression is no factor, or a function cannot make one of these levels; it is marked.
    """
    comparison = comparison_in(node)
    if comparison is not None and "I" not in variables.functions:
        return truth_of(node, comparison, variables)
    match node:
        case Parenthesis(inside):
            return factor_of(inside, variables)
        case Name():
            return _of_column(node, variables)
        case Call("ifelse") if is_text(node):
            return _of_texts(node, variables)
        case Call(function) if function in FACTOR_FUNCTIONS:
            return _made(node, variables)
    raise variables.fail(f"{unparse(node)} is no column that could be a factor; make it one.", node.span)


def truth_of(node: Node, comparison: Binary, variables: "Variables") -> Factor:
    """A comparison as a factor with the levels False and True, as R makes one of its FALSE and TRUE."""
    values = np.broadcast_to(variables.evaluate(comparison), (len(variables.data),))
    levels = _learnt_levels(node, variables, tuple(str(level) for level in (False, True) if (values == level).any()))
    codes = {level: levels.index(str(level)) if str(level) in levels else -1 for level in (False, True)}
    return Factor(np.where(values == 1, codes[True], codes[False]).astype(np.intp), levels)


def is_text(node: Node) -> bool:
    """Whether an expression is a text in every row: a text, or `ifelse` of texts."""
    if isinstance(node, Call) and node.function == "ifelse" and len(node.arguments) == 3:
        return all(is_text(part) for part in node.arguments[1:])
    return isinstance(node, Text)


def _learnt_levels(node: Node, variables: "Variables", levels: tuple[str, ...]) -> tuple[str, ...]:
    """The levels that the fit knows: `levels` on its own data."""
    key = f"levels of {label_of(node)}"
    if not variables.new:
        variables.learnt[key] = levels
    known: tuple[str, ...] = variables.learnt[key]
    return known


def _of_column(name: Name, variables: "Variables") -> Factor:
    column = variables.column(name)
    key = f"levels of {label_of(name)}"
    levels = variables.learnt[key] if variables.new else _learnt_levels(name, variables, distinct_levels(column))
    factor = coded(column, levels)
    ordered = f"order of {label_of(name)}"
    if not variables.new:
        variables.learnt[ordered] = is_ordered(column)
    return Factor(factor.codes, factor.levels, variables.learnt[ordered])


def _of_texts(call: Call, variables: "Variables") -> Factor:
    texts = np.broadcast_to(_texts(call, variables), (len(variables.data),))
    levels = _learnt_levels(call, variables, tuple(sorted(set(texts))))
    place = {level: code for code, level in enumerate(levels)}
    return Factor(np.array([place.get(text, -1) for text in texts], dtype=np.intp), levels)


def _texts(node: Node, variables: "Variables") -> Any:
    if isinstance(node, Text):
        return np.array(node.value, dtype=object)
    if not isinstance(node, Call):
        raise variables.fail(f"{unparse(node)} is no text.", node.span)
    test = variables.numbers(node.arguments[0])
    return np.where(test != 0, _texts(node.arguments[1], variables), _texts(node.arguments[2], variables))


def _made(call: Call, variables: "Variables") -> Factor:
    if call.function == "cut":
        values = variables.numbers(call.arguments[0])
        work = partial(_cut, values, call, variables)
    else:
        work = partial(_changed, _within(call, variables), call, variables)
    try:
        factor = work()
    except DataError as error:
        raise variables.fail(f"{unparse(call)}: {error}.", call.span) from None
    if call.function != "cut":
        _learnt_levels(call, variables, factor.levels)
    return factor


def _within(call: Call, variables: "Variables") -> Factor:
    """The factor that a function changes: of a column, of a comparison, or made by another function."""
    first = call.arguments[0]
    if comparison_in(first) is None and not isinstance(first, Name | Parenthesis | Call):
        raise variables.fail(f"{call.function}() takes one column; make a column of {unparse(first)}.", call.span)
    return factor_of(first, variables)


def _changed(factor: Factor, call: Call, variables: "Variables") -> Factor:
    if call.function == "C":
        return factor
    given = _constants(call, variables)
    if call.function == "relevel":
        return relevelled(factor, given.get("ref"))
    if {"levels", "labels"} & given.keys():
        factor = with_levels(factor, given.get("levels"), given.get("labels"))
    order = True if call.function in ORDERED else given.get("ordered", factor.is_ordered)
    return Factor(factor.codes, factor.levels, bool(order))


def _constants(call: Call, variables: "Variables") -> dict[str, Any]:
    names = FACTOR_FUNCTIONS[call.function].keywords
    return constants_of(call.arguments[1:], call.keywords, names, called=f"{call.function}()", text=variables.text)


def _cut(values: Floats, call: Call, variables: "Variables") -> Factor:
    """Numbers as the intervals that they lie in; intervals without a row are no levels, as in R's `lm`."""
    given = _constants(call, variables)
    if values.ndim > 1:
        raise variables.fail(f"cut() takes one number a row, and there are {values.shape[1]}.", call.span)
    lowest, right = bool(given.get("include.lowest", False)), bool(given.get("right", True))
    key = f"borders of {unparse(call)}"
    if not variables.new:
        variables.learnt[key] = breaks_of(values, given.get("breaks"))
    borders = variables.learnt[key]
    digits = given.get("dig.lab", 3.0)
    names = interval_names(borders, given.get("labels"), lowest=lowest, right=right, digits=int(digits))
    codes = interval_codes(values, borders, lowest=lowest, right=right)
    if (codes < 0).any() and not variables.new:
        outside = values[codes < 0]
        raise DataError(
            f"{outside[0]:g} and in all {len(outside)} of {len(values)} values lie in no interval of {names[0]} to "
            f"{names[-1]}, and R would drop them; write further borders, such as Inf, or include.lowest = TRUE"
        )
    levels = _learnt_levels(call, variables, tuple(names[code] for code in np.unique(codes[codes >= 0])))
    places = [levels.index(name) if name in levels else -1 for name in names]
    factor = recoded(Factor(codes, names), places, levels)
    return Factor(factor.codes, factor.levels, bool(given.get("ordered_result", False)))
