"""The mode of the parameters that are left when the rest is integrated out: where both samplers begin."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bayesmix.errors import SamplingError
from bayesmix.modelling.marginal import Marginal
from bayesmix.modelling.parallel import one_blas_thread
from bayesmix.numerics.mode import Mode, find_mode
from bayesmix.numerics.variance_posterior import log_posterior_at

Floats = NDArray[np.float64]


_UNUSABLE = -1e300


def mode_of(model: Marginal) -> Mode:
    """The mode of the variance parameters' posterior, on the whole line."""
    return climb(log_posterior_at, model.plain_buffer(), model.start, model.spread)


def climb(
    log_posterior: Callable[[Floats, Floats, Floats], float], buffer: Floats, start: Floats, spread: Floats
) -> Mode:
    """The mode of a compiled density, which reads `buffer`, takes a point (n,), and fills a gradient (n,).

    Raises
    ------
    SamplingError
        No point was found where the density is finite.
    """
    n = len(start)

    def log_density(theta: Floats) -> tuple[float, Floats]:
        gradient = np.empty(n)
        value = log_posterior(buffer, np.ascontiguousarray(theta), gradient)
        if not (np.isfinite(value) and np.isfinite(gradient).all()):
            return _UNUSABLE, np.zeros(n)
        return value, gradient

    with one_blas_thread():
        mode = find_mode(log_density, start, spread)
    if mode.log_density <= _UNUSABLE:
        raise SamplingError(
            "Sampling could not start: the model's log density is not finite at any starting point. "
            "Check that the priors leave room for the data."
        )
    return mode
