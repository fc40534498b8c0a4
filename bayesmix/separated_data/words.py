"""Separation in words: the cell, its counts, and where its coefficients go."""

import numpy as np

from bayesmix.errors import counted, listing
from bayesmix.families.family import Family
from bayesmix.formula.response import COUNTS
from bayesmix.separated_data.find import PureLevels, Separating

_SIDES = {-1: "to -infinity", 0: "either way", 1: "to +infinity"}


def place(pattern: Separating) -> str:
    """`treatment trt, time t2`; the coefficients of a combination."""
    if pattern.kind == "combination":
        return listing(name for name, _ in pattern.where)
    return ", ".join(f"{factor} {level}" for factor, level in pattern.where) or "all rows"


def count(pattern: Separating, family: Family) -> str:
    """`0 of 92`; for counts `no count above 0 (6 rows)`."""
    rows = counted(pattern.n_rows, "row")
    if pattern.kind == "combination" and not pattern.side:
        return f"{rows} separated"
    if family.response in COUNTS:
        return f"no count above {1 if family.record.hurdle and pattern.side else 0} ({rows})"
    return f"{pattern.successes:.0f} of {pattern.trials:.0f}" if pattern.trials else f"no trials ({rows})"


def runaways(names: tuple[str, ...], pattern: Separating) -> str:
    """`treatment[trt]:time[t2] to -infinity`, for each coefficient along the direction."""
    return listing(ways(names, pattern))


def ways(names: tuple[str, ...], pattern: Separating) -> list[str]:
    """The same, one text per coefficient."""
    return [
        f"{name} {way_of(way) if pattern.separates else 'not determined'}"
        for name, way in zip(names, pattern.direction, strict=True)
        if way
    ]


def way_of(sign: float) -> str:
    """Where a coefficient goes."""
    return _SIDES[int(np.sign(sign))]


def levels_line(pure: PureLevels, family: Family) -> str:
    """How many levels of a grouping factor have one outcome alone, with the first of them."""
    words = {-1: "no success", 1: "no failure", 2: "no trials"}
    if family.response in COUNTS:
        words = {-1: "no count above 0"}
    if family.record.hurdle:
        words = {-1: "no count above 1", 2: "no count above 0"}
    parts = [
        f"{len(levels)} with {text} ({listing(levels, at_most=3)})"
        for outcome, text in words.items()
        if (levels := [level for level, seen in zip(pure.levels, pure.outcome, strict=True) if seen == outcome])
    ]
    return f"{pure.group}: of {counted(len(pure.levels), 'level')} {', '.join(parts)}"
