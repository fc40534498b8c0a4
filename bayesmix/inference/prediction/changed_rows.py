"""Rows in which one variable is changed: what is compared, and by which step a slope is found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.errors import ArgumentError, DataError, UnknownColumnError, counted, listing, shown
from bayesmix.formula.columns import describe_type, is_categorical, is_numeric, level_texts
from bayesmix.formula.design import Design
from bayesmix.formula.frame import checked_frame
from bayesmix.formula.other_rows import predictor_names
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
    frame = _with_columns(frame, list(asked))
    changes = []
    for name, way in asked.items():
        levels = _levels(design, name)
        pairs = _steps(frame, name, way) if levels is None else _pairs(name, levels, way)
        for contrast, low, high in pairs:
            frames = (frame.assign(**{name: high}), frame.assign(**{name: low}))
            changes.append(Change(name, contrast, (1.0, -1.0), frames))
    return changes


def tilted(design: Design, frame: pd.DataFrame, variables: object) -> list[Change]:
    """Rows on both sides of each, whose difference is the derivative by each of the variables."""
    names = names_of(design, variables)
    frame = _with_columns(frame, names)
    changes = []
    for name in names:
        if _levels(design, name) is not None:
            raise ArgumentError(
                f"{name!r} is a factor, which has no slope; comparisons(fit, {name!r}) has differences."
            )
        known = design.data[name].to_numpy(dtype=float)
        step = _STEP * (float(np.ptp(known)) or 1.0)
        at = _numbers(frame[name])
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


def _with_columns(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The frame, if it has these columns, each of numbers or texts."""
    for name in names:
        if name not in frame.columns:
            raise UnknownColumnError(f"{name!r} is no column of the new rows, and is to be changed there.")
    return checked_frame(frame, names)


def _levels(design: Design, name: str) -> tuple[str, ...] | None:
    """The levels of a factor, or of a grouping factor of whatever type, as the fit knows them; None for numbers."""
    if name in predictor_names(design) and not is_categorical(design.data[name]):
        return None
    return tuple(level_texts(design.data[name])[1])


def _numbers(column: pd.Series) -> pd.Series:
    if not is_numeric(column):
        raise DataError(
            f"'{column.name}' is {describe_type(column)} in the new rows, and in the fit it is a number; give numbers."
        )
    return pd.Series(column.to_numpy(dtype=float, na_value=np.nan), index=column.index)


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
    own = _numbers(frame[name])
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
    if not chosen:
        raise ArgumentError(f"{name!r} has {counted(len(levels), 'level')}; there is nothing to compare.")
    return [(f"{second} - {first}", first, second) for first, second in chosen]
