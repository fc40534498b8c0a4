"""Expressions of a formula turned into numbers or factors, row by row.

What a function learns from the data (means, levels, polynomial coefficients) is kept in `learnt` under the
expression's text, and used again for new data.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.errors import DataError, FormulaError, Span, did_you_mean, listing
from bayesmix.formula.arguments import constant, matched
from bayesmix.formula.chosen_coding import chosen_coding
from bayesmix.formula.codings import Coding
from bayesmix.formula.columns import Factor, describe_type, is_categorical, is_numeric, unknown_column
from bayesmix.formula.contrasts import PlainContrast, coding_key
from bayesmix.formula.extremes import refuse_extremes
from bayesmix.formula.factor_functions import FACTOR_FUNCTIONS, as_list, text_of
from bayesmix.formula.factor_variables import factor_of, is_text, truth_of
from bayesmix.formula.functions import FUNCTIONS, ROW_EXTREMES
from bayesmix.formula.number_texts import beside_numbers, refuse_number_texts
from bayesmix.formula.syntax import (
    COMPARISONS,
    CONSTANTS,
    Binary,
    Call,
    Name,
    Negative,
    Node,
    Number,
    Parenthesis,
    Text,
    columns_in,
    comparison_in,
    operations,
    unparse,
)
from bayesmix.formula.terms import label_of

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
}


@dataclass
class Variables:
    """The variables of a formula on one data set.

    `learnt` is filled on the data of the fit (`new=False`) and only read on new data (`new=True`). `contrasts` are
    codings of factors by name.
    """

    text: str
    data: pd.DataFrame
    functions: Mapping[str, Callable[..., Any]]
    learnt: dict[str, Any] = field(default_factory=dict)
    new: bool = False
    known: dict[str, Floats | Factor] = field(default_factory=dict)
    contrasts: Mapping[str, PlainContrast] = field(default_factory=dict)

    def fail(self, reason: str, span: Span) -> FormulaError:
        return FormulaError(reason, self.text, span)

    def column(self, name: Name) -> pd.Series:
        if name.name not in self.data.columns:
            raise unknown_column(name.name, self.data)
        return self.data[name.name]

    def variable(self, node: Node) -> Floats | Factor:
        """A variable of a term: numbers (n_obs,) or (n_obs, m), or a factor; worked out once."""
        label = label_of(node)
        if label not in self.known:
            self.known[label] = self.number_or_factor(node)
        return self.known[label]

    def number_or_factor(self, node: Node) -> Floats | Factor:
        comparison = comparison_in(node)
        if comparison is not None and "I" not in self.functions:
            return truth_of(node, comparison, self)
        match node:
            case Parenthesis(inside):
                return self.number_or_factor(inside)
            case Name():
                return self.factor(node) if self.is_factor(node) else self.numbers(node)
            case Call(function) if function in FACTOR_FUNCTIONS and function not in self.functions:
                return self.factor(node)
            case Call("ifelse") if "ifelse" not in self.functions and is_text(node):
                return self.factor(node)
        return self.numbers(node)

    def is_factor(self, node: Name) -> bool:
        """Whether a column that is a variable by itself is a factor, as it was in the fit."""
        column, key = self.column(node), f"type of {node.name}"
        if not self.new:
            self.learnt[key] = "factor" if is_categorical(column) else "number"
            if is_categorical(column):
                refuse_number_texts(column)
        elif self.learnt[key] == "number" and not is_numeric(column):
            kind = describe_type(column)
            raise DataError(f"'{node.name}' is {kind} in the new rows, and in the fit it is a number; give numbers.")
        return bool(self.learnt[key] == "factor")

    def factor(self, node: Node) -> Factor:
        """A column as a factor: text sorted, numbers in their order, a Categorical in its own order; or what a
        function makes of one."""
        return factor_of(node, self)

    def coding(self, node: Node, factor: Factor) -> Coding:
        """How the levels of a factor are coded beside the intercept: as the formula, as `contrasts`, or as R does."""
        key = coding_key(label_of(node))
        if key not in self.learnt:
            self.learnt[key] = chosen_coding(node, factor, self.contrasts, self.text)
        learnt: Coding = self.learnt[key]
        return learnt

    def numbers(self, node: Node, label: str = "") -> Floats:
        """An expression as numbers, finite in every row; messages call it `label`, by default as it is written."""
        values = self.evaluate(node)
        values = np.broadcast_to(np.asarray(values, dtype=float), (len(self.data), *np.shape(values)[1:])).copy()
        refuse_extremes(label or label_of(node), values, [name.name for name in columns_in(node)], self.data)
        return values

    def evaluate(self, node: Node) -> Any:
        match node:
            case Number(value):
                return value
            case Parenthesis(inside):
                return self.evaluate(inside)
            case Negative(operand):
                return -self.evaluate(operand)
            case Name(name) if name in CONSTANTS and name not in self.data.columns:
                return float(CONSTANTS[name])
            case Name():
                column = self.column(node)
                if not is_numeric(column):
                    numbers = beside_numbers(column)
                    raise self.fail(
                        f"'{node.name}' is {describe_type(column)}, so it cannot be calculated with"
                        f"{f': {numbers}' if numbers else ''}.",
                        node.span,
                    )
                return column.to_numpy(dtype=float, na_value=np.nan)
            case Binary():
                left, following = operations(node)
                result = None
                for operation in following:
                    if operation.operator == "%in%":
                        result = self.is_among(operation)
                    elif operation.operator in ("==", "!=") and (
                        isinstance(operation.left, Text) or isinstance(operation.right, Text)
                    ):
                        result = self.is_level(operation)
                    else:
                        result = self.operation(operation, self.evaluate(left) if result is None else result)
                return result
            case Call():
                return self.call(node)
        raise self.fail(f"{unparse(node)} is no number.", node.span)

    def operation(self, node: Binary, left: Any) -> Any:
        """The result of an operation, whose left operand is the node `node.left` with the result `left`."""
        right = self.evaluate(node.right)
        for side, values in ((node.left, left), (node.right, right)):
            if np.ndim(values) > 1:
                raise self.fail(
                    f"'{node.operator}' takes one number a row, and {unparse(side)} has {np.shape(values)[1]}.",
                    side.span,
                )
            if node.operator in COMPARISONS:
                unknown = np.broadcast_to(np.where(np.isnan(values), np.nan, 0.0), (len(self.data),))
                refuse_extremes(label_of(side), unknown, [name.name for name in columns_in(side)], self.data)
        with np.errstate(all="ignore"):
            return _ARITHMETIC[node.operator](left, right) * 1.0

    def is_level(self, node: Binary) -> Floats:
        """`f == "level"` or `f != "level"`, row by row."""
        column, text = (node.right, node.left) if isinstance(node.left, Text) else (node.left, node.right)
        if not isinstance(column, Name) or not isinstance(text, Text):
            raise self.fail('A level is compared with a column: I(f == "level").', node.span)
        factor = self.factor(column)
        self.require_level(text.value, factor, column.name, text.span)
        same = factor.codes == factor.levels.index(text.value)
        return (same if node.operator == "==" else ~same).astype(float)

    def is_among(self, node: Binary) -> Floats:
        """`f %in% c("a", "b")` or `x %in% 1:3`, row by row."""
        wanted = as_list(constant(node.right, self.text))
        if not any(isinstance(value, str) for value in wanted):
            values = np.broadcast_to(self.evaluate(node.left), (len(self.data),))
            return np.isin(values, np.array(wanted, dtype=float)).astype(float)
        factor = self.factor(node.left)
        for value in map(text_of, wanted):
            self.require_level(value, factor, label_of(node.left), node.right.span)
        return np.isin(np.array([*factor.levels, ""])[factor.codes], list(map(text_of, wanted))).astype(float)

    def require_level(self, level: str, factor: Factor, label: str, span: Span) -> None:
        if level not in factor.levels:
            raise self.fail(
                f"{level!r} is no level of '{label}'.{did_you_mean(level, factor.levels)} "
                f"Levels: {listing(factor.levels)}.",
                span,
            )

    def call(self, call: Call) -> Any:
        if call.function in self.functions:
            return self.own_function(call)
        if call.function == "ifelse":
            return self.choice(call)
        if call.function in ROW_EXTREMES:
            return reduce(ROW_EXTREMES[call.function], self.numbers_of_rows(call))
        if call.function in FACTOR_FUNCTIONS:
            raise self.fail(
                f"{call.function}() makes a factor, so it cannot be calculated with; it is a term of its own.",
                call.span,
            )
        function = FUNCTIONS[call.function]
        given = matched(call, function, self.text)
        values = np.asarray(self.evaluate(given.values), dtype=float)
        if values.ndim > 1:
            raise self.fail(
                f"{call.function}() takes one number a row, and {unparse(given.values)} has {values.shape[1]}; "
                "write it as a term of its own.",
                given.values.span,
            )
        values = np.broadcast_to(values, (len(self.data),)).astype(float)
        key = unparse(call)
        try:
            with np.errstate(all="ignore"):  # what is not finite is refused afterwards, with its rows
                result, learnt = function.compute(values, given.keywords, self.learnt.get(key) if self.new else None)
        except DataError as error:
            raise self.fail(str(error), call.span) from None
        if not self.new and learnt is not None:
            self.learnt[key] = learnt
        return result

    def choice(self, call: Call) -> Floats:
        """`ifelse(test, yes, no)` of numbers, row by row."""
        test, yes, no = self.numbers_of_rows(call)
        unknown = np.broadcast_to(np.where(np.isnan(test), np.nan, 0.0), (len(self.data),))
        refuse_extremes(
            label_of(call.arguments[0]), unknown, [name.name for name in columns_in(call.arguments[0])], self.data
        )
        return np.where(test != 0, yes, no)

    def numbers_of_rows(self, call: Call) -> list[Floats]:
        """The arguments of a call as one number for each row, or for all."""
        arguments = [np.asarray(self.evaluate(part), dtype=float) for part in call.arguments]
        for part, values in zip(call.arguments, arguments, strict=True):
            if values.ndim > 1:
                raise self.fail(
                    f"{call.function}() takes one number a row, and {unparse(part)} has {values.shape[1]}.", part.span
                )
        return arguments

    def own_function(self, call: Call) -> Any:
        arguments = [self.evaluate(argument) for argument in call.arguments]
        keywords = {name: constant(value, self.text) for name, value in call.keywords}
        try:
            result = np.asarray(self.functions[call.function](*arguments, **keywords), dtype=float)
        except Exception as error:
            raise self.fail(f"{call.function}() failed: {type(error).__name__}: {error}.", call.span) from error
        if result.shape != (len(self.data),):
            raise self.fail(
                f"{call.function}() returned shape {result.shape}; one number for each of the {len(self.data)} "
                "rows is expected.",
                call.span,
            )
        return result
