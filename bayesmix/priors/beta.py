"""Distributions of shares and of correlations: beta, Dirichlet, LKJ."""

import numpy as np
import scipy
from scipy.special import betaln, xlog1py, xlogy

from bayesmix.priors.distribution import Argument, Distribution, Floats


def _log_density(x: Floats, alpha: float, beta: float) -> Floats:
    inside = np.where((x >= 0) & (x <= 1), x, 0.5)
    log_density = xlogy(alpha - 1, inside) + xlog1py(beta - 1, -inside) - betaln(alpha, beta)
    return np.where((x >= 0) & (x <= 1), log_density, -np.inf)


def _of_one_correlation(x: Floats, eta: float, *, k: int) -> Floats:
    """Beta-shaped on (-1, 1): Lewandowski, Kurowicka & Joe (2009), doi:10.1016/j.jmva.2009.04.008."""
    shape = eta - 1 + k / 2
    inside = np.where(np.abs(x) <= 1, x, 0.0)
    constant = -betaln(shape, shape) - (2 * shape - 1) * np.log(2)
    log_density = constant + xlog1py(shape - 1, -inside) + xlog1py(shape - 1, inside)
    return np.where(np.abs(x) <= 1, log_density, -np.inf)


BETA_PRIOR = Distribution(
    name="Beta",
    stan="beta",
    arguments=(
        Argument("alpha", "1 + successes seen before", True, "alpha"),
        Argument("beta", "1 + failures seen before", True, "beta"),
    ),
    support="share",
    log_density=_log_density,
    scipy=lambda alpha, beta: scipy.stats.beta(alpha, beta),
)

DIRICHLET_PRIOR = Distribution(
    name="Dirichlet",
    arguments=(Argument("alpha", "1: uniform over the categories' shares", True, ""),),
    support="simplex",
    log_density=None,
    scipy=None,
)

LKJ_PRIOR = Distribution(
    name="LKJ",
    stan="lkj",
    arguments=(Argument("eta", "1: uniform over correlation matrices", True, "eta"),),
    support="correlation",
    log_density=_of_one_correlation,
    scipy=None,
)
