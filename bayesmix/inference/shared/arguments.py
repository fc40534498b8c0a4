"""Arguments of the questions, checked once: each function returns the value that can be trusted."""

from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from sys import float_info
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.errors import ArgumentError, UnknownColumnError, UnknownTermError, did_you_mean, listing, shown
from bayesmix.formula.design import Design
from bayesmix.modelling.record import Fit


def probability(prob: float) -> float:
    """The probability of an interval, strictly between 0 and 1."""
    if not _is_number(prob) or not 0 < prob < 1:
        hint = f" For a {prob:g} % interval write prob={prob / 100:g}." if _is_percentage(prob) else ""
        raise ArgumentError(f"prob is the probability of the interval, between 0 and 1; got {shown(prob)}.{hint}")
    return float(prob)


def _is_percentage(prob: float) -> bool:
    return _is_number(prob) and 1 < prob < 100


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_positive(value: object) -> bool:
    return _is_number(value) and 0 < value <= float_info.max  # type: ignore[operator]


def one_of(value: str, options: Sequence[str], *, argument: str) -> str:
    """`value`, when it is among `options`."""
    if not isinstance(value, str) or value not in options:
        hint = did_you_mean(value, options) if isinstance(value, str) else ""
        raise ArgumentError(f"{argument}={shown(value)} is not known.{hint} Known: {listing(options)}.")
    return value


def all_of(values: str | Iterable[str], options: Sequence[str], *, argument: str) -> tuple[str, ...]:
    """`values`, when each is among `options`; a single text is taken as one value."""
    chosen = (values,) if isinstance(values, str) else items_of(values)
    if chosen is None:
        raise ArgumentError(f"{argument} is one or more of {listing(options)}; got {shown(values)}.")
    found = tuple(one_of(value, options, argument=argument) for value in chosen)
    if not found:
        raise ArgumentError(f"{argument} is empty; name one or more of {listing(options)}.")
    return found


def items_of(values: object) -> list[Any] | None:
    """What `values` holds, in its order; None of a text, and of what holds nothing to go through."""
    without_axis = isinstance(values, np.ndarray) and values.ndim == 0
    if isinstance(values, str | bytes) or not isinstance(values, Iterable) or without_axis:
        return None
    return list(values)


def groups_of(design: Design, group: str | None) -> tuple[str, ...]:
    """Names of all grouping factors in the order of the formula, or `group` alone.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model; the message lists those that are.
    """
    if group is None:
        return tuple(dict.fromkeys(term.group for term in design.all_random))
    return (one_group(design, group),)


def one_group(design: Design, group: str) -> str:
    """`group`, when it is a grouping factor of the model.

    Raises
    ------
    UnknownTermError
        It is none; the message lists those that are.
    """
    known = groups_of(design, None)
    if not isinstance(group, str) or group not in known:
        hint = did_you_mean(group, known) if isinstance(group, str) else ""
        have = f"Groups of the model: {listing(known)}." if known else "The model has no random terms."
        raise UnknownTermError(f"{shown(group)} is no grouping factor of the model.{hint} {have}")
    return group


def one_term(term: str, names: Sequence[str], group: str) -> str:
    """`term`, when it is among the columns `names` that vary by `group`."""
    if not isinstance(term, str) or term not in names:
        hint = did_you_mean(term, names) if isinstance(term, str) else ""
        raise UnknownTermError(f"{shown(term)} does not vary by {group!r}.{hint} What does: {listing(names)}.")
    return term


def a_column(data: pd.DataFrame, name: str, *, argument: str) -> str:
    """`name`, when it is a column of the data.

    Raises
    ------
    UnknownColumnError
        It is none; the message has the near matches.
    """
    if not isinstance(name, str) or name not in data.columns:
        hint = did_you_mean(name, data.columns) if isinstance(name, str) else ""
        raise UnknownColumnError(f"{argument}={shown(name)} is no column of the data.{hint}")
    return name


def a_text(value: str | None, *, argument: str, meaning: str) -> str:
    """`value`, when it is a text; `meaning` says of what."""
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
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ArgumentError(f"{argument} is a whole number of at least 1; got {shown(value)}.")
    return int(value)


def a_positive_number(value: float, *, argument: str, meaning: str) -> float:
    """A finite number above 0; `meaning` says of what."""
    if not _is_positive(value):
        raise ArgumentError(f"{argument} is {meaning}; got {shown(value)}.")
    return float(value)


def positive_numbers(values: Sequence[float], *, argument: str) -> NDArray[np.float64]:
    """Finite numbers above 0, at least one, shape (n,)."""
    chosen = items_of(values)
    if chosen is None:
        raise ArgumentError(f"{argument} is a sequence of positive numbers; got {shown(values)}.")
    if not chosen:
        raise ArgumentError(f"{argument} is empty; give one or more positive numbers.")
    if not all(_is_positive(one) for one in chosen):
        raise ArgumentError(f"{argument} are positive numbers; got {shown(chosen)}.")
    return np.array([float(one) for one in chosen])


def a_seed(seed: int | None, fit: Fit) -> int:
    """`seed`, or that of the fit, so that a question asked twice has one answer."""
    return a_whole_seed(seed, fit.sampling.seed)


def a_whole_seed(seed: int | None, otherwise: int) -> int:
    """`seed`, or `otherwise` where it is None."""
    if seed is None:
        return otherwise
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ArgumentError(f"seed is a whole number from 0; got {shown(seed)}.")
    return int(seed)


def number_of(function: Callable[[Any], Any], values: NDArray[np.float64], *, name: str) -> float:
    """What a function of the user's makes of `values`: one finite number.

    Raises
    ------
    ArgumentError
        It raises, or gives anything else; the message has its `name` and what came of it.
    """
    try:
        found = function(values)
    except Exception as error:  # the function is the user's, and may raise anything
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise ArgumentError(
            f"{name} takes the responses, an array of {len(values)} numbers, and raises {what}."
        ) from error
    if isinstance(found, np.ndarray) and found.ndim == 0:
        found = found.item()
    is_number = isinstance(found, Real | np.bool_)
    if not is_number or not abs(found) <= float_info.max:
        given = f"{len(found)} values" if isinstance(found, np.ndarray | pd.Series) else shown(found)
        raise ArgumentError(f"{name} gives {given}; it must give one finite number.")
    return float(found)
