"""Distributions of waiting and reaction times: exponential, Weibull, inverse Gaussian, shifted log-normal."""

import numpy as np
from scipy.special import gammaln, log_ndtr, ndtr

from bayesmix.arrays import Floats
from bayesmix.numerics.row_distribution.continuous import LOGNORMAL
from bayesmix.numerics.row_distribution.parts import (
    HALF_LOG_2PI,
    LogTails,
    Parameters,
    Predicted,
    RowDistribution,
    Tails,
    continuous_tails,
    log_probabilities,
)


def _of_log_hazard(log_hazard: Floats) -> LogTails:
    """The survival function is exp(-hazard), as a complementary log-log link has it."""
    return LogTails(*log_probabilities("cloglog", log_hazard))


def _exponential_log_density(y: Floats, q: Predicted) -> Floats:
    return -q.eta - y * np.exp(-q.eta)


def _exponential_tails(y: Floats, q: Predicted) -> Tails:
    hazard = y * np.exp(-q.eta)
    return continuous_tails(-np.expm1(-hazard), np.exp(-hazard))


def _weibull_log_scale(q: Parameters) -> Floats:
    return np.log(q["mu"]) - gammaln(1 + 1 / q["shape"])


def _weibull_log_hazard(y: Floats, q: Predicted) -> Floats:
    """The logarithm of the cumulative hazard, (y / scale)^shape."""
    return q["shape"] * (np.log(y) - _weibull_log_scale(q))


def _weibull_log_density(y: Floats, q: Predicted) -> Floats:
    log_hazard = _weibull_log_hazard(y, q)
    return np.log(q["shape"]) - np.log(y) + log_hazard - np.exp(log_hazard)


def _weibull_tails(y: Floats, q: Predicted) -> Tails:
    hazard = np.exp(_weibull_log_hazard(y, q))
    return continuous_tails(-np.expm1(-hazard), np.exp(-hazard))


def _weibull_draw(rng: np.random.Generator, q: Predicted) -> Floats:
    return np.exp(_weibull_log_scale(q)) * rng.standard_exponential(q.eta.shape) ** (1 / q["shape"])


def _weibull_variance(q: Parameters) -> Floats:
    of_squares = np.exp(gammaln(1 + 2 / q["shape"]) - 2 * gammaln(1 + 1 / q["shape"]))
    return q["mu"] ** 2 * (of_squares - 1)


def _inverse_gaussian_log_density(y: Floats, q: Predicted) -> Floats:
    lam, mu = q["lam"], q.mu
    return 0.5 * (np.log(lam) - 3 * np.log(y)) - HALF_LOG_2PI - lam * (y / mu - 1) ** 2 / (2 * y)


def _inverse_gaussian_tails(y: Floats, q: Predicted) -> Tails:
    """Both from the two normal tails; exp(2 lam / mu), which overflows, never stands alone."""
    root, ratio = np.sqrt(q["lam"] / y), y / q.mu
    log_second = 2 * q["lam"] / q.mu + log_ndtr(-root * (ratio + 1))
    below = ndtr(root * (ratio - 1)) + np.exp(log_second)
    above = ndtr(-root * (ratio - 1)) - np.exp(log_second)
    return continuous_tails(below, np.maximum(above, 0.0))


def _inverse_gaussian_draw(rng: np.random.Generator, q: Predicted) -> Floats:
    return rng.wald(q.mu, np.broadcast_to(q["lam"], q.eta.shape))


def _after_shift(y: Floats, q: Parameters) -> Floats:
    """The part of y that is log-normal; draws whose shift is not below y give it no density."""
    return np.maximum(y - q["ndt"], 1e-300)


def _shifted_draw(rng: np.random.Generator, q: Predicted) -> Floats:
    return q["ndt"] + LOGNORMAL.draw(rng, q)


EXPONENTIAL = RowDistribution(
    _exponential_log_density,
    _exponential_tails,
    lambda rng, q: q.mu * rng.standard_exponential(q.eta.shape),
    lambda q: q["mu"] ** 2,
    log_tails=lambda y, q: _of_log_hazard(np.log(y) - q.eta),
)
WEIBULL = RowDistribution(
    _weibull_log_density,
    _weibull_tails,
    _weibull_draw,
    _weibull_variance,
    log_tails=lambda y, q: _of_log_hazard(_weibull_log_hazard(y, q)),
)
INVERSE_GAUSSIAN = RowDistribution(
    _inverse_gaussian_log_density,
    _inverse_gaussian_tails,
    _inverse_gaussian_draw,
    lambda q: q["mu"] ** 3 / q["lam"],
)
SHIFTED_LOGNORMAL = RowDistribution(
    lambda y, q: LOGNORMAL.log_density(_after_shift(y, q), q),
    lambda y, q: LOGNORMAL.tails(_after_shift(y, q), q),
    _shifted_draw,
    LOGNORMAL.variance,
    lambda q: q["ndt"] + LOGNORMAL.mean(q),
)
