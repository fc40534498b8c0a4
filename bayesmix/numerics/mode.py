"""The mode of a smooth log density and its curvature there."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
ValueAndGradient = Callable[[Floats], tuple[float, Floats]]

_STEP = 1e-3  # of a parameter's spread
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


def find_mode(log_density: ValueAndGradient, start: Floats, spread: Floats) -> Mode:
    """Climb from `start`; where the density is flat or bends upwards the curvature is raised to a small one.

    Parameters
    ----------
    log_density
        Gives value and gradient at a point of shape (n,), finite everywhere.
    start
        Shape (n,).
    spread
        The order of magnitude of each parameter's standard deviation, shape (n,): the search goes in these units.
    """

    def downhill(x: Floats) -> tuple[float, Floats]:
        value, gradient = log_density(spread * x)
        return -value, -gradient * spread

    # Without bounds: with them the first step is the whole gradient, which leads out of where numbers are finite.
    found = minimize(
        downhill, start / spread, jac=True, method="L-BFGS-B", options={"maxiter": 500, "gtol": 1e-4, "ftol": 1e-13}
    )
    point = spread * np.asarray(found.x)
    value, gradient = log_density(point)
    scale = inverse_factor(curvature_at(log_density, point, gradient, _STEP * spread))
    return Mode(point, float(value), scale, float(np.abs(gradient).max(initial=0.0)))


def inverse_factor(curvature: Floats) -> Floats:
    """The Cholesky factor of the inverse; a direction that is flat or bends upwards is given a small curvature."""
    values, vectors = np.linalg.eigh(curvature)
    raised = np.maximum(values, _LEAST_CURVATURE)
    return np.linalg.cholesky((vectors / raised) @ vectors.T)


def curvature_at(log_density: ValueAndGradient, point: Floats, gradient: Floats, steps: Floats) -> Floats:
    """Minus the Hessian, by differences of the gradient from the one at `point`: a thousandth is precise enough."""
    columns = [
        (gradient - log_density(point + shift)[1]) / step for shift, step in zip(np.diag(steps), steps, strict=True)
    ]
    matrix = np.array(columns)
    return (matrix + matrix.T) / 2
