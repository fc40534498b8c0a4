"""The integral of a smooth density of one or two parameters on the whole line, with a bound on its error.

The trapezoidal rule with equal steps is used: for an analytic function that falls off on both sides its error falls
faster than any power of the step, doi:10.1137/130932132. The range ends where the log density has fallen by
`_NEGLIGIBLE`. The step is halved until the integral no longer changes; the last change is reported as the error.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Flags, Floats

_NEGLIGIBLE = 30.0  # of the log density: e^-30 = 1e-13
_FIRST_STEP = 1.0  # standard deviations of a normal density: exact to 1e-8 there
_SMALLEST_STEP = 1 / 64
_FARTHEST = 500.0


@dataclass(frozen=True)
class Integral:
    """The log integral, its estimated error, and the number of density values that it took."""

    log_value: float
    log_error: float
    n_values: int


def integrate(log_densities: Callable[[Floats], Floats], n: int, *, tolerance: float = 1e-8) -> Integral:
    """Integrate a density of `n` parameters, 1 or 2, whose mode is near 0 and whose sds there are near 1.

    Parameters
    ----------
    log_densities
        Log densities at points (n_points, n), finite or minus infinity.
    tolerance
        Greatest error of the logarithm of the integral.
    """
    if n not in (1, 2):
        raise ValueError(f"quadrature is for 1 or 2 parameters; got {n}")
    step = _FIRST_STEP
    axes = [np.arange(np.floor(low / step), np.ceil(high / step) + 1) * step for low, high in _ends(log_densities, n)]
    values = _evaluate(log_densities, axes, np.ones([len(axis) for axis in axes], dtype=bool))
    n_values, log_value = values.size, _sum(values, step)
    while True:
        step /= 2
        axes = [np.linspace(axis[0], axis[-1], 2 * len(axis) - 1) for axis in axes]
        wanted = _near_what_counts(values)
        finer = _evaluate(log_densities, axes, wanted)
        finer[(slice(None, None, 2),) * n] = values
        values, previous = finer, log_value
        n_values, log_value = n_values + int(wanted.sum()), _sum(values, step)
        if abs(log_value - previous) < tolerance or step <= _SMALLEST_STEP:
            return Integral(log_value, abs(log_value - previous), n_values)


def _evaluate(log_densities: Callable[[Floats], Floats], axes: list[Floats], wanted: Flags) -> Floats:
    """The density on a grid where it is `wanted`, minus infinity elsewhere."""
    values = np.full(wanted.shape, -np.inf)
    places = np.nonzero(wanted)
    points = np.column_stack([axis[place] for axis, place in zip(axes, places, strict=True)])
    values[places] = log_densities(points)
    return values


def _near_what_counts(values: Floats) -> Flags:
    """New points of the grid with half the step that are next to a point that is not negligible."""
    wanted = np.zeros([2 * size - 1 for size in values.shape], dtype=bool)
    even = (slice(None, None, 2),) * values.ndim
    wanted[even] = values > values.max() - _NEGLIGIBLE
    for axis in range(values.ndim):
        before, after = np.roll(wanted, 1, axis), np.roll(wanted, -1, axis)
        wanted |= before | after
    wanted[even] = False
    return wanted


def _sum(values: Floats, step: float) -> float:
    greatest = values.max()
    return float(greatest + np.log(np.exp(values - greatest).sum()) + values.ndim * np.log(step))


def _ends(log_densities: Callable[[Floats], Floats], n: int) -> list[tuple[float, float]]:
    """The range beyond which the density is negligible, found by widening one axis after the other.

    As a ridge may lead away from the axes, the other parameter is tried over its present range, until nothing changes.
    """
    ends = [[-4.0, 4.0] for _ in range(n)]
    top = float(log_densities(np.zeros((1, n)))[0])
    changed = True
    while changed:
        changed = False
        for axis in range(n):
            others = np.linspace(ends[1 - axis][0], ends[1 - axis][1], 41) if n == 2 else np.zeros(1)
            for side in (0, 1):
                edge = np.empty((len(others), n))
                edge[:, axis] = ends[axis][side]
                if n == 2:
                    edge[:, 1 - axis] = others
                best = float(log_densities(edge).max())
                top = max(top, best)
                if best > top - _NEGLIGIBLE and abs(ends[axis][side]) < _FARTHEST:
                    ends[axis][side] *= 1.5
                    changed = True
    return [(low, high) for low, high in ends]
