"""log p(y | L, sigma) with beta and every group effect integrated out, and its gradient."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.gaussian.arrangement import Arrangement
from bayesmix.numerics.gaussian.coefficient_prior import CoefficientPrior, working_prior
from bayesmix.numerics.gaussian.cross_products import CrossProducts
from bayesmix.numerics.gaussian.gradient import value, value_and_gradient


@dataclass(frozen=True)
class Evaluation:
    """`log_density`; `gradient_L`, for every term a lower triangle (k, k); `gradient_log_sigma`, with L held."""

    log_density: float
    gradient_L: tuple[Floats, ...]  # noqa: N815
    gradient_log_sigma: float


def pack(L: tuple[Floats, ...], sigma: float) -> Floats:
    """Lower triangles of every L_t, row after row, then log sigma: what the compiled functions take."""
    triangles = [np.asarray(factor, dtype=float)[np.tril_indices(len(factor))] for factor in L]
    return np.concatenate([*triangles, [np.log(sigma)]])


def unpack(arrangement: Arrangement, packed: Floats) -> tuple[Floats, ...]:
    """Lower triangles (k, k) of every term, from the packed form."""
    factors, start = [], 0
    for place in arrangement.places:
        stop = start + place.k * (place.k + 1) // 2
        factor = np.zeros((place.k, place.k))
        factor[np.tril_indices(place.k)] = packed[start:stop]
        factors.append(factor)
        start = stop
    return tuple(factors)


def log_density(
    *, products: CrossProducts, L: tuple[Floats, ...], sigma: float, prior: CoefficientPrior | None = None
) -> float:
    """log p(y | L, sigma), beta and b integrated out.

    Parameters
    ----------
    products
        The data, from `cross_products`.
    L
        For every term, in the order they were given, the lower triangular factor (k, k) of its effects' covariance;
        0 is allowed.
    sigma
        Residual standard deviation at weight 1, > 0.
    prior
        Prior of beta; None is flat: the value is then -1/2 times lme4's REML criterion.

    Returns
    -------
    float

    Notes
    -----
    Finite for sds from 0 to 1e8 sigma. With one grouping factor all digits are kept there; with crossed factors that
    are both that large, the density loses them.

    References
    ----------
    Bates, Mächler, Bolker & Walker (2015), doi:10.18637/jss.v067.i01
    """
    return value(products.arrays, working_prior(products, prior), pack(L, sigma))


def log_density_and_gradient(
    *, products: CrossProducts, L: tuple[Floats, ...], sigma: float, prior: CoefficientPrior | None = None
) -> Evaluation:
    """`log_density` with its derivatives by every L_t and log sigma; parameters as there."""
    packed = pack(L, sigma)
    gradient = np.empty_like(packed)
    found = value_and_gradient(products.arrays, working_prior(products, prior), packed, gradient)
    return Evaluation(found, unpack(products.arrangement, gradient[:-1]), float(gradient[-1]))
