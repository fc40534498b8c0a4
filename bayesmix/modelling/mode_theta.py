"""The mode of the variance parameters' posterior: where both samplers begin."""

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
    n = len(model.start)
    plain = model.plain_buffer()

    def log_density(theta: Floats) -> tuple[float, Floats]:
        gradient = np.empty(n)
        value = log_posterior_at(plain, np.ascontiguousarray(theta), gradient)
        if not (np.isfinite(value) and np.isfinite(gradient).all()):
            return _UNUSABLE, np.zeros(n)
        return value, gradient

    with one_blas_thread():
        mode = find_mode(log_density, model.start, model.spread)
    if mode.log_density <= _UNUSABLE:
        raise SamplingError(
            "Sampling could not start: the model's log density is not finite at any starting point. "
            "Check that the priors leave room for the data."
        )
    return mode
