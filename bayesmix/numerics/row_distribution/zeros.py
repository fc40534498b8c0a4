"""Distributions with extra zeros, zero-inflated or behind a hurdle, and counts that are never 0.

Draws past a hurdle need no rejection. A count is the number of arrivals during [0, 1]. The first arrives at t with
P(t > s) = P(none in [0, s]), here given t <= 1, and the others arrive during the rest of the time:

    Poisson(mu)         P(t > s) = exp(-mu s)                      1 + Poisson(mu (1 - t))
    negative binomial   P(t > s) = (1 + mu s / shape)^-shape       1 + Poisson(rate (1 - t)),
                                                                   rate ~ Gamma(shape + 1, shape / mu + t)
"""

from collections.abc import Callable

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.row_distribution.continuous import GAMMA, LOGNORMAL
from bayesmix.numerics.row_distribution.counts import BINOMIAL, NEGATIVE_BINOMIAL, POISSON
from bayesmix.numerics.row_distribution.parts import Parameters, Predicted, RowDistribution, Tails

Draw = Callable[[np.random.Generator, Predicted], Floats]
LogZero = Callable[[Parameters], Floats]


def inflated(base: RowDistribution) -> RowDistribution:
    """0 with probability zi, otherwise `base`."""

    def log_density(y: Floats, q: Predicted) -> Floats:
        of_base = base.log_density(y, q) + np.log1p(-q["zi"])
        return np.where(y == 0, np.logaddexp(np.log(q["zi"]), of_base), of_base)

    def tails(y: Floats, q: Predicted) -> Tails:
        of_base, zero = base.tails(y, q), q["zi"]
        below = np.where(y > 0, zero + (1 - zero) * of_base.below, 0.0)
        return Tails(below, np.exp(log_density(y, q)), (1 - zero) * of_base.above)

    def draw(rng: np.random.Generator, q: Predicted) -> Floats:
        return np.where(rng.uniform(size=q.eta.shape) < q["zi"], 0.0, base.draw(rng, q))

    def variance(q: Parameters) -> Floats:
        """E y^2 is (1 - zi) times that of `base`."""
        return (1 - q["zi"]) * (base.variance(q) + q["zi"] * base.mean(q) ** 2)

    return RowDistribution(log_density, tails, draw, variance, lambda q: (1 - q["zi"]) * base.mean(q))


def above_zero(base: RowDistribution, draw: Draw, log_zero: LogZero) -> RowDistribution:
    """As `base` given that it is not 0, which has the log probability `log_zero`."""

    def share(q: Parameters) -> Floats:
        return -np.expm1(log_zero(q))

    def log_density(y: Floats, q: Predicted) -> Floats:
        return base.log_density(y, q) - np.log(share(q))

    def tails(y: Floats, q: Predicted) -> Tails:
        of_base = base.tails(y, q)
        below = np.where(y > 0, (of_base.below - np.exp(log_zero(q))) / share(q), 0.0)
        return Tails(below, np.exp(log_density(y, q)), of_base.above / share(q))

    def mean(q: Parameters) -> Floats:
        return base.mean(q) / share(q)

    def variance(q: Parameters) -> Floats:
        return (base.variance(q) + base.mean(q) ** 2) / share(q) - mean(q) ** 2

    return RowDistribution(log_density, tails, draw, variance, mean)


def hurdle(past: RowDistribution) -> RowDistribution:
    """0 with probability hu, else as `past`, which is never 0."""

    def log_density(y: Floats, q: Predicted) -> Floats:
        return np.where(y == 0, np.log(q["hu"]) + np.zeros_like(q.eta), np.log1p(-q["hu"]) + past.log_density(y, q))

    def tails(y: Floats, q: Predicted) -> Tails:
        beyond, zero = past.tails(y, q), np.zeros_like(q.eta)
        return Tails(
            np.where(y > 0, q["hu"] + (1 - q["hu"]) * beyond.below, zero),
            np.where(y == 0, q["hu"], (1 - q["hu"]) * beyond.at),
            np.where(y > 0, (1 - q["hu"]) * beyond.above, 1 - q["hu"] + zero),
        )

    def draw(rng: np.random.Generator, q: Predicted) -> Floats:
        return np.where(rng.uniform(size=q.eta.shape) < q["hu"], 0.0, past.draw(rng, q))

    def mean(q: Parameters) -> Floats:
        return (1 - q["hu"]) * past.mean(q)

    def variance(q: Parameters) -> Floats:
        return (1 - q["hu"]) * (past.variance(q) + past.mean(q) ** 2) - mean(q) ** 2

    return RowDistribution(log_density, tails, draw, variance, mean)


def _poisson_log_zero(q: Parameters) -> Floats:
    return -q["mu"]


def _negative_binomial_log_zero(q: Parameters) -> Floats:
    return -q["shape"] * np.log1p(q["mu"] / q["shape"])


def _log_none_before(rng: np.random.Generator, log_zero: Floats) -> Floats:
    """log P(none before the first arrival); that probability is uniform between P(0) and 1."""
    return np.log1p(rng.uniform(size=log_zero.shape) * np.expm1(log_zero))


def _poisson_above_zero(rng: np.random.Generator, q: Predicted) -> Floats:
    left = q.mu + _log_none_before(rng, _poisson_log_zero(q))
    return 1.0 + rng.poisson(np.maximum(left, 0.0)).astype(float)


def _negative_binomial_above_zero(rng: np.random.Generator, q: Predicted) -> Floats:
    shape, mean = np.broadcast_to(q["shape"], q.eta.shape), q.mu
    per_time = shape / mean
    first = per_time * np.expm1(-_log_none_before(rng, _negative_binomial_log_zero(q)) / shape)
    rate = rng.gamma(shape + 1) / (per_time + first)
    return 1.0 + rng.poisson(rate * np.maximum(1 - first, 0.0)).astype(float)


ZERO_INFLATED_BINOMIAL = inflated(BINOMIAL)
ZERO_INFLATED_POISSON = inflated(POISSON)
ZERO_INFLATED_NEGATIVE_BINOMIAL = inflated(NEGATIVE_BINOMIAL)
TRUNCATED_POISSON = above_zero(POISSON, _poisson_above_zero, _poisson_log_zero)
TRUNCATED_NEGATIVE_BINOMIAL = above_zero(NEGATIVE_BINOMIAL, _negative_binomial_above_zero, _negative_binomial_log_zero)
HURDLE_POISSON = hurdle(TRUNCATED_POISSON)
HURDLE_NEGATIVE_BINOMIAL = hurdle(TRUNCATED_NEGATIVE_BINOMIAL)
HURDLE_GAMMA = hurdle(GAMMA)
HURDLE_LOGNORMAL = hurdle(LOGNORMAL)
