"""Along which column lines are drawn, and at which of its values."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, DataError
from bayesmix.formula.columns import is_categorical, level_texts, unknown_column
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.formula.factor_functions import FACTOR_FUNCTIONS
from bayesmix.formula.syntax import Call, Name, columns_in
from bayesmix.formula.terms import Formula

N_POINTS = 60

_MARGIN = 0.03  # of the whole range: about the one value of a level


@dataclass(frozen=True)
class Axis:
    """What runs along a picture's horizontal axis: the column `name`.

    `data` (n_obs,) where each observation stands and `grid` (n_points,) where lines are worked out, in numbers;
    `values` are a factor's levels and `texts` how they are written; both are empty for a number. `steady`: the column
    never varies within a level of the group.
    """

    name: str
    data: Floats
    grid: Floats
    values: pd.Index
    texts: tuple[str, ...] = ()
    steady: bool = False

    @property
    def margin(self) -> float:
        """How far a line reaches on either side of a level's only value."""
        return _MARGIN * float(np.ptp(self.data)) or 0.5

    def values_at(self, x: Floats) -> pd.Series:
        """What the column has at places along the axis."""
        if not self.texts:
            return pd.Series(x)
        return pd.Series(self.values.to_numpy()[x.astype(np.intp)], dtype=self.values.dtype)


def choose_axis(design: Design, group: str, x: str | None) -> Axis:
    """The axis for column `x`; by default the first predictor that varies within levels of `group`.

    Numbers go before factors, and what varies within a level before what does not.

    Raises
    ------
    UnknownColumnError
        `x` is no column of the data.
    ArgumentError
        `x` is the group or the response, or there is no predictor to choose.
    """
    if x is None:
        x = _default_axis(design, group)
    if x not in design.data.columns:
        raise unknown_column(str(x), design.data)
    in_group, in_response = group.split(":"), {name.name for name in _response_columns(design.formula)}
    if x in in_group or x in in_response:
        what = f"the grouping factor {group!r}" if x in in_group else "the response"
        raise ArgumentError(f"x={x!r} belongs to {what}; give a predictor to draw the lines along.")
    column = design.data[x]
    if column.isna().any():
        raise DataError(
            f"x={x!r} is missing in {int(column.isna().sum())} of {len(column)} rows; fill it or drop them."
        )
    steady = x in steady_columns(design, group, [x])
    if is_factor(design, x):
        values, texts = level_texts(column)
        places = np.arange(len(values), dtype=float)
        return Axis(x, values.get_indexer(pd.Index(column)).astype(float), places, values, tuple(texts), steady)
    data = column.to_numpy(dtype=float)
    grid = np.linspace(data.min(), data.max(), N_POINTS)
    return Axis(x, data, grid, pd.Index([]), steady=steady)


def _default_axis(design: Design, group: str) -> str:
    formula = design.formula
    terms = [*formula.fixed, *(term for random in formula.random for term in random.terms)]
    nodes = [variable for term in terms for variable in term.variables]
    names = dict.fromkeys(name.name for node in nodes for name in columns_in(node))
    candidates = [name for name in names if name not in group.split(":")]
    if not candidates:
        raise ArgumentError(
            f"The model {formula.text} has no predictor to draw lines along; give x, or see the effects of "
            f"{group!r} with plot_ranef."
        )
    steady = set(steady_columns(design, group, candidates))
    return min(candidates, key=lambda name: (name in steady, is_factor(design, name)))


def is_factor(design: Design, name: str) -> bool:
    """Whether a column is a factor by its type or because the formula makes it one, as factor(x) does, not x > 3."""
    formula = design.formula
    terms = [*formula.fixed, *(term for random in formula.random for term in random.terms)]
    calls = [node for term in terms for node in term.variables if isinstance(node, Call)]
    arguments = [argument for call in calls if call.function in FACTOR_FUNCTIONS for argument in call.arguments]
    made = any(isinstance(argument, Name) and argument.name == name for argument in arguments)
    return made or is_categorical(design.data[name])


def _response_columns(formula: Formula) -> tuple:
    predictors = {name.name for name in formula.predictor_columns}
    return tuple(name for name in formula.columns if name.name not in predictors)


def steady_columns(design: Design, group: str, names: Iterable[str]) -> list[str]:
    """Those of the columns that never vary within a level of the group."""
    index = group_term(design, group).index
    return [name for name in names if design.data[name].groupby(index).nunique().max() == 1]


def group_term(design: Design, group: str) -> GroupTerm:
    return next(term for term in design.random if term.group == group)
