"""A design at other rows: its matrices for new data, with the levels of the fit, with other levels, or with none."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import DataError, counted, listing
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.formula.frame import Frame, checked_frame
from bayesmix.formula.group_policies import POLICIES, Groups, any_of, policy_of, with_policy, without_typical
from bayesmix.formula.matrices import group_levels, new_rows
from bayesmix.formula.response_checks import refuse_not_counts
from bayesmix.formula.syntax import Node, columns_in
from bayesmix.formula.variables import Variables

GROUPS = POLICIES


@dataclass(frozen=True)
class OtherRows:
    """Rows at which a model is looked at.

    `design` is that of the fit with the matrices of the rows that miss no value; its terms have the effects that count:
    with the policy "typical" there are none, and new levels are numbered anew. `index` has the labels of all rows, and
    `complete` (n_rows,) says which of them are in `design`. `every_column` (n_complete, p and more) is the fixed part
    of the mean with the columns that have been left out; None for the rows of the fit itself.
    """

    design: Design
    index: pd.Index
    complete: Flags
    every_column: Floats | None = None

    def of_all(self, values: Floats) -> Floats:
        """Values of the complete rows (n_complete, ...) as those of all rows, nan in the others."""
        whole = np.full((len(self.index), *values.shape[1:]), np.nan)
        whole[self.complete] = values
        return whole


def rows_asked(design: Design, newdata: Frame | None, *, groups: Groups, with_trials: bool = False) -> OtherRows:
    """The rows of `newdata`, or without it those of the fit; arguments as for `other_rows`."""
    if newdata is None:
        return own_rows(design, groups=groups)
    return other_rows(design, newdata, groups=groups, with_trials=with_trials)


def own_rows(design: Design, *, groups: Groups) -> OtherRows:
    """The rows of the fit itself; `groups` is of `GROUPS`, and "new" are as many other levels."""
    return OtherRows(without_typical(design, groups), design.data.index, np.ones(design.n_obs, dtype=bool))


def other_rows(design: Design, data: Frame, *, groups: Groups, with_trials: bool = False) -> OtherRows:
    """The rows of new data.

    Parameters
    ----------
    data
        The predictors, and with the policy "fitted" the grouping factors, of every row. A row in which one of these is
        missing is not complete. With the policy "new" rows with the same text of a grouping factor share a level, and
        without its column all rows are of one level.
    groups
        One of `GROUPS`, or one by grouping factor.
    with_trials
        The response itself is asked for: trials and weights of the rows are read, where the fit has them.

    Raises
    ------
    UnknownColumnError
        A column is not there.
    DataError
        A level of a factor or, with the policy "fitted", of a group is not known, or no row is complete.
    """
    asked = without_typical(design, groups)
    frame = checked_frame(data, ())
    if any_of(groups, "new"):
        frame = _with_one_level(asked, frame, groups)
    trials = _nodes_of_trials(design) if with_trials else ()
    names = {name.name for part in asked.predictors for name in part.formula.predictor_columns}
    names |= {name.name for node in trials for name in columns_in(node)}
    if with_trials and design.weights_column in frame.columns:
        names.add(str(design.weights_column))
    frame = checked_frame(frame, sorted(names))
    is_missing = frame[sorted(names)].isna()
    complete = ~is_missing.any(axis=1).to_numpy()
    if not complete.any():
        misses = listing(f"'{name}' {int(count)}" for name, count in is_missing.sum().items() if count)
        raise DataError(f"All {counted(len(frame), 'new row')} miss a value ({misses}); there is nothing to predict.")
    rows = frame.loc[complete]
    at, every_column = _at(asked, rows, groups)
    at = replace(at, parts={name: _at(part, rows, groups)[0] for name, part in asked.parts.items()})
    if with_trials:
        at = _with_trials(at, design, trials)
    return OtherRows(at, frame.index, complete, every_column)


def without_groups(design: Design) -> Design:
    """The design without random terms, in its parts too."""
    parts = {name: without_groups(part) for name, part in design.parts.items()}
    return replace(design, formula=replace(design.formula, random=()), random=(), parts=parts)


def _at(design: Design, rows: pd.DataFrame, groups: Groups) -> tuple[Design, Floats]:
    """One predictor at the rows, its parts untouched, and all its columns."""
    new = new_rows(design, rows)
    random = tuple(
        _with_levels(design, place, replace(old, index=term.index, columns=term.columns), rows, policy_of(groups, old))
        for place, (old, term) in enumerate(zip(design.random, new.random, strict=True))
    )
    unknown = replace(design.response, values=np.full(len(rows), np.nan), trials=None, censoring=None)
    at = replace(
        design,
        response=unknown,
        fixed=replace(design.fixed, matrix=new.fixed),
        random=random,
        offset=new.offset,
        weights=None,
        data=rows,
        n_dropped=0,
        missing={},
    )
    return at, new.every_column


def _with_levels(design: Design, place: int, term: GroupTerm, rows: pd.DataFrame, policy: str) -> GroupTerm:
    """The term with the levels of the fit, or of the rows alone if they are new."""
    if policy == "fitted" and (term.index >= 0).all():
        return term
    index, levels = group_levels(design.formula.random[place], Variables(design.formula.text, rows, design.functions))
    if policy == "new":
        return replace(term, index=index, levels=levels)
    unseen = dict.fromkeys(levels[code] for code in index[term.index < 0])
    raise DataError(
        f"{counted(len(unseen), 'level')} of '{term.group}' in the new rows "
        f"{'is' if len(unseen) == 1 else 'are'} none of the {term.n_levels} of the fit ({listing(unseen, at_most=3)}), "
        'and effects of such levels are not known: groups="typical" leaves all group effects at 0, groups="new" takes '
        "levels from the distribution of the group."
    )


def _with_one_level(design: Design, frame: pd.DataFrame, groups: Groups) -> pd.DataFrame:
    """The frame with a column, the same in all rows, for each that levels of new groups alone are made of."""
    new = {term.group for term in with_policy(design.all_random, groups, "new")}
    pairs = [both for part in design.predictors for both in zip(part.random, part.formula.random, strict=True)]
    of_new, of_others = (
        {column.name for built, term in pairs if (built.group in new) == is_new for column in term.group_columns}
        for is_new in (True, False)
    )
    missing = sorted(of_new - of_others - predictor_names(design) - set(frame.columns))
    return frame.assign(**dict.fromkeys(missing, "new"))


def predictor_names(design: Design) -> set[str]:
    """Names of the columns that the design has beside those that levels of groups alone are made of."""
    fixed = {column.name for part in without_groups(design).predictors for column in part.formula.predictor_columns}
    terms = [term for part in design.predictors for term in part.formula.random]
    return fixed | {column.name for term in terms for column in term.columns}


def _nodes_of_trials(design: Design) -> tuple[Node, ...]:
    """The expressions that the trials of a row are the sum of."""
    spec = design.formula.response
    if design.response.trials is None or (spec.trials is None and spec.failures is None):
        return ()
    return (spec.trials,) if spec.trials is not None else (spec.values, spec.failures)  # type: ignore[return-value]


def _with_trials(at: Design, design: Design, nodes: tuple[Node, ...]) -> Design:
    """Trials and weights of the rows, by their columns; a row of which nothing is said has weight 1."""
    variables, column = Variables(at.formula.text, at.data, at.functions), design.weights_column
    values = [variables.numbers(node) for node in nodes]
    if column is not None and column in at.data.columns:
        values = [*values, at.data[column].to_numpy(dtype=float)]
    elif column is not None and design.response.trials is not None:
        raise DataError(f"The new rows have no column '{column}', which holds the trials; add it.")
    if not values:
        return at
    if design.response.trials is None:
        return replace(at, weights=_positive(values[0], str(column)))
    trials = np.sum(values, axis=0)
    refuse_not_counts(design.response.name, trials, "trials")
    return replace(at, response=replace(at.response, trials=trials))


def _positive(weights: Floats, column: str) -> Floats:
    bad = ~(weights > 0)
    if bad.any():
        raise DataError(
            f"Weights '{column}' of the new rows are not positive in {int(bad.sum())} of {len(weights)} (smallest "
            f"{weights.min():g}); the residual variance is sigma^2 / weight."
        )
    return weights
