"""Sums of a design's arrays, which tell it from that of other rows, or of the formula read in another way."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.formula.design import Design

_AGREES = 1e-9  # relative; another processor may sum in another order


@dataclass(frozen=True)
class DesignSums:
    """Two numbers for each column of a design, the response first, on `n_obs` rows.

    `largest` is the greatest absolute value of a column; `along` the mean of the column over it, weighted by numbers
    that grow along the rows from 0 to 1, so that rows in another order have another.
    """

    n_obs: int
    largest: list[float]
    along: list[float]


def design_sums(design: Design) -> DesignSums:
    """The sums of all columns of the response, the offset, the weights, and the predictors of all parameters."""
    growing = np.linspace(0, 1, design.n_obs)
    largest, along = [], []
    for column in _columns(design):
        size = float(np.abs(column).max(initial=0.0))
        largest.append(size)
        along.append(float(np.mean(column / size * growing)) if size > 0 else 0.0)
    return DesignSums(design.n_obs, largest, along)


def agree(one: DesignSums, other: DesignSums) -> bool:
    """Whether two designs have the same rows and columns."""
    return (
        one.n_obs == other.n_obs
        and len(one.largest) == len(one.along) == len(other.largest) == len(other.along)
        and np.allclose(one.largest, other.largest, rtol=_AGREES, atol=0)
        and np.allclose(one.along, other.along, rtol=0, atol=_AGREES)
    )


def _columns(design: Design) -> Iterator[Floats]:
    yield design.response.values
    for column in (design.response.trials, design.response.censoring, design.weights):
        if column is not None:
            yield np.asarray(column, dtype=float)
    for part in design.predictors:
        yield part.offset
        yield from part.fixed.matrix.T
        for term in part.random:
            yield term.index.astype(float)
            yield from term.columns.T
