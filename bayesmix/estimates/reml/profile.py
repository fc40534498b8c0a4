"""Confidence intervals of a REML or ML fit from the profile of its likelihood."""

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import chi2

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.cross_products import cross_products
from bayesmix.numerics.gaussian.reml import reml_estimate
from bayesmix.numerics.gaussian.sd_profile import sd_intervals, seconds_for

_MOST_SECONDS = 30.0


def variance_limits(fit: RemlFit, prob: float) -> Floats:
    """Ends (n_parameters, 2) of the profile intervals of every sd and correlation, in the order of `varcorr`.

    Raises
    ------
    ArgumentError
        The intervals would take too long.
    """
    seconds = seconds_for(fit.products)
    if seconds > _MOST_SECONDS:
        raise ArgumentError(f"Profile intervals of this model would take about {seconds:.0f} s.")
    return sd_intervals(
        products=fit.products, terms=_terms(fit), L=fit.L, sigma=fit.sigma, prob=prob, restricted=fit.reml
    )


def coefficient_limits(fit: RemlFit, prob: float) -> Floats:
    """Ends (p, 2) of the profile intervals of every coefficient of a fit by maximum likelihood.

    The deviance is minimised over all else with the coefficient held: its column times the value is taken from the
    response, and the rest fitted anew.
    """
    design, X = fit.design, fit.design.fixed.matrix
    y, terms = design.response.values - design.offset, _terms(fit)
    highest = fit.criterion + float(chi2.ppf(prob, 1))
    half = float(ndtri((1 + prob) / 2)) * np.sqrt(np.diag(fit.vcov))
    ends = np.empty((len(fit.beta), 2))
    for j, estimate in enumerate(fit.beta):
        others = np.delete(X, j, axis=1)

        def above(value: float, j: int = j, others: Floats = others) -> float:
            products = cross_products(y=y - value * X[:, j], X=others, terms=terms, weights=design.weights)
            return reml_estimate(products=products, terms=terms, restricted=False).criterion - highest

        for side, sign in enumerate((-1, 1)):
            far = estimate + sign * half[j]
            while above(far) < 0:
                far += sign * half[j]
            ends[j, side] = brentq(above, *sorted((estimate, far)), xtol=1e-7 * half[j], rtol=1e-12)
    return ends


def _terms(fit: RemlFit) -> tuple[GroupColumns, ...]:
    return tuple(GroupColumns(term.index, term.columns, term.n_levels) for term in fit.design.random)
