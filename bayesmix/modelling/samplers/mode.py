"""The mode of the parameters that are left when the others are integrated out, where both samplers begin."""

from collections.abc import Callable

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import SamplingError
from bayesmix.numerics.mode import Mode, find_mode
from bayesmix.parallel import one_blas_thread

type LogPosterior = Callable[[Floats, Floats, Floats], float]
"""A compiled density: it reads a buffer, takes a point (n,) and fills a gradient (n,)."""


def with_gradient(log_posterior: LogPosterior, buffer: Floats) -> Callable[[Floats], tuple[float, Floats]]:
    """The log density and its gradient at a point; -inf and 0 where one of them is not finite."""

    def log_density(theta: Floats) -> tuple[float, Floats]:
        gradient = np.empty(len(theta))
        value = log_posterior(buffer, np.ascontiguousarray(theta), gradient)
        if not (np.isfinite(value) and np.isfinite(gradient).all()):
            return -np.inf, np.zeros(len(theta))
        return float(value), gradient

    return log_density


def climb(
    log_posterior: LogPosterior,
    buffer: Floats,
    start: Floats,
    spread: Floats,
    rounding: Callable[[Floats], float] | None = None,
) -> Mode:
    """The mode of a compiled density; `rounding` as `find_mode` takes it.

    Raises
    ------
    SamplingError
        The density is not finite where the search starts.
    """
    log_density = with_gradient(log_posterior, buffer)
    with one_blas_thread():
        if not np.isfinite(log_density(start)[0]):
            raise SamplingError(
                "Sampling could not start: the model's log density is not finite at the starting point. "
                "Check that the priors leave room for the data."
            )
        return find_mode(log_density, start, spread, rounding)
