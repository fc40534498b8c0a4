"""The density of a prior and its interval, to draw them beside the posterior."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.optimize import brentq
from scipy.special import betaln, gammaln, xlog1py, xlogy

from bayesmix.modelling.priors import Prior

Floats = NDArray[np.float64]


def log_prior_density(prior: Prior, x: ArrayLike, *, k: int = 2, sigma: ArrayLike = 1.0) -> Floats:
    """Log density of `prior` at each `x`, of the shape of `x`; -inf outside its support.

    Parameters
    ----------
    prior
        For ``LKJ`` the density is that of one correlation, which is Beta-shaped on (-1, 1).
    x
        Where the density is wanted, in the unit of the parameter.
    k
        Columns of the correlated term; only ``LKJ`` depends on it.
    sigma
        The residual sd; only priors relative to it depend on it. It broadcasts against `x`.

    References
    ----------
    Lewandowski, Kurowicka & Joe (2009), doi:10.1016/j.jmva.2009.04.008, for the margin of ``LKJ``.
    """
    x = np.asarray(x, dtype=float)
    if prior.name == "LKJ":
        return _correlation(x, prior.args[0] - 1 + k / 2)
    if prior.of_sigma:
        return _LOG_DENSITY[prior.name](x / sigma, *prior.args) - np.log(sigma)
    return _LOG_DENSITY[prior.name](x, *prior.args)


def prior_density(prior: Prior, x: ArrayLike, *, k: int = 2, sigma: ArrayLike = 1.0) -> Floats:
    """Density of `prior` at each `x`; see `log_prior_density`."""
    return np.exp(log_prior_density(prior, x, k=k, sigma=sigma))


def averaged_prior_density(prior: Prior, x: Floats, of_sigma: Prior) -> Floats:
    """Density at `x` (n,) of a prior relative to sigma, with sigma averaged over its own prior."""
    sigma, weights = grid_of(of_sigma)
    return np.array([weights @ prior_density(prior, value, sigma=sigma) for value in x])


def grid_of(prior: Prior) -> tuple[Floats, Floats]:
    """Values of a standard deviation and weights, both (n,), whose sums are expectations under its prior.

    The trapezoidal rule over the logarithm about the prior's scale, +- 14: what is left out has a probability below
    1e-6 where the density at 0 is finite. Between the edges of a uniform prior Gauss-Legendre.
    """
    if prior.name == "Uniform":
        lower, upper = prior.args
        nodes, weights = np.polynomial.legendre.leggauss(200)
        return lower + (upper - lower) * (nodes + 1) / 2, weights / 2
    values = _size(prior) * np.exp(np.linspace(-14, 14, 1121))
    weights = prior_density(prior, values) * values
    return values, weights / weights.sum()


def prior_probability_below(prior: Prior, x: Floats) -> Floats:
    """P(sd < x) at each `x` (n,), of a prior relative to sigma P(sd / sigma < x)."""
    return np.asarray(_DISTRIBUTIONS[prior.name](*prior.args).below(np.asarray(x, dtype=float)))


def prior_interval(prior: Prior, prob: float, *, k: int = 2, of_sigma: Prior | None = None) -> tuple[float, float]:
    """The equal-tailed interval of probability `prob` of a standard deviation's prior, or of a correlation's.

    `k` as for `log_prior_density`. Of a prior relative to sigma the interval is that of the standard deviation, with
    sigma averaged over its own prior, `of_sigma`.
    """
    tails = np.array([(1 - prob) / 2, (1 + prob) / 2])
    if prior.name == "LKJ":
        shape = prior.args[0] - 1 + k / 2
        lower, upper = 2 * stats.beta(shape, shape).ppf(tails) - 1
        return float(lower), float(upper)
    if prior.of_sigma and of_sigma is not None:
        return _averaged_quantile(prior, of_sigma, tails[0]), _averaged_quantile(prior, of_sigma, tails[1])
    lower, upper = _DISTRIBUTIONS[prior.name](*prior.args).quantile(tails)
    return float(lower), float(upper)


def _averaged_quantile(prior: Prior, of_sigma: Prior, probability: float) -> float:
    """Of a prior relative to sigma, with sigma averaged over its own prior: where P(sd < x) is `probability`."""
    sigma, weights = grid_of(of_sigma)

    def excess(log_x: float) -> float:
        return float(weights @ prior_probability_below(prior, np.exp(log_x) / sigma)) - probability

    size = _size(prior)
    return float(np.exp(brentq(excess, np.log(size * sigma[0]), np.log(size * sigma[-1]))))


def prior_probability_of_ratio_below(prior: Prior, of_sigma: Prior, bound: float) -> float:
    """P(sd < bound sigma) under the priors of both.

    With F and G their distribution functions the integral of F(bound G^-1(u)) over u from 0 to 1: by Gauss-Legendre
    between the points where `bound` sigma enters and leaves the range of the sd.
    """
    if prior.of_sigma:
        return float(prior_probability_below(prior, np.array([bound]))[0])
    sigma = _DISTRIBUTIONS[of_sigma.name](*of_sigma.args)
    edges = np.array(prior.args if prior.name == "Uniform" else [])
    cuts = np.concatenate([[0.0], sigma.below(edges / bound), [1.0]])
    nodes, weights = np.polynomial.legendre.leggauss(200)
    total = 0.0
    for start, stop in pairwise(cuts):
        u = start + (stop - start) * (nodes + 1) / 2
        total += (stop - start) / 2 * float(weights @ prior_probability_below(prior, bound * sigma.quantile(u)))
    return total


@dataclass(frozen=True)
class _Distribution:
    """`below`: the distribution function, `quantile` its inverse."""

    below: Callable[[Floats], Floats]
    quantile: Callable[[Floats], Floats]


def _half_distribution(whole: Any) -> _Distribution:
    """Of the absolute value of what is symmetric about 0."""
    return _Distribution(
        lambda x: np.where(x > 0, 1 - 2 * whole.sf(x), 0.0),
        lambda u: whole.isf((1 - u) / 2),
    )


def _known(frozen: Any) -> _Distribution:
    return _Distribution(frozen.cdf, frozen.ppf)


_DISTRIBUTIONS: dict[str, Callable[..., _Distribution]] = {
    "HalfNormal": lambda sigma: _half_distribution(stats.norm(0, sigma)),
    "HalfStudentT": lambda nu, sigma: _half_distribution(stats.t(nu, 0, sigma)),
    "HalfCauchy": lambda beta: _half_distribution(stats.cauchy(0, beta)),
    "ScaleFree": lambda r: _half_distribution(stats.cauchy(0, r)),
    "Exponential": lambda rate: _known(stats.expon(scale=1 / rate)),
    "Gamma": lambda shape, rate: _known(stats.gamma(shape, scale=1 / rate)),
    "InverseGamma": lambda shape, scale: _known(stats.invgamma(shape, scale=scale)),
    "LogNormal": lambda mu, sigma: _known(stats.lognorm(sigma, scale=np.exp(mu))),
    "Uniform": lambda lower, upper: _known(stats.uniform(lower, upper - lower)),
}


def _size(prior: Prior) -> float:
    """About where the prior of a standard deviation lies."""
    if prior.name == "LogNormal":
        return float(np.exp(prior.args[0]))
    if prior.name == "Exponential":
        return 1 / prior.args[0]
    if prior.name in ("Gamma", "InverseGamma"):
        ratio = prior.args[0] / prior.args[1]
        return ratio if prior.name == "Gamma" else 1 / ratio
    return prior.args[-1]


def _normal(x: Floats, mu: float, sigma: float) -> Floats:
    return -0.5 * ((x - mu) / sigma) ** 2 - np.log(sigma) - 0.5 * np.log(2 * np.pi)


def _student_t(x: Floats, nu: float, mu: float, sigma: float) -> Floats:
    constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi) - np.log(sigma)
    return constant - (nu + 1) / 2 * np.log1p(((x - mu) / sigma) ** 2 / nu)


def _cauchy(x: Floats, mu: float, sigma: float) -> Floats:
    return _student_t(x, 1.0, mu, sigma)


def _laplace(x: Floats, mu: float, b: float) -> Floats:
    return -np.abs(x - mu) / b - np.log(2 * b)


def _gamma(x: Floats, shape: float, rate: float) -> Floats:
    inside = np.where(x >= 0, x, 0.0)
    log_density = shape * np.log(rate) - gammaln(shape) + xlogy(shape - 1, inside) - rate * inside
    return np.where(x >= 0, log_density, -np.inf)


def _exponential(x: Floats, rate: float) -> Floats:
    return _gamma(x, 1.0, rate)


def _inverse_gamma(x: Floats, shape: float, scale: float) -> Floats:
    inside = np.where(x > 0, x, 1.0)
    log_density = shape * np.log(scale) - gammaln(shape) - (shape + 1) * np.log(inside) - scale / inside
    return np.where(x > 0, log_density, -np.inf)


def _log_normal(x: Floats, mu: float, sigma: float) -> Floats:
    log_x = np.log(np.where(x > 0, x, 1.0))
    return np.where(x > 0, _normal(log_x, mu, sigma) - log_x, -np.inf)


def _beta(x: Floats, alpha: float, beta: float) -> Floats:
    inside = np.where((x >= 0) & (x <= 1), x, 0.5)
    log_density = xlogy(alpha - 1, inside) + xlog1py(beta - 1, -inside) - betaln(alpha, beta)
    return np.where((x >= 0) & (x <= 1), log_density, -np.inf)


def _uniform(x: Floats, lower: float, upper: float) -> Floats:
    return np.where((x >= lower) & (x <= upper), -np.log(upper - lower), -np.inf)


def _correlation(x: Floats, shape: float) -> Floats:
    inside = np.where(np.abs(x) <= 1, x, 0.0)
    constant = -betaln(shape, shape) - (2 * shape - 1) * np.log(2)
    log_density = constant + xlog1py(shape - 1, -inside) + xlog1py(shape - 1, inside)
    return np.where(np.abs(x) <= 1, log_density, -np.inf)


def _half(log_density: Callable[..., Floats], location: int) -> Callable[..., Floats]:
    """The positive half of a density symmetric about 0; its location is argument number `location`."""

    def folded(x: Floats, *args: float) -> Floats:
        whole = (*args[:location], 0.0, *args[location:])
        return np.where(x >= 0, np.log(2) + log_density(x, *whole), -np.inf)

    return folded


_LOG_DENSITY: dict[str, Callable[..., Floats]] = {
    "Flat": np.zeros_like,  # improper: the same everywhere, and no integral
    "Normal": _normal,
    "StudentT": _student_t,
    "Cauchy": _cauchy,
    "Laplace": _laplace,
    "HalfNormal": _half(_normal, 0),
    "HalfStudentT": _half(_student_t, 1),
    "HalfCauchy": _half(_cauchy, 0),
    "ScaleFree": _half(_cauchy, 0),  # of the ratio
    "Exponential": _exponential,
    "Gamma": _gamma,
    "InverseGamma": _inverse_gamma,
    "LogNormal": _log_normal,
    "Uniform": _uniform,
    "Beta": _beta,
}
