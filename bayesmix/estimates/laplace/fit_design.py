"""From a design to a `LaplaceFit`."""

import numpy as np

from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.laplace.verdict import verdict
from bayesmix.estimates.lme4_order import lme4_theta
from bayesmix.families.family import Family
from bayesmix.formula.dependent_columns import independent_columns
from bayesmix.formula.design import Design
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.laplace.estimate import laplace_estimate
from bayesmix.parallel import one_blas_thread


def fit_laplace(design: Design, family: Family) -> LaplaceFit:
    """Fit a design of counts by maximum likelihood; columns of its fixed part that depend on others are left out."""
    design = independent_columns(design)
    terms = tuple(GroupColumns(term.index, term.columns, term.n_levels) for term in design.random)
    trials = np.ones(design.n_obs) if design.response.trials is None else design.response.trials
    with one_blas_thread():
        estimate = laplace_estimate(
            y=design.response.values,
            trials=trials,
            X=design.fixed.matrix,
            terms=terms,
            offset=design.offset,
            likelihood=family.record.laplace[family.link],
        )
    converged, reason = verdict(design, family, trials, estimate)
    return LaplaceFit(
        design=design,
        family=family,
        converged=converged,
        reason=reason,
        criterion=estimate.criterion,
        theta=lme4_theta(estimate.L, tuple(term.n_levels for term in design.random)),
        L=estimate.L,
        ranks=estimate.ranks,
        beta=estimate.coefficients,
        vcov=estimate.covariance,
        effects=estimate.modes,
        effect_covariances=estimate.mode_covariances,
        eta=estimate.eta,
        gradient_size=estimate.gradient_size,
    )
