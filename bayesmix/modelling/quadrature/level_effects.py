"""Exact draws of the group effects of counts given everything else in a draw, for the levels that are asked for.

Every draw of a level has its own random numbers, so that effects need not be kept: they can be drawn again at any time
and in any order, the same to the last digit.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.modelling.blocks import work_in_stretches
from bayesmix.modelling.quadrature.model import Counts, integrate_effects
from bayesmix.modelling.samplers.chains import theta_of
from bayesmix.numerics.level_quadrature.draws import draw_effects

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

_DRAWS_AT_ONCE = 128


@dataclass(frozen=True)
class CountsEffects:
    """All that the effects depend on: the model, the draws `theta` (n_total, n), and the seed."""

    model: Counts
    theta: Floats
    seed: int

    def effects(self, number: int, levels: Positions, *, cores: int = 1) -> Floats:
        """Effects (n_total, n_levels, 1) of some `levels` of the only term."""
        buffer = self.model.plain_buffer(1.0)
        chosen = np.ascontiguousarray(levels, dtype=np.int64)
        drawn = np.empty((len(self.theta), len(chosen)))

        def work(part: slice) -> None:
            draw_effects(buffer, self.theta[part], part.start, chosen, self.seed, drawn[part])

        work_in_stretches(work, len(self.theta), _DRAWS_AT_ONCE, cores=cores)
        return drawn[:, :, None]


def counts_effects_of(fit: "Fit") -> CountsEffects:
    """What the effects of a fit depend on, read from its posterior and its seed."""
    return CountsEffects(integrate_effects(fit.model), theta_of(fit.posterior), fit.sampling.seed)
