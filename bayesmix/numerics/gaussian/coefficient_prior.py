"""The prior of beta, restated for the centred and scaled columns of X."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.gaussian.cross_products import CrossProducts


@dataclass(frozen=True)
class CoefficientPrior:
    """beta_j ~ N(mean_j, sd_j^2), independent; an infinite sd is a flat prior (Lebesgue measure).

    `mean`, `sd` (p,). The intercept has its prior at the predictors' values `intercept_at` (p,), of which its own entry
    is not used; None stands for 0.
    """

    mean: Floats
    sd: Floats
    intercept_at: Floats | None = None


class WorkingPrior(NamedTuple):
    """The prior of v, where coefficients of the scaled columns = least squares + offset + factor v.

    `factor` (p, p), `offset` (p,); `penalty` (p,) is 1 where v ~ N(0, 1) and 0 where v is flat; `log_constant` (1,)
    turns the integral over v into one over beta.
    """

    factor: Floats
    offset: Floats
    penalty: Floats
    log_constant: Floats


def working_prior(products: CrossProducts, prior: CoefficientPrior | None) -> WorkingPrior:
    """Restate `prior` (None: flat, the REML criterion) for the scaled columns."""
    p, scaling = products.p, products.scaling
    if prior is None:
        prior = CoefficientPrior(np.zeros(p), np.full(p, np.inf))
    flat = np.isinf(prior.sd)
    # The intercept at `intercept_at` and the slopes, from there to the scaled columns' coefficients.
    restate = np.diag(scaling.scale)
    if scaling.intercept >= 0:
        at = np.zeros(p) if prior.intercept_at is None else np.asarray(prior.intercept_at, dtype=float)
        others = np.arange(p) != scaling.intercept
        restate[scaling.intercept, others] = (scaling.centre - at)[others]
    unit = np.where(flat, 1.0 / np.abs(np.diag(restate)), prior.sd)
    factor = restate * unit
    offset = restate @ np.where(flat, 0.0, prior.mean) - products.least_squares
    # Along a flat direction the origin is free: choose the least-squares fit, where sums stay small.
    for j in sorted(np.flatnonzero(flat), key=lambda j: j == scaling.intercept):
        if j == scaling.intercept:
            factor[j, np.arange(p) != j] = 0.0
        offset = offset - factor[:, j] * (offset[j] / factor[j, j])
    log_constant = np.sum(np.log(unit[flat])) + 0.5 * np.sum(flat) * np.log(2 * np.pi)
    return WorkingPrior(factor, offset, np.where(flat, 0.0, 1.0), np.array([log_constant]))


def original_coefficients(products: CrossProducts) -> Floats:
    """The matrix (p, p) that turns coefficients of the scaled columns into beta."""
    scaling = products.scaling
    back = np.diag(1.0 / scaling.scale)
    if scaling.intercept >= 0:
        back[scaling.intercept] -= scaling.centre / (scaling.scale * scaling.scale[scaling.intercept])
    return back
