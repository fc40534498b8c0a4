"""From a design to a `RemlFit`."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import DesignError
from bayesmix.estimates.lme4_order import lme4_theta
from bayesmix.estimates.reml.confounding import refuse_confounding
from bayesmix.estimates.reml.record import RemlFit, Singular
from bayesmix.formula.dependent_columns import independent_columns
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.conditional import conditional
from bayesmix.numerics.gaussian.cross_products import CrossProducts, cross_products
from bayesmix.numerics.gaussian.reml import RemlEstimate, reml_estimate
from bayesmix.parallel import one_blas_thread

_PERFECT = 1e-12  # share of the response's sum of squares, below which a residual is rounding


def fit_reml(design: Design, *, reml: bool = True) -> RemlFit:
    """Fit a design by REML or ML; columns of its fixed part that depend on others are left out.

    Raises
    ------
    DesignError
        As many coefficients as rows, a model that reproduces the response, or (REML) random effects that the fixed
        part explains already.
    """
    design = independent_columns(design)
    n_obs, p = design.fixed.matrix.shape
    if p >= n_obs:
        raise DesignError(
            f"The fixed part has {p} coefficients for {n_obs} observations: no degree of freedom is left for the "
            "residual; leave terms out."
        )
    if reml:
        refuse_confounding(design)
    terms = tuple(GroupColumns(term.index, term.columns, term.n_levels) for term in design.random)
    y = design.response.values - design.offset
    products = cross_products(y=y, X=design.fixed.matrix, terms=terms, weights=design.weights)
    _refuse_perfect_fit(design, products, y)
    with one_blas_thread():
        estimate = reml_estimate(products=products, terms=terms, restricted=reml)
        _refuse_no_residual(design, estimate, products)
        moments = conditional(products=products, L=estimate.L, sigma=estimate.sigma)
    return RemlFit(
        design=design,
        reml=reml,
        criterion=estimate.criterion,
        theta=lme4_theta(tuple(L / estimate.sigma for L in estimate.L), tuple(term.n_levels for term in design.random)),
        sigma=estimate.sigma,
        L=estimate.L,
        beta=moments.beta,
        vcov=moments.beta_covariance,
        effects=moments.effects,
        singular=tuple(
            Singular(f"({term.label})", term.group, term.k, rank, _directions(term, L))
            for term, L, rank in zip(design.random, estimate.L, estimate.ranks, strict=True)
            if rank < term.k
        ),
        converged=estimate.converged,
        gradient_size=estimate.gradient_size,
        products=products,
    )


def _directions(term: GroupTerm, L: Floats) -> tuple[str, ...]:
    """What does not vary on its own: effects without variance, and effects that are multiples of others."""
    parts, pivots = [], [i for i in range(term.k) if L[i, i] > 0]
    for i, name in enumerate(term.names):
        if L[i, i] > 0:
            continue
        if not L[i].any():
            parts.append(f"the sd of {name} is 0")
            continue
        before = [j for j in pivots if j < i]
        shares = np.linalg.solve(L[np.ix_(before, before)].T, L[i, before])
        told = " + ".join(f"{share:.4g} x {term.names[j]}" for share, j in zip(shares, before, strict=True))
        correlation = f" (correlation {int(np.sign(shares[0]))})" if len(before) == 1 else ""
        parts.append(f"the effect of {name} is always {told.replace('+ -', '- ')}{correlation}")
    return tuple(parts)


def _refuse_perfect_fit(design: Design, products: CrossProducts, y: Floats) -> None:
    """The residual sum of squares on X stands in two parts, along and across the columns of the eliminated term."""
    arrays = products.arrays
    left = arrays.remainder[-1, -1] + np.sum(arrays.level_fixed[:, :, -1] ** 2)
    whole = np.sum(y**2 if design.weights is None else design.weights * y**2)
    if left <= _PERFECT**2 * whole:
        raise DesignError(
            f"The fixed part explains the response {design.response.name!r} to the last digit: nothing is left for "
            "group effects and residual. Is a predictor made from the response?"
        )


def _refuse_no_residual(design: Design, estimate: RemlEstimate, products: CrossProducts) -> None:
    arrays = products.arrays
    left = arrays.remainder[-1, -1] + np.sum(arrays.level_fixed[:, :, -1] ** 2)
    if estimate.sigma**2 * design.n_obs <= _PERFECT * left:
        n_effects = sum(term.n_levels * term.k for term in design.random)
        raise DesignError(
            f"The residual sd goes to 0: {n_effects} random effects and {products.p} coefficients reproduce the "
            f"{design.n_obs} observations, and the criterion falls without bound. Leave random terms out."
        )
