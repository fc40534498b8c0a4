"""Chains of NUTS of one locus, in one compiled call."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import SamplingError
from bayesmix.loci.engine.settings import LociSettings
from bayesmix.modelling.quadrature.integrated import IntegratedCounts
from bayesmix.numerics.loci.chains import DIVERGENCES, sample_chains
from bayesmix.numerics.mode import Mode

COARSE = 1.5
"""Distance of the nodes relative to the default: an error of some 1e-4 of the log density, far below that of draws."""

_WARM, _WIDTH = 10, 1.5  # transitions of each chain that are dropped, and how far apart chains start


def chains_of_nuts(
    at: IntegratedCounts, mode: Mode, settings: LociSettings, seed: int, *, thin: int
) -> tuple[Floats, int]:
    """The last of every `thin` draws of theta (n_total, n), chain after chain, and the number of divergences.

    Raises
    ------
    SamplingError
        No starting point has a finite density.
    """
    buffer = at.model.buffer(mode.point, mode.scale, COARSE * at.fineness)
    drawn = np.empty((settings.chains, thin * settings.draws, len(mode.point)))
    figures = np.empty((settings.chains, 4))
    if not sample_chains(
        buffer,
        seed,
        settings.tune,
        _WARM,
        settings.target_accept,
        _WIDTH,
        drawn,
        figures,
    ):
        raise SamplingError("Sampling could not start: the log density is not finite about the mode.")
    theta = mode.point + drawn[:, thin - 1 :: thin].reshape(settings.n_draws, -1) @ mode.scale.T
    return at.reported(np.ascontiguousarray(theta)), int(figures[:, DIVERGENCES].sum())
