"""Expected responses of rows, and of what is changed in them, in marginaleffects's columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmix.arrays import Positions
from bayesmix.errors import ArgumentError, shown
from bayesmix.formula.frame import Frame, checked_frame
from bayesmix.formula.other_rows import GROUPS, other_rows
from bayesmix.inference.prediction.changed_rows import Change
from bayesmix.inference.prediction.predict import TYPES
from bayesmix.inference.prediction.prediction_notes import prediction_notes
from bayesmix.inference.prediction.row_quantities import Combination, quantities
from bayesmix.inference.shared.arguments import a_column, column_levels, items_of, one_of, probability
from bayesmix.inference.shared.readable_table import NOTES
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit

By = bool | str | Sequence[str] | None


@dataclass(frozen=True)
class Asked:
    """What is asked of the rows, as `predictions` takes it; `by` are names of columns, None for each row alone."""

    by: tuple[str, ...] | None
    groups: str
    type: str
    prob: float
    seed: int | None


def asked_of(frame: pd.DataFrame, *, by: By, groups: str, type: str, prob: float, seed: int | None) -> Asked:
    """The arguments, checked."""
    return Asked(
        _names_of(frame, by),
        one_of(groups, GROUPS, argument="groups"),
        one_of(type, TYPES, argument="type"),
        probability(prob),
        seed,
    )


def frame_of(fit: Fit | RemlFit | LaplaceFit | LmFit, newdata: Frame | None) -> pd.DataFrame:
    """The rows that are asked for: `newdata`, or those of the fit."""
    return fit.design.data if newdata is None else checked_frame(newdata, ())


def marginal_table(
    fit: Fit | RemlFit | LaplaceFit | LmFit, frame: pd.DataFrame, changes: Sequence[Change], asked: Asked
) -> pd.DataFrame:
    """One row for each change and row of `frame`, or mean over rows."""
    table = pd.concat([_of_change(fit, frame, change, asked) for change in changes], ignore_index=True)
    table.attrs |= {"groups": asked.groups, "type": asked.type, "prob": asked.prob}
    of = "the linear predictor" if asked.type == "link" else "the expected response"
    of = f"differences of {of}" if any(change.term for change in changes) else of
    table.attrs[NOTES] = prediction_notes(fit, of=of, groups=asked.groups, prob=asked.prob)
    return table


def _of_change(
    fit: Fit | RemlFit | LaplaceFit | LmFit, frame: pd.DataFrame, change: Change, asked: Asked
) -> pd.DataFrame:
    rows = tuple(other_rows(fit.design, changed, groups=asked.groups) for changed in change.frames)
    complete = frame.loc[rows[0].complete]
    wanted = Combination(rows, change.weights, asked.groups, asked.type, asked.prob, asked.seed)
    named = {"term": change.term, "contrast": change.contrast} if change.term else {}
    if asked.by is None:
        whole = {name: rows[0].of_all(values) for name, values in quantities(fit, wanted).items()}
        known = {name.name for part in fit.design.predictors for name in part.formula.predictor_columns}
        beside = {str(name): frame[name].to_numpy() for name in frame.columns if name in known}
        return pd.DataFrame({"rowid": frame.index.to_numpy(), **named, **whole, **beside})
    cells, means = _cells(complete, asked.by)
    found = quantities(
        fit,
        Combination(rows, change.weights, asked.groups, asked.type, asked.prob, asked.seed, means, len(cells)),
    )
    return pd.concat([cells.assign(**named), pd.DataFrame(found)], axis=1)


def _cells(frame: pd.DataFrame, by: tuple[str, ...]) -> tuple[pd.DataFrame, Positions]:
    """The combinations of the columns that occur, and the number of each row's."""
    if not by:
        return pd.DataFrame(index=[0]), np.zeros(len(frame), dtype=np.intp)
    columns = [column_levels(frame, name, argument="by") for name in by]
    codes, place = np.unique(np.column_stack([code for code, _ in columns]), axis=0, return_inverse=True)
    return (
        pd.DataFrame(
            {
                name: [levels[i] for i in codes[:, j]]
                for j, (name, (_, levels)) in enumerate(zip(by, columns, strict=True))
            }
        ),
        place.ravel().astype(np.intp),
    )


def _names_of(frame: pd.DataFrame, by: By) -> tuple[str, ...] | None:
    if by is None or by is False:
        return None
    if by is True:
        return ()
    names = [by] if isinstance(by, str) else items_of(by)
    if not names:
        raise ArgumentError(f"by is a column or several, True for the mean over all rows, or None; got {shown(by)}.")
    return tuple(a_column(frame, name, argument="by") for name in dict.fromkeys(map(str, names)))
