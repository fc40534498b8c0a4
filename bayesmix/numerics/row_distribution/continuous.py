"""Distributions of numbers: normal, Student's t, lognormal, gamma, beta."""

import numpy as np
from scipy.special import betainc, betaln, gammainc, gammaincc, gammaln, log_ndtr, ndtr, stdtr

from bayesmix.arrays import Floats
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


def _scale(q: Predicted) -> Floats:
    """Standard deviation of a row, or scale of its Student's t: sigma / sqrt(weight)."""
    return q["sigma"] / np.sqrt(q["weights"])


def _distance(y: Floats, q: Predicted) -> Floats:
    return (y - q.mu) / _scale(q)


def _gaussian_log_density(y: Floats, q: Predicted) -> Floats:
    return -0.5 * _distance(y, q) ** 2 - np.log(_scale(q)) - HALF_LOG_2PI


def _gaussian_variance(q: Parameters) -> Floats:
    return np.broadcast_to(q["sigma"] ** 2 / q["weights"], q["mu"].shape)


def _of_normal(z: Floats) -> Tails:
    return continuous_tails(ndtr(z), ndtr(-z))


def _log_of_normal(z: Floats) -> LogTails:
    return LogTails(log_ndtr(z), log_ndtr(-z))


def _student_log_density(y: Floats, q: Predicted) -> Floats:
    nu = q["nu"]
    constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi) - np.log(_scale(q))
    return constant - (nu + 1) / 2 * np.log1p(_distance(y, q) ** 2 / nu)


def _student_tails(y: Floats, q: Predicted) -> Tails:
    t = _distance(y, q)
    return continuous_tails(stdtr(q["nu"], t), stdtr(q["nu"], -t))


def _student_draw(rng: np.random.Generator, q: Predicted) -> Floats:
    return q.mu + _scale(q) * rng.standard_t(q["nu"], size=q.eta.shape)


def _student_variance(q: Parameters) -> Floats:
    """sigma^2 / weight times nu / (nu - 2); infinite up to 2 degrees of freedom."""
    with np.errstate(divide="ignore"):
        factor = np.where(q["nu"] > 2, q["nu"] / np.abs(q["nu"] - 2), np.inf)
    return _gaussian_variance(q) * factor


def _log_distance(y: Floats, q: Predicted) -> Floats:
    """For the logarithm; where y is 0, in a model with a hurdle, the value is not used."""
    return (np.log(np.where(y > 0, y, 1.0)) - q.mu) / q["sigma"]


def _lognormal_log_density(y: Floats, q: Predicted) -> Floats:
    log_y = np.log(np.where(y > 0, y, 1.0))
    return -0.5 * _log_distance(y, q) ** 2 - np.log(q["sigma"]) - HALF_LOG_2PI - log_y


def _lognormal_draw(rng: np.random.Generator, q: Predicted) -> Floats:
    return np.exp(q.mu + q["sigma"] * rng.standard_normal(q.eta.shape))


def _lognormal_mean(q: Parameters) -> Floats:
    return np.exp(q["mu"] + q["sigma"] ** 2 / 2)


def _lognormal_variance(q: Parameters) -> Floats:
    return np.expm1(q["sigma"] ** 2) * _lognormal_mean(q) ** 2


def _gamma_log_density(y: Floats, q: Predicted) -> Floats:
    shape, positive = q["shape"], np.where(y > 0, y, 1.0)
    log_rate = np.log(shape) - np.log(q.mu)
    return shape * log_rate + (shape - 1) * np.log(positive) - np.exp(log_rate) * positive - gammaln(shape)


def _gamma_tails(y: Floats, q: Predicted) -> Tails:
    scaled = y * q["shape"] / q.mu
    shape = np.broadcast_to(q["shape"], scaled.shape)
    return continuous_tails(gammainc(shape, scaled), gammaincc(shape, scaled))


def _gamma_draw(rng: np.random.Generator, q: Predicted) -> Floats:
    return rng.gamma(np.broadcast_to(q["shape"], q.eta.shape)) * q.mu / q["shape"]


def beta_shapes(q: Predicted) -> tuple[Floats, Floats]:
    """Both parameters of the beta distribution with mean mu and precision phi."""
    up, down = log_probabilities(q.link, q.eta)
    return np.exp(up) * q["phi"], np.exp(down) * q["phi"]


def _beta_log_density(y: Floats, q: Predicted) -> Floats:
    a, b = beta_shapes(q)
    return (a - 1) * np.log(y) + (b - 1) * np.log1p(-y) - betaln(a, b)


def _beta_tails(y: Floats, q: Predicted) -> Tails:
    a, b = beta_shapes(q)
    below = betainc(a, b, y)
    return continuous_tails(below, betainc(b, a, 1 - y))


def _beta_draw(rng: np.random.Generator, q: Predicted) -> Floats:
    return rng.beta(*beta_shapes(q))


GAUSSIAN = RowDistribution(
    _gaussian_log_density,
    lambda y, q: _of_normal(_distance(y, q)),
    lambda rng, q: q.mu + _scale(q) * rng.standard_normal(q.eta.shape),
    _gaussian_variance,
    standardised=_distance,
    log_tails=lambda y, q: _log_of_normal(_distance(y, q)),
)
STUDENT_T = RowDistribution(_student_log_density, _student_tails, _student_draw, _student_variance)
LOGNORMAL = RowDistribution(
    _lognormal_log_density,
    lambda y, q: _of_normal(_log_distance(y, q)),
    _lognormal_draw,
    _lognormal_variance,
    _lognormal_mean,
    standardised=_log_distance,
    log_tails=lambda y, q: _log_of_normal(_log_distance(y, q)),
)
GAMMA = RowDistribution(_gamma_log_density, _gamma_tails, _gamma_draw, lambda q: q["mu"] ** 2 / q["shape"])
BETA = RowDistribution(_beta_log_density, _beta_tails, _beta_draw, lambda q: q["mu"] * (1 - q["mu"]) / (1 + q["phi"]))
