"""Distributions with zeros of their own: inflated by more zeros, or behind a hurdle.

Draws past a hurdle need no rejection: with a count as arrivals during [0, 1], the first of them comes at t with
P(t > s) = P(none in [0, s]), here given t <= 1, and the others during what is left follow from it:

    Poisson(mu)         P(t > s) = exp(-mu s)                      1 + Poisson(mu (1 - t))
    negative binomial   P(t > s) = (1 + mu s / shape)^-shape       1 + Poisson(rate (1 - t)),
                                                                   rate ~ Gamma(shape + 1, shape / mu + t)
"""

from collections.abc import Callable

import numpy as np

from bayesmix.numerics.row_distribution.continuous import GAMMA, LOGNORMAL
from bayesmix.numerics.row_distribution.counts import BINOMIAL, NEGATIVE_BINOMIAL, POISSON
from bayesmix.numerics.row_distribution.parts import Floats, Predicted, RowDistribution, Tails

Draw = Callable[[np.random.Generator, Predicted], Floats]
LogZero = Callable[[Predicted], Floats]


def inflated(base: RowDistribution) -> RowDistribution:
    """0 with probability zi, else as `base`."""

    def log_density(y: Floats, q: Predicted) -> Floats:
        of_base = base.log_density(y, q) + np.log1p(-q["zi"])
        return np.where(y == 0, np.logaddexp(np.log(q["zi"]), of_base), of_base)

    def tails(y: Floats, q: Predicted) -> Tails:
        found, zero = base.tails(y, q), q["zi"]
        below = np.where(y > 0, zero + (1 - zero) * found.below, 0.0)
        return Tails(below, np.exp(log_density(y, q)), (1 - zero) * found.above)

    def draw(rng: np.random.Generator, q: Predicted) -> Floats:
        return np.where(rng.uniform(size=q.eta.shape) < q["zi"], 0.0, base.draw(rng, q))

    return RowDistribution(log_density, tails, draw)


def hurdle(base: RowDistribution, draw_above: Draw, log_zero: LogZero | None = None) -> RowDistribution:
    """0 with probability hu, else as `base` without its zeros, whose log probability is `log_zero`."""

    def log_above(q: Predicted) -> Floats:
        return np.log(-np.expm1(log_zero(q))) if log_zero else np.zeros_like(q.eta)

    def log_density(y: Floats, q: Predicted) -> Floats:
        past = np.log1p(-q["hu"]) + base.log_density(y, q) - log_above(q)
        return np.where(y == 0, np.log(q["hu"]) + np.zeros_like(q.eta), past)

    def tails(y: Floats, q: Predicted) -> Tails:
        found, share = base.tails(y, q), (1 - q["hu"]) * np.exp(-log_above(q))
        zero = np.exp(log_zero(q)) if log_zero else 0.0
        at = np.exp(log_density(y, q)) if log_zero else np.where(y == 0, q["hu"], np.zeros_like(q.eta))
        return Tails(
            np.where(y > 0, q["hu"] + share * (found.below - zero), 0.0),
            at,
            np.where(y > 0, share * found.above, 1 - q["hu"] + np.zeros_like(q.eta)),
        )

    def draw(rng: np.random.Generator, q: Predicted) -> Floats:
        return np.where(rng.uniform(size=q.eta.shape) < q["hu"], 0.0, draw_above(rng, q))

    return RowDistribution(log_density, tails, draw)


def _poisson_log_zero(q: Predicted) -> Floats:
    return -q.mu


def _negative_binomial_log_zero(q: Predicted) -> Floats:
    return -q["shape"] * np.log1p(q.mu / q["shape"])


def _log_none_before(rng: np.random.Generator, log_zero: Floats) -> Floats:
    """log P(none before the first arrival), whose P is uniform between P(0) and 1."""
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
HURDLE_POISSON = hurdle(POISSON, _poisson_above_zero, _poisson_log_zero)
HURDLE_NEGATIVE_BINOMIAL = hurdle(NEGATIVE_BINOMIAL, _negative_binomial_above_zero, _negative_binomial_log_zero)
HURDLE_GAMMA = hurdle(GAMMA, GAMMA.draw)
HURDLE_LOGNORMAL = hurdle(LOGNORMAL, LOGNORMAL.draw)
