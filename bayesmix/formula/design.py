"""What formula and data become: the arrays of a mixed model, with their names.

    y = X beta + Z b + offset

Z is never formed: each group term keeps the level of every row and the columns that vary by level.
Shapes are in letters: n_obs rows, p fixed coefficients, k columns of a group term, n_levels levels.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pandas as pd

from bayesmix.arrays import Floats, Positions
from bayesmix.display import Printed
from bayesmix.formula.frame_kinds import FrameKind
from bayesmix.formula.terms import Formula
from bayesmix.hints import Listed


@dataclass(frozen=True)
class Response:
    """The response, as numbers.

    `name` is its text in the formula. `values` (n_obs,): for counts out of trials the successes.
    `trials` (n_obs,), or None. `levels`: failure and success when the column was a two-level factor.
    `categories`: those of a response that is one of several, of which `values` are the numbers from 1; `ordered` says
    whether they go from low to high, as those of an ordinal response, and so have thresholds between them.
    `censoring` (n_obs,), or None where no row is censored: 1 where the response is above its value (right), -1 where
    it is below (left), 0 where it was observed.
    """

    name: str
    values: Floats
    trials: Floats | None = None
    levels: tuple[str, str] | None = None
    categories: tuple[str, ...] = ()
    ordered: bool = False
    censoring: Positions | None = None

    @property
    def unordered(self) -> bool:
        """Whether it is one of several categories that have no order."""
        return bool(self.categories) and not self.ordered

    @property
    def thresholds(self) -> tuple[str, ...]:
        """The borders between ordered categories, ``low|mid``, ``mid|high``."""
        return tuple(f"{below}|{above}" for below, above in pairwise(self.categories if self.ordered else ()))


def prefixed(parameter: str, name: str) -> str:
    """`name` in the predictor of a further parameter, ``sigma_Days``; of the mean, `parameter` empty, as it is."""
    return f"{parameter}_{name}" if parameter else name


@dataclass(frozen=True)
class TermColumns:
    """Which columns of a matrix a term of the formula owns: `label` as printed, `columns` their positions.

    `kind` is ``"intercept"``, ``"numeric"`` or ``"factor"`` (a factor takes part in it).
    `factors` are the names of the factors that take part. `parameter`: whose predictor the term is of, empty for the
    mean; labels and names begin with it.
    """

    label: str
    columns: tuple[int, ...]
    kind: str
    factors: tuple[str, ...] = ()
    parameter: str = ""


@dataclass(frozen=True)
class Dependence:
    """How columns of a fixed part depend on those before them, so that not every coefficient can be estimated.

    `names` (p,) of all columns, as the formula has them, and `owners` (p,), labels of their terms; `kept`, positions of
    those that depend on none before them; `reasons`, why the others do, by name. `null_space` (p, n_dependent): X
    times it is 0; each of its columns has a 1 at one dependent column and beside it entries at kept ones alone.
    `centre` and `scale` (p,): with these taken off and divided by the columns have unit size (`centre` is 0 without an
    intercept); `intercept`, its position.
    """

    names: tuple[str, ...]
    owners: tuple[str, ...]
    kept: tuple[int, ...]
    reasons: Mapping[str, str]
    null_space: Floats
    centre: Floats
    scale: Floats
    intercept: int | None

    @property
    def dependent(self) -> tuple[str, ...]:
        """Names of the columns that depend on those before them."""
        return tuple(self.reasons)

    @property
    def dependent_places(self) -> list[int]:
        """Positions of these columns."""
        return [place for place, name in enumerate(self.names) if name in self.reasons]


@dataclass(frozen=True)
class FixedEffects:
    """The fixed part: `matrix` (n_obs, p), `names` (p,), and the terms that own the columns.

    `has_thresholds`: the thresholds of an ordinal response stand for the intercept, which is none of the columns.
    `dependence`: that columns depend on others, None where they do not. Estimates are of a part from which the
    dependent columns have been left out, and which is `reduced`; a posterior has all of them.
    """

    matrix: Floats
    names: tuple[str, ...]
    terms: tuple[TermColumns, ...]
    has_thresholds: bool = False
    dependence: Dependence | None = None

    @property
    def reduced(self) -> bool:
        """Whether columns that depend on others have been left out."""
        return bool(self.left_out)

    @property
    def left_out(self) -> Mapping[str, str]:
        """Why columns have been left out, by their names."""
        whole = self.dependence is None or len(self.names) == len(self.dependence.names)
        return {} if whole or self.dependence is None else self.dependence.reasons

    @property
    def left_out_terms(self) -> Mapping[str, tuple[str, ...]]:
        """Labels of the terms of which no column is left, with the reasons."""
        if self.dependence is None:
            return {}
        empty = [term.label for term in self.terms if not term.columns]
        named = list(zip(self.dependence.names, self.dependence.owners, strict=True))
        reasons = self.dependence.reasons
        return {
            label: tuple(dict.fromkeys(reasons[name] for name, owner in named if owner == label)) for label in empty
        }

    @property
    def every_name(self) -> tuple[str, ...]:
        """The names of all columns, those that have been left out too, in the order of the formula."""
        return self.names if self.dependence is None else self.dependence.names

    @property
    def intercept(self) -> str | None:
        """The name of the intercept."""
        return next((self.names[term.columns[0]] for term in self.terms if term.kind == "intercept"), None)

    @property
    def has_intercept(self) -> bool:
        return self.intercept is not None

    @property
    def is_centred(self) -> bool:
        """Whether an intercept or thresholds can take up the predictors' means."""
        return self.has_intercept or self.has_thresholds


@dataclass(frozen=True)
class GroupTerm:
    """One random term, `(columns | group)`.

    `label` as printed, such as ``"Days | Subject"``; `group` ``"Subject"`` or ``"batch:cask"``.
    `levels` (n_levels,) texts; `index` (n_obs,) the level of each row (-1: a level not seen before).
    `columns` (n_obs, k) what varies by level, `names` (k,), `terms` the owners of the columns.
    With k > 1 the k effects of a level are correlated; independent ones are terms of their own.
    `parameter`: whose predictor the term is of, empty for the mean; label and names begin with it.
    """

    label: str
    group: str
    levels: tuple[str, ...]
    index: Positions
    columns: Floats
    names: tuple[str, ...]
    terms: tuple[TermColumns, ...]
    parameter: str = ""

    @property
    def n_levels(self) -> int:
        return len(self.levels)

    @property
    def k(self) -> int:
        return len(self.names)


@dataclass(frozen=True, repr=False)
class Design(Listed, Printed):
    """Everything the model needs of formula and data; it prints as a few lines.

    `offset` (n_obs,) zeros where there is none; `weights` (n_obs,) or None, from `weights_column`; `data` the
    rows that were used, of pandas and untouched otherwise, and `kind` whose frame they came in; `n_dropped` rows left
    out because a value was missing, by column in `missing`. `learnt` is what functions such as `scale` learnt from the
    data, `functions` the caller's own. `parts`: the predictors of further parameters of the family that have a formula
    of their own, by parameter; a part has the response and the rows of the whole, and its `parameter` says which it is.
    Of a response without an order they are the predictors of its further categories; that of the reference, which is
    0, has no terms here, and `shared` is the formula as it was written, which the others have.
    `contrasts`: codings of factors that were asked for, by name.
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
    parameter: str = ""
    parts: Mapping[str, "Design"] = field(default_factory=dict)
    contrasts: Mapping[str, Any] = field(default_factory=dict)
    kind: FrameKind = field(default_factory=FrameKind)
    shared: Formula | None = None

    @property
    def predictors(self) -> tuple["Design", ...]:
        """The design of the mean, which is this one, and those of the parts."""
        return (self, *self.parts.values())

    @property
    def written(self) -> Formula:
        """The formula of the response as it was written."""
        return self.shared or self.formula

    @property
    def of_response(self) -> tuple["Design", ...]:
        """The predictors that the formula of the response describes: this one, or those of its categories."""
        return (self,) if self.shared is None else tuple(self.parts.values())

    @property
    def random_of_response(self) -> tuple[GroupTerm, ...]:
        """The random terms of these predictors."""
        return tuple(term for part in self.of_response for term in part.random)

    @property
    def own_formulas(self) -> dict[str, Formula]:
        """The formulas that were written for parts, by parameter; others share that of the response."""
        return {name: part.formula for name, part in self.parts.items() if part.formula is not self.shared}

    @property
    def all_random(self) -> tuple[GroupTerm, ...]:
        """The random terms of all predictors."""
        return tuple(term for part in self.predictors for term in part.random)

    @property
    def n_obs(self) -> int:
        return len(self.response.values)
