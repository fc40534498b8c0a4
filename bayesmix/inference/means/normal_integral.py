"""Means of a function over a normal distribution."""

from collections.abc import Callable

import numpy as np

from bayesmix.arrays import Floats

_STEP = 0.25
_WIDE = 0.5
_REACH = 8.0


def normal_nodes(furthest: float, step: float = _STEP) -> tuple[Floats, Floats]:
    """Nodes and weights of the mean over a standard normal, up to `furthest` above the usual reach.

    Notes
    -----
    The trapezoidal rule, which for analytic functions converges like exp(-2 pi d / step), d the distance of their
    nearest pole: for the inverse logit of ``eta + sd x`` with sd 5 the error is some 1e-7, with sd 2 below 1e-12.
    """
    nodes = np.arange(-_REACH, _REACH + min(furthest, 40.0) + step, step)
    weights = np.exp(-(nodes**2) / 2)
    return nodes, weights / weights.sum()


def normal_mean(
    function: Callable[[Floats], Floats], centre: Floats, sd: Floats, *, grows: bool = False, nested: bool = False
) -> Floats:
    """The mean of ``function(centre + sd x)`` over a standard normal x, elementwise.

    A function that `grows` like exp has a mean that lies far above: nodes go as far. Of integrals that are `nested` one
    in another steps are as wide as an error of some 1e-7 allows of an inverse logit.
    """
    largest = float(np.max(sd, initial=0.0))
    step = min(max(_STEP, 1.2 / largest), _WIDE) if nested and largest else _STEP
    total = np.zeros(np.broadcast_shapes(centre.shape, sd.shape))
    for node, weight in zip(*normal_nodes(largest if grows else 0.0, step), strict=True):
        total += weight * function(centre + sd * node)
    return total
