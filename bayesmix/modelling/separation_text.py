"""Separation in words: which cell, with which counts, and where its coefficients go."""

import numpy as np
from numpy.typing import NDArray

from bayesmix.errors import counted, listing
from bayesmix.families.family import Family
from bayesmix.formula.response import COUNTS
from bayesmix.modelling.separation import PureLevels, Separating

_SIDES = {-1: "to -infinity", 0: "either way", 1: "to +infinity"}


def place(found: Separating) -> str:
    """`treatment trt, time t2`; of a combination the coefficients that take part."""
    if found.kind == "combination":
        return listing(name for name, _ in found.where)
    return ", ".join(f"{factor} {level}" for factor, level in found.where) or "all rows"


def count(found: Separating, family: Family) -> str:
    """`0 of 92`; of counts `no count above 0 (6 rows)`."""
    rows = counted(found.n_rows, "row")
    if found.kind == "combination" and not found.side:
        return f"{rows} separated"
    if family.response in COUNTS:
        return f"no count above {1 if family.name.startswith('hurdle') and found.side else 0} ({rows})"
    return f"{found.successes:.0f} of {found.trials:.0f}" if found.trials else f"no trials ({rows})"


def runaways(names: tuple[str, ...], found: Separating) -> str:
    """`treatment[trt]:time[t2] to -infinity`, for each coefficient along the direction."""
    return listing(ways(names, found))


def ways(names: tuple[str, ...], found: Separating) -> list[str]:
    """The same, one text a coefficient."""
    return [
        f"{name} {way_of(way) if found.separates else 'not determined'}"
        for name, way in zip(names, found.direction, strict=True)
        if way
    ]


def way_of(sign: float) -> str:
    """Where a coefficient goes."""
    return _SIDES[int(np.sign(sign))]


def levels_line(pure: PureLevels, family: Family) -> str:
    """How many levels of a grouping factor have one outcome alone, with the first of them."""
    words = (
        {-1: "no count above 1", 2: "no count above 0"}
        if family.record.hurdle
        else {-1: "no count above 0"}
        if family.response in COUNTS
        else {-1: "no success", 1: "no failure", 2: "no trials"}
    )
    parts = [
        f"{len(levels)} with {text} ({listing(levels, at_most=3)})"
        for outcome, text in words.items()
        if (levels := _levels(pure, pure.outcome == outcome))
    ]
    return f"{pure.group}: of {counted(len(pure.levels), 'level')} {', '.join(parts)}"


def _levels(pure: PureLevels, chosen: NDArray[np.bool_]) -> list[str]:
    return [pure.levels[i] for i in np.flatnonzero(chosen)]
