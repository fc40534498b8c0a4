"""The horizontal axis of pictures of lines: the column along which they are drawn, and its values."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import ArgumentError, DataError
from bayesmix.formula.columns import is_categorical, level_texts, unknown_column
from bayesmix.formula.design import Design
from bayesmix.formula.factor_functions import FACTOR_FUNCTIONS
from bayesmix.formula.syntax import Call, Name, Node, columns_in
from bayesmix.inference.shared.arguments import column_levels

N_POINTS = 60

_MARGIN = 0.03  # share of the whole range on either side of a level's only value


@dataclass(frozen=True)
class GroupLevels:
    """The level of each row, `index` (n_obs,), a position in `levels`."""

    index: Positions
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Axis:
    """A picture's horizontal axis, which shows the column `name`.

    Numbers are the place of each observation in `data` (n_obs,) and the places of a line in `grid` (n_points,). The
    `values` are a factor's levels and `texts` their names; both are empty for a number. A `steady` column never varies
    within a level of the group.
    """

    name: str
    data: Floats
    grid: Floats
    values: pd.Index
    texts: tuple[str, ...] = ()
    steady: bool = False

    @property
    def margin(self) -> float:
        """The length of a line on either side of a level's only value."""
        return _MARGIN * float(np.ptp(self.data)) or 0.5

    def values_at(self, x: Floats) -> pd.Series:
        """The values of the column at places along the axis."""
        if not self.texts:
            return pd.Series(x)
        return pd.Series(self.values.to_numpy()[x.astype(np.intp)], dtype=self.values.dtype)


def choose_axis(design: Design, group: str, x: str | None) -> Axis:
    """The axis for column `x`, by default for the first predictor that varies within levels of `group`.

    Columns that vary within levels come before others, then numbers before factors. An `x` that is no column, the group
    or the response is refused, and so is a model without predictors.
    """
    if x is None:
        x = _default_axis(design, group)
    if x not in design.data.columns:
        raise unknown_column(str(x), design.data)
    predictors = {name.name for name in design.formula.predictor_columns}
    in_group, in_response = group.split(":"), {name.name for name in design.formula.columns} - predictors
    if group in in_response:
        raise ArgumentError(f"group={group!r} is the response; name a factor whose levels have a line each.")
    if x in in_group or x in in_response:
        owner = f"the grouping factor {group!r}" if x in in_group else "the response"
        raise ArgumentError(f"x={x!r} belongs to {owner}; give a predictor to draw the lines along.")
    column = design.data[x]
    if column.isna().any():
        n_missing = int(column.isna().sum())
        raise DataError(f"x={x!r} is missing in {n_missing} of {len(column)} rows; fill it or drop them.")
    steady = x in steady_columns(design, group, [x])
    if is_factor(design, x):
        values, texts = level_texts(column)
        places = np.arange(len(values), dtype=float)
        return Axis(x, values.get_indexer(pd.Index(column)).astype(float), places, values, tuple(texts), steady)
    data = column.to_numpy(dtype=float)
    grid = np.linspace(data.min(), data.max(), N_POINTS)
    return Axis(x, data, grid, pd.Index([]), steady=steady)


def _default_axis(design: Design, group: str) -> str:
    names = dict.fromkeys(name.name for node in variables_of(design) for name in columns_in(node))
    candidates = [name for name in names if name not in group.split(":")]
    if not candidates:
        raise ArgumentError(
            f"The model {design.formula.text} has no predictor to draw lines along; give x, or see the effects of "
            f"{group!r} with plot_ranef."
        )
    steady = set(steady_columns(design, group, candidates))
    return min(candidates, key=lambda name: (name in steady, is_factor(design, name)))


def is_factor(design: Design, name: str) -> bool:
    """Whether a column is a factor by its type or because the formula makes it one, as factor(x) does and x > 3 not."""
    calls = [node for node in variables_of(design) if isinstance(node, Call)]
    arguments = [argument for call in calls if call.function in FACTOR_FUNCTIONS for argument in call.arguments]
    made = any(isinstance(argument, Name) and argument.name == name for argument in arguments)
    return made or is_categorical(design.data[name])


def variables_of(design: Design) -> list[Node]:
    """The variables in the fixed and random terms of the formula."""
    terms = [*design.formula.fixed, *(term for random in design.formula.random for term in random.terms)]
    return [variable for term in terms for variable in term.variables]


def steady_columns(design: Design, group: str, names: Iterable[str]) -> list[str]:
    """The columns that never vary within a level of the group."""
    index = group_levels(design, group).index
    return [name for name in names if design.data[name].groupby(index).nunique().max() == 1]


def group_levels(design: Design, group: str) -> GroupLevels:
    """The levels of a grouping factor of the model, or else of a column of the data."""
    for term in design.random:
        if term.group == group:
            return GroupLevels(term.index, term.levels)
    index, names = column_levels(design.data, group, argument="group")
    return GroupLevels(index, tuple(map(str, names)))
