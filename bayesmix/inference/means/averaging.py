"""How cells of a reference grid weigh in the means over them."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from bayesmix.arrays import Flags, Floats

WEIGHTS = ("equal", "proportional", "outer", "cells", "flat")
"""As emmeans names them; see `bm.emmeans`."""

Axes = tuple[int, ...]


def cell_weights(
    counts: Floats,
    kept: Iterable[int],
    weights: str,
    *,
    nesting: Mapping[int, Axes],
    occurring: Callable[[Axes], Flags],
) -> Floats:
    """The weight of every cell in the mean of its combination of kept levels; nan where that mean has no cells.

    Parameters
    ----------
    counts
        How many rows of the data each cell has, an axis for each variable of the grid.
    kept
        The axes of the variables whose levels are told apart; means are over the others.
    weights
        One of `WEIGHTS`.
    nesting
        For the axis of a nested variable those of the variables in which its levels lie.
    occurring
        Whether the levels of some variables, by axes, occur together anywhere in the data, broadcast over the others.

    Notes
    -----
    A nested variable is averaged over first, within every combination of what it is nested in, over the levels that
    occur there; the rest follows as if those means were the cells.
    """
    kept = set(kept)
    alive = set(range(counts.ndim))
    total = np.ones(counts.shape)
    while True:
        averaged = alive - kept
        nested = [axis for axis in averaged if axis in nesting]
        if not nested:
            last = _shares(counts, averaged, alive, within=set(), weights=weights)
            return total * last
        inner = max(sorted(nested), key=lambda axis: len(nesting[axis]))
        within = {*nesting[inner], *(axis for axis in nested if axis != inner)}
        apart = kept | within
        averaged = alive - apart
        present = occurring((inner, *within))
        part = _shares(counts * present, averaged, alive, within=within, weights=weights, present=present)
        total = total * np.nan_to_num(part)
        counts = (counts * present).sum(axis=tuple(averaged), keepdims=True)
        alive = alive - averaged


def _shares(
    counts: Floats, averaged: set[int], alive: set[int], *, within: set[int], weights: str, present: Flags | None = None
) -> Floats:
    """Weights of cells that add up to 1 over the averaged axes."""
    over = tuple(sorted(averaged))
    mask = np.ones(counts.shape) if present is None else np.broadcast_to(present, counts.shape).astype(float)
    if not over:
        return mask
    # A grid without rows, such as one at levels that do not meet, weighs its cells alike.
    rows = counts if counts.any() else counts + 1.0
    if weights in ("proportional", "outer"):
        rows = rows.sum(axis=tuple(alive - averaged - within), keepdims=True)
    if weights == "outer":
        rows = _product_of_margins(rows, over)
    if weights == "equal":
        rows = np.ones(counts.shape)
    if weights == "flat":
        rows = (rows > 0).astype(float)
    cells = np.broadcast_to(rows, counts.shape) * mask
    sums = cells.sum(axis=over, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return cells / sums


def _product_of_margins(rows: Floats, over: Axes) -> Floats:
    whole = rows.sum(axis=over, keepdims=True)
    product = whole
    with np.errstate(invalid="ignore", divide="ignore"):
        for axis in over:
            margin = rows.sum(axis=tuple(other for other in over if other != axis), keepdims=True)
            product = product * (margin / whole)
    return product
