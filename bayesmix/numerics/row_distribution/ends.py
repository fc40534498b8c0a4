"""Shares from 0 to 1, both included: a beta distribution with probabilities of the ends 0 and 1.

    zero-one-inflated beta   P(0) = zoi (1 - coi),            P(1) = zoi coi
    ordered beta             P(0) = F(cutzero - eta),         P(1) = F(eta - cutzero - cutwidth),    F = expit

Ospina & Ferrari (2012), doi:10.1016/j.csda.2011.10.005; Kubinec (2023), doi:10.1017/pan.2022.20.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import log_expit, logit

from bayesmix.arrays import Floats
from bayesmix.numerics.row_distribution.continuous import BETA
from bayesmix.numerics.row_distribution.parts import Parameters, Predicted, RowDistribution, Tails

Logarithms = tuple[Floats, Floats, Floats]
"""Logarithms of the probabilities of 0, of a value in between, and of 1."""


def _with_ends(log_probabilities: Callable[[Parameters], Logarithms]) -> RowDistribution:
    """A beta distribution between the ends, whose parameters have the predictor of the formula."""

    def inside(y: Floats) -> Floats:
        return np.where((y > 0) & (y < 1), y, 0.5)

    def log_density(y: Floats, q: Predicted) -> Floats:
        zero, between, one = log_probabilities(q)
        return np.where(y == 0, zero, np.where(y == 1, one, between + BETA.log_density(inside(y), q)))

    def tails(y: Floats, q: Predicted) -> Tails:
        zero, between, one = (np.exp(value) + np.zeros_like(q.eta) for value in log_probabilities(q))
        of_beta = BETA.tails(inside(y), q)
        return Tails(
            np.where(y == 0, 0.0, np.where(y == 1, zero + between, zero + between * of_beta.below)),
            np.where(y == 0, zero, np.where(y == 1, one, 0.0)),
            np.where(y == 0, between + one, np.where(y == 1, 0.0, one + between * of_beta.above)),
        )

    def draw(rng: np.random.Generator, q: Predicted) -> Floats:
        zero, _, one = (np.exp(value) for value in log_probabilities(q))
        u = rng.uniform(size=q.eta.shape)
        return np.where(u < zero, 0.0, np.where(u > 1 - one, 1.0, BETA.draw(rng, q)))

    def mean(q: Parameters) -> Floats:
        _, between, one = log_probabilities(q)
        return np.exp(one) + np.exp(between) * q["mu"]

    def variance(q: Parameters) -> Floats:
        _, between, one = log_probabilities(q)
        squares = np.exp(one) + np.exp(between) * (BETA.variance(q) + q["mu"] ** 2)
        return squares - mean(q) ** 2

    return RowDistribution(log_density, tails, draw, variance, mean)


def _inflated(q: Parameters) -> Logarithms:
    zoi, coi = q["zoi"], q["coi"]
    return np.log(zoi) + np.log1p(-coi), np.log1p(-zoi), np.log(zoi) + np.log(coi)


def _ordered(q: Parameters) -> Logarithms:
    """Between two cuts lies F(eta - low) - F(eta - high) = F(eta - low) F(high - eta) (1 - exp(low - high))."""
    eta = q.eta if isinstance(q, Predicted) else logit(q["mu"])
    low, width = q["cutzero"], q["cutwidth"]
    between = log_expit(eta - low) + log_expit(low + width - eta) + np.log(-np.expm1(-width))
    return log_expit(low - eta), between, log_expit(eta - low - width)


ZERO_ONE_INFLATED_BETA = _with_ends(_inflated)
ORDERED_BETA = _with_ends(_ordered)
