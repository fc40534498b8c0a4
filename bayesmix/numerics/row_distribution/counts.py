"""Distributions of counts: binomial, beta-binomial, Poisson, negative binomial."""

import numpy as np
from scipy.special import betainc, gammaln, pdtr, pdtrc

from bayesmix.numerics import row_distribution
from bayesmix.numerics.row_distribution.continuous import beta_shapes
from bayesmix.numerics.row_distribution.parts import (
    Floats,
    Predicted,
    RowDistribution,
    Tails,
    log_probabilities,
    times,
)
from bayesmix.numerics.stirling import log_rises


def _log_choose(n: Floats, y: Floats) -> Floats:
    return gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1)


def _binomial_log_density(y: Floats, q: Predicted) -> Floats:
    up, down = log_probabilities(q)
    return _log_choose(q["trials"], y) + times(y, up) + times(q["trials"] - y, down)


def _binomial_tails(y: Floats, q: Predicted) -> Tails:
    trials = q["trials"]
    up, down = (np.exp(log_probability) for log_probability in log_probabilities(q))
    # Both as incomplete beta functions, each of the probability that is small in it.
    below = np.where(y > 0, betainc(trials - y + 1, np.maximum(y, 1), down), 0.0)
    above = np.where(y < trials, betainc(y + 1, np.maximum(trials - y, 1), up), 0.0)
    return Tails(below, np.exp(_binomial_log_density(y, q)), above)


def _binomial_draw(rng: np.random.Generator, q: Predicted) -> Floats:
    return rng.binomial(_whole(q["trials"], q), q.mu).astype(float)


def _whole(trials: Floats, q: Predicted) -> np.ndarray:
    return np.broadcast_to(np.asarray(trials, dtype=np.int64), q.eta.shape)


def _beta_binomial_log_density(y: Floats, q: Predicted) -> Floats:
    a, b = beta_shapes(q)
    return _log_choose(q["trials"], y) + log_rises(a, y) + log_rises(b, q["trials"] - y) - log_rises(a + b, q["trials"])


def _beta_binomial_tails(y: Floats, q: Predicted) -> Tails:
    at = np.exp(_beta_binomial_log_density(y, q))
    below, above = row_distribution.beta_binomial_tails.beta_binomial_tails(y, q["trials"], *beta_shapes(q), at)
    return Tails(below, at, above)


def _beta_binomial_draw(rng: np.random.Generator, q: Predicted) -> Floats:
    return rng.binomial(_whole(q["trials"], q), rng.beta(*beta_shapes(q))).astype(float)


def _poisson_log_density(y: Floats, q: Predicted) -> Floats:
    return y * q.eta - np.exp(q.eta) - gammaln(y + 1)


def _poisson_tails(y: Floats, q: Predicted) -> Tails:
    below = np.where(y > 0, pdtr(np.maximum(y - 1, 0), q.mu), 0.0)
    return Tails(below, np.exp(_poisson_log_density(y, q)), pdtrc(y, q.mu))


def _poisson_draw(rng: np.random.Generator, q: Predicted) -> Floats:
    return rng.poisson(q.mu).astype(float)


def _negative_binomial_log_density(y: Floats, q: Predicted) -> Floats:
    shape = q["shape"]
    # log(mu / (mu + shape)) and log(shape / (mu + shape))
    ratio = q.eta - np.log(shape)
    constant = log_rises(shape, y) - gammaln(y + 1)
    return constant - shape * np.logaddexp(0, ratio) - times(y, np.logaddexp(0, -ratio))


def _negative_binomial_tails(y: Floats, q: Predicted) -> Tails:
    shape, mean = np.broadcast_to(q["shape"], q.eta.shape), q.mu
    below = np.where(y > 0, betainc(shape, np.maximum(y, 1), shape / (shape + mean)), 0.0)
    above = betainc(y + 1, shape, mean / (shape + mean))
    return Tails(below, np.exp(_negative_binomial_log_density(y, q)), above)


def _negative_binomial_draw(rng: np.random.Generator, q: Predicted) -> Floats:
    rate = rng.gamma(np.broadcast_to(q["shape"], q.eta.shape)) * q.mu / q["shape"]
    return rng.poisson(rate).astype(float)


BINOMIAL = RowDistribution(_binomial_log_density, _binomial_tails, _binomial_draw)
BETA_BINOMIAL = RowDistribution(_beta_binomial_log_density, _beta_binomial_tails, _beta_binomial_draw)
POISSON = RowDistribution(_poisson_log_density, _poisson_tails, _poisson_draw)
NEGATIVE_BINOMIAL = RowDistribution(_negative_binomial_log_density, _negative_binomial_tails, _negative_binomial_draw)
