"""Arguments of the questions, checked once: each function returns the value that can be trusted."""

from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from sys import float_info
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import ArgumentError, UnknownColumnError, UnknownTermError, did_you_mean, listing, shown
from bayesmix.formula.design import Design
from bayesmix.modelling.record import Fit


def probability(prob: float) -> float:
    """The probability of an interval, strictly between 0 and 1."""
    if not _is_number(prob) or not 0 < prob < 1:
        is_percentage = _is_number(prob) and 1 < prob < 100
        hint = f" For a {prob:g} % interval write prob={prob / 100:g}." if is_percentage else ""
        raise ArgumentError(f"prob is the probability of the interval, between 0 and 1; got {shown(prob)}.{hint}")
    return float(prob)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_positive(value: object) -> bool:
    return _is_number(value) and 0 < value <= float_info.max  # type: ignore[operator]


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def near_matches(value: object, options: Iterable[str]) -> str:
    """The options nearest to `value`, as a sentence with a leading blank; empty where it is no text."""
    return did_you_mean(value, options) if isinstance(value, str) else ""


def one_of(value: str, options: Sequence[str], *, argument: str) -> str:
    """`value`, if it is among `options`."""
    if not isinstance(value, str) or value not in options:
        hint = near_matches(value, options)
        raise ArgumentError(f"{argument}={shown(value)} is not known.{hint} Known: {listing(options)}.")
    return value


def all_of(values: str | Iterable[str], options: Sequence[str], *, argument: str) -> tuple[str, ...]:
    """`values`, if each is among `options`; a single text is taken as one value."""
    items = (values,) if isinstance(values, str) else items_of(values)
    if items is None:
        raise ArgumentError(f"{argument} is one or more of {listing(options)}; got {shown(values)}.")
    if not items:
        raise ArgumentError(f"{argument} is empty; name one or more of {listing(options)}.")
    return tuple(one_of(item, options, argument=argument) for item in items)


def items_of(values: object) -> list[Any] | None:
    """The items of `values` in their order; None if it is a text or cannot be iterated over."""
    without_axis = isinstance(values, np.ndarray) and values.ndim == 0
    if isinstance(values, str | bytes) or not isinstance(values, Iterable) or without_axis:
        return None
    return list(values)


def groups_of(design: Design, group: str | None) -> tuple[str, ...]:
    """All grouping factors of the model in the order of the formula, or `group` alone, checked by `one_group`."""
    if group is None:
        return tuple(dict.fromkeys(term.group for term in design.all_random))
    return (one_group(design, group),)


def one_group(design: Design, group: str) -> str:
    """`group`, if it is a grouping factor of the model; else an UnknownTermError lists those that are."""
    known = groups_of(design, None)
    if not isinstance(group, str) or group not in known:
        have = f"Groups of the model: {listing(known)}." if known else "The model has no random terms."
        hint = near_matches(group, known)
        raise UnknownTermError(f"{shown(group)} is no grouping factor of the model.{hint} {have}")
    return group


def one_term(term: str, names: Sequence[str], group: str) -> str:
    """`term`, if it is among the columns `names` that vary by `group`."""
    if not isinstance(term, str) or term not in names:
        hint = near_matches(term, names)
        raise UnknownTermError(f"{shown(term)} does not vary by {group!r}.{hint} What does: {listing(names)}.")
    return term


def a_column(data: pd.DataFrame, name: str, *, argument: str) -> str:
    """`name`, if it is a column of the data; else an UnknownColumnError has the near matches."""
    if not isinstance(name, str) or name not in data.columns:
        hint = near_matches(name, data.columns)
        raise UnknownColumnError(f"{argument}={shown(name)} is no column of the data.{hint}")
    return name


def column_levels(data: pd.DataFrame, name: str, *, argument: str) -> tuple[Positions, tuple[object, ...]]:
    """The level of each row in a column, (n_obs,), and the sorted levels; a Categorical keeps its own order.

    Raises
    ------
    ArgumentError
        The column has missing values, or values that cannot be ordered.
    """
    column = data[name]
    n_missing = int(column.isna().sum())
    if n_missing:
        raise ArgumentError(
            f"{argument}={name!r} is missing in {n_missing} of {len(column)} rows; name a column that every row has."
        )
    try:
        codes, levels = column.factorize(sort=True)
    except TypeError as error:
        kinds = listing(sorted({type(value).__name__ for value in column}))
        raise ArgumentError(
            f"{argument}={name!r} has values without an order ({kinds}); make it a column of texts or numbers."
        ) from error
    return codes.astype(np.intp), tuple(levels)


def a_text(value: str | None, *, argument: str, meaning: str) -> str:
    """`value`, if it is a text; `meaning` says what the text stands for."""
    if not isinstance(value, str):
        raise ArgumentError(f"{argument} is {meaning}; got {shown(value)}.")
    return value


def a_switch(value: bool, *, argument: str) -> bool:
    """True or False."""
    if not isinstance(value, bool | np.bool_):
        raise ArgumentError(f"{argument} is True or False; got {shown(value)}.")
    return bool(value)


def a_count(value: int, *, argument: str) -> int:
    """A whole number of at least 1."""
    if not _is_whole(value, least=1):
        raise ArgumentError(f"{argument} is a whole number of at least 1; got {shown(value)}.")
    return int(value)


def a_positive_number(value: float, *, argument: str, meaning: str) -> float:
    """A finite number above 0; `meaning` says what the number stands for."""
    if not _is_positive(value):
        raise ArgumentError(f"{argument} is {meaning}; got {shown(value)}.")
    return float(value)


def positive_numbers(values: Sequence[float], *, argument: str) -> Floats:
    """Finite numbers above 0, at least one, shape (n,)."""
    numbers = items_of(values)
    if numbers is None:
        raise ArgumentError(f"{argument} is a sequence of positive numbers; got {shown(values)}.")
    if not numbers:
        raise ArgumentError(f"{argument} is empty; give one or more positive numbers.")
    if not all(map(_is_positive, numbers)):
        raise ArgumentError(f"{argument} are positive numbers; got {shown(numbers)}.")
    return np.array([float(number) for number in numbers])


def a_seed(seed: int | None, fit: Fit) -> int:
    """`seed`, or that of the fit, so that a question asked twice has one answer."""
    return a_whole_seed(seed, fit.sampling.seed)


def a_whole_seed(seed: int | None, otherwise: int) -> int:
    """`seed`, or `otherwise` where it is None."""
    if seed is None:
        return otherwise
    if not _is_whole(seed, least=0):
        raise ArgumentError(f"seed is a whole number from 0; got {shown(seed)}.")
    return int(seed)


def number_of(function: Callable[[Any], Any], values: Floats, *, name: str) -> float:
    """The one finite number that a function of the user's returns for `values`.

    Raises
    ------
    ArgumentError
        The function raises, or returns anything else; the message has its `name` and its result.
    """
    try:
        result = function(values)
    except Exception as error:  # the function is the user's, and may raise anything
        raised = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise ArgumentError(
            f"{name} takes the responses, an array of {len(values)} numbers, and raises {raised}."
        ) from error
    if isinstance(result, np.ndarray) and result.ndim == 0:
        result = result.item()
    is_number = isinstance(result, Real | np.bool_)
    if not is_number or not abs(result) <= float_info.max:
        given = f"{len(result)} values" if isinstance(result, np.ndarray | pd.Series) else shown(result)
        raise ArgumentError(f"{name} gives {given}; it must give one finite number.")
    return float(result)
