"""Mean and variance of one observation given the parameters of its distribution, by family.

Every function takes the parameters by name, arrays that broadcast against one another: `mu` is what the formula is of,
on the response's scale (a probability, a mean; of lognormal families the mean of the log), then the family's own;
`weights` and `trials` where there are none are 1. Counts out of trials are meant as proportions. Ordinal families take
the `probabilities` of the categories instead, (n_rows, n_categories, n_draws), and have the moments of their numbers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.ordinal import mean_number, variance_of_number

Parameters = Mapping[str, Floats]
Moment = Callable[[Parameters], Floats]


@dataclass(frozen=True)
class Moments:
    """`mean` and `variance` of an observation, each a function of the parameters."""

    mean: Moment
    variance: Moment


def _mu(q: Parameters) -> Floats:
    return q["mu"]


def _gaussian(q: Parameters) -> Floats:
    """sigma^2 / weight."""
    return np.broadcast_to(q["sigma"] ** 2 / q["weights"], q["mu"].shape)


def _bernoulli(q: Parameters) -> Floats:
    return q["mu"] * (1 - q["mu"])


def _binomial(q: Parameters) -> Floats:
    """p (1 - p) / n, the variance of a proportion out of n."""
    return q["mu"] * (1 - q["mu"]) / q["trials"]


def _beta_binomial(q: Parameters) -> Floats:
    """That of a binomial proportion times (n + phi) / (1 + phi)."""
    return _binomial(q) * (q["trials"] + q["phi"]) / (1 + q["phi"])


def _negative_binomial(q: Parameters) -> Floats:
    return q["mu"] + q["mu"] ** 2 / q["shape"]


def _student_t(q: Parameters) -> Floats:
    """sigma^2 / weight times nu / (nu - 2); not finite up to 2 degrees of freedom."""
    with np.errstate(divide="ignore"):
        factor = np.where(q["nu"] > 2, q["nu"] / np.abs(q["nu"] - 2), np.inf)
    return _gaussian(q) * factor


def _lognormal_mean(q: Parameters) -> Floats:
    return np.exp(q["mu"] + q["sigma"] ** 2 / 2)


def _lognormal(q: Parameters) -> Floats:
    return np.expm1(q["sigma"] ** 2) * _lognormal_mean(q) ** 2


def _gamma(q: Parameters) -> Floats:
    return q["mu"] ** 2 / q["shape"]


def _beta(q: Parameters) -> Floats:
    return _bernoulli(q) / (1 + q["phi"])


def _always(q: Parameters) -> Floats:
    return np.ones_like(q["mu"])


def _poisson_above_zero(q: Parameters) -> Floats:
    return -np.expm1(-q["mu"])


def _negative_binomial_above_zero(q: Parameters) -> Floats:
    return -np.expm1(-q["shape"] * np.log1p(q["mu"] / q["shape"]))


def _inflated(mean: Moment, variance: Moment) -> Moments:
    """With probability zi a zero: E y^2 is (1 - zi) times that without the inflation."""

    def of_mixture(q: Parameters) -> Floats:
        return (1 - q["zi"]) * (variance(q) + q["zi"] * mean(q) ** 2)

    return Moments(lambda q: (1 - q["zi"]) * mean(q), of_mixture)


def _hurdle(mean: Moment, variance: Moment, above_zero: Moment) -> Moments:
    """With probability hu a zero, else what is not 0 of a distribution that is not 0 with probability `above_zero`.

    What is not 0 has the moments E y and E y^2 of the whole, divided by that probability.
    """

    def share(q: Parameters) -> Floats:
        return (1 - q["hu"]) / above_zero(q)

    def whole_mean(q: Parameters) -> Floats:
        return share(q) * mean(q)

    def whole_variance(q: Parameters) -> Floats:
        return share(q) * (variance(q) + mean(q) ** 2) - whole_mean(q) ** 2

    return Moments(whole_mean, whole_variance)


def _category_mean(q: Parameters) -> Floats:
    return mean_number(q["probabilities"])


def _category(q: Parameters) -> Floats:
    return variance_of_number(q["probabilities"])


GAUSSIAN = Moments(_mu, _gaussian)
STUDENT_T = Moments(_mu, _student_t)
LOGNORMAL = Moments(_lognormal_mean, _lognormal)
GAMMA = Moments(_mu, _gamma)
BETA = Moments(_mu, _beta)
BERNOULLI = Moments(_mu, _bernoulli)
BINOMIAL = Moments(_mu, _binomial)
BETA_BINOMIAL = Moments(_mu, _beta_binomial)
POISSON = Moments(_mu, _mu)
NEGATIVE_BINOMIAL = Moments(_mu, _negative_binomial)
ORDERED_CATEGORIES = Moments(_category_mean, _category)
ZERO_INFLATED_BINOMIAL = _inflated(_mu, _binomial)
ZERO_INFLATED_POISSON = _inflated(_mu, _mu)
ZERO_INFLATED_NEGATIVE_BINOMIAL = _inflated(_mu, _negative_binomial)
HURDLE_POISSON = _hurdle(_mu, _mu, _poisson_above_zero)
HURDLE_NEGATIVE_BINOMIAL = _hurdle(_mu, _negative_binomial, _negative_binomial_above_zero)
HURDLE_GAMMA = _hurdle(_mu, _gamma, _always)
HURDLE_LOGNORMAL = _hurdle(_lognormal_mean, _lognormal, _always)
