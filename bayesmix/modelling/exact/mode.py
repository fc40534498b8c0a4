"""The mode of the variance parameters of a Gaussian model, and models that have none."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import SamplingError
from bayesmix.modelling.exact.model import Marginal
from bayesmix.modelling.samplers.mode import climb
from bayesmix.numerics.gaussian.cost import rounding_of
from bayesmix.numerics.mode import Mode
from bayesmix.numerics.variance_posterior import log_posterior_at, packed_factors

_MOST_ROUNDING = 0.3  # of the log density


def mode_of(model: Marginal) -> Mode:
    """The mode of the variance parameters' posterior, on the whole line.

    Raises
    ------
    SamplingError
        As `climb`; sigma has no posterior, or rounding decides it at the mode.
    """
    _refuse_exact_fit(model)
    plain = model.plain_buffer()

    def rounding(theta: Floats) -> float:
        packed = packed_factors(plain, theta[None])[0]
        found = rounding_of(model.products, packed)
        _refuse_rounding(model, float(np.exp(packed[-1])), found)
        return found

    return climb(log_posterior_at, plain, model.start, model.spread, rounding)


def _refuse_exact_fit(model: Marginal) -> None:
    """A residual of 0 with degrees of freedom left: the density of sigma is infinite at 0."""
    products = model.products
    found, degrees = products.residual, products.n_obs - products.residual.rank
    if not (found.is_rounding and degrees > 0):
        return
    by_fixed = found.total <= found.rounding
    what = "The fixed part reproduces" if by_fixed else "Fixed and group effects reproduce"
    raise SamplingError(
        f"{what} the response to the last digit (residual sd {np.sqrt(max(found.left, 0.0) / degrees):.1e} with "
        f"{degrees} degrees of freedom, rounding {np.sqrt(found.rounding / products.n_obs):.1e}): sigma has no "
        "posterior. Is a column made from the response, or the response from the columns?"
    )


def _refuse_rounding(model: Marginal, sigma: float, rounding: float) -> None:
    """At the mode a residual of nought, or one that rounding decides."""
    found, n_obs = model.products.residual, model.products.n_obs
    allowed = np.sqrt(found.rounding / n_obs)
    if sigma <= allowed:
        raise SamplingError(
            f"The residual sd goes to 0 ({sigma:.1e}, rounding {allowed:.1e}): some terms reproduce the response to "
            "the last digit, and sigma has no posterior. Leave terms out, or a column that the response was made from."
        )
    if rounding > _MOST_ROUNDING:
        raise SamplingError(
            f"The residual sd is {sigma:.1e} beside {np.sqrt(found.total / n_obs):.1e} of the response: with crossed "
            f"factors rounding moves the log density by up to {rounding:.1g}, more than {_MOST_ROUNDING:g}. Is the "
            "response made from the groups? Leave one of the crossed terms out."
        )
