"""Where chains of NUTS begin: near the mode, or farther apart than the posterior is wide."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.modelling.settings import Dispersed

StartOf = Callable[[int], Floats]


def start_about_mode(n: int, dispersed: Dispersed | None) -> StartOf:
    """By a chain's seed its start, in `n` coordinates in which the posterior is near a standard normal."""
    if dispersed is None:
        return lambda chain_seed: np.random.default_rng(chain_seed).normal(size=n)
    return lambda chain_seed: dispersed.steps(chain_seed, n)


def start_about_points(compiled: Any, dispersed: Dispersed | None) -> Any:
    """A compiled PyMC model whose chains start about `points`; as it was where these are not its parameters."""
    points = None if dispersed is None else dispersed.points
    if dispersed is None or points is None or points.shape[1] != compiled.n_dim:
        return compiled
    centre, width = points.mean(axis=0), points.std(axis=0)

    def start(chain_seed: int) -> Floats:
        return centre + width * dispersed.steps(chain_seed, len(centre))

    return replace(compiled, initial_point_func=start)
