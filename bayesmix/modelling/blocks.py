"""Work in blocks: draws of a group term for some of its levels, and stretches of many items side by side."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats, Positions
from bayesmix.formula.design import GroupTerm
from bayesmix.parallel import in_parallel
from bayesmix.posterior.layout import group_dims, group_draws, group_variable


def group_draws_at(posterior: xr.Dataset, term: GroupTerm, levels: slice | Positions) -> Floats:
    """Draws of the effects of `levels` (positions in `term.levels`), shape (len(levels), k, n_chains, n_draws).

    Tens of thousands of levels are never copied at once.
    """
    variables = posterior[[group_variable(owner, term) for owner in term.terms]]
    level_dim = group_dims(term.terms[0], term)[-1]
    names = np.asarray(term.levels, dtype=object)[levels]
    draws = group_draws(variables.isel({level_dim: levels}), replace(term, levels=tuple(names)))
    return np.moveaxis(draws, (0, 1), (2, 3))


def stretches(n_items: int, at_once: int) -> Iterator[slice]:
    """Consecutive slices of `at_once` items that cover `n_items`."""
    for start in range(0, n_items, max(1, at_once)):
        yield slice(start, min(start + max(1, at_once), n_items))


def work_in_stretches(
    work: Callable[[slice], None],
    n_items: int,
    at_once: int,
    *,
    cores: int,
    advance: Callable[[int], None] | None = None,
) -> None:
    """Call `work` with slices of `at_once` items on several cores; `advance` is told how many items are done."""
    parts = list(stretches(n_items, at_once))
    done = iter(np.cumsum([part.stop - part.start for part in parts]))
    in_parallel(work, parts, cores=cores, advance=(lambda: advance(int(next(done)))) if advance else None)
