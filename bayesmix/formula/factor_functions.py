"""The functions of a formula that make a factor: levels chosen, renamed, reordered, or cut from numbers.

Each takes a factor, or numbers, and constants; what depends on the data of the fit is learnt by who calls them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import DataError, counted, did_you_mean, listing
from bayesmix.formula.columns import Factor


@dataclass(frozen=True)
class FactorFunction:
    """`meaning` in words; `keywords`: the constants that it takes beside its column, in order."""

    meaning: str
    keywords: tuple[str, ...] = ()


FACTOR_FUNCTIONS = {
    "factor": FactorFunction("a column of numbers or texts as a factor", ("levels", "labels", "ordered")),
    "as.factor": FactorFunction("the same as factor"),
    "C": FactorFunction("a factor with a coding of its levels: C(f, Sum)"),
    "ordered": FactorFunction("a factor whose levels are steps: ordered(f, levels = c(...))", ("levels", "labels")),
    "as.ordered": FactorFunction("the same as ordered"),
    "relevel": FactorFunction('a factor with another level first: relevel(f, ref = "b")', ("ref",)),
    "cut": FactorFunction(
        "numbers as intervals: cut(x, 3), cut(x, c(0, 5, 9))",
        ("breaks", "labels", "include.lowest", "right", "dig.lab", "ordered_result"),
    ),
}
ORDERED = ("ordered", "as.ordered")
_MOST_DIGITS = 12


def text_of(value: Any) -> str:
    """A constant as the level that it names: 5 for 5.0."""
    if isinstance(value, bool):
        return str(value)
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def with_levels(factor: Factor, levels: Any, labels: Any) -> Factor:
    """``factor(f, levels, labels)``: the levels in another order, under other names; equal names make one level.

    Raises
    ------
    DataError
        A level does not occur, one that occurs is not listed (R drops its rows), or there are not as many names.
    """
    wanted = list(factor.levels) if levels is None else [text_of(level) for level in as_list(levels)]
    _refuse_other_levels(factor, wanted)
    names = wanted if labels is None else [text_of(label) for label in as_list(labels)]
    if len(names) != len(wanted):
        raise DataError(f"labels are {counted(len(names), 'name')} for {counted(len(wanted), 'level')}")
    distinct = tuple(dict.fromkeys(names))
    place = {level: distinct.index(name) for level, name in zip(wanted, names, strict=True)}
    return recoded(factor, [place[level] for level in factor.levels], distinct)


def _refuse_other_levels(factor: Factor, wanted: list[str]) -> None:
    absent = [level for level in wanted if level not in factor.levels]
    if absent:
        raise DataError(
            f"level {absent[0]!r} does not occur.{did_you_mean(absent[0], factor.levels)} Levels: "
            f"{listing(factor.levels)}"
        )
    twice = next((level for level in wanted if wanted.count(level) > 1), None)
    if twice is not None:
        raise DataError(f"level {twice!r} is listed twice")
    unlisted = [level for level in factor.levels if level not in wanted]
    if unlisted:
        rows = int(np.isin(factor.codes, [factor.levels.index(level) for level in unlisted]).sum())
        raise DataError(
            f"levels leave out {listing(map(repr, unlisted))}, of {counted(rows, 'row')}, which R would drop; list "
            "them, or take the rows out of the data"
        )


def recoded(factor: Factor, places: Sequence[int], levels: tuple[str, ...]) -> Factor:
    """The factor with the level at each place of `levels`; what is none of its levels stays none."""
    to_code = np.array([*places, -1], dtype=np.intp)
    return Factor(to_code[factor.codes], levels, factor.is_ordered)


def relevelled(factor: Factor, reference: Any) -> Factor:
    """``relevel(f, ref)``: one level before the others, by its name, or by its number from 1.

    Raises
    ------
    DataError
        There is no such level, or the levels have an order.
    """
    if factor.is_ordered:
        raise DataError("relevel() is of factors without an order; write factor(f, ordered = FALSE) inside of it")
    if reference is None or isinstance(reference, list | bool):
        raise DataError('relevel() takes one level, relevel(f, ref = "b")')
    text = text_of(reference)
    if text not in factor.levels and isinstance(reference, float) and 1 <= reference <= len(factor.levels):
        text = factor.levels[int(reference) - 1]
    if text not in factor.levels:
        raise DataError(
            f"{text!r} is none of its levels.{did_you_mean(text, factor.levels)} Levels: {listing(factor.levels)}"
        )
    levels = (text, *(level for level in factor.levels if level != text))
    return recoded(factor, [levels.index(level) for level in factor.levels], levels)


def breaks_of(values: Floats, breaks: Any) -> Floats:
    """The borders of intervals: those given, sorted; or of a number of intervals of one width, as R places them.

    R moves the outer two by a thousandth of the range, so that no value lies on them.
    """
    given = as_list(breaks)
    if not all(isinstance(one, float) for one in given) or np.isnan(values).any():
        raise DataError("cut() takes borders, cut(x, c(0, 5, 9)), or a number of intervals, cut(x, 3)")
    if len(given) > 1:
        borders = np.sort(np.array(given))
        if len(np.unique(borders)) < len(borders):
            raise DataError("cut() has a border twice")
        return borders
    if not (given[0].is_integer() and 2 <= given[0] <= len(values)):
        raise DataError(f"cut() takes two intervals or more, a whole number up to that of the rows; got {given[0]:g}")
    least, most = float(values.min()), float(values.max())
    spread = most - least or abs(least)
    if most == least:
        return np.linspace(least - spread / 1000, most + spread / 1000, int(given[0]) + 1)
    borders = np.linspace(least, most, int(given[0]) + 1)
    borders[[0, -1]] = least - spread / 1000, most + spread / 1000
    return borders


def interval_names(borders: Floats, labels: Any, *, lowest: bool, right: bool, digits: int) -> tuple[str, ...]:
    """The names of intervals, ``(0,5]``, with as many digits as tell the borders apart; or those that are given.

    Raises
    ------
    DataError
        There are not as many names as intervals, or two are alike.
    """
    n = len(borders) - 1
    if labels is not None and not isinstance(labels, bool):
        names = [text_of(label) for label in as_list(labels)]
        if len(names) != n or len(set(names)) < n:
            raise DataError(f"labels are {counted(n, 'different name')}, one for each interval")
        return tuple(names)
    if labels is False:
        raise DataError("labels = FALSE makes numbers of intervals, not a factor; leave it out")
    for precision in range(digits, max(_MOST_DIGITS, digits) + 1):
        texts = [f"{border + 0:.{precision}g}".replace("inf", "Inf") for border in borders]
        if len(set(texts)) == len(texts):
            break
    opening, closing = ("(", "]") if right else ("[", ")")
    names = [f"{opening}{a},{b}{closing}" for a, b in pairwise(texts)]
    if lowest and right:
        names[0] = "[" + names[0][1:]
    elif lowest:
        names[-1] = names[-1][:-1] + "]"
    return tuple(names)


def interval_codes(values: Floats, borders: Floats, *, lowest: bool, right: bool) -> np.ndarray:
    """The number of the interval that each value lies in, from 0; -1 outside of all."""
    codes = np.searchsorted(borders, values, side="left" if right else "right") - 1
    outermost = borders[0] if right else borders[-1]
    if lowest:
        codes = np.where(values == outermost, 0 if right else len(borders) - 2, codes)
    return np.where((codes >= 0) & (codes < len(borders) - 1), codes, -1).astype(np.intp)
