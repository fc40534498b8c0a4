"""What is said of coefficients that the data do not determine."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bayesmix.errors import listing
from bayesmix.formula.design import Dependence, Design, FixedEffects

NOT_ESTIMABLE = "not_estimable"
"""Where the `attrs` of a table have, by name, why coefficients could not be estimated."""

_MOST_NAMED = 3


def with_left_out(table: pd.DataFrame, design: Design) -> pd.DataFrame:
    """The rows of all coefficients, with nan for those that have been left out; `attrs` has the reasons.

    Parameters
    ----------
    table
        A row for each coefficient that was estimated, by its name.
    """
    fixed = design.fixed
    whole = table.reindex(pd.Index(fixed.every_name, name=table.index.name, dtype=object)) if fixed.reduced else table
    whole.attrs |= not_estimable(design)
    return whole


def not_estimable(design: Design) -> dict[str, dict[str, str]]:
    """For the `attrs` of a table: why coefficients cannot be estimated from the data, by name; empty where all can.

    Of a posterior these are coefficients of which, beside others, only the priors know.
    """
    reasons: dict[str, str] = {}
    for predictor in design.predictors:
        if predictor.fixed.dependence is not None:
            reasons |= predictor.fixed.dependence.reasons
    return {NOT_ESTIMABLE: reasons} if reasons else {}


def shared_coefficients(design: Design) -> set[str]:
    """All coefficients of which the data know combinations with others alone, or nothing.

    The intercept is none of them: its prior is at the predictors' means.
    """
    shared: set[str] = set()
    for predictor in design.predictors:
        dependence = predictor.fixed.dependence
        if dependence is not None:
            beside = (coefficients_beside(dependence, place) for place in range(len(dependence.dependent)))
            shared |= {*dependence.dependent, *(name for names in beside for name in names)}
    return shared


def coefficients_beside(dependence: Dependence, place: int) -> tuple[str, ...]:
    """The coefficients, without the intercept, that can make up for the dependent one at this place."""
    coefficient = dependence.dependent[place]
    others = np.flatnonzero(dependence.null_space[:, place])
    return tuple(
        dependence.names[j] for j in others if j != dependence.intercept and dependence.names[j] != coefficient
    )


def left_out_lines(fixed: FixedEffects) -> tuple[str, ...]:
    """A line for each reason, with the coefficients that could not be estimated; empty where all could."""
    return tuple(f"Not estimable, left out: {names} ({why})." for why, names in _by_reason(fixed.left_out).items())


def _by_reason(reasons: Mapping[str, str]) -> dict[str, str]:
    by_reason: dict[str, list[str]] = {}
    for name, why in reasons.items():
        by_reason.setdefault(why, []).append(name)
    return {why: listing(names, at_most=_MOST_NAMED) for why, names in by_reason.items()}
