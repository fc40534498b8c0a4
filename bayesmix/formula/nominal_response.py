"""A response that is one of several categories without an order: their numbers from 1, and a predictor for each.

The first category is the reference, whose predictor is 0. Each of the others has a predictor of its own, which is
called after it, ``muB``, and has the formula of the response unless it is given another.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.errors import DataError, FormulaError, counted, did_you_mean, listing, shown
from bayesmix.formula.columns import Factor, describe_type, is_categorical, is_numeric
from bayesmix.formula.design import Response
from bayesmix.formula.factor_functions import FACTOR_FUNCTIONS
from bayesmix.formula.syntax import Call, Name, Node
from bayesmix.formula.terms import Formula, ResponseSpec
from bayesmix.formula.variables import Variables

FEWEST, MOST = 3, 50
_LISTED = 5

PREFIX = "mu"
"""What the names of the predictors of categories begin with."""


def read_nominal(spec: ResponseSpec, variables: Variables) -> Response:
    """A text or a Categorical, or a function that makes a factor, whose levels are the categories.

    Raises
    ------
    DataError
        The values are numbers or true and false, there are fewer than 3 categories or more than 50, or a level of a
        Categorical does not occur.
    """
    node = spec.values
    if isinstance(node, Name):
        _refuse_numbers(node.name, variables.column(node))
        _refuse_unused(node.name, variables.column(node))
    elif not _makes_a_factor(node):
        raise DataError(
            f"The response {spec.text} is numbers; categories without an order are texts or a Categorical, as the "
            "column of a factor is."
        )
    factor = variables.factor(node)
    levels = tuple(level for number, level in enumerate(factor.levels) if (factor.codes == number).any())
    _refuse_few_or_many(spec.text, levels)
    return Response(spec.text, _numbers_of(factor, levels), categories=levels)


def _makes_a_factor(node: Node) -> bool:
    return isinstance(node, Call) and node.function in FACTOR_FUNCTIONS


def _numbers_of(factor: Factor, levels: tuple[str, ...]) -> Floats:
    """The numbers of the categories from 1, those that never occur left aside."""
    places = [levels.index(level) + 1.0 if level in levels else np.nan for level in factor.levels]
    return np.array(places)[factor.codes]


def _refuse_numbers(name: str, column: pd.Series) -> None:
    if is_categorical(column) and not pd.api.types.is_bool_dtype(column.dtype):
        return
    values = np.unique(column.to_numpy(dtype=float)) if is_numeric(column) else np.array([])
    if len(values) == 2:
        raise DataError(f'The response {name!r} is {values[0]:g} or {values[1]:g}; two values are family="bernoulli".')
    if not len(values) or len(values) > MOST or (values != np.round(values)).any():
        raise DataError(
            f"The response {name!r} is {describe_type(column)} with {counted(column.nunique(), 'value')}, no "
            "categories; these are texts or a Categorical. A family for numbers may suit it."
        )
    raise DataError(
        f"The response {name!r} is numbers ({listing((f'{value:g}' for value in values), at_most=_LISTED)}); if they "
        f"stand for categories, write data[{name!r}] = data[{name!r}].astype(str), and if they have an order, "
        'family="cumulative".'
    )


def _refuse_unused(name: str, column: pd.Series) -> None:
    """A level without rows would have a predictor of which the data say nothing."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return
    counts = column.value_counts()
    absent = [level for level in column.dtype.categories if not counts[level]]
    if absent:
        raise DataError(
            f"The response {name!r} never is {listing(map(str, absent))} in the {counted(len(column), 'row')} that are "
            f"fitted; write data[{name!r}].cat.remove_categories([{', '.join(map(repr, absent))}])."
        )


def _refuse_few_or_many(text: str, levels: tuple[str, ...]) -> None:
    if len(levels) < FEWEST:
        instead = 'two are family="bernoulli"' if len(levels) == 2 else "there is nothing to explain"
        raise DataError(
            f"The response {text} has {counted(len(levels), 'category')} ({', '.join(levels)}), and family categorical "
            f"is for {FEWEST} or more; {instead}."
        )
    if len(levels) > MOST:
        raise DataError(
            f"The response {text} has {len(levels):,} categories, each of which has coefficients of its own; at most "
            f"{MOST} are fitted."
        )


def category_parameter(level: str) -> str:
    """The name of a category's predictor: its letters and digits after ``mu``, as in brms."""
    return PREFIX + "".join(letter for letter in level if f"{PREFIX}{letter}".isidentifier() and letter != "_")


def category_parameters(response: Response) -> dict[str, str]:
    """The categories with predictors, all but the first, by the names of these.

    Raises
    ------
    DataError
        A category has neither a letter nor a digit, or two have the same ones.
    """
    names: dict[str, str] = {}
    for level in response.categories[1:]:
        name = category_parameter(level)
        if name == PREFIX:
            raise DataError(
                f"The category {shown(level)} of {response.name} has neither a letter nor a digit, by which its "
                "predictor would be called; rename it."
            )
        if name in names:
            raise DataError(
                f"The categories {shown(names[name])} and {shown(level)} of {response.name} would both have the "
                f"predictor {name!r}; rename one of them."
            )
        names[name] = level
    return names


def category_formulas(formula: Formula, response: Response, given: Mapping[str, Formula]) -> dict[str, Formula]:
    """The formula of each category's predictor by its name: that of the response, where none is `given`.

    Raises
    ------
    FormulaError
        A formula is given of what is no category, or of the reference.
    """
    names = category_parameters(response)
    for name, own in given.items():
        if name not in names:
            reference = response.categories[0]
            why = f"{shown(reference)} is the reference, whose predictor is 0" * (category_parameter(reference) == name)
            raise FormulaError(
                f"{why or f'{name!r} is no predictor of a category'}; those of {response.name} are {listing(names)}."
                f"{did_you_mean(name, names)}",
                own.text,
                own.response.nodes[0].span,
            )
    return {name: given.get(name, formula) for name in names}


def without_predictor(formula: Formula) -> Formula:
    """The same text and response without a right-hand side: the predictor of the reference is 0."""
    return replace(formula, fixed=(), random=(), offsets=())
