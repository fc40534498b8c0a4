"""Log density of counts given the linear predictor, with the derivatives that Laplace's approximation needs.

The weight mu'(eta)^2 / V(mu) would be 0 / 0 far out. Here every derivative has a form that keeps its digits there:
separated data lead the search to just such places.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln

from bayesmix.arrays import Floats
from bayesmix.numerics.links import LINKS
from bayesmix.numerics.row_distribution.counts import log_choose
from bayesmix.numerics.row_distribution.parts import log_probabilities

_HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)
_SMALL = 1e-4


@dataclass(frozen=True)
class RowTerms:
    """`log_density` of every row without its constant, its derivative `score` by eta, minus its second derivative
    `observed`, the expectation `expected` of that, and its derivative `expected_slope`; each (n_obs,).

    With the links logit and log, `observed` and `expected` are the same array.
    """

    log_density: Floats
    score: Floats
    observed: Floats
    expected: Floats
    expected_slope: Floats


@dataclass(frozen=True)
class CountLikelihood:
    """A distribution of counts with its link.

    `terms` is a function of eta, y and the trials (1 for Bernoulli; not used by Poisson), all (n_obs,). `log_constant`,
    of y and the trials, is the sum over rows of the terms of the log density without eta. `near`, of the same, is an
    eta near the data, half a count away from none and all.
    """

    terms: Callable[[Floats, Floats, Floats], RowTerms]
    log_constant: Callable[[Floats, Floats], float]
    near: Callable[[Floats, Floats], Floats]


def _logit(eta: Floats, successes: Floats, trials: Floats) -> RowTerms:
    failures = trials - successes
    log_up, log_down = log_probabilities("logit", eta)
    up, down = expit(eta), expit(-eta)
    weight = trials * up * down
    return RowTerms(
        successes * log_up + failures * log_down,
        successes * down - failures * up,
        weight,
        weight,
        weight * (down - up),
    )


def _probit(eta: Floats, successes: Floats, trials: Floats) -> RowTerms:
    failures = trials - successes
    log_up, log_down = log_probabilities("probit", eta)
    log_density = -0.5 * eta * eta - _HALF_LOG_2PI
    # phi / Phi on both sides; d up / d eta = -up (eta + up), d down / d eta = down (down - eta)
    up, down = np.exp(log_density - log_up), np.exp(log_density - log_down)
    expected = trials * up * down
    return RowTerms(
        successes * log_up + failures * log_down,
        successes * up - failures * down,
        successes * up * (eta + up) + failures * down * (down - eta),
        expected,
        expected * (down - up - 2 * eta),
    )


def _complementary_log_log(eta: Floats, successes: Floats, trials: Floats) -> RowTerms:
    failures = trials - successes
    log_up, log_down = log_probabilities("cloglog", eta)
    rate = -log_down
    ratio = np.where(rate < _SMALL, 1 - rate / 2 + rate**2 / 12, rate / np.expm1(np.maximum(rate, _SMALL)))
    # d ratio / d eta = -ratio (rate + ratio - 1)
    excess = np.where(rate < _SMALL, rate / 2 + rate**2 / 12, rate + ratio - 1)
    expected = trials * rate * ratio
    return RowTerms(
        successes * log_up + failures * log_down,
        successes * ratio - failures * rate,
        successes * ratio * excess + failures * rate,
        expected,
        expected * (1 - excess),
    )


def _poisson_log(eta: Floats, counts: Floats, _: Floats) -> RowTerms:
    mean = np.exp(eta)
    return RowTerms(counts * eta - mean, counts - mean, mean, mean, mean)


def log_of_factorials(y: Floats) -> float:
    """Minus the sum of log y!."""
    return -float(gammaln(y + 1).sum())


def log_of_choices(y: Floats, trials: Floats) -> float:
    """The sum of the logarithms of the binomial coefficients."""
    return float(log_choose(trials, y).sum())


def _binomial(link: str, terms: Callable[[Floats, Floats, Floats], RowTerms]) -> CountLikelihood:
    return CountLikelihood(terms, log_of_choices, lambda y, trials: LINKS[link].link((y + 0.5) / (trials + 1)))


BINOMIAL = {
    link: _binomial(link, terms)
    for link, terms in {"logit": _logit, "probit": _probit, "cloglog": _complementary_log_log}.items()
}
POISSON = {
    "log": CountLikelihood(_poisson_log, lambda y, _: log_of_factorials(y), lambda y, _: LINKS["log"].link(y + 0.5))
}
"""By link."""
