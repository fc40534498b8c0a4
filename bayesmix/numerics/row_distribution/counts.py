"""Distributions of counts: binomial, beta-binomial, Poisson, negative binomial."""

from dataclasses import replace

import numpy as np
from scipy.special import betainc, gammaln, pdtr, pdtrc

from bayesmix.arrays import Floats
from bayesmix.numerics.row_distribution.continuous import beta_shapes
from bayesmix.numerics.row_distribution.parts import (
    Parameters,
    Predicted,
    RowDistribution,
    Tails,
    log_probabilities,
    mu_of,
    times,
)
from bayesmix.numerics.stirling import log_rises


def log_choose(n: Floats, y: Floats) -> Floats:
    """Logarithm of the binomial coefficient."""
    return gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1)


def _binomial_log_density(y: Floats, q: Predicted) -> Floats:
    up, down = log_probabilities(q.link, q.eta)
    return log_choose(q["trials"], y) + times(y, up) + times(q["trials"] - y, down)


def _binomial_tails(y: Floats, q: Predicted) -> Tails:
    trials = q["trials"]
    up, down = (np.exp(log_probability) for log_probability in log_probabilities(q.link, q.eta))
    # Both as incomplete beta functions, each of the probability that is small in it.
    below = np.where(y > 0, betainc(trials - y + 1, np.maximum(y, 1), down), 0.0)
    above = np.where(y < trials, betainc(y + 1, np.maximum(trials - y, 1), up), 0.0)
    return Tails(below, np.exp(_binomial_log_density(y, q)), above)


def _binomial_draw(rng: np.random.Generator, q: Predicted) -> Floats:
    return rng.binomial(_whole(q["trials"], q), q.mu).astype(float)


def _bernoulli_variance(q: Parameters) -> Floats:
    return q["mu"] * (1 - q["mu"])


def _binomial_variance(q: Parameters) -> Floats:
    """p (1 - p) / n, for a proportion out of n."""
    return q["mu"] * (1 - q["mu"]) / q["trials"]


def _whole(trials: Floats, q: Predicted) -> np.ndarray:
    return np.broadcast_to(np.asarray(trials, dtype=np.int64), q.eta.shape)


def _beta_binomial_log_density(y: Floats, q: Predicted) -> Floats:
    a, b = beta_shapes(q)
    return log_choose(q["trials"], y) + log_rises(a, y) + log_rises(b, q["trials"] - y) - log_rises(a + b, q["trials"])


def _beta_binomial_tails(y: Floats, q: Predicted) -> Tails:
    from bayesmix.numerics.row_distribution.beta_binomial_tails import beta_binomial_tails

    at = np.exp(_beta_binomial_log_density(y, q))
    below, above = beta_binomial_tails(y, q["trials"], *beta_shapes(q), at)
    return Tails(below, at, above)


def _beta_binomial_draw(rng: np.random.Generator, q: Predicted) -> Floats:
    return rng.binomial(_whole(q["trials"], q), rng.beta(*beta_shapes(q))).astype(float)


def _beta_binomial_variance(q: Parameters) -> Floats:
    """That of a binomial proportion times (n + phi) / (1 + phi)."""
    return _binomial_variance(q) * (q["trials"] + q["phi"]) / (1 + q["phi"])


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


BINOMIAL = RowDistribution(_binomial_log_density, _binomial_tails, _binomial_draw, _binomial_variance)
BERNOULLI = replace(BINOMIAL, variance=_bernoulli_variance)
BETA_BINOMIAL = RowDistribution(
    _beta_binomial_log_density, _beta_binomial_tails, _beta_binomial_draw, _beta_binomial_variance
)
POISSON = RowDistribution(_poisson_log_density, _poisson_tails, _poisson_draw, variance=mu_of)
NEGATIVE_BINOMIAL = RowDistribution(
    _negative_binomial_log_density,
    _negative_binomial_tails,
    _negative_binomial_draw,
    lambda q: q["mu"] + q["mu"] ** 2 / q["shape"],
)
