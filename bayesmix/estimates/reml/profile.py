"""Confidence intervals of a REML fit's standard deviations."""

import numpy as np
from numpy.typing import NDArray

from bayesmix.errors import ArgumentError
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.sd_profile import sd_intervals, seconds_for

_MOST_SECONDS = 30.0


def sd_limits(fit: RemlFit, prob: float) -> NDArray[np.float64]:
    """Ends (n_sds, 2) of the profile intervals of every sd, in the order of `varcorr` without its correlations.

    Raises
    ------
    ArgumentError
        The fit is by maximum likelihood, or the intervals would take too long.
    """
    if not fit.reml:
        raise ArgumentError("Profile intervals are for REML fits, and this one is by maximum likelihood.")
    seconds = seconds_for(fit.products)
    if seconds > _MOST_SECONDS:
        raise ArgumentError(f"Profile intervals of this model would take about {seconds:.0f} s.")
    terms = tuple(GroupColumns(term.index, term.columns, term.n_levels) for term in fit.design.random)
    return sd_intervals(products=fit.products, terms=terms, L=fit.L, sigma=fit.sigma, prob=prob)
