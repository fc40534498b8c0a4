"""Laplace's criterion, -2 log likelihood with the group effects integrated out approximately, and its gradient.

With s, w_o, w the score, observed and expected weights at the mode, V = Z Lambda, H = I + V'WV, H_o with w_o:

    u~ = V's,    du~ = -H_o^-1 V'W_o d(eta at fixed u) + H_o^-1 dLambda'Z's,    leverage_i = v_i'H^-1 v_i
    g_i = dw_i / deta_i leverage_i,   a = H_o^-1 V'g,   r = -2 s + g - W_o V a
    d / dbeta = X'r,    d / dLambda = Z'(r u~' + s a' + 2 W V H^-1)    at the effects of each row
"""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.laplace.curvature import (
    Curvature,
    factor_gradient,
    factorise,
    invert,
    scale_rows,
    solve,
    times_effects,
    times_rows,
)
from bayesmix.numerics.laplace.modes import Counts, Modes, conditional_modes


@dataclass(frozen=True)
class Laplace:
    """The approximation at one point.

    `value`: the criterion, infinite where it cannot be computed. `scaled` (n_obs, K), Z Lambda; `modes`; `curvature`:
    the factor of H with expected weights.
    """

    value: float
    scaled: Floats
    modes: Modes
    curvature: Curvature


@dataclass(frozen=True)
class Slope:
    """The gradient of the criterion: by `coefficients` (p,) and by every block's Lambda, `factors` (n_blocks, K, K)."""

    coefficients: Floats
    factors: Floats


def laplace_at(counts: Counts, coefficients: Floats, factors: Floats, start: Floats) -> Laplace:
    """The criterion at `coefficients` (p,) and `factors` (n_blocks, K, K); the search for u begins at `start` (q,)."""
    rows = counts.incidence.rows
    scaled = scale_rows(rows, factors)
    with np.errstate(all="ignore"):
        fixed = counts.X @ coefficients + counts.offset
        modes = conditional_modes(counts, scaled, fixed, start)
        same = modes.terms.expected is modes.terms.observed
        curvature = modes.curvature if same else factorise(rows, scaled, modes.terms.expected)
        value = modes.penalised + 2 * curvature.log_determinant - 2 * counts.log_constant
    return Laplace(value if modes.found and np.isfinite(value) else np.inf, scaled, modes, curvature)


def slope_of(counts: Counts, at: Laplace) -> Slope:
    """The gradient at a point where the value is finite."""
    rows, scaled, terms = counts.incidence.rows, at.scaled, at.modes.terms
    inverse = invert(rows, scaled, at.curvature)
    through_weights = terms.expected_slope * inverse.leverage
    adjoint = solve(rows, at.modes.curvature, times_rows(rows, scaled, through_weights))
    direct = -2 * terms.score + through_weights - terms.observed * times_effects(rows, scaled, adjoint)
    factors = factor_gradient(rows, at.modes.u, direct, adjoint, terms.score, terms.expected, inverse.rows)
    return Slope(counts.X.T @ direct, factors)
