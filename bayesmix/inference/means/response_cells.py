"""Draws of expected responses of the cells of a reference grid, averaged: means and slopes on the response scale."""

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.inference.means.build import Means
from bayesmix.inference.means.cell_functions import Shift, linear_cells, part_cells
from bayesmix.inference.means.linear_functions import Drawn, LinearFunctions, Which
from bayesmix.inference.means.reference_grid import ReferenceGrid
from bayesmix.inference.means.response_draws import response_draws
from bayesmix.inference.shared.draws import n_draws_of, posterior_of
from bayesmix.inference.shared.summarise import VALUES_AT_ONCE
from bayesmix.modelling.record import Fit


def cell_means(fit: Fit, linear: LinearFunctions, grid: ReferenceGrid, means: Means, *, shift: Shift = None) -> Drawn:
    """Averages of the expected responses of cells, a stretch of cells at a time.

    Parameters
    ----------
    linear
        The means of the linear predictor, with what was asked of them.
    means
        Which cells each average has, with their weights.
    """
    sizes, n_all, m = posterior_of(fit).sizes, n_draws_of(fit), len(means.there)
    by_owner = np.argsort(means.owners, kind="stable")
    first = np.searchsorted(means.owners[by_owner], np.arange(m + 1))
    at_once = max(1, VALUES_AT_ONCE // n_all)

    def draws(which: Which) -> Floats:
        asked = np.arange(m)[which]
        place = np.zeros(m, dtype=np.intp)
        place[asked] = np.arange(len(asked))
        total = np.zeros((len(asked), n_all))
        total[~means.there[asked]] = np.nan
        used = np.concatenate([by_owner[:0], *(by_owner[first[one] : first[one + 1]] for one in asked)])
        for start in range(0, len(used), at_once):
            part = used[start : start + at_once]
            values = _responses(linear, grid, means.cells[part], shift)
            np.add.at(total, place[means.owners[part]], means.weights[part, None] * values)
        return np.moveaxis(total.reshape(len(asked), sizes["chain"], sizes["draw"]), 0, -1)

    return Drawn(m, sizes["chain"], sizes["draw"], draws)


def _responses(linear: LinearFunctions, grid: ReferenceGrid, cells: Positions, shift: Shift) -> Floats:
    """Expected responses of cells, (n_cells, n_draws)."""
    drawn = response_draws(linear_cells(linear, grid, cells, shift), part_cells(grid, cells, shift))
    return np.moveaxis(drawn.draws(slice(None)), -1, 0).reshape(len(cells), -1)
