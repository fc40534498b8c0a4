"""Kernel densities (arviz-stats) that end where they are 0, or at the bound of what is possible."""

import numpy as np
from arviz_stats.base import array_stats

from bayesmix.arrays import Floats

N_GRID = 512
_IN_GRID = 0.999
_ROOM = 3.3  # bandwidths after which a kernel is 0


def posterior_density(draws: Floats, *, lower: float, upper: float) -> tuple[Floats, Floats]:
    """The grid and kernel density of draws between `lower` and `upper`, reflected at these bounds.

    With an infinite upper bound the highest 0.1 % of the draws are beyond the grid, so that a heavy tail does not
    coarsen it; the density is still that of all draws.
    """
    end, last = upper, upper
    if not np.isfinite(upper):
        last = float(np.quantile(draws, _IN_GRID))
        end = last + 0.25 * (last - lower)  # beyond the draws nothing is reflected
    inside = draws[draws <= last]
    grid, density, _ = array_stats.kde(inside, custom_lims=(lower, end), bound_correction=True, grid_len=N_GRID)
    return grid, density * len(inside) / len(draws)


def kernel_limits(values: Floats, bounds: tuple[float, float]) -> tuple[float, float]:
    """The limits between which densities of the columns are drawn: until they are 0, or to the bounds."""
    widths = [array_stats.kde(column)[2] for column in values.T if np.ptp(column) > 0]
    room = _ROOM * max(widths, default=0.0) or 1.0
    return max(float(values.min()) - room, bounds[0]), min(float(values.max()) + room, bounds[1])


def kernel_density(values: Floats, limits: tuple[float, float], bounds: tuple[float, float]) -> tuple[Floats, Floats]:
    """The grid and kernel density between `limits`, reflected where a limit is a bound of what can be observed.

    Values that are all equal have a density of 0 everywhere else.
    """
    if np.ptp(values) == 0:
        grid = np.linspace(*limits, N_GRID)
        return grid, np.zeros(N_GRID)
    low, high = limits
    # An end that is a bound is reflected; at the other end there is nothing to reflect.
    bounded = low == bounds[0] or high == bounds[1]
    grid, heights, _ = array_stats.kde(values, custom_lims=(low, high), bound_correction=bounded, grid_len=N_GRID)
    return grid, heights
