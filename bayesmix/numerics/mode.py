"""The mode of a smooth log density and its curvature there."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.numerics.quasi_newton import ValueAndGradient, minimise

_TOLERANCE = 1e-4  # of the gradient's greatest element, in units of the spread
_MOST_ITERATIONS = 500
_STEP = 1e-3  # of a parameter's spread
_LONG_STEP = 0.2  # where the gradient's rounding would be seen over a short one
_MOST_ROUNDING = 1e-6
_LEAST_CURVATURE = 0.05  # a direction flatter than this is taken to have a standard deviation of 4.5


@dataclass(frozen=True)
class Mode:
    """`point` (n,), `log_density` there, `scale` (n, n): lower triangular, scale scale' = inverse curvature.

    `gradient_size` is the greatest element of the gradient at `point`: near 0 where the search succeeded.
    """

    point: Floats
    log_density: float
    scale: Floats
    gradient_size: float

    @property
    def log_volume(self) -> float:
        """Log of the Jacobian of x -> point + scale x."""
        return float(np.sum(np.log(np.diag(self.scale))))


def find_mode(
    log_density: ValueAndGradient, start: Floats, spread: Floats, rounding: Callable[[Floats], float] | None = None
) -> Mode:
    """Climb from `start`. Where the density is flat or bends upwards, a small curvature is taken.

    Parameters
    ----------
    log_density
        Gives value and gradient at a point of shape (n,); minus infinity where it cannot be used, which is avoided.
    start
        Shape (n,); the density is finite there.
    spread
        The order of magnitude of each parameter's standard deviation, shape (n,): the search goes in these units.
    rounding
        By how much rounding may change the log density at a point; by default not at all. It is called once, where the
        search ended.
    """

    def downhill(x: Floats) -> tuple[float, Floats]:
        value, gradient = log_density(spread * x)
        return -value, -gradient * spread

    minimum = minimise(downhill, start / spread, tolerance=_TOLERANCE, max_iterations=_MOST_ITERATIONS)
    point = spread * minimum.point
    value, gradient = log_density(point)
    if rounding is not None and rounding(point) > _MOST_ROUNDING:
        curvature = _smoothed_curvature(log_density, point, _LONG_STEP * spread)
    else:
        curvature = curvature_at(log_density, point, gradient, _STEP * spread)
    return Mode(point, float(value), inverse_factor(curvature), float(np.abs(gradient).max(initial=0.0)))


def with_others_held(log_density: ValueAndGradient, theta: Floats, free: Flags | Positions) -> ValueAndGradient:
    """The density as a function of theta[free], with the other parameters held at `theta`."""

    def given(values: Floats) -> tuple[float, Floats]:
        point = theta.copy()
        point[free] = values
        value, gradient = log_density(point)
        return value, gradient[free]

    return given


def inverse_factor(curvature: Floats) -> Floats:
    """The Cholesky factor of the inverse; a direction that is flat or bends upwards is given a small curvature."""
    values, vectors = np.linalg.eigh(curvature)
    raised = np.maximum(values, _LEAST_CURVATURE)
    # By an orthogonal factor: no pivot is lost to rounding, however far apart the curvatures are.
    upper = np.linalg.qr((vectors / np.sqrt(raised)).T, mode="r")
    return (upper * np.sign(np.diag(upper))[:, None]).T


def curvature_at(log_density: ValueAndGradient, point: Floats, gradient: Floats, steps: Floats) -> Floats:
    """Minus the Hessian, by differences of the gradient from the one at `point`; three digits are enough."""
    columns = []
    for shift, step in zip(np.diag(steps), steps, strict=True):
        value, beside = log_density(point + shift)
        # A neighbour where the density is not finite gives no curvature; it is taken as 0.
        columns.append((gradient - beside) / step if np.isfinite(value) else np.zeros(len(point)))
    return _symmetric(columns)


def _smoothed_curvature(log_density: ValueAndGradient, point: Floats, steps: Floats) -> Floats:
    """Minus the Hessian from gradients on both sides, so far away that their rounding matters little."""
    columns = []
    for shift, step in zip(np.diag(steps), steps, strict=True):
        (above, up), (below, down) = log_density(point + shift), log_density(point - shift)
        columns.append((down - up) / (2 * step) if np.isfinite(above + below) else np.zeros(len(point)))
    return _symmetric(columns)


def _symmetric(columns: list[Floats]) -> Floats:
    matrix = np.array(columns)
    return (matrix + matrix.T) / 2
