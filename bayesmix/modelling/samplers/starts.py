"""Where chains of NUTS begin: near the mode, or farther apart than the posterior is wide."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
StartOf = Callable[[int], Floats]

_DEGREES = 5  # of the t distribution of dispersed starts
_FARTHEST = 6.0  # standard deviations: beyond, a chain may spend its tuning on the way back


@dataclass(frozen=True)
class Dispersed:
    """Starts that are `width` times as far apart as the posterior is wide, with the tails of a t distribution.

    `points`: draws of a posterior (n_total, n) whose centre and width are gone by, where a model is sampled in
    coordinates of which nothing is known beforehand.
    """

    width: float = 2.0
    points: Floats | None = None

    def steps(self, seed: int, n: int) -> Floats:
        """From the centre, in posterior standard deviations, shape (n,)."""
        drawn = self.width * np.random.default_rng(seed).standard_t(_DEGREES, size=n)
        return drawn.clip(-_FARTHEST, _FARTHEST)


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
