"""R-hat and effective sample sizes of many parameters, by arviz-stats."""

from dataclasses import dataclass

import numpy as np
from arviz_stats.base import array_stats
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TAIL = (0.05, 0.95)
"""The quantiles whose effective sizes make the tail one; ArviZ takes its own from a global setting."""

_FEWEST_DRAWS = 8  # of a chain: the estimators need four in each half


@dataclass(frozen=True)
class Convergence:
    """How well the draws of each parameter represent the posterior.

    `rhat` (n_parameters,): rank-normalised split R-hat, nan for a single chain. `ess_bulk`, `ess_tail`
    (n_parameters,): effective sample sizes of the bulk and of the 5 % and 95 % quantiles. All are nan for draws
    that do not vary or are not finite.
    """

    rhat: Floats
    ess_bulk: Floats
    ess_tail: Floats


def convergence(draws: Floats) -> Convergence:
    """R-hat, bulk and tail effective sample size; some 2.5 ms a parameter with 4 x 1000 draws.

    Parameters
    ----------
    draws
        Shape (n_parameters, n_chains, n_draws).

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter & Buerkner (2021), doi:10.1214/20-BA1221
    """
    n_parameters, n_chains, n_draws = draws.shape
    rhat, bulk, tail = (np.full(n_parameters, np.nan) for _ in range(3))
    usable = np.isfinite(draws).all(axis=(1, 2)) & (np.ptp(draws, axis=(1, 2)) > 0)
    if n_draws >= _FEWEST_DRAWS and usable.any():
        good = draws[usable]
        # Chains that each stand still at another value have no variance within: R-hat is infinite.
        with np.errstate(divide="ignore", invalid="ignore"):
            if n_chains > 1:
                rhat[usable] = array_stats.rhat(good, chain_axis=1, draw_axis=2)
            bulk[usable] = array_stats.ess(good, chain_axis=1, draw_axis=2, method="bulk")
            tail[usable] = array_stats.ess(good, chain_axis=1, draw_axis=2, method="tail", prob=TAIL)
    return Convergence(rhat, bulk, tail)
