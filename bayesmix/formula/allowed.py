"""What may stand in a formula's expressions: columns, the documented functions, arithmetic inside of them."""

from collections.abc import Collection

from bayesmix.errors import FormulaError, Span, did_you_mean
from bayesmix.formula.arguments import constant
from bayesmix.formula.factor_functions import FACTOR_FUNCTIONS
from bayesmix.formula.functions import FUNCTIONS, NOT_SUPPORTED, ROW_EXTREMES, SPECIAL_FUNCTIONS
from bayesmix.formula.syntax import (
    COMPARISONS,
    Binary,
    Call,
    Name,
    Negative,
    Node,
    Number,
    Parenthesis,
    Text,
    operations,
    unparse,
)


def check_expression(node: Node, text: str, known: Collection[str], *, within_arithmetic: bool) -> None:
    """Refuse what is no column, no documented function, or arithmetic outside of a function.

    Parameters
    ----------
    node
        An expression of the formula `text`.
    known
        Names of the functions that may be called.
    within_arithmetic
        Whether the expression stands inside a function, where `+` adds numbers and not terms.
    """
    match node:
        case Name():
            return
        case Call(function, arguments, keywords):
            _check_function(node, text, known)
            inside: tuple[Node, ...] = (*arguments, *(value for _, value in keywords))
            if function in FACTOR_FUNCTIONS or function in FUNCTIONS:
                inside = _expressions(node, text)
        case Text() | Number() if within_arithmetic:
            return
        case Negative(operand) | Parenthesis(operand) if within_arithmetic:
            inside = (operand,)
        case Binary() if within_arithmetic:
            first, following = operations(node)
            for operation in following:
                if operation.operator in ("|", "||", "~", ":"):
                    raise FormulaError(
                        f"'{operation.operator}' has no meaning in arithmetic.", text, operation.operator_span
                    )
                if operation.operator == "%in%":
                    constant(operation.right, text)
            inside = (first, *[operation.right for operation in following if operation.operator != "%in%"])
        case Binary(operator) if operator in COMPARISONS:
            inside = (node.left, node.right)
            for side in inside:
                _refuse_sum(node, side, text)
        case Number(0):
            raise FormulaError("0 is no term here; it stands alone, as in 0 + x.", text, node.span)
        case Number():
            raise FormulaError(
                f"{unparse(node)} is no term; only 0 and 1, without and with intercept, are. A known part of the "
                "response is written offset(x).",
                text,
                node.span,
            )
        case _:
            span = node.operator_span if isinstance(node, Binary) else node.span
            raise FormulaError(f"Arithmetic stands in I(): write I({unparse(node)}).", text, span)
    for part in inside:
        check_expression(part, text, known, within_arithmetic=True)


def _expressions(call: Call, text: str) -> tuple[Node, ...]:
    """The arguments of a call that are calculated: the first, which has columns; of `ifelse`, `pmin`, `pmax` all.

    The others are constants, which are looked at here, and those of `C` the name of a coding.
    """
    if not call.arguments:
        raise FormulaError(f"{call.function}() is of a column, which stands first, without a name.", text, call.span)
    if call.function == "ifelse":
        if len(call.arguments) != 3 or call.keywords:
            raise FormulaError("ifelse() takes 3 arguments in order: ifelse(x > 3, 1, 0).", text, call.span)
        return call.arguments
    if call.function in ROW_EXTREMES:
        if len(call.arguments) < 2 or call.keywords:
            raise FormulaError(
                f"{call.function}() takes two numbers of a row or more: {call.function}(x, 5).", text, call.span
            )
        return call.arguments
    first, *further = call.arguments
    if call.function == "C":
        return (first,)
    constants = [*further, *(value for _, value in call.keywords)]
    several = [constant_node for constant_node in constants if isinstance(constant_node, Call | Binary)]
    for constant_node in several:
        constant(constant_node, text)
    return (first, *(constant_node for constant_node in constants if constant_node not in several))


def _refuse_sum(node: Binary, side: Node, text: str) -> None:
    """R compares the whole sums on both sides of a bare comparison, y ~ x > 3 + z: hardly what is meant."""
    if isinstance(side, Binary) and side.operator in ("+", "-"):
        raise FormulaError(
            f"'{node.operator}' compares all that stands beside it, {unparse(side)}: write the comparison in "
            "parentheses, (x > 3) + z, or a sum that is meant in I().",
            text,
            node.operator_span,
        )


def _check_function(call: Call, text: str, known: Collection[str]) -> None:
    name = call.function
    if name in known:
        return
    if name == "Error":
        strata = unparse(call.arguments[0]) if call.arguments else "g"
        raise FormulaError(f"Strata of aov are random terms: Error({strata}) is (1 | {strata}).", text, call.span)
    if name in NOT_SUPPORTED:
        raise FormulaError(f"{name}(): {NOT_SUPPORTED[name]}.", text, call.span)
    if name in SPECIAL_FUNCTIONS:
        raise FormulaError(f"{name}() cannot stand here; it is {SPECIAL_FUNCTIONS[name]}.", text, call.span)
    raise FormulaError(
        f"{name!r} is not one of the functions that a formula may call.{did_you_mean(name, known)} "
        f"Functions: {', '.join(sorted(known))}.",
        text,
        Span(call.span.start, call.span.start + len(name)),
    )
