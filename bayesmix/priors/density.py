"""Densities, intervals and probabilities of priors."""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.optimize import brentq

from bayesmix.arrays import Floats
from bayesmix.errors import PriorError
from bayesmix.priors.prior import Prior, scipy_form


def log_prior_density(prior: Prior, x: ArrayLike, *, k: int = 2, sigma: ArrayLike = 1.0) -> Floats:
    """Log density of `prior` at each `x`, of the shape of `x`; -inf outside its support.

    Parameters
    ----------
    prior
        For ``LKJ`` the density is that of one correlation, which is Beta-shaped on (-1, 1).
    x
        Values of the parameter.
    k
        Number of columns of the correlated term, for ``LKJ``.
    sigma
        The residual sd, for priors relative to it. It broadcasts against `x`.
    """
    x, log_density = np.asarray(x, dtype=float), prior.distribution.log_density
    if log_density is None:
        raise PriorError(f"{prior} has no density of one number.")
    if prior.distribution.support == "correlation":
        return log_density(x, *prior.args, k=k)
    if prior.of_sigma:
        return log_density(x / sigma, *prior.args) - np.log(sigma)
    return log_density(x, *prior.args)


def prior_density(prior: Prior, x: ArrayLike, *, k: int = 2, sigma: ArrayLike = 1.0) -> Floats:
    """Density of `prior` at each `x`; see `log_prior_density`."""
    return np.exp(log_prior_density(prior, x, k=k, sigma=sigma))


def averaged_prior_density(prior: Prior, x: Floats, of_sigma: Prior) -> Floats:
    """Density at `x` (n,) of a prior relative to sigma, with sigma averaged over its own prior."""
    sigma, weights = grid_of(of_sigma)
    return np.array([weights @ prior_density(prior, value, sigma=sigma) for value in x])


def grid_of(prior: Prior) -> tuple[Floats, Floats]:
    """Values of a standard deviation and weights, both (n,), whose sums are expectations under its prior.

    By the trapezoidal rule over the logarithm within 14 of the prior's scale: if the density at 0 is finite, the rest
    has a probability below 1e-6. For a uniform prior by Gauss-Legendre between its bounds.
    """
    if prior.distribution.size is None:
        lower, upper = prior.args
        nodes, weights = np.polynomial.legendre.leggauss(200)
        return lower + (upper - lower) * (nodes + 1) / 2, weights / 2
    values = prior.distribution.size(*prior.args) * np.exp(np.linspace(-14, 14, 1121))
    weights = prior_density(prior, values) * values
    return values, weights / weights.sum()


def prior_probability_below(prior: Prior, x: Floats) -> Floats:
    """P(sd < x) at each `x` (n,), or P(sd / sigma < x) for a prior relative to sigma."""
    whole, x = scipy_form(prior), np.asarray(x, dtype=float)
    return np.where(x > 0, 1 - 2 * whole.sf(x), 0.0) if prior.distribution.folded else np.asarray(whole.cdf(x))


def prior_interval(prior: Prior, prob: float, *, k: int = 2, of_sigma: Prior | None = None) -> tuple[float, float]:
    """The equal-tailed interval of probability `prob` of a standard deviation's prior, or of a correlation's.

    `k` is that of `log_prior_density`. For a prior relative to sigma the interval is that of the standard deviation,
    with sigma averaged over its own prior, `of_sigma`.
    """
    tails = np.array([(1 - prob) / 2, (1 + prob) / 2])
    if prior.distribution.support == "correlation":
        shape = prior.args[0] - 1 + k / 2
        lower, upper = 2 * stats.beta(shape, shape).ppf(tails) - 1
        return float(lower), float(upper)
    if prior.of_sigma and of_sigma is not None:
        return _averaged_quantile(prior, of_sigma, tails[0]), _averaged_quantile(prior, of_sigma, tails[1])
    lower, upper = _quantile(prior, tails)
    return float(lower), float(upper)


def _averaged_quantile(prior: Prior, of_sigma: Prior, probability: float) -> float:
    """Quantile of a prior relative to sigma, with sigma averaged over its own prior."""
    sigma, weights = grid_of(of_sigma)

    def excess(log_x: float) -> float:
        return float(weights @ prior_probability_below(prior, np.exp(log_x) / sigma)) - probability

    size = prior.distribution.size(*prior.args) if prior.distribution.size else 1.0
    return float(np.exp(brentq(excess, np.log(size * sigma[0]), np.log(size * sigma[-1]))))


def prior_probability_of_ratio_below(prior: Prior, of_sigma: Prior, bound: float) -> float:
    """P(sd < bound sigma) under the priors of both.

    With F and G their distribution functions, this is the integral of F(bound G^-1(u)) over u from 0 to 1, by
    Gauss-Legendre between the points where `bound` sigma enters and leaves the range of the sd.
    """
    if prior.of_sigma:
        return float(prior_probability_below(prior, np.array([bound]))[0])
    edges = np.array(prior.args if prior.distribution.support == "interval" else [])
    cuts = np.concatenate([[0.0], prior_probability_below(of_sigma, edges / bound), [1.0]])
    nodes, weights = np.polynomial.legendre.leggauss(200)
    total = 0.0
    for start, stop in pairwise(cuts):
        u = start + (stop - start) * (nodes + 1) / 2
        total += (stop - start) / 2 * float(weights @ prior_probability_below(prior, bound * _quantile(of_sigma, u)))
    return total


def _quantile(prior: Prior, u: Floats) -> Floats:
    """The inverse of `prior_probability_below`."""
    whole = scipy_form(prior)
    return np.asarray(whole.isf((1 - u) / 2) if prior.distribution.folded else whole.ppf(u))
