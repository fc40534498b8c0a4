"""Conditional modes of the group effects given coefficients and Lambda: penalised iteratively reweighted least squares.

The penalised deviance -2 log p(y | u) + u'u is convex for every likelihood here. Newton's steps with the observed
weights converge quadratically, shortened where they would go up; lme4 stops at a relative change of 1e-7 in it, which
costs the criterion its 5th digit after the point. Here the last step is below rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.laplace.curvature import Curvature, factorise, solve, times_effects, times_rows
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

    `found` is False where no step led further down before the last one was small: something is not finite.
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
        Shape (q,); what is found does not depend on it beyond rounding.
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
