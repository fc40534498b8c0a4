"""The mode of the parameters that are left when the rest is integrated out: where both samplers begin."""

from collections.abc import Callable

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import SamplingError
from bayesmix.numerics.mode import Mode, find_mode
from bayesmix.parallel import one_blas_thread


def climb(
    log_posterior: Callable[[Floats, Floats, Floats], float],
    buffer: Floats,
    start: Floats,
    spread: Floats,
    rounding: Callable[[Floats], float] | None = None,
) -> Mode:
    """The mode of a compiled density, which reads `buffer`, takes a point (n,), and fills a gradient (n,).

    `rounding` as `find_mode` takes it.

    Raises
    ------
    SamplingError
        The density is not finite where the search starts.
    """
    n = len(start)

    def log_density(theta: Floats) -> tuple[float, Floats]:
        gradient = np.empty(n)
        value = log_posterior(buffer, np.ascontiguousarray(theta), gradient)
        if not (np.isfinite(value) and np.isfinite(gradient).all()):
            return -np.inf, np.zeros(n)
        return value, gradient

    with one_blas_thread():
        if not np.isfinite(log_density(start)[0]):
            raise SamplingError(
                "Sampling could not start: the model's log density is not finite at the starting point. "
                "Check that the priors leave room for the data."
            )
        return find_mode(log_density, start, spread, rounding)
