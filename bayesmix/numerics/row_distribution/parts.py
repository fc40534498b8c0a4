"""The interface of the distributions of rows, and the parameters that they depend on.

Everything broadcasts: y is (n_rows, 1), the linear predictor eta (n_rows, n_draws). Log densities and tails are
computed from eta, not from the mean, so that a probability near 1 keeps its distance from 1: separated data lead the
draws to just such places.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.special import log_expit, log_ndtr, ndtri

from bayesmix.arrays import Floats
from bayesmix.numerics.links import LINKS

_LARGEST = 700.0  # exp of more would overflow
_SMALL = 1e-8
_SMALLEST = 1e-300  # smaller tail probabilities are all taken as this one


class Parameters(Protocol):
    """Parameters of a row's distribution by name, arrays that broadcast against one another.

    `mu` is what the formula describes, on the response's scale: a probability, a mean, or for lognormal families the
    mean of the log. Beside it stand the family's own parameters, `weights` and `trials`, which are 1 where there are
    none. Families of categories have their `probabilities` instead, (n_rows, n_categories, n_draws).
    """

    def __getitem__(self, name: str, /) -> Floats: ...


HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)

Moment = Callable[[Parameters], Floats]


@dataclass(frozen=True)
class Predicted:
    """Linear predictor `eta` of rows, its `link`, and the `other` parameters by name.

    Here `trials` is 0 where nothing was tried.
    """

    eta: Floats
    link: str
    other: Mapping[str, Floats]

    def __getitem__(self, name: str, /) -> Floats:
        return self.mu if name == "mu" else self.other[name]

    @property
    def mu(self) -> Floats:
        """`eta` on the response's scale."""
        return LINKS[self.link].inverse(self.eta)


@dataclass(frozen=True)
class Tails:
    """P(Y < y), P(Y = y) and P(Y > y); each keeps its digits when it is small."""

    below: Floats
    at: Floats
    above: Floats


@dataclass(frozen=True)
class LogTails:
    """log P(Y < y) and log P(Y > y), exact however far out y lies."""

    below: Floats
    above: Floats


@dataclass(frozen=True)
class OrderedCategories:
    """What F(t_k - eta), the inverse link of a threshold less the linear predictor, is the probability of.

    `probabilities` turns these shares (n_rows, n_categories - 1, n_draws) into the probabilities of the categories.
    `shares` goes back: from the probabilities of each category, of k and those below, and of those above k, to the
    shares and their complements; it takes variables of a PyMC model, too.
    """

    probabilities: Callable[[Floats], Floats]
    shares: Callable[[Any, Any, Any], tuple[Any, Any]]


def continuous_tails(below: Floats, above: Floats) -> Tails:
    """The tails where no value has a probability of its own."""
    return Tails(below, np.zeros_like(below), above)


def mu_of(q: Parameters) -> Floats:
    """The mean, where the formula describes it."""
    return q["mu"]


@dataclass(frozen=True)
class RowDistribution:
    """The distribution of one observation.

    Attributes
    ----------
    log_density, tails
        Of y: log density or log probability, and the probabilities on both sides. For counts out of trials y is the
        number of successes.
    draw
        New values, of the shape of eta.
    mean, variance
        Of an observation; for counts out of trials, of the proportion; for ordered categories, of their numbers.
    standardised
        The normal quantile of F(y), where it has a closed form.
    probabilities
        Of the categories, (n_rows, n_categories, n_draws), where the response is one of several; its mean and variance
        read them under this name.
    ordered_categories
        What the thresholds of ordered categories mean.
    log_tails
        Logarithms of the tails, where they have a closed form: y may be censored.
    """

    log_density: Callable[[Floats, Predicted], Floats]
    tails: Callable[[Floats, Predicted], Tails]
    draw: Callable[[np.random.Generator, Predicted], Floats]
    variance: Moment
    mean: Moment = mu_of
    standardised: Callable[[Floats, Predicted], Floats] | None = None
    probabilities: Callable[[Predicted], Floats] | None = None
    ordered_categories: OrderedCategories | None = None
    log_tails: Callable[[Floats, Predicted], LogTails] | None = None


def quantile_residual(distribution: RowDistribution, y: Floats, q: Predicted, u: Floats) -> Floats:
    """The normal quantile of P(Y < y) + u P(Y = y), taken from the smaller tail; `u` lies between 0 and 1.

    Under the model it is standard normal if u is uniform. Dunn & Smyth (1996), doi:10.1080/10618600.1996.10474708.
    """
    if distribution.standardised is not None:
        return distribution.standardised(y, q)
    return within(distribution.tails(y, q), u)


def within(tails: Tails, u: Floats) -> Floats:
    """The normal quantile of `below` + u `at`, from the smaller side."""
    lower, upper = tails.below + u * tails.at, tails.above + (1 - u) * tails.at
    return np.where(lower < upper, ndtri(np.maximum(lower, _SMALLEST)), -ndtri(np.maximum(upper, _SMALLEST)))


def log_probabilities(link: str, eta: Floats) -> tuple[Floats, Floats]:
    """Logarithms of the probability that `eta` stands for and of its complement."""
    if link == "logit":
        return log_expit(eta), log_expit(-eta)
    if link == "probit":
        return log_ndtr(eta), log_ndtr(-eta)
    rate = np.exp(np.minimum(eta, _LARGEST))
    # log(1 - exp(-rate)); for a small rate that is log(rate)
    log_up = np.where(rate < _SMALL, eta, np.log(-np.expm1(-np.maximum(rate, _SMALL))))
    return log_up, -rate


def times(count: Floats, log_probability: Floats) -> Floats:
    """count x log probability; 0 where the count is 0, whatever the probability."""
    with np.errstate(invalid="ignore"):
        return np.where(count == 0, 0.0, count * log_probability)
