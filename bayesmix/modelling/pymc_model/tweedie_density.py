"""The Tweedie distribution in PyMC's terms; the formulas are those of `numerics.row_distribution.tweedie`.

Which terms of the density's sum are taken has no influence on it but for rounding: gradients leave the choice aside.
"""

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.gradient import disconnected_grad

from bayesmix.numerics.row_distribution.tweedie import N_NODES, REACH


def rate_of(mu: Any, dispersion: Any, power: Any) -> Any:
    """The expected number of amounts."""
    return mu ** (2 - power) / (dispersion * (2 - power))


def log_density(value: Any, mu: Any, dispersion: Any, power: Any) -> Any:
    """Of 0 it is the probability."""
    positive = pt.switch(pt.gt(value, 0), value, 1.0)
    shape = (2 - power) / (power - 1)
    number, step = _nodes(positive, dispersion, power)
    slope = shape * pt.log(positive / (power - 1)) - (1 + shape) * pt.log(dispersion) - pt.log(2 - power)
    terms = number * pt.shape_padright(slope) - pt.gammaln(number + 1) - pt.gammaln(number * pt.shape_padright(shape))
    tilt = positive * mu ** (1 - power) / ((power - 1) * dispersion)
    above = pt.logsumexp(terms, axis=-1) + pt.log(step) - pt.log(positive) - tilt
    return pt.switch(pt.gt(value, 0), above, 0.0) - rate_of(mu, dispersion, power)


def _nodes(positive: Any, dispersion: Any, power: Any) -> tuple[Any, Any]:
    """Numbers of amounts about the peak of the terms, and their distance."""
    place = positive ** (2 - power) / (dispersion * (2 - power))
    sd = pt.sqrt(place * (power - 1))
    start = pt.maximum(1.0, pt.floor(place - REACH * sd - 3))
    step = pt.maximum(1.0, (place + REACH * sd + 5 - start) / (N_NODES - 1))
    start, step = disconnected_grad(start), disconnected_grad(step)
    return pt.shape_padright(start) + pt.shape_padright(step) * np.arange(N_NODES), step


def draw(mu: Any, dispersion: Any, power: Any, size: Any) -> Any:
    """A gamma distributed sum of as many amounts as there are; 0 if there are none."""
    number = pm.Poisson.dist(rate_of(mu, dispersion, power), size=size)
    shape = pt.maximum(number, 1) * (2 - power) / (power - 1)
    amount = pm.Gamma.dist(shape, 1.0, size=size)
    return pt.switch(pt.eq(number, 0), 0.0, dispersion * (power - 1) * mu ** (power - 1) * amount)
