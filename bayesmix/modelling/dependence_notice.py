"""Flat priors on coefficients that the data do not tell apart: nothing would bound the posterior."""

from collections.abc import Mapping

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import PriorError, listing
from bayesmix.formula.design import Dependence, Design
from bayesmix.priors.prior import FLAT, Prior

_NOTHING = 1e-9  # share of a direction, in columns of unit size
_MOST_NAMED = 4


def require_told_apart(design: Design, priors: Mapping[str, Prior]) -> None:
    """Refuse flat priors of coefficients of which the data tell a combination alone.

    Raises
    ------
    PriorError
        One line with the coefficients, why the data do not tell of them, and what to do.
    """
    for predictor in design.predictors:
        dependence = predictor.fixed.dependence
        free = () if dependence is None else _unbounded(dependence, priors)
        if dependence is not None and free:
            why = listing(dict.fromkeys(dependence.reasons[name] for name in free if name in dependence.reasons))
            them, their = ("of", "its prior is") if len(free) == 1 else ("apart", "their priors are")
            names = listing(free, at_most=_MOST_NAMED)
            told = f"tell nothing of {names}" if them == "of" else f"do not tell {names} apart"
            raise PriorError(
                f"The data {told} ({why}), and {their} {FLAT}(): nothing bounds the posterior. Give "
                f"{dependence.dependent[0]} a proper prior, such as Normal(0, 2.5), or leave its term out."
            )


def _unbounded(dependence: Dependence, priors: Mapping[str, Prior]) -> tuple[str, ...]:
    """Coefficients with flat priors that can move together without end while X beta stays; empty where none can.

    The intercept is not asked: its prior is at the predictors' means, where no such direction moves it.
    """
    asked = [place for place in range(len(dependence.names)) if place != dependence.intercept]
    proper = [place for place in asked if priors[dependence.names[place]].distribution.proper]
    directions = np.linalg.qr(dependence.null_space[asked] * dependence.scale[asked, None])[0]
    held = directions[[asked.index(place) for place in proper]]
    free = directions @ _null_rows(held)
    moves = np.abs(free).max(axis=1, initial=0.0) > _NOTHING
    return tuple(dependence.names[place] for place, moved in zip(asked, moves, strict=True) if moved)


def _null_rows(held: Floats) -> Floats:
    """Combinations (k, m) of the columns of `held` (n, k) that are 0."""
    _, sizes, turned = np.linalg.svd(held, full_matrices=True)
    rank = int(np.sum(sizes > _NOTHING))
    return turned[rank:].T
