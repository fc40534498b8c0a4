"""The weights of the shared values for each response, and whether they can be trusted."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayesmix.arrays import Flags, Floats
from bayesmix.numerics.monte_carlo import GREATEST_K, pareto_k_of_columns
from bayesmix.numerics.responses.residual_integral import integrate_sigma
from bayesmix.numerics.responses.space import Projected
from bayesmix.numerics.responses.tables import Met, PointTables, meet

_OFF_GRID = 7.0  # of the log density, that the ends of the grid of sigma must lie below its greatest value
_FEWEST_FOR_K = 25


@dataclass(frozen=True)
class Weighed:
    """What the values of `tables` are to a block of responses.

    `weights` (S, R) add to 1 for each response. `log_marginal` (R,) is the log marginal likelihood, `error` (R,) its
    Monte Carlo standard error, `effective` (R,) the effective number of values; `off_grid` (R,) says that sigma may lie
    beyond the grid.
    """

    tables: PointTables
    met: Met
    n_obs: int
    weights: Floats
    log_marginal: Floats
    error: Floats
    effective: Floats
    off_grid: Flags

    @cached_property
    def pareto_k(self) -> Floats:
        """The shape of the tail of each response's weights; minus infinity where values are too few for one."""
        if len(self.weights) < _FEWEST_FOR_K:
            return np.full(self.weights.shape[1], -np.inf)
        return pareto_k_of_columns(self.weights)

    def reliable(self, least_effective: float) -> Flags:
        """Whether the weights of each response can be trusted, (R,)."""
        enough = (self.effective >= least_effective) | (len(self.weights) == 1)
        return enough & ~(self.pareto_k > GREATEST_K) & ~self.off_grid


def weigh(tables: PointTables, responses: Projected, n_obs: int) -> Weighed:
    """Weigh the values for every response of a block; the numbers of one do not depend on the others."""
    met = meet(tables, responses)
    S, R = met.squares.shape
    logs, edge = np.empty((S, R)), np.empty(R)
    integrate_sigma(met.squares, met.along, tables.base, tables.eigen, tables.log_sigma, n_obs, logs, edge)
    greatest = logs.max(axis=0)
    weights = np.exp(logs - greatest)
    total = weights.sum(axis=0)
    weights /= total
    squares = np.einsum("sr,sr->r", weights, weights)
    return Weighed(
        tables=tables,
        met=met,
        n_obs=n_obs,
        weights=weights,
        log_marginal=greatest + np.log(total / S),
        error=np.sqrt(np.maximum(squares - 1 / S, 0.0)),
        effective=1 / squares,
        off_grid=edge > greatest - _OFF_GRID,
    )
