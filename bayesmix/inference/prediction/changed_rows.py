"""Rows in which one variable is changed: what is compared, and by which step a slope is found."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.errors import ArgumentError, UnknownColumnError, listing, shown
from bayesmix.formula.columns import is_categorical, level_texts
from bayesmix.formula.design import Design
from bayesmix.inference.shared.arguments import all_of, near_matches

_STEP = 1e-4
"""Of a variable's range, between the rows of which a slope is the difference."""

_WAYS = ("reference", "sequential", "pairwise")


@dataclass(frozen=True)
class Change:
    """A `contrast` of the variable `term`: the sum of the rows' expected responses, each frame times its weight."""

    term: str
    contrast: str
    weights: tuple[float, ...]
    frames: tuple[pd.DataFrame, ...]


def as_they_are(frame: pd.DataFrame) -> Change:
    """The rows themselves."""
    return Change("", "", (1.0,), (frame,))


def compared(design: Design, frame: pd.DataFrame, variables: object) -> list[Change]:
    """What `variables` of `comparisons` asks for, contrast after contrast."""
    asked = variables if isinstance(variables, Mapping) else dict.fromkeys(names_of(design, variables))
    names_of(design, list(asked))
    changes = []
    for name, way in asked.items():
        levels = _levels(design, frame, name)
        pairs = _steps(frame, name, way) if levels is None else _pairs(name, levels, way)
        for contrast, low, high in pairs:
            frames = (frame.assign(**{name: high}), frame.assign(**{name: low}))
            changes.append(Change(name, contrast, (1.0, -1.0), frames))
    return changes


def tilted(design: Design, frame: pd.DataFrame, variables: object) -> list[Change]:
    """Rows on both sides of each, whose difference is the derivative by each of the variables."""
    changes = []
    for name in names_of(design, variables):
        if _levels(design, frame, name) is not None:
            raise ArgumentError(
                f"{name!r} is a factor, which has no slope; comparisons(fit, {name!r}) has differences."
            )
        known = design.data[name].to_numpy(dtype=float)
        step = _STEP * (float(np.ptp(known)) or 1.0)
        at = frame[name].astype(float)
        frames = (frame.assign(**{name: at + step / 2}), frame.assign(**{name: at - step / 2}))
        changes.append(Change(name, "dY/dX", (1 / step, -1 / step), frames))
    return changes


def names_of(design: Design, variables: Any) -> tuple[str, ...]:
    """`variables`, a name or several, if each is a column among the predictors."""
    known = list(dict.fromkeys(name.name for part in design.predictors for name in part.formula.predictor_columns))
    for name in [variables] if isinstance(variables, str) else variables if isinstance(variables, list | tuple) else []:
        if name not in known:
            hint = near_matches(name, known)
            raise UnknownColumnError(
                f"{shown(name)} is no predictor of the model.{hint} Its predictors: {listing(known)}."
            )
    return all_of(variables, known, argument="variables")


def _levels(design: Design, frame: pd.DataFrame, name: str) -> tuple[str, ...] | None:
    """The levels of a factor as the fit knows them; None for numbers."""
    if name not in frame.columns:
        raise UnknownColumnError(f"{name!r} is no column of the new rows, and is to be changed there.")
    for part in design.predictors:
        if f"levels of {name}" in part.learnt:
            return tuple(part.learnt[f"levels of {name}"])
    return tuple(level_texts(frame[name])[1]) if is_categorical(frame[name]) else None


def _steps(frame: pd.DataFrame, name: str, way: Any) -> list[tuple[str, Any, Any]]:
    """Contrast, lower and upper value of a number: a step from each row's own, or two values."""
    pair = list(way) if isinstance(way, list | tuple) else []
    if len(pair) == 2 and all(_is_finite(value) for value in pair):
        return [(f"{pair[1]:g} - {pair[0]:g}", float(pair[0]), float(pair[1]))]
    step = 1.0 if way is None else way
    if not _is_finite(step) or step == 0:
        raise ArgumentError(
            f"variables={{{name!r}: ...}} is a step, such as 1, or two numbers to compare, (0, 10); got {shown(way)}."
        )
    own = frame[name].astype(float)
    return [(f"{step:+g}", own, own + step)]


def _is_finite(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and bool(np.isfinite(float(value)))


def _pairs(name: str, levels: tuple[str, ...], way: Any) -> list[tuple[str, str, str]]:
    """Contrast, first and second level of a factor."""
    if isinstance(way, list | tuple) and len(way) == 2 and all(str(level) in levels for level in way):
        chosen = [(str(way[0]), str(way[1]))]
    elif way is None or way == "reference":
        chosen = [(levels[0], level) for level in levels[1:]]
    elif way == "sequential":
        chosen = list(pairwise(levels))
    elif way == "pairwise":
        chosen = list(combinations(levels, 2))
    else:
        raise ArgumentError(
            f"variables={{{name!r}: ...}} is {listing(map(repr, _WAYS))}, or two of its levels ({listing(levels)}); "
            f"got {shown(way)}."
        )
    return [(f"{second} - {first}", first, second) for first, second in chosen]
