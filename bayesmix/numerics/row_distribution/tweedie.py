"""The Tweedie distribution with a power between 1 and 2: a Poisson number of amounts that are gamma distributed.

    Y = A_1 + ... + A_N      N ~ Poisson(rate), A ~ Gamma(shape, scale)
    rate = mu^(2 - power) / (dispersion (2 - power))
    shape = (2 - power) / (power - 1)        scale = dispersion (power - 1) mu^(power - 1)

so that Var Y = dispersion mu^power and P(Y = 0) = exp(-rate). The density above 0 is a sum over N without a closed form
(Dunn & Smyth 2005, doi:10.1007/s11222-005-4070-y). Its terms form one peak, at y^(2 - power) / (dispersion (2 - power))
with the variance power - 1 times that, so that N_NODES of them are enough: consecutive ones, or, where the peak is so
wide that they would not span it, equally spaced ones of the smooth function that they lie on.
"""

from collections.abc import Iterator

import numpy as np
from scipy.special import gammainc, gammaincc, gammaln

from bayesmix.arrays import Floats
from bayesmix.numerics.row_distribution.parts import Parameters, Predicted, RowDistribution, Tails

N_NODES = 48
REACH = 6.0
"""The sum extends that many sds to both sides of its peak, and a few terms more; errors of its log are below 1e-8."""
_N_NODES_OF_TAILS = 96  # a tail has an edge, which is narrower than its peak


def _compound(q: Predicted) -> tuple[Floats, Floats, Floats]:
    """Rate, shape and scale."""
    power, dispersion = np.asarray(q["power"]), np.asarray(q["dispersion"])
    rate = np.exp((2 - power) * q.eta) / (dispersion * (2 - power))
    scale = dispersion * (power - 1) * np.exp((power - 1) * q.eta)
    return rate, (2 - power) / (power - 1), scale


def _peak(y: Floats, q: Parameters) -> Floats:
    """The number of amounts that y is likeliest to be the sum of; y > 0."""
    power = np.asarray(q["power"])
    return y ** (2 - power) / (q["dispersion"] * (2 - power))


def _numbers(peak: Floats, sd: Floats, n_nodes: int) -> tuple[Iterator[Floats], Floats]:
    """Numbers of amounts about the peak, one node after the other, and their distance."""
    start = np.maximum(1.0, np.floor(peak - REACH * sd - 3))
    step = np.maximum(1.0, (peak + REACH * sd + 5 - start) / (n_nodes - 1))
    return (start + node * step for node in range(n_nodes)), step


def _log_density(y: Floats, q: Predicted) -> Floats:
    power, dispersion = np.asarray(q["power"]), np.asarray(q["dispersion"])
    rate, shape, _ = _compound(q)
    positive = np.where(y > 0, y, 1.0)
    slope = shape * np.log(positive / (power - 1)) - (1 + shape) * np.log(dispersion) - np.log(2 - power)

    def log_term(number: Floats) -> Floats:
        return number * slope - gammaln(number + 1) - gammaln(number * shape)

    peak = _peak(positive, q)
    largest = log_term(np.maximum(peak, 1.0))
    numbers, step = _numbers(peak, np.sqrt(peak * (power - 1)), N_NODES)
    total = sum(np.exp(log_term(number) - largest) for number in numbers)
    tilt = positive * np.exp((1 - power) * q.eta) / ((power - 1) * dispersion)
    above = largest + np.log(total * step) - np.log(positive) - tilt
    return np.where(y > 0, above, 0.0) - rate


def _tails(y: Floats, q: Predicted) -> Tails:
    """The smaller tail is a sum over N, likely given y; the other is the rest."""
    rate, shape, scale = np.broadcast_arrays(*_compound(q))
    y = np.broadcast_to(y, rate.shape)
    positive = np.where(y > 0, y, 1.0)
    low, size, peak = y < q.mu, positive / scale, _peak(positive, q)
    numbers, step = _numbers(peak, np.sqrt(peak), _N_NODES_OF_TAILS)
    smaller = np.zeros(rate.shape)
    for number in numbers:
        shapes, share = number * shape, np.empty(rate.shape)
        share[low], share[~low] = gammainc(shapes[low], size[low]), gammaincc(shapes[~low], size[~low])
        smaller += share * np.exp(number * np.log(rate) - rate - gammaln(number + 1))
    smaller *= step
    zero, more = np.exp(-rate), -np.expm1(-rate)
    below, above = np.where(low, zero + smaller, 1 - smaller), np.where(low, more - smaller, smaller)
    return Tails(np.where(y > 0, below, 0.0), np.where(y > 0, 0.0, zero), np.where(y > 0, above, more))


def _draw(rng: np.random.Generator, q: Predicted) -> Floats:
    rate, shape, scale = _compound(q)
    number = rng.poisson(np.broadcast_to(rate, q.eta.shape))
    return scale * rng.standard_gamma(number * shape)


TWEEDIE = RowDistribution(_log_density, _tails, _draw, lambda q: q["dispersion"] * q["mu"] ** q["power"])
