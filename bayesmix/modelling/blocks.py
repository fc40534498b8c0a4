"""Draws of a group term for some of its levels, so that tens of thousands of levels are never copied at once."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesmix.formula.design import GroupTerm
from bayesmix.posterior.layout import group_dims, group_draws, group_variable


def group_draws_at(posterior: xr.Dataset, term: GroupTerm, levels: slice | NDArray[np.intp]) -> NDArray[np.float64]:
    """Draws of the effects of `levels` (positions in `term.levels`), shape (len(levels), k, n_chains, n_draws)."""
    variables = posterior[[group_variable(owner, term) for owner in term.terms]]
    level_dim = group_dims(term.terms[0], term)[-1]
    names = np.asarray(term.levels, dtype=object)[levels]
    draws = group_draws(variables.isel({level_dim: levels}), replace(term, levels=tuple(names)))
    return np.moveaxis(draws, (0, 1), (2, 3))


def stretches(n_items: int, at_once: int) -> Iterator[slice]:
    """Consecutive slices of `at_once` items that cover `n_items`."""
    for start in range(0, n_items, max(1, at_once)):
        yield slice(start, min(start + max(1, at_once), n_items))
