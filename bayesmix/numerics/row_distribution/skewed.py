"""Skewed distributions on the whole line, by mean and standard deviations: skew normal, exponentially modified normal.

Azzalini (1985), doi:10.2307/4615982, in the centred parameters of brms: `sigma` is the standard deviation of the
response, `alpha` the slant. An ex-Gaussian response is normal with sd `sigma` plus an exponential time with mean
`beta`; `mu` is the mean of the sum.
"""

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr, owens_t

from bayesmix.arrays import Floats
from bayesmix.numerics.row_distribution.parts import (
    HALF_LOG_2PI,
    Parameters,
    Predicted,
    RowDistribution,
    Tails,
    continuous_tails,
)

_ROOT_2 = np.sqrt(2.0)


def _slant(q: Parameters) -> Floats:
    """delta = alpha / sqrt(1 + alpha^2)."""
    return q["alpha"] / np.sqrt(1 + q["alpha"] ** 2)


def _scale(q: Parameters) -> Floats:
    return q["sigma"] / np.sqrt(1 - 2 * _slant(q) ** 2 / np.pi)


def _location(q: Parameters) -> Floats:
    return q["mu"] - _scale(q) * _slant(q) * np.sqrt(2 / np.pi)


def _skew_normal_log_density(y: Floats, q: Predicted) -> Floats:
    z = (y - _location(q)) / _scale(q)
    return np.log(2) - np.log(_scale(q)) - HALF_LOG_2PI - 0.5 * z**2 + log_ndtr(q["alpha"] * z)


def _skew_normal_tails(y: Floats, q: Predicted) -> Tails:
    z, alpha = (y - _location(q)) / _scale(q), q["alpha"]
    below, above = ndtr(z) - 2 * owens_t(z, alpha), ndtr(-z) + 2 * owens_t(z, alpha)
    return continuous_tails(np.maximum(below, 0.0), np.maximum(above, 0.0))


def _skew_normal_draw(rng: np.random.Generator, q: Predicted) -> Floats:
    delta, shape = _slant(q), q.eta.shape
    z = delta * np.abs(rng.standard_normal(shape)) + np.sqrt(1 - delta**2) * rng.standard_normal(shape)
    return _location(q) + _scale(q) * z


def _constant(q: Parameters, variance: Floats) -> Floats:
    return np.broadcast_to(variance, np.broadcast_shapes(np.shape(variance), q["mu"].shape))


def _distances(y: Floats, q: Predicted) -> tuple[Floats, Floats, Floats]:
    """The distance z from the mean of the normal part in its sds, sigma / beta, and z - sigma / beta."""
    z, ratio = (y - q.mu + q["beta"]) / q["sigma"], q["sigma"] / q["beta"]
    return z, ratio, z - ratio


def _exgaussian_log_density(y: Floats, q: Predicted) -> Floats:
    z, ratio, w = _distances(y, q)
    near = ratio**2 / 2 - ratio * z + log_ndtr(w)
    # Where the exponential part is short, ratio^2 / 2 and log Phi are large and cancel.
    far = -0.5 * z**2 + np.log(erfcx(-np.minimum(w, 0.0) / _ROOT_2) / 2)
    return np.where(w < 0, far, near) - np.log(q["beta"])


def _exgaussian_tails(y: Floats, q: Predicted) -> Tails:
    z, _, _ = _distances(y, q)
    beyond = np.exp(_exgaussian_log_density(y, q) + np.log(q["beta"]))
    return continuous_tails(np.maximum(ndtr(z) - beyond, 0.0), ndtr(-z) + beyond)


def _exgaussian_draw(rng: np.random.Generator, q: Predicted) -> Floats:
    normal, exponential = rng.standard_normal(q.eta.shape), rng.standard_exponential(q.eta.shape)
    return q.mu + q["sigma"] * normal + q["beta"] * (exponential - 1)


SKEW_NORMAL = RowDistribution(
    _skew_normal_log_density, _skew_normal_tails, _skew_normal_draw, lambda q: _constant(q, q["sigma"] ** 2)
)
EXGAUSSIAN = RowDistribution(
    _exgaussian_log_density,
    _exgaussian_tails,
    _exgaussian_draw,
    lambda q: _constant(q, q["sigma"] ** 2 + q["beta"] ** 2),
)
