"""What formula and data become: the arrays of a mixed model, with their names.

    y = X beta + Z b + offset

Z is never formed: each group term keeps the level of every row and the columns that vary by level.
Shapes are in letters: n_obs rows, p fixed coefficients, k columns of a group term, n_levels levels.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.formula.terms import Formula

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Response:
    """The response, as numbers.

    `name` is its text in the formula. `values` (n_obs,): for counts out of trials the successes.
    `trials` (n_obs,), or None. `levels`: failure and success when the column was a two-level factor.
    """

    name: str
    values: Floats
    trials: Floats | None = None
    levels: tuple[str, str] | None = None


@dataclass(frozen=True)
class TermColumns:
    """Which columns of a matrix a term of the formula owns: `label` as printed, `columns` their positions.

    `kind` is ``"intercept"``, ``"numeric"`` or ``"factor"`` (a factor takes part in it).
    `factors` are the names of the factors that take part.
    """

    label: str
    columns: tuple[int, ...]
    kind: str
    factors: tuple[str, ...] = ()


@dataclass(frozen=True)
class FixedEffects:
    """The fixed part: `matrix` (n_obs, p), `names` (p,), and the terms that own the columns."""

    matrix: Floats
    names: tuple[str, ...]
    terms: tuple[TermColumns, ...]

    @property
    def has_intercept(self) -> bool:
        return "Intercept" in self.names


@dataclass(frozen=True)
class GroupTerm:
    """One random term, `(columns | group)`.

    `label` as printed, such as ``"Days | Subject"``; `group` ``"Subject"`` or ``"batch:cask"``.
    `levels` (n_levels,) texts; `index` (n_obs,) the level of each row (-1: a level not seen before).
    `columns` (n_obs, k) what varies by level, `names` (k,), `terms` the owners of the columns.
    With k > 1 the k effects of a level are correlated; independent ones are terms of their own.
    """

    label: str
    group: str
    levels: tuple[str, ...]
    index: NDArray[np.intp]
    columns: Floats
    names: tuple[str, ...]
    terms: tuple[TermColumns, ...]

    @property
    def n_levels(self) -> int:
        return len(self.levels)

    @property
    def k(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Design:
    """Everything the model needs of formula and data.

    `offset` (n_obs,) zeros where there is none; `weights` (n_obs,) or None, from `weights_column`; `data` the
    rows that were used, untouched otherwise; `n_dropped` rows left out because a value was missing, by column in
    `missing`. `learnt` is what functions such as `scale` learnt from the data, `functions` the caller's own.
    """

    formula: Formula
    response: Response
    fixed: FixedEffects
    random: tuple[GroupTerm, ...]
    offset: Floats
    weights: Floats | None
    data: pd.DataFrame
    n_dropped: int
    missing: dict[str, int]
    weights_column: str | None = None
    learnt: Mapping[str, Any] = field(default_factory=dict)
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    @property
    def n_obs(self) -> int:
        return len(self.response.values)
