"""Exact draws of the group effects of counts given everything else in a draw, for the levels that are asked for.

Every draw of a level has random numbers of its own, so that effects need not be kept: they can be drawn again, the same
to the last digit, at any time and in any order.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.quadrature.model import Counts, integrate_effects
from bayesmix.numerics.level_quadrature.draws import draw_effects
from bayesmix.parallel import in_parallel

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

_DRAWS_AT_ONCE = 128


@dataclass(frozen=True)
class CountsEffects:
    """All that the effects depend on: the model, `theta` (n_total, n) of each draw, and the seed."""

    model: Counts
    theta: Floats
    seed: int

    def effects(self, number: int, levels: Positions, *, cores: int = 1) -> Floats:
        """Effects (n_total, n_levels, 1) of some `levels` of the one term."""
        buffer = self.model.plain_buffer(1.0)
        own = np.ascontiguousarray(levels, dtype=np.int64)
        drawn = np.empty((len(self.theta), len(own)))

        def work(part: slice) -> None:
            draw_effects(buffer, self.theta[part], part.start, own, self.seed, drawn[part])

        in_parallel(work, list(stretches(len(self.theta), _DRAWS_AT_ONCE)), cores=cores)
        return drawn[:, :, None]


def counts_effects_of(fit: "Fit") -> CountsEffects:
    """What the effects depend on, out of the posterior and the seed that it was drawn with."""
    theta = fit.posterior["unconstrained_posterior"]["theta"].transpose("chain", "draw", ...).to_numpy()
    theta = np.ascontiguousarray(theta.reshape(-1, theta.shape[-1]))
    return CountsEffects(integrate_effects(fit.model), theta, fit.sampling.seed)
