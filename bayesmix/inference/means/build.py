"""From what is asked for to linear functions: means over cells of the reference grid."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.formula.group_policies import policy_of
from bayesmix.inference.means.averaging import cell_weights
from bayesmix.inference.means.group_policy import GroupWeights
from bayesmix.inference.means.mean_effects import MeanEffects
from bayesmix.inference.means.nesting import Nesting, positions
from bayesmix.inference.means.reference_grid import ReferenceGrid, cells_in_parts, predictors
from bayesmix.inference.means.specs import OVERALL, Specs


@dataclass(frozen=True, eq=False)
class Means:
    """Means over cells of a grid: what tells them apart, and how they are made of the predictors of the cells.

    Attributes
    ----------
    labels : pandas.DataFrame
        The levels of each mean, (m, ...).
    cells, owners, weights : array (n_used,)
        Cells of the grid with a weight, the mean each belongs to, and its weight there.
    there : array (m,)
        Whether the mean has cells at all.
    """

    labels: pd.DataFrame
    cells: Positions
    owners: Positions
    weights: Floats
    there: Flags


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of m linear functions: `fixed` (m, p), nan of means without cells, `offset` (m,), `group_columns` of every
    random term (m, k), and where effects are those in the data `group_rows` (m, q) over `mean_effects`."""

    fixed: Floats
    offset: Floats
    group_columns: tuple[Floats, ...]
    group_rows: Floats
    mean_effects: tuple[MeanEffects, ...]
    group_weights: GroupWeights | None = None


def with_outer(nesting: Nesting, specs: Specs) -> Specs:
    """The same with the variables in which those that were named are nested, as emmeans has them."""
    outer_of_by = [outer for name in specs.by for outer in nesting.get(name, ())]
    by = tuple(dict.fromkeys((*outer_of_by, *specs.by)))
    nested = [name for name in specs.names if name in nesting]
    outer = [one for name in nested for one in nesting[name]]
    names = dict.fromkeys((*nested, *outer, *specs.names))
    return Specs(tuple(name for name in names if name not in by), by)


def means_of(grid: ReferenceGrid, specs: Specs, weights: str) -> Means:
    """The means of all combinations of the levels of the variables that `specs` names, the first varying fastest.

    Combinations of nested factors that the data do not have are left out.
    """
    kept = grid.axes((*specs.names, *specs.by))
    nesting = positions(grid.nesting, grid.names)
    by_cell = cell_weights(grid.counts, kept, weights, nesting=nesting, occurring=grid.occurring).ravel()
    places = np.unravel_index(np.arange(by_cell.size), grid.shape) if grid.shape else ()
    sizes = [grid.shape[axis] for axis in kept]
    owner = (
        np.ravel_multi_index([places[axis] for axis in kept], sizes, order="F")
        if kept
        else np.zeros(by_cell.size, dtype=np.intp)
    )
    shown = _shown(grid, kept)
    number = np.full(len(shown), -1, dtype=np.intp)
    number[shown] = np.arange(int(shown.sum()))
    used = (np.nan_to_num(by_cell) > 0) & shown[owner]
    total = np.bincount(owner, weights=np.where(used, by_cell, 0.0), minlength=len(shown))[shown]
    return Means(
        _labels(grid, kept, specs)[shown].reset_index(drop=True),
        np.flatnonzero(used),
        number[owner[used]],
        by_cell[used],
        np.abs(total - 1) < 1e-9,
    )


def _shown(grid: ReferenceGrid, kept: tuple[int, ...]) -> Flags:
    """Which combinations of kept levels there are: of nested factors those in the data alone."""
    sizes = [grid.shape[axis] for axis in kept]
    shown = np.ones(int(np.prod(sizes)), dtype=bool)
    names = [grid.names[axis] for axis in kept]
    places = np.unravel_index(np.arange(len(shown)), sizes, order="F") if kept else ()
    for name in names:
        together = [name, *(outer for outer in grid.nesting.get(name, ()) if outer in names)]
        if len(together) > 1:
            axes = grid.axes(tuple(together))
            occurring = np.squeeze(grid.occurring(axes), axis=tuple(set(range(len(grid.shape))) - set(axes)))
            shown &= occurring[tuple(places[names.index(one)] for one in sorted(together, key=grid.names.index))]
    return shown


def _labels(grid: ReferenceGrid, kept: tuple[int, ...], specs: Specs) -> pd.DataFrame:
    if not kept:
        return pd.DataFrame({OVERALL: ["overall"]})
    labels = [grid.variables[axis].labels for axis in kept]
    rows = [row[::-1] for row in product(*reversed(labels))]
    return pd.DataFrame({name: [row[i] for row in rows] for i, name in enumerate((*specs.names, *specs.by))})


def rows_of(grid: ReferenceGrid, means: Means, *, shift: tuple[str, float] | None = None) -> Rows:
    """The rows of the linear functions that the means are; `shift` names a covariate and what is added to it."""
    design = grid.design
    fitted = [t for t, term in enumerate(design.random) if policy_of(grid.groups, term) == "fitted"]
    m, terms = len(means.there), design.random
    fixed = np.zeros((m, len(design.fixed.every_name)))
    offset = np.zeros(m)
    columns = [np.zeros((m, term.k)) for term in terms]
    strata = grid.combinations
    n_strata = strata.n_strata if strata is not None else 0
    by_stratum = [np.zeros((m * n_strata, terms[t].k)) for t in fitted]
    shares = np.zeros(m * n_strata)
    done = 0
    for cells in cells_in_parts(means.cells, sum((fixed.shape[1], *(term.k for term in terms)))):
        part = slice(done, done + len(cells))
        done += len(cells)
        new = predictors(grid, cells, shift=shift)
        average = _sums(means.owners[part], means.weights[part], m)
        fixed += average @ new.every_column
        offset += average @ (new.offset if grid.offset is None else np.full(len(cells), grid.offset))
        for total, term in zip(columns, new.random, strict=True):
            total += average @ term.columns
        if strata is None:
            continue
        places = np.unravel_index(cells, grid.shape) if grid.shape else ()
        own = strata.strata_of(places)
        # A cell whose combination of levels no row has is without group effects.
        known = np.where(own >= 0, means.weights[part], np.nan)
        within = _sums(means.owners[part] * n_strata + np.maximum(own, 0), known, m * n_strata)
        shares += within @ np.ones(len(cells))
        for total, t in zip(by_stratum, fitted, strict=True):
            total += within @ new.random[t].columns
    fixed[~means.there] = np.nan
    if strata is None:
        return Rows(fixed, offset, tuple(columns), np.empty((m, 0)), ())
    # Among the levels of a combination those of the mean's predictor come first.
    averages = tuple(MeanEffects(t, strata.shares(place, terms[t].n_levels)) for place, t in enumerate(fitted))
    group_rows = np.concatenate([np.empty((m, 0)), *(total.reshape(m, -1) for total in by_stratum)], axis=1)
    weights = GroupWeights(shares.reshape(m, n_strata), strata)
    return Rows(fixed, offset, tuple(columns), group_rows, averages, weights)


def _sums(owners: Positions, weights: Floats, m: int) -> csr_array:
    """A matrix (m, n_cells) that sums cells by owner."""
    return csr_array((weights, (owners, np.arange(len(owners)))), shape=(m, len(owners)))
