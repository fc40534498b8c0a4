"""The variables of a reference grid: which columns of the data the means depend on, and at which values they stand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.arrays import Positions
from bayesmix.errors import ArgumentError, listing, shown
from bayesmix.formula.columns import is_categorical, is_numeric, level_texts
from bayesmix.formula.design import Design
from bayesmix.formula.factor_functions import FACTOR_FUNCTIONS
from bayesmix.formula.syntax import Binary, Call, Name, Negative, Node, Parenthesis, columns_in, operations
from bayesmix.formula.terms import label_of
from bayesmix.inference.means.cells import distinct_numbers
from bayesmix.inference.means.covariates import Reduction
from bayesmix.inference.shared.arguments import items_of, near_matches

_FEW = 2
"""A number with so many values in the data is taken at each of them, as emmeans does."""

_OF_NUMBERS = "cut"
_AT_MEANS = Reduction()


@dataclass(frozen=True, eq=False)
class GridVariable:
    """A column of the data with the values at which it stands in the grid.

    Attributes
    ----------
    name
        Of the column.
    values : pandas.Series
        Of the type of the data, (n_values,).
    labels
        How the values are shown: levels as texts, numbers as they are.
    codes : array (n_obs,) or None
        Of a factor, or of a number with few values: which value each row of the data has, -1 where it is none of
        them. None of numbers at their mean, or at values that were asked for.
    is_factor
        Whether it is a factor, by its type or since the formula makes one of it.
    shown
        Whether means can be asked for by it: it is a variable of the fixed part.
    """

    name: str
    values: pd.Series
    labels: tuple[Any, ...]
    codes: Positions | None
    is_factor: bool = False
    shown: bool = True

    @property
    def size(self) -> int:
        return len(self.labels)


def grid_variables(
    design: Design, at: Mapping[str, Any], *, parts: Sequence[Design] = (), reduction: Reduction = _AT_MEANS
) -> tuple[GridVariable, ...]:
    """The variables of the mean's predictor, those of the fixed part first.

    Parameters
    ----------
    at
        Values that were asked for, by variable.
    parts
        Predictors of further parameters, whose variables are in the grid, too.
    reduction
        At which values covariates stand that `at` does not name.

    Raises
    ------
    ArgumentError
        `at` or `reduction` name something else, a level that a factor does not have, or a value that is no number.
    """
    formulas = [predictor.formula for predictor in (design, *parts)]
    fixed = [node for formula in formulas for term in formula.fixed for node in term.variables]
    others = [
        *(node for formula in formulas for node in formula.offsets),
        *(n for formula in formulas for random in formula.random for t in random.terms for n in t.variables),
    ]
    names = list(dict.fromkeys(name.name for node in fixed for name in columns_in(node)))
    hidden = [name.name for node in others for name in columns_in(node) if name.name not in names]
    hidden = list(dict.fromkeys(hidden))
    for argument, wanted in (("at", at), ("cov_reduce", reduction.named)):
        for asked in wanted:
            if asked not in (*names, *hidden):
                raise ArgumentError(
                    f"{argument} has {shown(asked)}, which is no variable of the fixed part."
                    f"{near_matches(asked, names)} Variables: {listing(names) if names else 'none'}."
                )
    as_factors = {name for node in (*fixed, *others) for name in _made_factors(node)}
    return tuple(
        _variable(design, name, name in as_factors, at.get(name), reduction, is_shown=name in names)
        for name in (*names, *hidden)
    )


def aliases(design: Design) -> dict[str, str]:
    """Columns by the terms that make a factor of them: ``factor(dose)`` is `dose`."""
    nodes = [node for term in design.formula.fixed for node in term.variables]
    found = {}
    for node in nodes:
        columns = {name.name for name in columns_in(node)}
        if isinstance(node, Call) and node.function in FACTOR_FUNCTIONS and len(columns) == 1:
            found[label_of(node)] = columns.pop()
    return found


def _made_factors(node: Node) -> Iterator[str]:
    """The columns of an expression of which a function makes a factor, value by value."""
    match node:
        case Call(function, (first, *_)) if function in FACTOR_FUNCTIONS and function != _OF_NUMBERS:
            if isinstance(first, Name):
                yield first.name
            else:
                yield from _made_factors(first)
        case Call(_, arguments):
            for argument in arguments:
                yield from _made_factors(argument)
        case Binary():
            first, following = operations(node)
            for part in (first, *(operation.right for operation in following)):
                yield from _made_factors(part)
        case Negative(inside) | Parenthesis(inside):
            yield from _made_factors(inside)


def _variable(
    design: Design, name: str, made_factor: bool, asked: Any, reduction: Reduction, *, is_shown: bool
) -> GridVariable:
    column = design.data[name]
    if made_factor or is_categorical(column):
        if name in reduction.named:
            raise ArgumentError(f"cov_reduce has {name!r}, which is a factor and has levels; at= takes some of them.")
        return _factor(name, column, asked, is_shown=is_shown)
    if asked is not None:
        return _covariate(name, distinct_numbers(asked, argument=f"at of {name!r}"), is_shown=is_shown)
    numbers = column.to_numpy(dtype=float, na_value=np.nan)
    distinct = np.unique(numbers)
    if len(distinct) <= _FEW and is_numeric(column) and name not in reduction.named:
        codes = np.searchsorted(distinct, numbers)
        return GridVariable(name, pd.Series(distinct), tuple(map(_plain, distinct)), codes, shown=is_shown)
    return _covariate(name, reduction.values(name, numbers), is_shown=is_shown)


def _covariate(name: str, values: Sequence[float], *, is_shown: bool) -> GridVariable:
    return GridVariable(name, pd.Series(values), tuple(map(_plain, values)), None, shown=is_shown)


def _factor(name: str, column: pd.Series, asked: Any, *, is_shown: bool) -> GridVariable:
    values, texts = level_texts(column)
    kept = list(range(len(texts))) if asked is None else _levels(name, asked, texts)
    of_rows = values.get_indexer(pd.Index(column))
    first = [int(np.argmax(of_rows == place)) for place in kept]
    place_of = np.full(len(texts) + 1, -1, dtype=np.intp)
    place_of[kept] = np.arange(len(kept))
    is_number = not is_categorical(column) and is_numeric(column)
    labels = tuple(_plain(float(values[place])) if is_number else texts[place] for place in kept)
    # Rows of the data, so that the grid has the type of the column.
    return GridVariable(
        name, column.iloc[first].reset_index(drop=True), labels, place_of[of_rows], is_factor=True, shown=is_shown
    )


def _levels(name: str, asked: Any, texts: Sequence[str]) -> list[int]:
    items = items_of(asked)
    wanted = [asked] if items is None else items
    places = []
    for level in wanted:
        text = _text(level)
        if text not in texts:
            raise ArgumentError(
                f"at of {name!r} has {shown(level)}, which is no level of it.{near_matches(level, texts)} "
                f"Levels: {listing(texts)}."
            )
        places.append(list(texts).index(text))
    if not places:
        raise ArgumentError(f"at of {name!r} is empty; name levels of it: {listing(texts)}.")
    if len(set(places)) < len(places):
        raise ArgumentError(f"at of {name!r} names a level twice.")
    return places


def _text(level: Any) -> str:
    is_whole = isinstance(level, float | np.floating) and np.isfinite(level) and float(level).is_integer()
    return str(int(level)) if is_whole else str(level)


def _plain(value: float) -> float | int:
    """A whole number as such."""
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else float(value)
