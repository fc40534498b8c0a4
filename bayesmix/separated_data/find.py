"""Separation in data of counts, and levels with one outcome, found before sampling.

These are cells of the fixed factors without successes, or without failures; a combination of predictors that separates
if no cell does; levels of a grouping factor with one outcome alone. None of them prevents a fit with proper priors: the
data give the posterior a direction, and the priors bound its size.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.families.family import Family
from bayesmix.families.record import OF_A_PROBABILITY
from bayesmix.formula.crossings import crossings
from bayesmix.formula.dependent_columns import independent_columns
from bayesmix.formula.design import Design, FixedEffects
from bayesmix.formula.response import COUNTS, OUT_OF_TRIALS
from bayesmix.numerics.separation import can_move, runaway, separation

_EXACT = 1e-8  # deviation from zeros and ones
_NOTHING = 2
_COUNTED = ("binary", *OUT_OF_TRIALS, *COUNTS)


@dataclass(frozen=True)
class Outcomes:
    """What each row says about its linear predictor.

    `side` (n_obs,): where the likelihood of the row has its supremum, -1 at -infinity (no success, no count), 1 at
    +infinity (no failure), 0 in between. `tells` (n_obs,): False if the row says nothing, such as one without trials.
    `successes` (n_obs,) or counts; `trials` (n_obs,), None for counts.
    """

    side: NDArray[np.int8]
    tells: Flags
    successes: Floats
    trials: Floats | None


@dataclass(frozen=True)
class Separating:
    """Rows that fit ever better along some direction of the coefficients, and the direction.

    `kind`: ``"cell"``, or ``"combination"`` of predictors. `where`: the levels of a cell's factors, or the coefficients
    of a combination. `side`: -1 no success, 1 no failure, 0 both sides, or a cell without trials. `direction` (p,) of
    the coefficients; for a cell without trials those that it leaves undetermined. `n_rows`, `successes` and `trials`
    (nan for counts) of the rows.
    """

    kind: str
    where: tuple[tuple[str, str], ...]
    side: int
    direction: Floats
    n_rows: int
    successes: float
    trials: float

    @property
    def separates(self) -> bool:
        """False for a cell without trials: the data say nothing about its coefficients, which go nowhere."""
        return self.kind == "combination" or self.side != 0


@dataclass(frozen=True)
class PureLevels:
    """Levels of a grouping factor with one outcome alone.

    `outcome` (n_levels,): -1 no success, 1 no failure, 0 both, 2 no trials; `n_rows`, `successes`, `trials`
    (n_levels,), trials nan for counts.
    """

    group: str
    levels: tuple[str, ...]
    outcome: NDArray[np.int8]
    n_rows: Positions
    successes: Floats
    trials: Floats


@dataclass(frozen=True)
class Separated:
    """What the data leave open.

    `found`: cells, those of fewest factors first, then a combination of predictors. `coefficients` (p,): those without
    a finite maximum likelihood estimate; `signs` (p,): where they go, 0 if either way. `n_rows`: how many rows fit ever
    better; `complete`: whether all informative rows do. `levels`: grouping factors with levels with one outcome alone.
    """

    found: tuple[Separating, ...]
    coefficients: Flags
    signs: NDArray[np.int8]
    n_rows: int
    complete: bool
    levels: tuple[PureLevels, ...]


def can_separate(family: Family) -> bool:
    """Whether the family has rows whose likelihood rises without end: counts, with trials or without."""
    return family.link in (*OF_A_PROBABILITY, "log") and family.response in _COUNTED


def outcomes(design: Design, family: Family) -> Outcomes:
    """What each row says about its linear predictor."""
    y, trials = design.response.values, design.response.trials
    if family.response in COUNTS:
        # Only counts above 0 inform a hurdle model's mean, which is lowest if they are all 1.
        hurdle = family.record.hurdle
        lowest = 1.0 if hurdle else 0.0
        return Outcomes(np.where(y <= lowest, -1, 0).astype(np.int8), (y > 0) | (not hurdle), y, None)
    trials = np.ones(len(y)) if trials is None else trials
    side = np.where(y == 0, -1, np.where(y == trials, 1, 0)).astype(np.int8)
    return Outcomes(side, trials > 0, y, trials)


def separation_of(design: Design, family: Family) -> Separated:
    """Find separation in the fixed part of a model for counts (`can_separate`), and levels with one outcome.

    Nothing is fitted, and of columns that depend on others nothing is said: directions that leave every row as it is
    separate nothing.
    """
    reduced = independent_columns(design)
    found = _of_full_rank(reduced, family)
    return found if reduced is design else _with_every_column(found, design.fixed)


def _with_every_column(found: Separated, fixed: FixedEffects) -> Separated:
    """The same with zeros at the columns that depend on others."""
    kept = () if fixed.dependence is None else fixed.dependence.kept

    def spread[Kind: np.generic](values: NDArray[Kind]) -> NDArray[Kind]:
        every = np.zeros(len(fixed.names), dtype=values.dtype)
        every[list(kept)] = values
        return every

    return replace(
        found,
        found=tuple(replace(one, direction=spread(one.direction)) for one in found.found),
        coefficients=spread(found.coefficients),
        signs=spread(found.signs),
    )


def _of_full_rank(design: Design, family: Family) -> Separated:
    seen = outcomes(design, family)
    X, side = design.fixed.matrix[seen.tells], seen.side[seen.tells]
    levels = _pure_levels(design, seen)
    without, signs = np.zeros(X.shape[1], dtype=bool), np.zeros(X.shape[1], dtype=np.int8)
    if not can_move(X, side):
        return Separated((), without, signs, 0, False, levels)
    patterns, apart = _cells(design, seen)
    moved = apart[seen.tells]
    more = separation(X, side, apart=moved)
    if more is not None:
        moved = moved | more.rows
        rows = np.zeros(design.n_obs, dtype=bool)
        rows[seen.tells] = more.rows
        rows &= ~apart
        names = [name for name, way in zip(design.fixed.names, more.direction, strict=True) if way]
        where = tuple((name, "") for name in names)
        patterns.append(_separating("combination", where, more.direction, rows, seen))
    if patterns:
        gone = runaway(X, side, moved)
        without, signs = gone.coefficients, gone.signs
    return Separated(tuple(patterns), without, signs, int(moved.sum()), bool(moved.all()), levels)


def _cells(design: Design, seen: Outcomes) -> tuple[list[Separating], Flags]:
    """Cells with one outcome, or none, that a direction moves alone and that lie in no larger such cell; their rows."""
    cells: list[Separating] = []
    masks: list[Flags] = []
    apart = np.zeros(design.n_obs, dtype=bool)
    for crossing in crossings(design):
        outcome = _outcome_of(crossing.cell, len(crossing.levels), seen)
        for number in np.flatnonzero(outcome):
            rows = crossing.cell == number
            if any((rows <= larger).all() for larger in masks):
                continue
            direction = _only(rows, design.fixed.matrix)
            if direction is None:
                continue
            masks.append(rows)
            side = 0 if outcome[number] == _NOTHING else int(outcome[number])
            where = tuple(zip(crossing.factors, crossing.levels[number], strict=True))
            cells.append(_separating("cell", where, (side or 1) * direction, rows, seen))
            if side:
                apart |= rows
    return cells, apart & seen.tells


def _outcome_of(place: Positions, n_places: int, seen: Outcomes) -> NDArray[np.int8]:
    """The outcome of all rows of each place (n_places,): -1 no success, 1 no failure, 0 both, 2 no informative row."""
    lowest, highest = np.full(n_places, 2), np.full(n_places, -2)
    np.minimum.at(lowest, place[seen.tells], seen.side[seen.tells])
    np.maximum.at(highest, place[seen.tells], seen.side[seen.tells])
    return np.where(highest == -2, _NOTHING, np.where(lowest == highest, lowest, 0)).astype(np.int8)


def _only(rows: Flags, X: Floats) -> Floats | None:
    """The coefficients (p,) that raise eta by 1 in these rows and nowhere else; None if there are none."""
    if not X.shape[1]:
        return None
    size = np.abs(X).max(axis=0)
    direction = np.linalg.lstsq(X / size, rows.astype(float), rcond=None)[0]
    if np.abs(X / size @ direction - rows).max() > _EXACT:
        return None
    return np.where(np.abs(direction) > _EXACT, direction / size, 0.0)


def _separating(
    kind: str, where: tuple[tuple[str, str], ...], direction: Floats, rows: Flags, seen: Outcomes
) -> Separating:
    sides = np.unique(seen.side[rows & seen.tells])
    return Separating(
        kind=kind,
        where=where,
        side=int(sides[0]) if len(sides) == 1 else 0,
        direction=direction,
        n_rows=int(rows.sum()),
        successes=float(seen.successes[rows].sum()),
        trials=np.nan if seen.trials is None else float(seen.trials[rows].sum()),
    )


def _pure_levels(design: Design, seen: Outcomes) -> tuple[PureLevels, ...]:
    pure = []
    for term in {term.group: term for term in design.random}.values():
        outcome = _outcome_of(term.index, term.n_levels, seen)
        if outcome.any():
            n_rows = np.bincount(term.index, minlength=term.n_levels)
            successes = np.bincount(term.index, seen.successes, term.n_levels)
            trials = np.full(term.n_levels, np.nan)
            if seen.trials is not None:
                trials = np.bincount(term.index, seen.trials, term.n_levels)
            pure.append(PureLevels(term.group, term.levels, outcome, n_rows, successes, trials))
    return tuple(pure)
