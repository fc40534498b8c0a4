"""Laplace's criterion, -2 log likelihood with the group effects integrated out approximately, and its gradient.

The penalised deviance -2 log p(y | u) + u'u is convex for every likelihood here. Newton's steps with the observed
weights converge quadratically to its minimum u~; they are shortened where they would go up. lme4 stops at a relative
change of 1e-7, which costs the criterion its 5th decimal. Here the last step is below rounding.

With s, w_o, w the score, observed and expected weights at the mode, V = Z Lambda, H = I + V'WV, H_o with w_o:

    u~ = V's,    du~ = -H_o^-1 V'W_o d(eta at fixed u) + H_o^-1 dLambda'Z's,    leverage_i = v_i'H^-1 v_i
    g_i = dw_i / deta_i leverage_i,   a = H_o^-1 V'g,   r = -2 s + g - W_o V a
    d / dbeta = X'r,    d / dLambda = Z'(r u~' + s a' + 2 W V H^-1)    at the effects of each row
"""

from collections.abc import Callable
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
from bayesmix.numerics.laplace.incidence import Incidence
from bayesmix.numerics.laplace.likelihood import RowTerms

_MOST_STEPS = 100
_MOST_HALVINGS = 40
_LAST_STEP = 1e-14  # of Newton's decrement: the step after it changes nothing


@dataclass(frozen=True)
class Counts:
    """The data in the order of `incidence`'s rows: `y`, `trials`, `offset` (n_obs,), `X` (n_obs, p)."""

    incidence: Incidence
    y: Floats
    trials: Floats
    offset: Floats
    X: Floats
    likelihood: Callable[[Floats, Floats, Floats], RowTerms]
    log_constant: float


@dataclass(frozen=True)
class Modes:
    """`u` (q,), `terms` of the rows there, and the factor of the observed curvature; `penalised` = -2 log p + u'u.

    `found` is False if no step led further down before the last one was small: something is not finite.
    """

    u: Floats
    terms: RowTerms
    curvature: Curvature
    penalised: float
    found: bool


def conditional_modes(counts: Counts, scaled: Floats, fixed: Floats, start: Floats) -> Modes:
    """Minimise the penalised deviance over u.

    Parameters
    ----------
    counts
        The data.
    scaled
        Z Lambda, shape (n_obs, K).
    fixed
        X beta + offset, shape (n_obs,).
    start
        Where the search begins, shape (q,); the modes do not depend on it beyond rounding.
    """
    rows = counts.incidence.rows
    u = start
    terms, value = _at(counts, scaled, fixed, u)
    if not np.isfinite(value) and u.any():
        u = np.zeros_like(u)
        terms, value = _at(counts, scaled, fixed, u)
    curvature = factorise(rows, scaled, terms.observed)
    for _ in range(_MOST_STEPS):
        if not np.isfinite(value):
            break
        slope = u - times_rows(rows, scaled, terms.score)
        step = solve(rows, curvature, slope)
        decrement = float(slope @ step)
        if not decrement >= 0:
            break
        last = decrement <= _LAST_STEP * (1 + abs(value))
        share = 1.0
        for _ in range(_MOST_HALVINGS):
            ahead = u - share * step
            ahead_terms, ahead_value = _at(counts, scaled, fixed, ahead)
            if last or ahead_value <= value:
                break
            share /= 2
        else:
            break
        u, terms, value = ahead, ahead_terms, ahead_value
        curvature = factorise(rows, scaled, terms.observed)
        if last:
            return Modes(u, terms, curvature, value, np.isfinite(value) and np.isfinite(curvature.log_determinant))
    return Modes(u, terms, curvature, value, False)


def _at(counts: Counts, scaled: Floats, fixed: Floats, u: Floats) -> tuple[RowTerms, float]:
    eta = fixed + times_effects(counts.incidence.rows, scaled, u)
    with np.errstate(all="ignore"):
        terms = counts.likelihood(eta, counts.y, counts.trials)
        return terms, float(u @ u - 2 * terms.log_density.sum())


@dataclass(frozen=True)
class Laplace:
    """The approximation at one point.

    `value` is the criterion, infinite where it cannot be computed; `scaled` (n_obs, K) is Z Lambda; `curvature` is the
    factor of H with expected weights.
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
