"""Why means cannot be estimated: which cells they need have no rows, or which columns depend on others."""

from collections.abc import Sequence

import numpy as np

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import listing
from bayesmix.formula.dependent_columns import NEVER_OBSERVED
from bayesmix.formula.syntax import columns_in
from bayesmix.inference.means.build import Means
from bayesmix.inference.means.kinds_in_words import who_tells
from bayesmix.inference.means.linear_functions import AnyFit
from bayesmix.inference.means.reference_grid import ReferenceGrid

_MOST_NAMED = 4
_NOTHING = 1e-8


def why_not_estimable(fit: AnyFit, grid: ReferenceGrid, means: Means, *, rows: Floats, estimable: Flags) -> list[str]:
    """Sentences; none where all is estimable.

    Parameters
    ----------
    rows
        Over all columns of the fixed part (m, p).
    """
    n_absent, n = int((~means.there).sum()), len(estimable)
    notes = [f"{_of(n_absent, n)} without rows in the data that have weights."] if n_absent else []
    unknown = means.there & ~estimable
    if not unknown.any():
        return notes
    n_unknown = int(unknown.sum())
    are = f"{_of(n_unknown, n)} not estimable{who_tells(fit, n_unknown)}"
    why = reasons(grid, means, rows, unknown)
    return [*notes, f"{are}: {why}." if why else f"{are}."]


def _of(n: int, m: int) -> str:
    return f"{n} of {m} {'is' if n == 1 else 'are'}"


def reasons(grid: ReferenceGrid, means: Means, rows: Floats, unknown: Flags) -> str:
    """The empty cells that the means need, else why columns of theirs depend on others."""
    empty = _empty_cells(grid, means, unknown)
    dependence = grid.design.fixed.dependence
    if empty or dependence is None:
        return "; ".join(empty)
    along = np.abs(rows[unknown] @ dependence.null_space).max(axis=0) > _NOTHING
    reasons = [
        f"{name} was {why}" if why == NEVER_OBSERVED else why
        for (name, why), is_used in zip(dependence.reasons.items(), along, strict=True)
        if is_used
    ]
    return "; ".join(list(dict.fromkeys(reasons))[:_MOST_NAMED])


def _empty_cells(grid: ReferenceGrid, means: Means, which: Flags) -> list[str]:
    """For every interaction of factors its cells without rows that these means average over."""
    cells = means.cells[which[means.owners]]
    places = np.unravel_index(cells, grid.shape) if grid.shape else ()
    found: list[str] = []
    seen: set[frozenset[int]] = set()
    for term in grid.design.formula.fixed:
        used = {name.name for node in term.variables for name in columns_in(node)}
        axes = tuple(a for a, one in enumerate(grid.variables) if one.name in used and one.codes is not None)
        if len(axes) < 2 or any(set(axes) >= other for other in seen):
            continue
        occurring = np.broadcast_to(grid.occurring(axes), grid.shape)[places]
        own = np.unique(np.stack([places[axis] for axis in axes], axis=1)[~occurring], axis=0)
        if len(own):
            seen.add(frozenset(axes))
            names = ":".join(grid.names[axis] for axis in axes)
            found.append(f"no rows at {names} {listing(_cell_texts(grid, axes, own), at_most=_MOST_NAMED)}")
    return found


def _cell_texts(grid: ReferenceGrid, axes: Sequence[int], places: np.ndarray) -> list[str]:
    return [":".join(str(grid.variables[axis].labels[i]) for axis, i in zip(axes, row, strict=True)) for row in places]
