"""Laplace fits of all other parameters at several values of one, the sd of the group effects, compiled.

    log p(theta) ~ log p at the mode given the sd + a normal density about it

along a grid of sds: outwards from where it begins, each mode from that of its neighbour, until the integral of the
others has fallen far below its greatest value.
"""

from math import log, sqrt
from typing import NamedTuple

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.level_quadrature.posterior import log_posterior_at

MOST_NODES = 48
_FALL = 10.0  # of the log integral, from its greatest value to the last node
_STEP, _WIDER = 0.3, 1.3  # of the grid; where the log integral changes by little the step grows
_LITTLE, _MUCH = 0.8, 2.5  # changes of the log integral
_DIFFERENCE = 5e-3  # of gradients, for the curvature
_MOST_STEPS, _MOST_HALVINGS = 40, 12
_NEAR = 1e-4  # of the log density: what a further step would bring
_LEAST_CURVATURE = 0.05


class Fits(NamedTuple):
    """Fits at the nodes `first` to `last`: the sds `at` (nodes,), the log integrals `heights` (nodes,), the modes
    (nodes, n) and roots (nodes, n - 1, n - 1) with root root' = the inverse curvature of the others.
    """

    first: int
    last: int
    at: Floats
    heights: Floats
    modes: Floats
    roots: Floats


@kernel(apart=True)
def fit_conditionals(buffer: Floats, start: Floats, fixed: int, lowest: float) -> Fits:
    """Fits along the parameter number `fixed`, which is not below `lowest`, from `start` (n,)."""
    n = len(start)
    at, heights = np.empty(MOST_NODES), np.full(MOST_NODES, -np.inf)
    modes, roots = np.empty((MOST_NODES, n)), np.zeros((MOST_NODES, n - 1, n - 1))
    middle = MOST_NODES // 2
    at[middle] = start[fixed]
    modes[middle] = start
    heights[middle] = _fit_at(buffer, modes[middle], fixed, roots[middle])
    first, last, greatest = middle, middle, heights[middle]
    for side in (1, -1):
        step, node = _STEP, middle
        while 0 < node < MOST_NODES - 1:
            ahead = node + side
            at[ahead] = at[node] + side * step
            ends = at[ahead] <= lowest
            if ends:
                at[ahead] = lowest
            modes[ahead] = modes[node]
            modes[ahead, fixed] = at[ahead]
            heights[ahead] = _fit_at(buffer, modes[ahead], fixed, roots[ahead])
            change = abs(heights[ahead] - heights[node])
            if not np.isfinite(heights[ahead]):
                break
            node = ahead
            first, last, greatest = min(first, node), max(last, node), max(greatest, heights[node])
            if ends or heights[node] < greatest - _FALL:
                break
            step = step * _WIDER if change < _LITTLE else step / _WIDER if change > _MUCH else step
    return Fits(first, last, at, heights, modes, roots)


@kernel(apart=True)
def _fit_at(buffer: Floats, theta: Floats, fixed: int, root: Floats) -> float:
    """Move `theta` to the mode of the others, fill their `root`; the log of their integral but for a constant."""
    n = len(theta)
    gradient, beside, ahead, step = np.empty(n), np.empty(n), theta.copy(), np.empty(n - 1)
    curvature = np.empty((n - 1, n - 1))
    value = log_posterior_at(buffer, theta, gradient)
    if not np.isfinite(value):
        return -np.inf
    fresh = False
    for count in range(_MOST_STEPS):
        if count % 3 == 0:
            _curve(buffer, theta, gradient, beside, fixed, curvature)
            _factorise(curvature)
            fresh = True
        promised = _newton(curvature, gradient, fixed, step)
        if promised < _NEAR:
            break
        share, found = 1.0, False
        for _ in range(_MOST_HALVINGS):
            for i in range(n - 1):
                place = i if i < fixed else i + 1
                ahead[place] = theta[place] + share * step[i]
            reached = log_posterior_at(buffer, ahead, beside)
            if reached > value:
                found = True
                break
            share *= 0.4
        if not found:
            break
        theta[:], gradient[:], value, fresh = ahead, beside, reached, False
    if not fresh:
        _curve(buffer, theta, gradient, beside, fixed, curvature)
        _factorise(curvature)
    return value + _invert(curvature, root)


@kernel(apart=True)
def _curve(buffer: Floats, theta: Floats, gradient: Floats, beside: Floats, fixed: int, curvature: Floats) -> None:
    """Minus the second derivatives by the others, by differences of gradients."""
    m = len(curvature)
    for i in range(m):
        place = i if i < fixed else i + 1
        kept = theta[place]
        theta[place] = kept + _DIFFERENCE
        log_posterior_at(buffer, theta, beside)
        theta[place] = kept
        for j in range(m):
            other = j if j < fixed else j + 1
            curvature[i, j] = (gradient[other] - beside[other]) / _DIFFERENCE
    for i in range(m):
        for j in range(i):
            curvature[i, j] = 0.5 * (curvature[i, j] + curvature[j, i])
            curvature[j, i] = curvature[i, j]


@kernel
def _factorise(curvature: Floats) -> None:
    """Replace a curvature by its lower Cholesky factor; where it is flat or bends upwards a small one is taken."""
    m = len(curvature)
    for j in range(m):
        for i in range(j, m):
            total = curvature[i, j]
            for k in range(j):
                total -= curvature[i, k] * curvature[j, k]
            if i == j:
                curvature[j, j] = sqrt(max(total, _LEAST_CURVATURE))
            else:
                curvature[i, j] = total / curvature[j, j]


@kernel
def _newton(factor: Floats, gradient: Floats, fixed: int, step: Floats) -> float:
    """Fill Newton's `step` of the others; the rise that it promises, doubled."""
    m = len(factor)
    for i in range(m):
        total = gradient[i if i < fixed else i + 1]
        for k in range(i):
            total -= factor[i, k] * step[k]
        step[i] = total / factor[i, i]
    promised = 0.0
    for i in range(m):
        promised += step[i] * step[i]
    for i in range(m - 1, -1, -1):
        for k in range(i + 1, m):
            step[i] -= factor[k, i] * step[k]
        step[i] /= factor[i, i]
    return promised


@kernel
def _invert(factor: Floats, root: Floats) -> float:
    """Fill the upper triangular `root`, the inverse of the factor transposed; the log of its determinant."""
    m, total = len(factor), 0.0
    for j in range(m):
        total -= log(factor[j, j])
        for i in range(m):
            root[i, j] = 0.0
        root[j, j] = 1.0 / factor[j, j]
        for i in range(j - 1, -1, -1):
            inner = 0.0
            for k in range(i + 1, j + 1):
                inner += factor[k, i] * root[k, j]
            root[i, j] = -inner / factor[i, i]
    return total
