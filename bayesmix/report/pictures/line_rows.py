"""Rows to predict for along a picture's axis: each level's own rows, moved along the axis, whose mean is the line.

The line of a level thus represents the same mixture of the other predictors as its points: it is an average over
observed rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.formula.design import Design
from bayesmix.formula.syntax import columns_in
from bayesmix.report.pictures.line_grid import Axis, group_levels, variables_of

_MOST_ROWS = 2**21  # in a table of rows to predict for
_ROUNDING = 1 + 1e-9
_FEWEST = 30  # rows that represent a level where its rows are too many


@dataclass(frozen=True)
class Rows:
    """Rows to predict for, in cells: each is a level of the group at a point along the axis.

    The rows of `data` have a `weight` in the mean of their cell, whose first row is in `starts` (n_levels * n_points,).
    Cells are at `x` along the axis, and `seen` where the level was observed there, or
    along a number between observations or near them (n_levels, n_points). Lines
    are means over the values of the other predictors, whose names are `averaged`.
    """

    data: pd.DataFrame
    weight: Floats
    starts: Positions
    x: Floats
    seen: Flags
    averaged: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of levels and of points."""
        return self.x.shape[0], self.x.shape[1]

    def mean(self, values: Floats) -> Floats:
        """The means of the rows' values by cell, (n_rows, ...) to (n_cells, ...)."""
        weight = self.weight.reshape(-1, *[1] * (values.ndim - 1))
        return np.add.reduceat(weight * values, self.starts, axis=0)


def rows_for(
    designs: Iterable[Design],
    group: str,
    axis: Axis,
    levels: Positions,
    *,
    x: Floats | None = None,
    at_once: int = 1,
    height: Floats | None = None,
    only: Flags | None = None,
) -> Rows:
    """Rows along `axis` for `levels` (positions), with the data of the last of the `designs` that are drawn.

    Points along the axis are `x` (n_levels, n_points), or by default those of the axis. The more values are computed
    `at_once` for each row, the fewer rows represent a level; they are spread evenly over `height` (n_obs,), by default
    over the response. With `only` (n_obs,) not all rows of the data count; a level without any uses all of its rows and
    is not seen.
    """
    designs = list(designs)
    last = designs[-1]
    predictors = [part for design in designs for part in design.predictors]
    others = [name for name in _in_expressions(predictors) if name != axis.name]
    index = group_levels(last, group).index
    by_level = _rows_by_level(index, levels, only)
    points = _points(axis, by_level.rows) if x is None else x
    most = max(_FEWEST, _MOST_ROWS // (points.size * at_once))
    codes = last.data.groupby(others, dropna=False, observed=True, sort=False).ngroup() if others else None
    spread = last.response.values if height is None else height
    chosen = [_distinct(rows, None if codes is None else codes.to_numpy(), most, spread) for rows in by_level.rows]
    n_points = points.shape[1]
    positions = np.concatenate([np.tile(rows, n_points) for rows, _ in chosen])
    sizes = np.repeat([len(rows) for rows, _ in chosen], n_points)
    names = dict.fromkeys(name.name for part in predictors for name in part.formula.predictor_columns)
    data = last.data[list(names)].iloc[positions].reset_index(drop=True)
    if axis.name in names:
        data[axis.name] = axis.values_at(np.repeat(points.ravel(), sizes))
    varying = [name for name in others if any(last.data[name].iloc[rows].nunique() > 1 for rows in by_level.rows)]
    return Rows(
        data=data,
        weight=np.concatenate([np.tile(weight, n_points) for _, weight in chosen]),
        starts=np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp),
        x=points,
        seen=_seen(axis, by_level, points),
        averaged=tuple(varying),
    )


@dataclass(frozen=True)
class _ByLevel:
    """The `rows` of each level, and those of them that are `counted`."""

    rows: list[Positions]
    counted: list[Positions]


def _rows_by_level(index: Positions, levels: Positions, only: Flags | None) -> _ByLevel:
    order = np.argsort(index, kind="stable")
    starts = np.searchsorted(index[order], levels, side="left")
    ends = np.searchsorted(index[order], levels, side="right")
    every = [order[start:end] for start, end in zip(starts, ends, strict=True)]
    if only is None:
        return _ByLevel(every, every)
    counted = [rows[only[rows]] for rows in every]
    return _ByLevel([some if len(some) else rows for some, rows in zip(counted, every, strict=True)], counted)


def _in_expressions(predictors: list[Design]) -> tuple[str, ...]:
    """The columns on which an expectation depends, unless only as the level of a group."""
    nodes = [node for design in predictors for node in (*variables_of(design), *design.formula.offsets)]
    return tuple(dict.fromkeys(name.name for node in nodes for name in columns_in(node)))


def _distinct(rows: Positions, codes: Positions | None, most: int, spread: Floats) -> tuple[Positions, Floats]:
    """The rows that differ in the other predictors, with their shares; where they are too many an even selection."""
    if codes is None:
        return rows[:1], np.ones(1)
    _, first, count = np.unique(codes[rows], return_index=True, return_counts=True)
    if len(first) <= most:
        return rows[first], count / count.sum()
    ordered = rows[np.argsort(spread[rows], kind="stable")]
    places = ((np.arange(most) + 0.5) / most * len(ordered)).astype(np.intp)
    return ordered[places], np.full(most, 1 / most)


def _ends(values: Floats) -> tuple[float, float]:
    """The lowest and the highest value; without any, ends between which nothing lies."""
    return (float(values.min()), float(values.max())) if len(values) else (np.inf, -np.inf)


def _points(axis: Axis, rows: list[Positions]) -> Floats:
    """The points of each level, which lie around its own value where the predictor does not vary within levels."""
    if axis.texts or not axis.steady:
        return np.broadcast_to(axis.grid, (len(rows), len(axis.grid)))
    room = axis.margin
    ends = np.array([(axis.data[inside].min() - room, axis.data[inside].max() + room) for inside in rows])
    return np.linspace(ends[:, 0], ends[:, 1], len(axis.grid), axis=1)


def _seen(axis: Axis, by_level: _ByLevel, points: Floats) -> Flags:
    """Whether a level has rows at each of a factor's values; along a number, whether the point lies among its rows."""
    if not axis.texts:
        ends = np.array([_ends(axis.data[rows]) for rows in by_level.counted])
        room = axis.margin * _ROUNDING
        seen: Flags = (points >= ends[:, :1] - room) & (points <= ends[:, 1:] + room)
        return seen
    return np.array([np.isin(values, axis.data[rows]) for values, rows in zip(points, by_level.counted, strict=True)])
