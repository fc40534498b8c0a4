"""What attempts cost, counted in gradients so that the same seed does the same on a machine that is busy."""

from dataclasses import dataclass

import xarray as xr

from bayesmix.modelling.joint.ladder import Way

MOST_TIMES = 10.0
"""So many times the first attempt all attempts together may take, by what is foreseen of the next one."""

_LOW_RANK = 12.0
"""A step of tuning with a low-rank mass matrix takes n^3 / (12 n_obs) gradients more: 12 ms beside 9 microseconds for
189 parameters and 403 rows."""


@dataclass(frozen=True)
class Budget:
    """Prices of a model with `n` parameters and `n_obs` rows, of which `chains` of `draws` are kept."""

    n: int
    n_obs: int
    chains: int
    draws: int

    def cost(self, way: Way, steps: float) -> float:
        """Gradients of an attempt in which a trajectory takes `steps`."""
        finer = self.n**3 / (_LOW_RANK * self.n_obs) if way.mass_matrix == "low-rank" else 0.0
        return self.chains * (way.tune * (steps + finer) + way.thin * self.draws * steps)

    def longest(self, way: Way, steps: float, left: float) -> int:
        """Of how many draws one can be kept with `left` gradients."""
        drawn = left - self.cost(way, steps) + self.chains * way.thin * self.draws * steps
        return max(1, int(drawn / (self.chains * self.draws * steps)))


def steps_of(posterior: xr.DataTree, thin: int) -> float:
    """Gradients of a trajectory, on average over what was drawn after tuning."""
    statistics = posterior["sample_stats"].to_dataset()
    if "n_steps" in statistics:
        return max(1.0, float(statistics["n_steps"].mean()) / thin)
    return max(1.0, float((2.0 ** statistics["tree_depth"]).mean()))
