"""Kernel densities (arviz-stats) that end where nothing is left, or at the bound of what can be."""

import numpy as np
from arviz_stats.base import array_stats

from bayesmix.arrays import Floats

N_GRID = 512
_IN_GRID = 0.999
_ROOM = 3.3  # bandwidths: where a kernel has come down to nothing


def posterior_density(draws: Floats, *, lower: float, upper: float) -> tuple[Floats, Floats]:
    """Grid and kernel density of draws that lie between `lower` and `upper`, reflected at these bounds.

    With an infinite upper bound the highest draws, 0.1 %, are left to the tail beyond the grid, so that a heavy
    tail does not coarsen the grid; the density still is that of all.
    """
    end, last = upper, upper
    if not np.isfinite(upper):
        last = float(np.quantile(draws, _IN_GRID))
        end = last + 0.25 * (last - lower)  # beyond the draws nothing is reflected
    inside = draws[draws <= last]
    grid, density, _ = array_stats.kde(inside, custom_lims=(lower, end), bound_correction=True, grid_len=N_GRID)
    return grid, density * len(inside) / len(draws)


def kernel_limits(values: Floats, bounds: tuple[float, float]) -> tuple[float, float]:
    """From where to where densities of the columns are drawn: until nothing is left of them, or to the bounds."""
    widths = [array_stats.kde(column)[2] for column in values.T if np.ptp(column) > 0]
    room = _ROOM * max(widths, default=0.0) or 1.0
    return max(float(values.min()) - room, bounds[0]), min(float(values.max()) + room, bounds[1])


def kernel_density(values: Floats, limits: tuple[float, float], bounds: tuple[float, float]) -> tuple[Floats, Floats]:
    """Grid and kernel density between `limits`, reflected where a limit is a bound of what can be observed.

    Values that are all alike have a density of 0 everywhere else.
    """
    if np.ptp(values) == 0:
        grid = np.linspace(*limits, N_GRID)
        return grid, np.zeros(N_GRID)
    low, high = limits
    # One end is reflected where it is a bound; the other lies where nothing is left to reflect.
    bounded = low == bounds[0] or high == bounds[1]
    grid, heights, _ = array_stats.kde(values, custom_lims=(low, high), bound_correction=bounded, grid_len=N_GRID)
    return grid, heights
