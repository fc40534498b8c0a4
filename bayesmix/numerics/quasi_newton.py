"""Minimise a smooth function of a few variables from its gradient (BFGS)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats

ValueAndGradient = Callable[[Floats], tuple[float, Floats]]

_ENOUGH = 1e-4  # share of the promised decrease that a step must bring
_FIRST_STEP = 0.5
_MOST_HALVINGS = 25


@dataclass(frozen=True)
class Minimum:
    """`point` (n,), `value` and `gradient` (n,) there."""

    point: Floats
    value: float
    gradient: Floats


def minimise(function: ValueAndGradient, start: Floats, *, tolerance: float, max_iterations: int) -> Minimum:
    """Walk downhill from `start` until no element of the gradient exceeds `tolerance`.

    Parameters
    ----------
    function
        Value and gradient at a point. The value may be infinite; such points are avoided.
    start
        Shape (n,); variables should be of order one.
    tolerance
        Greatest element of the gradient at a minimum.
    max_iterations
        The greatest number of steps. The point reached by then is returned; its `gradient` tells whether it is a
        minimum.
    """
    now, inverse = Minimum(start, *function(start)), None
    for _ in range(max_iterations):
        if np.abs(now.gradient).max(initial=0.0) <= tolerance:
            break
        direction = None if inverse is None else -inverse @ now.gradient
        if direction is None or direction @ now.gradient >= 0:
            inverse, direction = None, -_FIRST_STEP * now.gradient / max(1.0, float(np.linalg.norm(now.gradient)))
        ahead = _search(function, now, _shortened(direction, now.point))
        if ahead is now:
            if inverse is None:
                break
            inverse = None
            continue
        inverse = _updated(inverse, ahead.point - now.point, ahead.gradient - now.gradient)
        now = ahead
    return now


def _shortened(direction: Floats, point: Floats) -> Floats:
    """Limit a step to twice the size of the point: far out the function may be flat, with no way back."""
    longest = max(1.0, 2 * float(np.abs(point).max(initial=0.0)))
    return direction * min(1.0, longest / float(np.abs(direction).max(initial=1e-300)))


def _search(function: ValueAndGradient, now: Minimum, direction: Floats) -> Minimum:
    """The first point along `direction` that is low enough; `now` if there is none."""
    slope, share = float(now.gradient @ direction), 1.0
    for _ in range(_MOST_HALVINGS):
        point = now.point + share * direction
        value, gradient = function(point)
        change = value - now.value
        # At the bottom values differ by rounding alone; the gradient still tells better from worse.
        level = abs(change) <= 1e-12 * (1.0 + abs(now.value))
        if change <= _ENOUGH * share * slope or (level and gradient @ gradient < now.gradient @ now.gradient):
            return Minimum(point, value, gradient)
        bend = 2 * (change - share * slope)
        best = -slope * share**2 / bend if np.isfinite(bend) and bend > 0 else 0.25 * share
        share = min(max(best, 0.1 * share), 0.5 * share)
    return now


def _updated(inverse: Floats | None, step: Floats, change: Floats) -> Floats | None:
    """The inverse Hessian after a step; it stays the same where the function bends down."""
    bend = float(step @ change)
    if bend <= 1e-12 * float(np.linalg.norm(step)) * float(np.linalg.norm(change)):
        return inverse
    if inverse is None:
        inverse = np.eye(len(step)) * (bend / float(change @ change))
    along = np.eye(len(step)) - np.outer(step, change) / bend
    updated: Floats = along @ inverse @ along.T + np.outer(step, step) / bend
    return updated
